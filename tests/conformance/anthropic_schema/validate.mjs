// validate.mjs INSTALL_DIR REQUESTS.jsonl: fails if a line is not a request that Anthropic's types and rules allow, or
// offers a tool whose schema is none.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules } from './rules.mjs';
import { countSchema, requestSchema } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, requests] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const schema = requestSchema(install);
writeFileSync(join(install, 'messages.schema.json'), JSON.stringify(schema));
const isAnswerable = new Ajv({ strict: false, allErrors: false }).compile(schema);
const isCountable = new Ajv({ strict: false, allErrors: false }).compile(countSchema(install));

// What is wrong with a request that fits the types.
function broken(request) {
  const found = brokenRules(request);
  for (const { name, input_schema: tool } of request.tools ?? []) {
    if (tool === undefined) continue;
    try {
      // References must lead somewhere. What drafts before 2020-12 say, and formats, are the caller's.
      new Ajv({ strict: false, validateFormats: false }).compile({ ...tool, $schema: undefined });
    } catch (error) {
      found.push(`input_schema of ${name}: ${error.message}`);
    }
  }
  return found;
}

selfTest(isAnswerable, isCountable, broken);

// A line is a request, or {"count_tokens": a request to be counted}.
function examine(line) {
  const { count_tokens: counted, ...request } = JSON.parse(line);
  const isRequest = counted ? isCountable : isAnswerable;
  const fits = isRequest(counted ?? request);
  return { line, fits, errors: isRequest.errors ?? [], broken: fits ? broken(counted ?? request) : [] };
}

const lines = readFileSync(requests, 'utf8').split('\n').filter((line) => line !== '');
const wrong = lines.map(examine).filter((one) => !one.fits || one.broken.length > 0);
for (const { line, fits, errors, broken } of wrong) {
  const deepest = [...errors].sort((a, b) => b.instancePath.length - a.instancePath.length).slice(0, 3);
  console.error(`not a request: ${line.slice(0, 2000)}`);
  if (fits) console.error(`  ${broken.join('\n  ')}`);
  for (const e of deepest) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}
console.log(`anthropic: ${lines.length - wrong.length} of ${lines.length} requests fit the types of the package and the rules`);
if (wrong.length > 0 || lines.length === 0) process.exit(1);
