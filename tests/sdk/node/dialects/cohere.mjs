// Cohere's dialect: https://docs.cohere.com/v2/reference/chat, .../chat-stream, .../embed and
// https://docs.cohere.com/reference/errors.

const event = (type, value = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`;
const message = (value) => ({ delta: { message: value } });
// What is billed is less than what the model reads.
const usage = { billed_units: { input_tokens: 4, output_tokens: 2 }, tokens: { input_tokens: 9, output_tokens: 3 } };
const answer = (said, finish_reason) =>
  ({ id: 'c14c80c3-18eb-4519-9460-6c92edd8cfb4', finish_reason, message: { role: 'assistant', ...said }, usage });
const block = (index, content, pieces, finish = true) => [
  event('content-start', { index, ...message({ content }) }),
  ...pieces.map((piece) => event('content-delta', { index, ...message({ content: piece }) })),
  ...(finish ? [event('content-end', { index })] : []),
];
const start = event('message-start', message({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }));
const end = (finish_reason, more = { usage }) => [event('message-end', { delta: { finish_reason, ...more } }), 'data: [DONE]\n\n'];
const text = (content) => (typeof content === 'string' ? content : content[0].text);

export const cohere = {
  name: 'cohere',
  model: 'command-a-03-2025',
  host: 'api.cohere.com:443',
  base: '',
  keyVariable: 'COHERE_API_KEY',
  mediaTypes: ['image/png'],
  chatPath: () => '/v2/chat',
  isChat: (path) => path.endsWith('/v2/chat'),
  keyOf: (record) => record.headers.authorization?.replace('Bearer ', ''),

  text: (said) => answer({ content: [{ type: 'text', text: said }] }, 'COMPLETE'),
  calls: (calls) => answer({
    tool_calls: calls.map(({ id, name, input }) => (
      { id, type: 'function', function: { name, arguments: JSON.stringify(input) } })),
  }, 'TOOL_CALL'),
  reasoned: (thinking, said) => answer({ content: [{ type: 'thinking', thinking }, { type: 'text', text: said }] }, 'COMPLETE'),

  streamType: 'text/event-stream',
  textStream: (pieces, { finish = true } = {}) => [
    start,
    ...block(0, { type: 'text', text: '' }, pieces.map((piece) => ({ text: piece })), finish),
    ...(finish ? end('COMPLETE') : []),
  ],
  callStream: (calls) => [
    start,
    ...calls.flatMap(({ id, name, input }, index) => {
      const whole = JSON.stringify(input);
      const call = (type, tool_calls) => event(type, { index, ...message({ tool_calls }) });
      return [
        call('tool-call-start', { id, type: 'function', function: { name, arguments: '' } }),
        ...[whole.slice(0, 5), whole.slice(5)].map((piece) => call('tool-call-delta', { function: { arguments: piece } })),
        event('tool-call-end', { index }),
      ];
    }),
    ...end('TOOL_CALL'),
  ],
  reasonedStream: (thoughts, said) => [
    start,
    ...block(0, { type: 'thinking', thinking: '' }, thoughts.map((thinking) => ({ thinking }))),
    ...block(1, { type: 'text', text: '' }, [{ text: said }]),
    ...end('COMPLETE'),
  ],
  // A good end follows what is none.
  errorEvents: () => end('ERROR', { usage: {}, error: 'too busy' }),
  garbage: 'data: {"id": nonsense\n\n',

  // Errors have no code of their own.
  errors: Object.fromEntries([400, 401, 403, 404, 422, 429, 500, 503, 504]
    .map((status) => [status, { code: `upstream_status_${status}` }])),
  error: (status, said, { after } = {}) => ({
    body: { id: '94ed162c-fe4a-4885-a641-080f16e1c0c1', message: said },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  modelOf: ({ json }) => json.model,
  isStream: ({ json }) => json.stream === true,
  maxTokens: (sent) => sent.max_tokens,
  temperature: (sent) => sent.temperature,
  stop: (sent) => sent.stop_sequences,
  system: (sent) => sent.messages.filter(({ role }) => role === 'system').map(({ content }) => text(content)),
  turns: (sent) => sent.messages.map(({ role }) => role).filter((role) => role !== 'system'),
  parts: (sent) => sent.messages.filter(({ role }) => role === 'user').flatMap(({ content }) => content),
  texts: (sent) => cohere.parts(sent).map((part) => part.text ?? part).filter((part) => typeof part === 'string'),
  media: (sent) => cohere.parts(sent).filter(({ image_url }) => image_url).map(({ image_url: { url } }) => {
    const [, type, data] = url.match(/^data:(.*);base64,(.*)$/);
    return { type, data };
  }),
  tools: (sent) => sent.tools.map(({ function: { name, description, parameters } }) => ({ name, description, parameters })),
  choice: (sent) => sent.tool_choice,
  // One that is named is the only one that is offered.
  choices: { auto: undefined, required: 'REQUIRED', weather: 'REQUIRED' },
  callsIn: (sent) => sent.messages.flatMap(({ tool_calls = [] }) =>
    tool_calls.map(({ id, function: call }) => ({ id, name: call.name, input: JSON.parse(call.arguments) }))),
  resultsIn: (sent) => sent.messages.filter(({ role }) => role === 'tool')
    .map(({ tool_call_id, content }) => ({ id: tool_call_id, text: text(content) })),
  callTurns: ['user', 'assistant', 'tool', 'tool'],
  schema: ({ response_format: format }) => format.type === 'json_object' && format.json_schema,
  // https://docs.cohere.com/docs/reasoning: without a budget it thinks as long as it needs.
  thinkingModel: 'command-a-reasoning-08-2025',
  thinking: (sent) => sent.thinking,
  thinksHard: { type: 'enabled' },

  toCheck: (sent) => ({ chat: sent }),

  embedding: {
    model: 'embed-v4.0',
    path: '/v2/embed',
    answer: (vectors, sent) =>
      ({ id: 'b718ab17', embeddings: { float: vectors }, texts: sent.texts, meta: { billed_units: { input_tokens: 2 } } }),
    inputs: (sent) => sent.texts,
    dimensions: (sent) => sent.output_dimension,
  },
};
