// Ollama's own API, which the gateway speaks where a request has a member that only this API takes:
// https://docs.ollama.com/api/chat, .../api/streaming and .../api/errors; its embeddings are OpenAI's.

import { openai } from './openai.mjs';

const counts = { prompt_eval_count: 9, eval_count: 3 };
const piece = (message, done_reason) => ({
  model: 'qwen3:8b', created_at: '2025-10-17T23:14:07.414671Z', message: { role: 'assistant', content: '', ...message },
  done: done_reason !== undefined, ...(done_reason && { done_reason, ...counts }),
});
const line = (value) => `${JSON.stringify(value)}\n`;
const end = () => line(piece({}, 'stop'));
const call = ({ id, name, input }, index) => ({ id, function: { index, name, arguments: input } });

export const ollama = {
  name: 'ollama',
  model: 'qwen3:8b',
  // It is a server on the gateway's own machine: there is no host of the provider's.
  host: undefined,
  base: '',
  ownMembers: { keep_alive: '5m' },
  keyVariable: 'OLLAMA_API_KEY',
  mediaTypes: ['image/png'],
  chatPath: () => '/api/chat',
  completionPath: '/v1/completions',
  isChat: (path) => path.endsWith('/api/chat'),
  keyOf: (record) => record.headers.authorization?.replace('Bearer ', ''),

  text: (content) => piece({ content }, 'stop'),
  calls: (calls) => piece({ tool_calls: calls.map(call) }, 'stop'),
  reasoned: (thinking, content) => piece({ content, thinking }, 'stop'),

  streamType: 'application/x-ndjson',
  textStream: (pieces, { finish = true } = {}) =>
    [...pieces.map((content) => line(piece({ content }))), ...(finish ? [end()] : [])],
  callStream: (calls) => [...calls.map((each, index) => line(piece({ tool_calls: [call(each, index)] }))), end()],
  reasonedStream: (thoughts, content) =>
    [...thoughts.map((thinking) => line(piece({ thinking }))), line(piece({ content })), end()],
  errorEvents: () => [line({ error: 'too busy' })],
  garbage: '{"model": nonsense\n',

  // Errors have no code of their own.
  errors: Object.fromEntries([400, 401, 404, 429, 500, 503].map((status) => [status, { code: `upstream_status_${status}` }])),
  error: (status, error, { after } = {}) => ({
    body: { error },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  modelOf: ({ json }) => json.model,
  isStream: ({ json }) => json.stream ?? true,
  maxTokens: (sent) => sent.options.num_predict,
  temperature: (sent) => sent.options.temperature,
  stop: (sent) => sent.options.stop,
  system: (sent) => sent.messages.filter(({ role }) => role === 'system').map(({ content }) => content),
  turns: (sent) => sent.messages.map(({ role }) => role).filter((role) => role !== 'system'),
  texts: (sent) => sent.messages.filter(({ role }) => role === 'user').map(({ content }) => content),
  // Their type is not told.
  media: (sent) => sent.messages.flatMap(({ images = [] }) => images).map((data) => ({ type: 'image/png', data })),
  tools: (sent) => sent.tools.map(({ function: { name, description, parameters } }) => ({ name, description, parameters })),
  choice: (sent) => sent.tool_choice,
  // It cannot be made to call a tool.
  choices: { auto: undefined },
  callsIn: (sent) => sent.messages.flatMap(({ tool_calls = [] }) =>
    tool_calls.map(({ id, function: { name, arguments: input } }) => ({ id, name, input }))),
  resultsIn: (sent) => sent.messages.filter(({ role }) => role === 'tool')
    .map(({ tool_call_id, content }) => ({ id: tool_call_id, text: content })),
  callTurns: ['user', 'assistant', 'tool', 'tool'],
  schema: (sent) => sent.format,
  thinkingModel: 'gpt-oss:20b',
  thinking: (sent) => sent.think,
  thinksHard: 'high',

  embedding: { ...openai.embedding, model: 'embeddinggemma' },
};
