// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line is not a request that Anthropic's types allow.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const schema = requestSchema(install);
writeFileSync(join(install, 'messages.schema.json'), JSON.stringify(schema));
const isRequest = new Ajv({ strict: false, allErrors: false }).compile(schema);
selfTest(isRequest);

const lines = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '');
const wrong = lines.filter((line) => !isRequest(JSON.parse(line)));
for (const line of wrong) {
  isRequest(JSON.parse(line));
  const deepest = [...isRequest.errors].sort((a, b) => b.instancePath.length - a.instancePath.length).slice(0, 3);
  console.error(`not a request: ${line.slice(0, 2000)}`);
  for (const e of deepest) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
console.log(`anthropic: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the package`);
if (wrong.length > 0 || lines.length === 0) process.exit(1);
