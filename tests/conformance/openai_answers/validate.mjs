// validate.mjs INSTALL_DIR ANSWERS.jsonl: fails if a line is not what OpenAI's package promises its callers, or if a
// provider that is spoken to in words of its own is not among them.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { examiner } from './examine.mjs';
import { readLine } from './replies.mjs';
import { selfTest } from './self_test.mjs';
import { missing, translated } from './translated.mjs';

const [install, log] = process.argv.slice(2);
const examine = await examiner(resolve(install));
await selfTest(examine);

// Recordings are replayed in pieces of several sizes: the same is looked at once.
const lines = [...new Set(readFileSync(log, 'utf8').split('\n'))].filter((line) => line !== '');
const answers = lines.map((line) => readLine(JSON.parse(line))).map((answer) => answer && translated(answer)).filter(Boolean);

const kinds = new Map();
let bad = 0;
for (const answer of answers) {
  const { by, provider, bodies, chunks } = answer;
  for (const kind of [...bodies.map(([kind]) => kind), ...(chunks ? ['stream'] : [])]) {
    kinds.set(`${provider} ${kind}`, (kinds.get(`${provider} ${kind}`) ?? 0) + 1);
  }
  const found = await examine(answer);
  if (found.length === 0) continue;
  bad += 1;
  console.error(`${by} (${provider}): ${JSON.stringify(chunks ?? bodies).slice(0, 2000)}`);
  for (const problem of found) console.error(`  ${problem}`);
}
const absent = missing(new Set(kinds.keys()));
for (const kind of absent) console.error(`nobody was answered: ${kind}`);
for (const [kind, count] of [...kinds].sort()) console.log(`  ${kind}: ${count}`);
console.log(`openai: ${answers.length - bad} of ${answers.length} answers and streams fit the types of the package`);
if (bad > 0 || absent.length > 0) process.exit(1);
