// Anthropic's dialect: https://docs.anthropic.com/en/api/messages, .../messages-streaming and .../errors.

const event = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const delta = (index, value) => event({ type: 'content_block_delta', index, delta: value });

export const anthropic = {
  name: 'anthropic',
  model: 'claude-sonnet-4-6',
  host: 'api.anthropic.com:443',
  base: '/v1',
  keyVariable: 'ANTHROPIC_API_KEY',
  relaysMessages: true,
  chatPath: () => '/v1/messages',
  isChat: (path) => path.endsWith('/messages'),
  keyOf: (record) => record.headers['x-api-key'],

  message: (content, stop_reason) => ({
    id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6', content, stop_reason,
    stop_sequence: null, usage: { input_tokens: 9, output_tokens: 3 },
  }),
  text: (text) => anthropic.message([{ type: 'text', text }], 'end_turn'),
  calls: (calls) => anthropic.message(calls.map((call) => ({ type: 'tool_use', ...call })), 'tool_use'),
  reasoned: (thinking, text) =>
    anthropic.message([{ type: 'thinking', thinking, signature: 'c2ln' }, { type: 'text', text }], 'end_turn'),

  streamType: 'text/event-stream',
  start: () => event({
    type: 'message_start', message: { ...anthropic.message([], null), usage: { input_tokens: 9, output_tokens: 1 } },
  }),
  end: (stop_reason) => [
    event({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } }),
    event({ type: 'message_stop' }),
  ],
  block: (index, content_block, deltas, finish = true) => [
    event({ type: 'content_block_start', index, content_block }),
    ...deltas.map((value) => delta(index, value)),
    ...(finish ? [event({ type: 'content_block_stop', index })] : []),
  ],
  textStream: (pieces, { finish = true } = {}) => [
    anthropic.start(),
    event({ type: 'ping' }),
    ...anthropic.block(0, { type: 'text', text: '' }, pieces.map((text) => ({ type: 'text_delta', text })), finish),
    ...(finish ? anthropic.end('end_turn') : []),
  ],
  callStream: (calls) => [
    anthropic.start(),
    ...calls.flatMap(({ id, name, input }, index) => {
      const text = JSON.stringify(input);
      const piece = (partial_json) => ({ type: 'input_json_delta', partial_json });
      return anthropic.block(
        index, { type: 'tool_use', id, name, input: {} }, [piece(text.slice(0, 5)), piece(text.slice(5))]);
    }),
    ...anthropic.end('tool_use'),
  ],
  reasonedStream: (thoughts, text) => [
    anthropic.start(),
    ...anthropic.block(0, { type: 'thinking', thinking: '', signature: '' }, [
      ...thoughts.map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: 'c2ln' },
    ]),
    ...anthropic.block(1, { type: 'text', text: '' }, [{ type: 'text_delta', text }]),
    ...anthropic.end('end_turn'),
  ],
  errorEvents: () => [event(anthropic.error(529, 'too busy').body)],
  garbage: 'data: {"id": nonsense\n\n',

  errors: {
    400: { code: 'invalid_request_error' },
    401: { code: 'authentication_error' },
    403: { code: 'permission_error' },
    404: { code: 'not_found_error' },
    413: { code: 'request_too_large' },
    429: { code: 'rate_limit_error' },
    500: { code: 'api_error' },
    529: { code: 'overloaded_error' },
  },
  error: (status, message, { after } = {}) => ({
    body: { type: 'error', error: { type: anthropic.errors[status]?.code, message }, request_id: 'req_body' },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  modelOf: ({ json }) => json.model,
  isStream: ({ json }) => json.stream === true,
  maxTokens: (sent) => sent.max_tokens,
  temperature: (sent) => sent.temperature,
  stop: (sent) => sent.stop_sequences,
  system: ({ system = [] }) => [system].flat().map((part) => part.text ?? part),
  turns: (sent) => sent.messages.map(({ role }) => role),
  parts: (sent) => sent.messages.flatMap(({ content }) => content),
  texts: (sent) => anthropic.parts(sent).map((part) => part.text ?? part).filter((text) => typeof text === 'string'),
  media: (sent) => anthropic.parts(sent).filter(({ source }) => source?.type === 'base64')
    .map(({ source: { media_type, data } }) => ({ type: media_type, data })),
  tools: (sent) => sent.tools.map(({ name, description, input_schema }) => ({ name, description, parameters: input_schema })),
  choice: (sent) => sent.tool_choice,
  choices: { auto: { type: 'auto' }, required: { type: 'any' }, weather: { type: 'tool', name: 'weather' } },
  callsIn: (sent) => anthropic.parts(sent).filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({ id, name, input })),
  resultsIn: (sent) => anthropic.parts(sent).filter(({ type }) => type === 'tool_result')
    .map(({ tool_use_id, content }) => ({ id: tool_use_id, text: content[0]?.text ?? content })),
  callTurns: ['user', 'assistant', 'user'],
  schema: ({ output_config: { format } }) => format.type === 'json_schema' && format.schema,
  // https://docs.anthropic.com/en/docs/build-with-claude/effort
  thinkingModel: 'claude-opus-4-6',
  thinking: (sent) => ({ effort: sent.output_config?.effort, thinking: sent.thinking?.type }),
  thinksHard: { effort: 'high', thinking: 'adaptive' },
};
