// What is wrong with an answer.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { answerSchemas } from './schema.mjs';
import { assembler, brokenRules } from './streams.mjs';

const DEEPEST = 8;

function problemsOf({ errors }) {
  const deepest = [...(errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length);
  return deepest.slice(0, DEEPEST).map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

// A function that says what is wrong with `{provider, bodies, chunks}` (see replies.mjs); an empty list: nothing.
export async function examiner(install) {
  const Ajv = createRequire(join(install, 'package.json'))('ajv/dist/2020').default;
  const compile = (schema) => new Ajv({ strict: false, allErrors: true }).compile(schema);
  const schemas = answerSchemas(install);
  const isAssembled = compile(schemas.assembled);
  const assemble = await assembler(install);
  const validators = new Map();
  const validatorOf = (provider) => {
    if (!validators.has(provider)) validators.set(provider, compile(schemas.of(provider)));
    return validators.get(provider);
  };

  async function examineStream(chunks) {
    const broken = brokenRules(chunks);
    try {
      const fits = isAssembled({ chat: await assemble(chunks) });
      return fits ? broken : [...broken, ...problemsOf(isAssembled).map((problem) => `as a whole ${problem}`)];
    } catch (error) {
      return [...broken, `the package cannot put it together: ${error.message}`];
    }
  }

  return async ({ provider, bodies, chunks }) => {
    const isAnswer = validatorOf(provider);
    const found = bodies.flatMap(([kind, body]) => (isAnswer({ [kind]: body }) ? [] : problemsOf(isAnswer)));
    return chunks && found.length === 0 ? examineStream(chunks) : found;
  };
}
