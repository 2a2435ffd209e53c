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
const FILTERS = { safetyRatings: own('google vertex-ai palm', OBJECTS, 'what filters think') };
const GROUNDING = {
  ...FILTERS,
  groundingMetadata: own('google vertex-ai', OBJECT, 'what was searched for and found'),
  citationMetadata: own('google vertex-ai palm', OBJECT, 'what was recited'),
  finishMessage: own('google vertex-ai', TEXT, 'why it ends, for a person'),
  avgLogprobs: own('google vertex-ai', NUMBER, 'how sure it was'),
};
const AT_THE_TOP = {
  total_duration: own('ollama', COUNT, 'nanoseconds'),
  load_duration: own('ollama', COUNT, 'nanoseconds'),
  prompt_eval_duration: own('ollama', COUNT, 'nanoseconds'),
  eval_duration: own('ollama', COUNT, 'nanoseconds'),
  created_at: own('ollama watsonx', TEXT, 'when it was made, as it is written'),
  model_id: own('watsonx', TEXT, 'the model that answered'),
  model_version: own('watsonx', TEXT, 'its version'),
  system: own('watsonx', OBJECT, 'warnings'),
  base_resp: own('minimax', OBJECT, 'how the call went'),
  p: own('mistral-ai', TEXT, 'random text that hides the size of a piece'),
  container: own('anthropic vertex-ai', OBJECT, 'where code was executed'),
  context_management: own('anthropic', OBJECT, 'what was taken out of the conversation'),
  metrics: own('bedrock', OBJECT, 'how long it took'),
  trace: own('bedrock', OBJECT, 'what guardrails have found'),
  additionalModelResponseFields: own('bedrock', OBJECT, 'what the model says in its own words'),
  promptFeedback: own('google vertex-ai', OBJECT, 'why a prompt was blocked'),
};

// What may stand in the place of a type.
export const OTHERS = {
  'ChatCompletionMessage.Annotation': own(
    'mistral-ai',
    {
      type: 'object',
      properties: { type: { const: 'reference' }, reference_ids: { type: 'array' } },
      required: ['type', 'reference_ids'],
      additionalProperties: false,
    },
    'numbers of sources that the caller gave: no pages, of which OpenAI has no word',
  ),
};

// Says null of what is not there; its words are OpenAI's, and stay where they need not change.
export const SAYS_NULL = 'mistral-ai';

export const MORE = {
  ChatCompletion: AT_THE_TOP,
  'ChatCompletion.Choice': { native_finish_reason: NATIVE, stop_sequence: STOP, ...GROUNDING },
  ChatCompletionMessage: {
    content_blocks: BLOCKS,
    reasoning_content: REASONING,
    images: IMAGES,
    extra_content: SIGNED,
    citations: CITATIONS,
    name: own('minimax', TEXT, 'who speaks'),
    reasoning_details: own('minimax', OBJECTS, 'reasoning in parts, as it came'),
    citationMetadata: own('palm', OBJECT, 'what was recited'),
    other_content: own('bedrock', OBJECTS, 'content that the hub has no word for'),
  },
  ChatCompletionMessageFunctionToolCall: {
    extra_content: SIGNED,
    index: own('mistral-ai', COUNT, 'which call, outside of streams too'),
  },
  ChatCompletionAudio: { mime_type: own('google vertex-ai', TEXT, 'its format, which the request does not tell') },
  ChatCompletionChunk: AT_THE_TOP,
  Completion: { ...AT_THE_TOP, messages: own('palm', OBJECTS, 'the conversation, as it came') },
  CompletionChunk: AT_THE_TOP,
  CompletionChoice: FILTERS,
  CompletionChunkChoice: FILTERS,
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
    num_cached_tokens: own('mistral-ai', COUNT, 'what came from the cache'),
    prompt_audio_seconds: own('mistral-ai', { type: ['integer', 'object', 'null'] }, 'sound that it heard'),
    service_tier: own('mistral-ai', { type: ['string', 'null'] }, 'how it is charged'),
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
  'CreateEmbeddingResponse.Usage': {
    cost: own('perplexity-ai', OBJECT, 'what it costs'),
    prompt_tokens_details: own('cohere', OBJECT, 'tokens of images'),
  },
  WireEmbedding: { truncatedCharLength: own('bedrock', COUNT, 'how much of a text was embedded') },
  ModelList: {
    next_page_token: own('cohere', TEXT, 'where the list goes on'),
    nextPageToken: own('google', TEXT, 'where the list goes on'),
    limit: own('watsonx', COUNT, 'how long a list may be'),
    first: own('watsonx', OBJECT, 'where the list begins'),
    total_count: own('watsonx', COUNT, 'how many there are'),
  },
  Model: {
    label: own('watsonx', TEXT, 'its name for people'),
    source: own('watsonx', TEXT, 'where it is from'),
    functions: own('watsonx', OBJECTS, 'what it can do'),
    number_params: own('watsonx', TEXT, 'how big it is'),
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
