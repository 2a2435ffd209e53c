// OpenAI's dialect. Answers, chunks and errors: the types of its package; error codes:
// https://platform.openai.com/docs/guides/error-codes. The members of reasoning, which its API does not have:
// https://api-docs.deepseek.com/guides/reasoning_model.

const base = { id: 'chatcmpl-1', created: 1700000000, model: 'model-1' };
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const done = 'data: [DONE]\n\n';

export const openai = {
  name: 'openai',
  model: 'gpt-4o',
  host: 'api.openai.com:443',
  base: '/v1',
  keyVariable: 'OPENAI_API_KEY',
  relays: true,
  takesUnknown: true,
  chatPath: () => '/v1/chat/completions',
  completionPath: '/v1/completions',
  isChat: (path) => path.endsWith('/chat/completions'),
  keyOf: (record) => record.headers.authorization?.replace('Bearer ', ''),

  message: (message, finish) => ({
    ...base,
    object: 'chat.completion',
    choices: [{
      index: 0, message: { role: 'assistant', refusal: null, ...message }, logprobs: null, finish_reason: finish,
    }],
    usage,
  }),
  text: (text) => openai.message({ content: text }, 'stop'),
  calls: (calls) => openai.message({
    content: null,
    tool_calls: calls.map(({ id, name, input }) => (
      { id, type: 'function', function: { name, arguments: JSON.stringify(input) } })),
  }, 'tool_calls'),
  reasoned: (thought, text) => openai.message({ content: text, reasoning_content: thought }, 'stop'),

  streamType: 'text/event-stream',
  events: (chunks) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
  chunk: (delta, finish = null) => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  }),
  textStream: (pieces, { usage: counted = false, finish = true } = {}) => [
    ...openai.events([
      openai.chunk({ role: 'assistant', content: '' }),
      ...pieces.map((content) => openai.chunk({ content })),
      ...(finish ? [openai.chunk({}, 'stop')] : []),
      ...(counted ? [{ ...base, object: 'chat.completion.chunk', choices: [], usage }] : []),
    ]),
    ...(finish ? [done] : []),
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
    done,
  ],
  reasonedStream: (thoughts, text) => [
    ...openai.events([
      openai.chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      ...thoughts.map((reasoning_content) => openai.chunk({ reasoning_content })),
      openai.chunk({ content: text }),
      openai.chunk({}, 'stop'),
    ]),
    done,
  ],
  errorEvents: () => openai.events([{ error: openai.failure(500, 'too busy') }]),
  garbage: 'data: {"id": nonsense\n\n',

  errors: {
    400: { type: 'invalid_request_error', code: 'bad_value' },
    401: { type: 'authentication_error', code: 'invalid_api_key' },
    403: { type: 'permission_error', code: 'no_access' },
    404: { type: 'not_found_error', code: 'model_not_found' },
    429: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    500: { type: 'api_error', code: 'server_error' },
    529: { type: 'overloaded_error', code: 'overloaded' },
  },
  failure: (status, message) => ({ message, param: null, ...openai.errors[status] }),
  error: (status, message, { after } = {}) => ({
    body: { error: openai.failure(status, message) },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  modelOf: ({ json }) => json.model,
  isStream: ({ json }) => json.stream === true,
  maxTokens: (sent) => sent.max_completion_tokens ?? sent.max_tokens,
  temperature: (sent) => sent.temperature,
  stop: (sent) => sent.stop,
  system: (sent) => sent.messages.filter(({ role }) => role === 'system').map(({ content }) => content),
  turns: (sent) => sent.messages.map(({ role }) => role).filter((role) => role !== 'system'),
  parts: (sent) => sent.messages.filter(({ role }) => role === 'user').flatMap(({ content }) => content),
  texts: (sent) => openai.parts(sent).map((part) => part.text ?? part).filter((text) => typeof text === 'string'),
  media: (sent) => openai.parts(sent).filter((part) => part.file || part.image_url).map(({ file, image_url }) => {
    const [, type, data] = (file?.file_data ?? image_url.url).match(/^data:(.*);base64,(.*)$/);
    return { type, data };
  }),
  tools: (sent) => sent.tools.map(({ function: { name, description, parameters } }) => ({ name, description, parameters })),
  choice: (sent) => sent.tool_choice,
  choices: {
    auto: 'auto', required: 'required', weather: { type: 'function', function: { name: 'weather' } },
  },
  callsIn: (sent) => sent.messages.flatMap(({ tool_calls = [] }) =>
    tool_calls.map(({ id, function: call }) => ({ id, name: call.name, input: JSON.parse(call.arguments) }))),
  resultsIn: (sent) => sent.messages.filter(({ role }) => role === 'tool')
    .map(({ tool_call_id, content }) => ({ id: tool_call_id, text: content })),
  callTurns: ['user', 'assistant', 'tool', 'tool'],
  schema: ({ response_format: format }) => format.type === 'json_schema' && format.json_schema.schema,
  // Where `reasoning_effort: 'high'` has gone, and what it says there.
  thinkingModel: 'gpt-5',
  thinking: (sent) => sent.reasoning_effort,
  thinksHard: 'high',

  embedding: {
    model: 'text-embedding-3-small',
    path: '/v1/embeddings',
    answer: (vectors, sent) => ({
      object: 'list',
      model: 'm',
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: sent.encoding_format === 'base64'
          ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
      })),
      usage: { prompt_tokens: 2, total_tokens: 2 },
    }),
    inputs: (sent) => [sent.input].flat(),
    dimensions: (sent) => sent.dimensions,
  },
};
