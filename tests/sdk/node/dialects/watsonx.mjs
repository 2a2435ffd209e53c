// Chat and embeddings of IBM watsonx.ai: OpenAI's dialect but for names, paths and the ends of streams.
// Requests and answers: the types of the package @ibm-cloud/watsonx-ai (`reasoning_effort` and JSON Schema: ibm-watsonx-ai and
// langchain-ibm of PyPI); streams and errors: what the tests of github.com/IBM/watsonx-ai-java-sdk have recorded
// (ChatServiceTest).

import { openai } from './openai.mjs';

const version = '?version=2026-10-14';
const model = 'ibm/granite-3-3-8b-instruct';
const head = {
  id: 'chatcmpl-43962cc06e5346ccbd653a04a48e4b5b', model_id: model, model, created: 1749288614, model_version: '1.1.0',
  created_at: '2025-06-07T09:30:15.122Z',
};
const usage = { completion_tokens: 3, prompt_tokens: 9, total_tokens: 12 };
const message = (told, finish_reason) => ({
  ...head, choices: [{ index: 0, message: { role: 'assistant', ...told }, finish_reason }], usage,
});
const choice = (delta, finish_reason = null) => ({ choices: [{ index: 0, finish_reason, delta }] });
const events = (chunks) => chunks.map((chunk, index) =>
  `id: ${index + 1}\nevent: message\ndata: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...chunk })}\n\n`);
// The tokens come unasked, at the end and alone; nothing else ends a stream.
const ended = (chunks, finish) => events([...chunks, choice({ content: '' }, finish), { choices: [], usage }]);
const begun = choice({ role: 'assistant', content: '' });
const codes = {
  400: 'invalid_request_entity',
  401: 'authentication_token_expired',
  403: 'user_authorization_failed',
  404: 'model_not_supported',
  429: 'rate_limit_reached_requests',
  500: 'downstream_request_failed',
  503: 'model_unavailable',
};

export const watsonx = {
  ...openai,
  name: 'watsonx',
  model,
  // Its keys fetch tokens: what the gateway has of its own is another test's.
  host: undefined,
  base: '',
  keyVariable: undefined,
  ownOptions: { watsonx_project_id: 'p-1' },
  relays: false,
  completionPath: undefined,
  mediaTypes: ['image/png'],
  refusesPdf: false,  // IBM does
  // A token of IBM Cloud, which is a JWT; any other key would be exchanged for one.
  key: (word) => `eyJhbGciOiJSUzI1NiJ9.${word}.c2ln`,
  chatPath: ({ stream = false } = {}) => `/ml/v1/text/${stream ? 'chat_stream' : 'chat'}${version}`,
  isChat: (path) => /\/ml\/v1\/text\/chat(_stream)?$/.test(path),

  text: (content) => message({ content }, 'stop'),
  calls: (calls) => message({
    tool_calls: calls.map(({ id, name, input }) => (
      { id, type: 'function', function: { name, arguments: JSON.stringify(input) } })),
  }, 'tool_calls'),
  reasoned: (reasoning_content, content) => message({ content, reasoning_content }, 'stop'),

  textStream: (pieces, { finish = true } = {}) => {
    const chunks = [begun, ...pieces.map((content) => choice({ content }))];
    return finish ? ended(chunks, 'stop') : events(chunks);
  },
  // Where a call goes on its function has no name: an empty one.
  callStream: (calls) => ended([begun, ...calls.flatMap(({ id, name, input }, index) => {
    const text = JSON.stringify(input);
    return [
      { index, id, type: 'function', function: { name, arguments: '' } },
      ...[text.slice(0, 5), text.slice(5)].map((piece) => ({ index, function: { name: '', arguments: piece } })),
    ].map((part) => choice({ tool_calls: [part] }));
  })], 'tool_calls'),
  reasonedStream: (thoughts, content) => ended(
    [begun, ...thoughts.map((reasoning_content) => choice({ reasoning_content })), choice({ content })], 'stop'),
  errorEvents: () => [`id: 9\nevent: error\ndata: ${JSON.stringify(watsonx.error(500, 'too busy').body)}\n\n`],

  errors: Object.fromEntries(Object.entries(codes).map(([status, code]) => [status, { code }])),
  error: (status, told, { after } = {}) => ({
    body: {
      errors: [{ code: codes[status], message: told, more_info: 'https://cloud.ibm.com/apidocs/watsonx-ai' }],
      trace: 't',
      status_code: status,
    },
    headers: after === undefined ? {} : { 'retry-after': `${after}` },
  }),

  modelOf: ({ json }) => json.model_id,
  isStream: ({ path }) => path.endsWith(`/chat_stream${version}`),
  // A word has a member of its own.
  choice: (sent) => sent.tool_choice ?? sent.tool_choice_option,
  thinkingModel: 'openai/gpt-oss-120b',

  embedding: {
    model: 'ibm/slate-125m-english-rtrvr-v2',
    path: `/ml/v1/text/embeddings${version}`,
    answer: (vectors, { model_id }) => ({
      model_id,
      results: vectors.map((embedding) => ({ embedding })),
      created_at: '2024-02-21T17:32:28Z',
      input_token_count: 10,
    }),
    inputs: (sent) => sent.inputs,
    // Vectors have the length that the model gives them.
    dimensions: undefined,
  },
};
