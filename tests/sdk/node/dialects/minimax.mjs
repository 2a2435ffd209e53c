// MiniMax's dialect, which is OpenAI's but for what the model thought and for errors:
// https://platform.minimax.io/docs/api-reference/text-chat-openai and .../text-openai-api (`<think>` in the content, images of
// MiniMax-M3), .../errorcode (errors, which come with status 200).

import { openai } from './openai.mjs';

const good = { base_resp: { status_code: 0, status_msg: '' } };
// The code of each that says the status.
const codes = { 400: '2013', 401: '1004', 402: '1008', 403: '2042', 429: '1002', 504: '1001' };

const message = (content, finish) => ({ ...openai.message(content, finish), ...good });

export const minimax = {
  ...openai,
  name: 'minimax',
  model: 'MiniMax-M3',
  host: 'api.minimax.io:443',
  keyVariable: 'MINIMAX_API_KEY',
  relays: false,
  completionPath: undefined,
  asksForUsage: true,
  mediaTypes: ['image/png'],
  refusesPdf: false,  // MiniMax does
  // Only an older model of its native API does; these pass over the member.
  takesSchemas: false,
  tellsAfter: false,
  text: (text) => message({ content: text }, 'stop'),
  calls: (calls) => ({ ...openai.calls(calls), ...good }),
  reasoned: (thought, text) => message({ content: `<think>\n${thought}\n</think>\n\n${text}` }, 'stop'),
  reasonedStream: (thoughts, text) => [
    ...openai.events([
      ...['<think>\n', ...thoughts, '\n</think>\n\n', text].map((content) => openai.chunk({ role: 'assistant', content })),
      openai.chunk({}, 'stop'),
    ]),
    'data: [DONE]\n\n',
  ],
  errorEvents: () => openai.events([minimax.error(500, 'too busy').body]),
  errors: Object.fromEntries(Object.entries(codes).map(([status, code]) => [status, { code }])),
  error: (status, status_msg, { after } = {}) => ({
    body: { id: '05a1', choices: null, base_resp: { status_code: Number(codes[status] ?? 1000), status_msg } },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),
  httpStatus: () => 200,
  thinkingModel: 'MiniMax-M3',
  embedding: undefined,
};
