// validate_answers.mjs INSTALL_DIR ANSWERS.jsonl: fails if a line is not {"message": …} or {"event": …} as Anthropic's
// types have them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { answerSchema } from './schema.mjs';

const [install, answers] = process.argv.slice(2);
const Ajv = createRequire(join(resolve(install), 'package.json'))('ajv/dist/2020').default;
const isAnswer = new Ajv({ strict: false, allErrors: false }).compile(answerSchema(install));

const lines = readFileSync(answers, 'utf8').split('\n').filter((line) => line !== '');
const wrong = lines.filter((line) => !isAnswer(JSON.parse(line)));
for (const line of wrong) {
  isAnswer(JSON.parse(line));
  const deepest = [...isAnswer.errors].sort((a, b) => b.instancePath.length - a.instancePath.length).slice(0, 3);
  console.error(`not an answer: ${line.slice(0, 2000)}`);
  for (const e of deepest) console.error(`  ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

// The check bites: an answer that lacks any one of its members must not pass.
const whole = lines.map((line) => JSON.parse(line)).find((answer) => answer.message && isAnswer(answer));
let missed = whole === undefined ? ['everything'] : Object.keys(whole.message);
missed = missed.filter((name) => isAnswer({ message: { ...whole?.message, [name]: undefined } }));
if (missed.length > 0) console.error(`not missed: ${missed.join(', ')}`);

console.log(`anthropic: ${lines.length - wrong.length} of ${lines.length} answers and events fit the types of the package`);
if (wrong.length > 0 || lines.length === 0 || missed.length > 0) process.exit(1);
