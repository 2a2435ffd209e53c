// How the two dialects spell the same answers, and where each keeps the same facts of a request.
// OpenAI: the types of its package. Anthropic: https://docs.anthropic.com/en/api/messages and .../messages-streaming.

const chatId = { id: 'chatcmpl-1', created: 1700000000, model: 'model-1' };

export const openai = {
  name: 'openai',
  chatPath: '/v1/chat/completions',
  suffix: '/chat/completions',
  model: 'gpt-4o',
  keyOf: (record) => record.headers.authorization,
  key: (value) => `Bearer ${value}`,

  message: (message, finish) => ({
    ...chatId,
    object: 'chat.completion',
    choices: [{
      index: 0, message: { role: 'assistant', refusal: null, ...message }, logprobs: null, finish_reason: finish,
    }],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  }),
  text: (text) => openai.message({ content: text }, 'stop'),
  calls: (calls) =>
    openai.message({ content: null, tool_calls: calls.map((call) => openai.call(call)) }, 'tool_calls'),
  call: ({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }),

  events: (chunks) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
  chunk: (delta, finish = null) => ({
    ...chatId,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  }),
  textStream: (pieces, { usage = false, finish = true } = {}) => [
    ...openai.events([
      openai.chunk({ role: 'assistant', content: '' }),
      ...pieces.map((content) => openai.chunk({ content })),
      ...(finish ? [openai.chunk({}, 'stop')] : []),
      ...(usage
        ? [{ ...chatId, object: 'chat.completion.chunk', choices: [],
             usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } }]
        : []),
    ]),
    ...(finish ? ['data: [DONE]\n\n'] : []),
  ],
  callStream: (calls) => [
    ...openai.events([
      openai.chunk({ role: 'assistant', content: null }),
      ...calls.flatMap(({ id, name, input }, index) => {
        const text = JSON.stringify(input);
        const piece = (part) => openai.chunk({ tool_calls: [{ index, function: { arguments: part } }] });
        return [
          openai.chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
          piece(text.slice(0, 5)),
          piece(text.slice(5)),
        ];
      }),
      openai.chunk({}, 'tool_calls'),
    ]),
    'data: [DONE]\n\n',
  ],
  errorEvent: () => openai.events([openai.error({ message: 'too busy', type: 'server_error', code: null })]),
  error: ({ message, type, code }) => ({ error: { message, type, param: null, code } }),
};

const event = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

export const anthropic = {
  name: 'anthropic',
  chatPath: '/v1/messages',
  suffix: '/messages',
  model: 'claude-sonnet-4-5',
  keyOf: (record) => record.headers['x-api-key'],
  key: (value) => value,

  message: (content, stop_reason) => ({
    id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content, stop_reason,
    stop_sequence: null, usage: { input_tokens: 9, output_tokens: 3 },
  }),
  text: (text) => anthropic.message([{ type: 'text', text }], 'end_turn'),
  calls: (calls) => anthropic.message(calls.map((call) => anthropic.call(call)), 'tool_use'),
  call: ({ id, name, input }) => ({ type: 'tool_use', id, name, input }),

  start: () => event({
    type: 'message_start', message: { ...anthropic.message([], null), usage: { input_tokens: 9, output_tokens: 1 } },
  }),
  end: (stop_reason) => [
    event({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 3 } }),
    event({ type: 'message_stop' }),
  ],
  textStream: (pieces, { finish = true } = {}) => [
    anthropic.start(),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'ping' }),
    ...pieces.map((text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    ...(finish ? [event({ type: 'content_block_stop', index: 0 }), ...anthropic.end('end_turn')] : []),
  ],
  callStream: (calls) => [
    anthropic.start(),
    ...calls.flatMap(({ id, name, input }, index) => {
      const text = JSON.stringify(input);
      const piece = (partial_json) =>
        event({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } });
      return [
        event({ type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } }),
        piece(text.slice(0, 5)),
        piece(text.slice(5)),
        event({ type: 'content_block_stop', index }),
      ];
    }),
    ...anthropic.end('tool_use'),
  ],
  errorEvent: () => [event({ type: 'error', error: { type: 'overloaded_error', message: 'too busy' } })],
  error: ({ message, type }) => ({ type: 'error', error: { type, message }, request_id: 'req_body' }),
};

export const dialects = [openai, anthropic];
