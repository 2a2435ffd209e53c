// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line, `{"PROVIDER OPERATION": REQUEST}`, is not a request that the
// types of the provider's package and the rules allow, or if there is none of a kind.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules } from './rules.mjs';
import { requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const schema = requestSchema(install);
writeFileSync(join(install, 'rows.schema.json'), JSON.stringify(schema));
const isRequest = new Ajv({ strict: false, allErrors: false }).compile(schema);

selfTest(isRequest, brokenRules);

const lines = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
const wrong = lines.filter((line) => !isRequest(line) || brokenRules(line).length > 0);
for (const line of wrong) {
  console.error(`not a request: ${JSON.stringify(line).slice(0, 2000)}`);
  if (isRequest(line)) console.error(`  ${brokenRules(line).join('\n  ')}`);
  isRequest(line);
  const errors = [...(isRequest.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length);
  for (const e of errors.slice(0, 3)) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
const kinds = schema.anyOf.map(({ required }) => required[0]);
const missing = kinds.filter((kind) => !lines.some((line) => kind in line));
for (const kind of missing) console.error(`nobody was sent: ${kind}`);
console.log(`rows: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the packages and the rules`);
if (wrong.length > 0 || missing.length > 0) process.exit(1);
