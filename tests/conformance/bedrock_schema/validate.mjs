// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line is not a request that AWS's types and rules allow, or offers a
// tool whose schema is none.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules } from './rules.mjs';
import { requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const schema = requestSchema(install);
writeFileSync(join(install, 'converse.schema.json'), JSON.stringify(schema));
const isRequest = new Ajv({ strict: false, allErrors: false }).compile(schema);

// What is wrong with a request that fits the types.
function broken(body) {
  const request = body.input?.converse ?? body; // to be counted, or answered
  const found = brokenRules(request);
  for (const { toolSpec } of request.toolConfig?.tools ?? []) {
    if (toolSpec === undefined) continue;
    try {
      // References must lead somewhere. What drafts before 2020-12 say, and formats, are the caller's.
      new Ajv({ strict: false, validateFormats: false }).compile({ ...toolSpec.inputSchema.json, $schema: undefined });
    } catch (error) {
      found.push(`inputSchema of ${toolSpec.name}: ${error.message}`);
    }
  }
  return found;
}

selfTest(isRequest, broken);

const lines = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '');
const wrong = lines.filter((line) => !isRequest(JSON.parse(line)) || broken(JSON.parse(line)).length > 0);
for (const line of wrong) {
  isRequest(JSON.parse(line));
  const deepest = [...(isRequest.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length).slice(0, 3);
  console.error(`not a request: ${line.slice(0, 2000)}`);
  if (isRequest(JSON.parse(line))) console.error(`  ${broken(JSON.parse(line)).join('\n  ')}`);
  for (const e of deepest) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
console.log(`bedrock: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the package and the rules`);
if (wrong.length > 0 || lines.length === 0) process.exit(1);
