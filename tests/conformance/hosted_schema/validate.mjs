// validate.mjs INSTALL_DIR SEEN.jsonl: fails if a line, `{"target":…, "body": TEXT}`, is a request to one of the models that
// schema.mjs knows and not one that it takes, or if there is none of a kind.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { brokenRules as brokenByClaude } from '../anthropic_schema/rules.mjs';
import { brokenRules as brokenByGemini } from '../google_schema/rules.mjs';
import { camelNames } from '../google_schema/spelling.mjs';
import { calledAt, hostedSchemas } from './schema.mjs';
import { selfTest } from './self_test.mjs';

const [install, seen] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const kinds = Object.entries(hostedSchemas(install));
const validators = new Map(kinds.map(([kind, schema]) => [kind, new Ajv({ strict: false }).compile(schema)]));
const RULES = { 'claude on vertex': brokenByClaude, 'gemini on vertex': brokenByGemini };

selfTest((kind, request) => validators.get(kind)(request));

// Members that tests make up. No caller would send them.
const MADE_UP = /"(novel|new|not_known\w*)"/;

const lines = [...new Set(readFileSync(seen, 'utf8').split('\n'))].filter((line) => line !== '').map((line) => JSON.parse(line));
const problem = ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`;
const met = new Set();
let count = 0;
let bad = 0;
for (const { target, body } of lines) {
  const kind = calledAt(target);
  if (!kind || MADE_UP.test(body)) continue;
  const request = kind === 'gemini on vertex' ? camelNames(JSON.parse(body)) : JSON.parse(body);
  const isRequest = validators.get(kind);
  count += 1;
  met.add(kind);
  const found = isRequest(request) ? (RULES[kind]?.(request) ?? []) : isRequest.errors.slice(0, 3).map(problem);
  if (found.length === 0) continue;
  bad += 1;
  console.error(`not a request to ${target} (${kind}): ${body.slice(0, 2000)}`);
  for (const problem of found) console.error(`  ${problem}`);
}
const missing = kinds.map(([kind]) => kind).filter((kind) => !met.has(kind));
for (const kind of missing) console.error(`nobody was sent: ${kind}`);
console.log(`hosted: ${count - bad} of ${count} requests fit the types of the packages and the user guide`);
if (bad > 0 || missing.length > 0) process.exit(1);
