// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line, `{OPERATION: REQUEST}`, is not a request that Cohere's types
// and rules allow, or has a schema that is none.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules } from './rules.mjs';
import { requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const schema = requestSchema(install);
writeFileSync(join(install, 'cohere.schema.json'), JSON.stringify(schema));
const isRequest = new Ajv({ strict: false, allErrors: false }).compile(schema);

// What is wrong with a request that fits the types.
function broken(line) {
  const found = brokenRules(line);
  const tools = (line.chat?.tools ?? []).map(({ function: one }) => one.parameters);
  for (const given of [...tools, line.chat?.response_format?.json_schema]) {
    if (given === undefined) continue;
    try {
      // References must lead somewhere. What drafts before 2020-12 say, and formats, are the caller's.
      new Ajv({ strict: false, validateFormats: false }).compile({ ...given, $schema: undefined });
    } catch (error) {
      found.push(`a schema: ${error.message}`);
    }
  }
  return found;
}

selfTest(isRequest, broken);

const lines = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
const wrong = lines.filter((line) => !isRequest(line) || broken(line).length > 0);
for (const line of wrong) {
  console.error(`not a request: ${JSON.stringify(line).slice(0, 2000)}`);
  if (isRequest(line)) console.error(`  ${broken(line).join('\n  ')}`);
  isRequest(line);
  const errors = [...(isRequest.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length);
  for (const e of errors.slice(0, 3)) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
console.log(`cohere: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the package and the rules`);
if (wrong.length > 0 || lines.length === 0) process.exit(1);
