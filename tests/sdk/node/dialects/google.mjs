// The Gemini API: https://ai.google.dev/api/generate-content (answers, streams, requests), .../api/caching (contents, tools),
// .../api/embeddings, .../gemini-api/docs/thinking and .../thought-signatures; errors:
// https://ai.google.dev/gemini-api/docs/troubleshooting and https://cloud.google.com/apis/design/errors.

const candidate = (parts, finishReason) => ({
  candidates: [{ content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}), index: 0 }],
  // The thoughts are not among the candidates' tokens.
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 2, thoughtsTokenCount: 1, totalTokenCount: 12 },
  modelVersion: 'gemini-3-flash-preview',
  responseId: 'resp-1',
});
// Only the first of parallel calls bears a signature.
const callPart = (call, index) => ({
  functionCall: { id: call.id, name: call.name, args: call.input },
  ...(index === 0 ? { thoughtSignature: 'c2ln' } : {}),
});
const event = (value) => `data: ${JSON.stringify(value)}\r\n\r\n`;

export const google = {
  name: 'google',
  model: 'gemini-3-flash-preview',
  host: 'generativelanguage.googleapis.com:443',
  base: '/v1beta',
  keyVariable: 'GEMINI_API_KEY',
  chatPath: ({ model = google.model, stream = false } = {}) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  isChat: (path) => /:(g|streamG)enerateContent$/.test(path),
  keyOf: (record) => record.headers['x-goog-api-key'],

  text: (text) => candidate([{ text }], 'STOP'),
  calls: (calls) => candidate(calls.map(callPart), 'STOP'),
  reasoned: (thought, text) => candidate([{ text: thought, thought: true }, { text, thoughtSignature: 'c2ln' }], 'STOP'),

  streamType: 'text/event-stream',
  textStream: (pieces, { finish = true } = {}) => [
    ...pieces.map((text) => event(candidate([{ text }]))),
    ...(finish ? [event(candidate([{ text: '' }], 'STOP'))] : []),
  ],
  callStream: (calls) => [
    ...calls.map((call, index) => event(candidate([callPart(call, index)]))), event(candidate([{ text: '' }], 'STOP')),
  ],
  reasonedStream: (thoughts, text) => [
    ...thoughts.map((thought) => event(candidate([{ text: thought, thought: true }]))),
    event(candidate([{ text }])),
    event(candidate([{ text: '', thoughtSignature: 'c2ln' }], 'STOP')),
  ],
  errorEvents: () => [event(google.error(503, 'too busy').body)],
  garbage: 'data: {"id": nonsense\n\n',

  errors: {
    400: { code: 'INVALID_ARGUMENT' },
    401: { code: 'UNAUTHENTICATED' },
    403: { code: 'PERMISSION_DENIED' },
    404: { code: 'NOT_FOUND' },
    429: { code: 'RESOURCE_EXHAUSTED' },
    500: { code: 'INTERNAL' },
    503: { code: 'UNAVAILABLE' },
    504: { code: 'DEADLINE_EXCEEDED' },
  },
  error: (status, message, { after } = {}) => ({
    body: {
      error: {
        code: status, message, status: google.errors[status].code,
        ...(after === undefined
          ? {} : { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${after}s` }] }),
      },
    },
    headers: {},
  }),

  modelOf: ({ path }) => path.match(/\/models\/([^:]+):/)[1],
  isStream: ({ path }) => path.endsWith(':streamGenerateContent?alt=sse'),
  maxTokens: (sent) => sent.generationConfig.maxOutputTokens,
  temperature: (sent) => sent.generationConfig.temperature,
  stop: (sent) => sent.generationConfig.stopSequences,
  system: ({ systemInstruction }) => (systemInstruction?.parts ?? []).map(({ text }) => text),
  turns: (sent) => sent.contents.map(({ role }) => (role === 'model' ? 'assistant' : role)),
  parts: (sent) => sent.contents.flatMap(({ parts }) => parts),
  texts: (sent) => google.parts(sent).map(({ text }) => text).filter((text) => text !== undefined),
  media: (sent) => google.parts(sent).filter(({ inlineData }) => inlineData)
    .map(({ inlineData: { mimeType, data } }) => ({ type: mimeType, data })),
  tools: (sent) => sent.tools.flatMap(({ functionDeclarations }) => functionDeclarations)
    .map(({ name, description, parametersJsonSchema }) => ({ name, description, parameters: parametersJsonSchema })),
  choice: (sent) => sent.toolConfig.functionCallingConfig,
  choices: { auto: { mode: 'AUTO' }, required: { mode: 'ANY' }, weather: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
  callsIn: (sent) => google.parts(sent).filter(({ functionCall }) => functionCall)
    .map(({ functionCall: { id, name, args } }) => ({ id, name, input: args })),
  resultsIn: (sent) => google.parts(sent).filter(({ functionResponse }) => functionResponse)
    .map(({ functionResponse: { id, response } }) => ({ id, text: response.result })),
  // The signature comes back with the call that bore it.
  signaturesIn: (sent) => google.parts(sent).filter(({ functionCall }) => functionCall)
    .map(({ thoughtSignature }) => thoughtSignature),
  callTurns: ['user', 'assistant', 'user'],
  schema: ({ generationConfig: { responseMimeType, responseJsonSchema } }) =>
    responseMimeType === 'application/json' && responseJsonSchema,
  thinkingModel: 'gemini-3-flash-preview',
  thinking: (sent) => sent.generationConfig.thinkingConfig,
  thinksHard: { thinkingLevel: 'HIGH', includeThoughts: true },

  embedding: {
    model: 'gemini-embedding-001',
    path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
    answer: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
    inputs: (sent) => sent.requests.map(({ content }) => content.parts[0].text),
    dimensions: (sent) => sent.requests[0].outputDimensionality,
  },
};
