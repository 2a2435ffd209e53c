// Converse of Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
// .../API_runtime_ConverseStream.html; keys: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html.

import { frame } from './aws.mjs';

const event = (type, payload) =>
  frame({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload);
const usage = { inputTokens: 9, outputTokens: 3, totalTokens: 12 };
const answer = (content, stopReason) => ({
  output: { message: { role: 'assistant', content } }, stopReason, usage, metrics: { latencyMs: 7 },
});
const block = (contentBlockIndex, deltas, { start, finish = true } = {}) => [
  ...(start ? [event('contentBlockStart', { contentBlockIndex, start })] : []),
  ...deltas.map((delta) => event('contentBlockDelta', { contentBlockIndex, delta, p: 'abc' })),
  ...(finish ? [event('contentBlockStop', { contentBlockIndex })] : []),
];
const start = event('messageStart', { role: 'assistant', p: 'abcdef' });
const end = (stopReason) => [
  event('messageStop', { stopReason }), event('metadata', { usage, metrics: { latencyMs: 7 } }),
];
const toolUse = ({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } });

const types = { png: 'image/png', pdf: 'application/pdf' };

export const bedrock = {
  name: 'bedrock',
  model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  host: 'bedrock-runtime.us-east-1.amazonaws.com:443',
  base: '',
  keyVariable: 'AWS_BEARER_TOKEN_BEDROCK',
  chatPath: ({ model = bedrock.model, stream = false } = {}) => `/model/${model}/${stream ? 'converse-stream' : 'converse'}`,
  isChat: (path) => /\/converse(-stream)?$/.test(path),
  keyOf: (record) => record.headers.authorization?.replace('Bearer ', ''),

  text: (text) => answer([{ text }], 'end_turn'),
  calls: (calls) => answer(calls.map(toolUse), 'tool_use'),
  reasoned: (thought, text) =>
    answer([{ reasoningContent: { reasoningText: { text: thought, signature: 'c2ln' } } }, { text }], 'end_turn'),

  streamType: 'application/vnd.amazon.eventstream',
  textStream: (pieces, { finish = true } = {}) => [
    start,
    ...block(0, pieces.map((text) => ({ text })), { finish }),
    ...(finish ? end('end_turn') : []),
  ],
  callStream: (calls) => [
    start,
    ...calls.flatMap(({ id, name, input }, index) => {
      const text = JSON.stringify(input);
      const deltas = [text.slice(0, 5), text.slice(5)].map((piece) => ({ toolUse: { input: piece } }));
      return block(index, deltas, { start: { toolUse: { toolUseId: id, name } } });
    }),
    ...end('tool_use'),
  ],
  reasonedStream: (thoughts, answered) => [
    start,
    ...block(0, [...thoughts.map((text) => ({ text })), { signature: 'c2ln' }].map((reasoningContent) => ({ reasoningContent }))),
    ...block(1, [{ text: answered }]),
    ...end('end_turn'),
  ],
  errorEvents: () => [frame(
    { ':exception-type': 'serviceUnavailableException', ':content-type': 'application/json', ':message-type': 'exception' },
    { message: 'too busy' },
  )],
  // A frame whose checksum is wrong.
  garbage: Buffer.from(start.map((byte, i) => (i === start.length - 1 ? byte ^ 1 : byte))),

  errors: {
    400: { code: 'ValidationException' },
    403: { code: 'AccessDeniedException' },
    404: { code: 'ResourceNotFoundException' },
    408: { code: 'ModelTimeoutException' },
    424: { code: 'ModelErrorException' },
    429: { code: 'ThrottlingException' },
    500: { code: 'InternalServerException' },
    503: { code: 'ServiceUnavailableException' },
  },
  error: (status, message, { after } = {}) => ({
    body: { message },
    headers: {
      'x-amzn-errortype': bedrock.errors[status].code, ...(after === undefined ? {} : { 'retry-after': `${after}` }),
    },
  }),

  modelOf: ({ path }) => decodeURIComponent(path.split('/')[2]),
  isStream: ({ path }) => path.endsWith('/converse-stream'),
  maxTokens: (sent) => sent.inferenceConfig.maxTokens,
  temperature: (sent) => sent.inferenceConfig.temperature,
  stop: (sent) => sent.inferenceConfig.stopSequences,
  system: ({ system = [] }) => system.map(({ text }) => text),
  turns: (sent) => sent.messages.map(({ role }) => role),
  parts: (sent) => sent.messages.flatMap(({ content }) => content),
  texts: (sent) => bedrock.parts(sent).map(({ text }) => text).filter((text) => text !== undefined),
  media: (sent) => bedrock.parts(sent).map(({ image, document }) => image ?? document).filter(Boolean)
    .map(({ format, source }) => ({ type: types[format], data: source.bytes })),
  tools: (sent) => sent.toolConfig.tools.filter((tool) => tool.toolSpec)
    .map(({ toolSpec: { name, description, inputSchema } }) => ({ name, description, parameters: inputSchema.json })),
  choice: (sent) => sent.toolConfig.toolChoice,
  choices: { auto: { auto: {} }, required: { any: {} }, weather: { tool: { name: 'weather' } } },
  callsIn: (sent) => bedrock.parts(sent).filter((part) => part.toolUse)
    .map(({ toolUse: { toolUseId, name, input } }) => ({ id: toolUseId, name, input })),
  resultsIn: (sent) => bedrock.parts(sent).filter((part) => part.toolResult)
    .map(({ toolResult: { toolUseId, content } }) => ({ id: toolUseId, text: content[0].text })),
  callTurns: ['user', 'assistant', 'user'],
  schema: ({ outputConfig: { textFormat: { type, structure } } }) =>
    type === 'json_schema' && JSON.parse(structure.jsonSchema.schema),
  thinkingModel: 'anthropic.claude-opus-4-6-v1',
  thinking: (sent) => ({
    effort: sent.outputConfig?.effort,
    thinking: sent.additionalModelRequestFields?.thinking?.type,
  }),
  thinksHard: { effort: 'high', thinking: 'adaptive' },

  // One of Cohere's models, which take many texts a call:
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
  embedding: {
    model: 'cohere.embed-v4:0',
    path: '/model/cohere.embed-v4:0/invoke',
    answer: (vectors) => ({ id: 'b718ab17', embeddings: { float: vectors }, response_type: 'embeddings_by_type' }),
    inputs: (sent) => sent.texts,
    dimensions: (sent) => sent.output_dimension,
  },
};

// Amazon's own embeddings, one text a call:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
export const titan = {
  ...bedrock,
  name: 'bedrock-titan',
  provider: 'bedrock',
  embedding: {
    model: 'amazon.titan-embed-text-v2:0',
    path: '/model/amazon.titan-embed-text-v2:0/invoke',
    oneTextACall: true,
    answer: ([embedding]) => ({ embedding, embeddingsByType: { float: embedding }, inputTextTokenCount: 3 }),
    inputs: (sent) => [sent.inputText],
    dimensions: (sent) => sent.dimensions,
  },
};
