// Streams as wholes: what OpenAI's documentation says of chunks, and what its package makes of them.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const RULES = {
  'each chunk has the same id': (chunks) => differ(chunks.map(({ id }) => id)),
  'each chunk has the same timestamp': (chunks) => differ(chunks.map(({ created }) => created)),
  'a choice begins with its role': (chunks) => perChoice(chunks, (pieces) => pieces[0].delta.role === undefined),
  'a choice ends once': (chunks) => perChoice(chunks, (pieces) => pieces.filter((p) => p.finish_reason).length !== 1),
  'a call begins with its id, type and name': (chunks) =>
    perChoice(chunks, (pieces) => {
      const first = new Map();
      for (const call of pieces.flatMap(({ delta }) => delta.tool_calls ?? [])) {
        if (!first.has(call.index)) first.set(call.index, call);
      }
      return [...first.values()].some(({ id, type, function: f }) => !id || !type || !f?.name);
    }),
};

const differ = (values) => new Set(values).size > 1;

function perChoice(chunks, broken) {
  const choices = new Map();
  for (const piece of chunks.flatMap((chunk) => chunk.choices)) {
    choices.set(piece.index, [...(choices.get(piece.index) ?? []), piece]);
  }
  return [...choices.values()].some(broken);
}

export const brokenRules = (chunks) => Object.keys(RULES).filter((name) => RULES[name](chunks));

// How the package puts the chunks of a stream together; it throws where they do not fit. What it adds is left out.
export async function assembler(install) {
  const file = join(install, 'node_modules/openai/lib/ChatCompletionStream.mjs');
  const { ChatCompletionStream } = await import(pathToFileURL(file));
  return async (chunks) => {
    const lines = chunks.map((chunk) => `${JSON.stringify(chunk)}\n`).join('');
    const whole = await ChatCompletionStream.fromReadableStream(new Blob([lines]).stream()).finalChatCompletion();
    return structuredClone(whole);
  };
}
