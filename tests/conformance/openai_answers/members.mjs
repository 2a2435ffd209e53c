// Members that OpenAI's package does not know, by its names for the types: what they are, why they are there, and, where
// not every provider's answers may have them, whose. A member that is listed nowhere is an error: it may be misspelt.

const TEXT = { type: 'string' };
const COUNT = { type: 'integer' };
const NUMBER = { type: 'number' };
const OBJECT = { type: 'object' };
const TEXTS = { type: 'array', items: TEXT };
const OBJECTS = { type: 'array', items: OBJECT };

const every = (of, why) => ({ of, why });
// What a provider alone says, and is passed on as it is.
const own = (from, of, why) => ({ from: from.split(' '), of, why });

const BLOCK = { type: 'object', properties: { type: TEXT }, required: ['type'] };
const BLOCKS = every({ type: 'array', items: BLOCK }, 'the message in order: proto/portolan/v1/content_block.proto');
const STEP = { type: 'object', properties: { index: COUNT, stop: { const: true } }, required: ['index'] };
const STEPS = every({ type: 'array', items: STEP }, 'pieces of content_blocks');
const REASONING = every(TEXT, 'reasoning as text, by the name that DeepSeek gave it');
const NATIVE = every(TEXT, "the provider's own word for why it ends");
const STOP = every(TEXT, 'the stop sequence that ended it');
const IMAGE = {
  type: 'object',
  properties: { type: { const: 'image_url' }, image_url: { type: 'object', properties: { url: TEXT }, required: ['url'] } },
  required: ['type', 'image_url'],
};
const IMAGES = every({ type: 'array', items: IMAGE }, 'pictures that the model made, as OpenRouter gives them');
const SIGNED = own('google vertex-ai', OBJECT, "signatures of thoughts, as Google's own endpoint in OpenAI's dialect has them");
const CITATIONS = own('cohere', OBJECTS, 'sources that are no pages');
const GROUNDING = {
  groundingMetadata: own('google vertex-ai', OBJECT, 'what was searched for and found'),
  citationMetadata: own('google vertex-ai palm', OBJECT, 'what was recited'),
  safetyRatings: own('google vertex-ai palm', OBJECTS, 'what filters think'),
  finishMessage: own('google vertex-ai', TEXT, 'why it ends, for a person'),
  avgLogprobs: own('google vertex-ai', NUMBER, 'how sure it was'),
};
const AT_THE_TOP = {
  container: own('anthropic vertex-ai', OBJECT, 'where code was executed'),
  context_management: own('anthropic', OBJECT, 'what was taken out of the conversation'),
  metrics: own('bedrock', OBJECT, 'how long it took'),
  trace: own('bedrock', OBJECT, 'what guardrails have found'),
  additionalModelResponseFields: own('bedrock', OBJECT, 'what the model says in its own words'),
  promptFeedback: own('google vertex-ai', OBJECT, 'why a prompt was blocked'),
};

export const MORE = {
  ChatCompletion: AT_THE_TOP,
  'ChatCompletion.Choice': { native_finish_reason: NATIVE, stop_sequence: STOP, ...GROUNDING },
  ChatCompletionMessage: {
    content_blocks: BLOCKS,
    reasoning_content: REASONING,
    images: IMAGES,
    extra_content: SIGNED,
    citations: CITATIONS,
    other_content: own('bedrock', OBJECTS, 'content that the hub has no word for'),
  },
  ChatCompletionMessageFunctionToolCall: { extra_content: SIGNED },
  ChatCompletionAudio: { mime_type: own('google vertex-ai', TEXT, 'its format, which the request does not tell') },
  ChatCompletionChunk: AT_THE_TOP,
  'ChatCompletionChunk.Choice': { native_finish_reason: NATIVE, stop_sequence: STOP, ...GROUNDING },
  'ChatCompletionChunk.Choice.Delta': {
    annotations: every({ $ref: '#/$defs/annotations' }, 'sent by the API, and not typed for chunks'),
    content_blocks: STEPS,
    reasoning_content: REASONING,
    images: IMAGES,
    extra_content: SIGNED,
    citations: CITATIONS,
  },
  'ChatCompletionChunk.Choice.Delta.ToolCall': { extra_content: SIGNED },
  CompletionUsage: {
    billed_units: own('cohere', OBJECT, 'what is paid for'),
    cache_creation_input_tokens: every(COUNT, "Anthropic's name for what went into the cache"),
    cache_read_input_tokens: every(COUNT, "Anthropic's name for what came from the cache"),
    cache_creation: own('anthropic vertex-ai', OBJECT, 'what went into the cache, by how long it stays'),
    inference_geo: own('anthropic vertex-ai', TEXT, 'where it was made'),
    speed: own('anthropic', TEXT, 'how fast it was to be'),
    iterations: own('anthropic', OBJECTS, 'tokens by turn, where it has taken several'),
    cacheReadInputTokenCount: own('bedrock', COUNT, 'what came from the cache, by another name than its documentation has'),
    cacheWriteInputTokenCount: own('bedrock', COUNT, 'what went into the cache, likewise'),
    serverToolUsage: own('bedrock', OBJECT, 'how often its own tools were called'),
    server_tool_use: own('anthropic vertex-ai', OBJECT, 'how often its own tools were called'),
    toolUsePromptTokenCount: own('google vertex-ai', COUNT, 'tokens of what its own tools said'),
    trafficType: own('google vertex-ai', { type: ['string', 'integer'] }, 'how it is charged; by its number in one API'),
    cacheTokensDetails: own('google vertex-ai', OBJECTS, 'tokens from the cache, by kind'),
    toolUsePromptTokensDetails: own('google vertex-ai', OBJECTS, 'tokens of what its own tools said, by kind'),
  },
  'CompletionUsage.CompletionTokensDetails': {
    text_tokens: every(COUNT, 'by kind, as other gateways have it'),
    image_tokens: every(COUNT, 'by kind, as other gateways have it'),
  },
  'CompletionUsage.PromptTokensDetails': {
    text_tokens: every(COUNT, 'by kind, as other gateways have it'),
    image_tokens: every(COUNT, 'by kind, as other gateways have it'),
    document_tokens: own('google vertex-ai', COUNT, 'by kind'),
    video_tokens: own('google vertex-ai', COUNT, 'by kind'),
  },
  EmbeddingResponse: {
    metadata: own('vertex-ai', OBJECT, 'what is paid for'),
    images: own('cohere bedrock', OBJECTS, 'what was embedded'),
    response_type: own('cohere bedrock', TEXT, "Cohere's name for the form of the answer"),
    texts: own('cohere bedrock', TEXTS, 'what was embedded'),
  },
  WireEmbedding: { truncatedCharLength: own('bedrock', COUNT, 'how much of a text was embedded') },
  ModelList: {
    next_page_token: own('cohere', TEXT, 'where the list goes on'),
    nextPageToken: own('google', TEXT, 'where the list goes on'),
  },
  Model: {
    capabilities: own('anthropic', OBJECT, 'what it can do'),
    display_name: own('anthropic', TEXT, 'its name for people'),
    max_input_tokens: own('anthropic', COUNT, 'the longest request'),
    max_tokens: own('anthropic', COUNT, 'the longest answer'),
    context_length: own('cohere', COUNT, 'the longest request'),
    endpoints: own('cohere', TEXTS, 'what it can do'),
    displayName: own('google', TEXT, 'its name for people'),
    description: own('google', TEXT, 'what it is, for people'),
    version: own('google', TEXT, 'which of its kind'),
    inputTokenLimit: own('google', COUNT, 'the longest request'),
    outputTokenLimit: own('google', COUNT, 'the longest answer'),
    supportedGenerationMethods: own('google', TEXTS, 'what it can do'),
    temperature: own('google', NUMBER, 'what it is without one'),
    maxTemperature: own('google', NUMBER, 'the greatest'),
    topP: own('google', NUMBER, 'what it is without one'),
    topK: own('google', NUMBER, 'what it is without one'),
    thinking: own('google', { type: 'boolean' }, 'whether it does'),
  },
  ErrorObject: { portolan: every(OBJECT, "the gateway's own account: docs/errors.md") },
};
