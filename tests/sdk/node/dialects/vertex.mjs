// Gemini and Claude on Vertex AI: the Gemini API and Anthropic's at other places.
// Gemini: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference and .../text-embeddings-api.
// Claude: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude, and what the package
// @anthropic-ai/vertex-sdk sends: the model stands in the path, the version in the body.

import assert from 'node:assert/strict';
import { anthropic } from './anthropic.mjs';
import { google } from './google.mjs';

const project = '/v1/projects/project-1/locations/global';
// Its keys are tokens that are fetched: what the gateway has of its own is another test's.
const onVertex = {
  provider: 'vertex-ai',
  host: undefined,
  base: '',
  keyVariable: undefined,
  ownOptions: { vertex_project_id: 'project-1' },
  keyOf: (record) => record.headers.authorization?.replace('Bearer ', ''),
  modelOf: ({ path }) => path.match(/\/models\/([^:]+):/)[1],
};
const withoutId = ({ id, ...call }) => call;

export const vertexGemini = {
  ...google,
  ...onVertex,
  name: 'vertex-gemini',
  chatPath: ({ model = google.model, stream = false } = {}) =>
    `${project}/publishers/google/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  // Calls and results follow each other in order, and have names.
  hasCallIds: false,
  calls: (calls) => google.calls(calls.map(withoutId)),
  callStream: (calls) => google.callStream(calls.map(withoutId)),
  embedding: {
    model: 'text-embedding-005',
    path: `${project}/publishers/google/models/text-embedding-005:predict`,
    answer: (vectors) => (
      { predictions: vectors.map((values) => ({ embeddings: { values, statistics: { token_count: 1 } } })) }),
    inputs: (sent) => sent.instances.map(({ content }) => content),
    dimensions: (sent) => sent.parameters.outputDimensionality,
  },
};

// What the model refuses is told in Anthropic's words; what stands before it (tokens, rights, quotas) in Google's.
const googles = ['401', '403', '404', '429'];

export const vertexClaude = {
  ...anthropic,
  ...onVertex,
  name: 'vertex-claude',
  checkedAs: 'anthropic',
  relaysMessages: true,
  chatPath: ({ model = anthropic.model, stream = false } = {}) =>
    `${project}/publishers/anthropic/models/${model}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
  isChat: (path) => /\/publishers\/anthropic\/models\/claude[^/]*:(rawPredict|streamRawPredict)$/.test(path),
  isStream: ({ path }) => path.endsWith(':streamRawPredict'),
  // As Anthropic's own API would have it.
  toCheck: ({ anthropic_version, ...sent }) => {
    assert.deepEqual([anthropic_version, 'model' in sent], ['vertex-2023-10-16', false]);
    return { model: anthropic.model, ...sent };
  },
  errors: Object.fromEntries(Object.entries(anthropic.errors)
    .map(([status, told]) => [status, googles.includes(status) ? google.errors[status] : told])),
  error: (status, message, { after } = {}) => (googles.includes(`${status}`)
    ? { ...google.error(status, message), headers: after === undefined ? {} : { 'retry-after': `${after}` } }
    : anthropic.error(status, message, { after })),
};
