// Shows that the schemas bite: requests that are wrong in one place each must not pass.

const GOOD = {
  'gemini on vertex': { contents: [{ role: 'user', parts: [{ text: 'hi' }] }], generationConfig: { maxOutputTokens: 1 } },
  'claude on vertex': { anthropic_version: 'vertex-2023-10-16', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] },
  'cohere.embed': { texts: ['a'], input_type: 'search_document', embedding_types: ['float'] },
  'cohere.rerank': { query: 'q', documents: ['a'], top_n: 1, api_version: 2 },
  'titan-embed-text-v1': { inputText: 'a' },
  'titan-embed-text-v2': { inputText: 'a', dimensions: 256, normalize: true, embeddingTypes: ['float'] },
  'titan-embed-image': { inputImage: 'AAAA', embeddingConfig: { outputEmbeddingLength: 384 } },
  'nova-2-multimodal-embeddings': {
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', text: { truncationMode: 'END', value: 'a' } },
  },
  'amazon.rerank': { query: 'q', documents: ['a'], top_n: 1 },
};

const WRONG = {
  'gemini on vertex': {
    'a member of OpenAI': (r) => (r.max_tokens = 1),
    'a limit as text': (r) => (r.generationConfig.maxOutputTokens = '1'),
  },
  'claude on vertex': {
    'no version': (r) => delete r.anthropic_version,
    'the version of a header': (r) => (r.anthropic_version = '2023-06-01'),
    'a model': (r) => (r.model = 'claude-opus-4-1'),
    'no limit': (r) => delete r.max_tokens,
  },
  'cohere.embed': {
    'a model': (r) => (r.model = 'embed-v4.0'),
    'an input': (r) => (r.input = 'a'),
    'no type of input': (r) => delete r.input_type,
    'a member as the package spells it': (r) => (r.inputType = 'search_document'),
  },
  'cohere.rerank': {
    'no version': (r) => delete r.api_version,
    'a model': (r) => (r.model = 'rerank-v3.5'),
    'documents that are objects': (r) => (r.documents = [{ text: 'a' }]),
  },
  'titan-embed-text-v1': { 'a length': (r) => (r.dimensions = 256) },
  'titan-embed-text-v2': {
    'texts': (r) => (r.inputText = ['a']),
    'a length that it has not': (r) => (r.dimensions = 300),
    'no text': (r) => delete r.inputText,
  },
  'titan-embed-image': {
    'nothing to embed': (r) => delete r.inputImage,
    'a length as texts have it': (r) => (r.dimensions = 384),
  },
  'nova-2-multimodal-embeddings': {
    'another task': (r) => (r.taskType = 'SEGMENTED_EMBEDDING'),
    'no purpose': (r) => delete r.singleEmbeddingParams.embeddingPurpose,
    'a text that may not be cut': (r) => delete r.singleEmbeddingParams.text.truncationMode,
    'two things to embed': (r) => (r.singleEmbeddingParams.image = { format: 'png', source: { bytes: 'AAAA' } }),
  },
  'amazon.rerank': { 'no documents': (r) => (r.documents = []), 'a model': (r) => (r.model = 'm') },
};

// `passes(KIND, REQUEST)`
export function selfTest(passes) {
  for (const [kind, request] of Object.entries(GOOD)) {
    if (!passes(kind, request)) throw new Error(`a good request does not pass: ${kind}`);
    for (const [name, spoil] of Object.entries(WRONG[kind])) {
      const wrong = structuredClone(request);
      spoil(wrong);
      if (passes(kind, wrong)) throw new Error(`${kind} passes: ${name}`);
    }
  }
}
