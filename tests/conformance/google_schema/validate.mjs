// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line is not a request that Google's types and rules allow, or offers
// a function whose schema is none.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules } from './rules.mjs';
import { requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';
import { camelNames } from './spelling.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const isRequest = new Ajv({ strict: false, allErrors: false }).compile(requestSchema(install));

// The keywords that a schema may have beside `$…`; see `responseJsonSchema` in the package. Only those that our tests
// leave to be translated are looked for.
const UNKNOWN_KEYWORDS = ['const', '$schema'];

function keywordsOf(schema) {
  if (Array.isArray(schema)) return schema.flatMap(keywordsOf);
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([name, value]) => {
    if (name === 'enum' || name === 'default') return [];
    if (name === 'properties' || name === '$defs') return Object.values(value).flatMap(keywordsOf);
    return [name, ...keywordsOf(value)];
  });
}

// What is wrong with a request that fits the types.
function broken(request) {
  const found = brokenRules(request);
  const schemas = (request.tools ?? [])
    .flatMap((tool) => tool.functionDeclarations ?? [])
    .map((one) => one.parametersJsonSchema);
  for (const schema of [...schemas, request.generationConfig?.responseJsonSchema]) {
    if (schema === undefined) continue;
    const unknown = keywordsOf(schema).filter((name) => UNKNOWN_KEYWORDS.includes(name));
    if (unknown.length > 0) found.push(`a schema has ${unknown}`);
    try {
      new Ajv({ strict: false, validateFormats: false }).compile(schema);  // references must lead somewhere
    } catch (error) {
      found.push(`a schema: ${error.message}`);
    }
  }
  return found;
}

selfTest(isRequest, broken);

// The types know enumerations by their words only; clients may send their numbers, which pass as they are.
const hasNumbers = (request) => (request.safetySettings ?? []).some(({ category }) => typeof category === 'number');

const all = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '');

// A request to be counted names its model, which otherwise stands in the path. The package does not type it.
function toBeAnswered(body) {
  if (!body.generateContentRequest) return body;
  const { model, ...request } = body.generateContentRequest;
  return Object.keys(body).length === 1 && /^\w+\/.+/.test(model) ? request : body;
}

const lines = all.map((line) => toBeAnswered(camelNames(JSON.parse(line)))).filter((request) => !hasNumbers(request));
const wrong = lines.filter((request) => !isRequest(request) || broken(request).length > 0);
for (const request of wrong) {
  console.error(`not a request: ${JSON.stringify(request).slice(0, 2000)}`);
  if (isRequest(request)) console.error(`  ${broken(request).join('\n  ')}`);
  isRequest(request);
  const errors = [...(isRequest.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length);
  for (const e of errors.slice(0, 3)) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
console.log(
  `google: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the package and the rules` +
    `, ${all.length - lines.length} left out`,
);
if (wrong.length > 0 || lines.length === 0) process.exit(1);
