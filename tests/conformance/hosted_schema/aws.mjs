// What Bedrock's InvokeModel takes for models that embed and rerank. AWS's package types these bodies as bytes, and only
// Cohere publishes types of its own (schema.mjs); Amazon's are as the user guide has them:
//   https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embed-text.html
//   https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html
//   https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
//   https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html

const TEXT = { type: 'string', minLength: 1 };
const BASE64 = { type: 'string', pattern: '^[A-Za-z0-9+/]+={0,2}$' };

const closed = (properties, required = []) => ({ type: 'object', properties, required, additionalProperties: false });
const oneOf = (names, schema) => ({ ...schema, oneOf: names.map((name) => ({ required: [name] })) });

const TITAN_FIRST = closed({ inputText: TEXT }, ['inputText']);
const TITAN_SECOND = closed(
  {
    inputText: TEXT,
    dimensions: { enum: [256, 512, 1024] },
    normalize: { type: 'boolean' },
    embeddingTypes: { type: 'array', items: { enum: ['float', 'binary'] }, minItems: 1 },
  },
  ['inputText'],
);
const TITAN_IMAGE = {
  ...closed({
    inputText: TEXT,
    inputImage: BASE64,
    embeddingConfig: closed({ outputEmbeddingLength: { enum: [256, 384, 1024] } }, ['outputEmbeddingLength']),
  }),
  anyOf: [{ required: ['inputText'] }, { required: ['inputImage'] }],
};

const S3 = closed({ uri: { type: 'string', pattern: '^s3://' }, bucketOwner: TEXT }, ['uri']);
const SOURCE = oneOf(['bytes', 's3Location'], closed({ bytes: BASE64, s3Location: S3 }));
const SPOKEN_OF = [
  'GENERIC_INDEX',
  'GENERIC_RETRIEVAL',
  'TEXT_RETRIEVAL',
  'IMAGE_RETRIEVAL',
  'VIDEO_RETRIEVAL',
  'AUDIO_RETRIEVAL',
  'DOCUMENT_RETRIEVAL',
  'CLASSIFICATION',
  'CLUSTERING',
];
const NOVA_TEXT = oneOf(
  ['value', 'source'],
  closed(
    { truncationMode: { enum: ['START', 'END', 'NONE'] }, value: TEXT, source: closed({ s3Location: S3 }) },
    ['truncationMode'],
  ),
);
const NOVA = closed(
  {
    schemaVersion: { const: 'nova-multimodal-embed-v1' },
    taskType: { const: 'SINGLE_EMBEDDING' },
    singleEmbeddingParams: oneOf(
      ['text', 'image', 'audio', 'video'],
      closed(
        {
          embeddingPurpose: { enum: SPOKEN_OF },
          embeddingDimension: { enum: [256, 384, 1024, 3072] },
          text: NOVA_TEXT,
          image: closed(
            {
              detailLevel: { enum: ['STANDARD_IMAGE', 'DOCUMENT_IMAGE'] },
              format: { enum: ['png', 'jpeg', 'gif', 'webp'] },
              source: SOURCE,
            },
            ['format', 'source'],
          ),
          audio: closed({ format: { enum: ['mp3', 'wav', 'ogg'] }, source: SOURCE }, ['format', 'source']),
          video: closed(
            {
              format: { enum: ['mp4', 'mov', 'mkv', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', '3gp'] },
              embeddingMode: { enum: ['AUDIO_VIDEO_COMBINED', 'AUDIO_VIDEO_SEPARATE'] },
              source: SOURCE,
            },
            ['format', 'embeddingMode', 'source'],
          ),
        },
        ['embeddingPurpose'],
      ),
    ),
  },
  ['taskType', 'singleEmbeddingParams'],
);

const RERANK = closed(
  {
    query: TEXT,
    documents: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 1000 },
    top_n: { type: 'integer', minimum: 1 },
  },
  ['query', 'documents'],
);

export const AMAZON = {
  'titan-embed-text-v1': TITAN_FIRST,
  'titan-embed-text-v2': TITAN_SECOND,
  'titan-embed-image': TITAN_IMAGE,
  'nova-2-multimodal-embeddings': NOVA,
  'amazon.rerank': RERANK,
};
