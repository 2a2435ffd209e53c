// JSON Schemas of what models are sent where a cloud hosts them.

import { requestSchema as claude } from '../anthropic_schema/schema.mjs';
import { requestSchema as cohere } from '../cohere_schema/schema.mjs';
import { requestSchema as gemini } from '../google_schema/schema.mjs';
import { DRAFT } from '../sdk_schema/types.mjs';
import { AMAZON } from './aws.mjs';

// On Vertex the model stands in the path, and the version, a header elsewhere, in the body: so has it
// @anthropic-ai/vertex-sdk, client.js.
function claudeOnVertex(directory) {
  const { anyOf, ...rest } = claude(directory);
  const hosted = ({ properties: { model: _, ...properties }, required, ...schema }) => ({
    ...schema,
    properties: { ...properties, anthropic_version: { const: 'vertex-2023-10-16' } },
    required: [...required.filter((name) => name !== 'model'), 'anthropic_version'],
  });
  return { ...rest, anyOf: anyOf.map(hosted) };
}

// The fourth version's words on Bedrock, and those of before:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
const TRUNCATE = { enum: ['NONE', 'LEFT', 'RIGHT', 'START', 'END'] };

// The operation of Cohere's, without the model, which stands in the path too. `more` is otherwise there, and of that the `musts` must be.
function cohereOnBedrock(directory, operation, more, musts = []) {
  const { $defs, anyOf } = cohere(directory);
  const one = anyOf.find(({ required }) => required[0] === operation).properties[operation];
  const { properties, required, ...schema } = $defs[one.$ref.replace('#/$defs/', '')];
  const { model: _, ...kept } = properties;
  const must = [...required.filter((name) => name !== 'model'), ...musts];
  return { $schema: DRAFT, $defs, ...schema, properties: { ...kept, ...more }, required: must };
}

// By what is called, the schema of its body, from the packages in `directory`/node_modules.
export function hostedSchemas(directory) {
  return {
    'gemini on vertex': gemini(directory),
    'claude on vertex': claudeOnVertex(directory),
    'cohere.embed': cohereOnBedrock(directory, 'embedding', { truncate: TRUNCATE }),
    // Versions before the second have documents that are objects.
    'cohere.rerank': cohereOnBedrock(directory, 'rerank', { api_version: { const: 2 } }, ['api_version']),
    ...AMAZON,
  };
}

const ON_VERTEX = [
  [/\/publishers\/google\/models\/gemini-[^/]*:(stream)?generateContent\b/i, 'gemini on vertex'],
  [/\/publishers\/anthropic\/models\/claude-[^/]*:(stream)?rawPredict\b/i, 'claude on vertex'],
];

// What is called at a target; undefined: none of these.
export function calledAt(target) {
  for (const [pattern, name] of ON_VERTEX) {
    if (pattern.test(target)) return name;
  }
  const model = /^\/model\/(.+)\/invoke$/.exec(target);
  const kinds = ['cohere.embed', 'cohere.rerank', ...Object.keys(AMAZON)];
  return model ? kinds.find((kind) => decodeURIComponent(model[1]).includes(kind)) : undefined;
}
