// Mistral's dialect, which is OpenAI's but for a few words and chunks: https://docs.mistral.ai/api (chat, embeddings and
// errors) and the types of the package @mistralai/mistralai.

import { openai } from './openai.mjs';

const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const thinking = (thought) => ({ type: 'thinking', thinking: [{ type: 'text', text: thought }] });
const start = openai.chunk({ role: 'assistant', content: '' });
// The last chunk tells the tokens, asked or not.
const end = (finish, delta = {}) => ({ ...openai.chunk({ content: '', ...delta }, finish), usage });
const done = 'data: [DONE]\n\n';
// Only some errors have a code of their own.
const codes = { 400: '1500', 429: '1300' };
const types = { 400: 'invalid_model', 401: 'unauthorized', 429: 'rate_limited' };

export const mistral = {
  ...openai,
  name: 'mistral-ai',
  model: 'mistral-medium-latest',
  host: 'api.mistral.ai:443',
  keyVariable: 'MISTRAL_API_KEY',
  relays: false,
  completionPath: undefined,
  takesUnknown: true,
  alwaysTellsUsage: true,

  reasoned: (thought, text) => openai.message({ content: [thinking(thought), { type: 'text', text }] }, 'stop'),
  textStream: (pieces, { finish = true } = {}) => [
    ...openai.events([start, ...pieces.map((content) => openai.chunk({ content })), ...(finish ? [end('stop')] : [])]),
    ...(finish ? [done] : []),
  ],
  // Calls come whole, and without a type.
  callStream: (calls) => {
    const tool_calls = calls.map(({ id, name, input }, index) => (
      { id, index, function: { name, arguments: JSON.stringify(input) } }));
    return [...openai.events([start, end('tool_calls', { tool_calls })]), done];
  },
  reasonedStream: (thoughts, content) => [
    ...openai.events([
      start,
      ...thoughts.map((thought) => openai.chunk({ content: [thinking(thought)] })),
      openai.chunk({ content }),
      end('stop'),
    ]),
    done,
  ],

  errors: Object.fromEntries([400, 401, 404, 422, 429, 500, 503]
    .map((status) => [status, { code: codes[status] ?? `upstream_status_${status}` }])),
  error: (status, message, { after } = {}) => ({
    body: {
      object: 'error',
      message,
      type: types[status] ?? (status < 500 ? 'invalid_request_error' : 'internal_server_error'),
      param: null,
      code: codes[status] ?? null,
    },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  choices: { ...openai.choices, required: 'any' },
  media: (sent) => openai.parts(sent).map(({ document_url, image_url }) => document_url ?? image_url?.url ?? image_url)
    .filter(Boolean).map((url) => {
      const [, type, data] = url.match(/^data:(.*);base64,(.*)$/);
      return { type, data };
    }),
  thinkingModel: 'magistral-medium-latest',
  embedding: { ...openai.embedding, model: 'mistral-embed', dimensions: (sent) => sent.output_dimension },
};
