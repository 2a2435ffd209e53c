// What every driver on Node.js does: see ../../scenarios/driver.py, which it answers.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { format } from 'node:util';

/** Runs lines of docs/sdks.md, beside the packages, as that is where Node looks for these. */
async function page({ code }) {
  const folder = mkdtempSync(join(import.meta.dirname, 'page.'));
  const file = join(folder, 'page.mjs');
  writeFileSync(file, code);
  let printed = '';
  const { log } = console;
  console.log = (...values) => { printed += `${format(...values)}\n`; };
  try {
    await import(file);
  } finally {
    console.log = log;
    rmSync(folder, { recursive: true });
  }
  return { printed };
}

/** All pieces of a stream. */
export async function collect(stream, textOf) {
  const pieces = [];
  for await (const piece of stream) pieces.push(textOf(piece));
  return { pieces };
}

/**
 * Answers each line by the action that it names, or says what `told` makes of the SDK's error, if that is not undefined.
 * What is printed meanwhile goes to the standard error.
 */
export async function serve(actions, told) {
  console.log = console.error;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = await { ...actions, page }[request.do](request);
    } catch (error) {
      const failed = told(error);
      answer = failed ? { failed } : { broken: format(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

/** What the errors of OpenAI's and Anthropic's packages tell, which the frameworks pass on. */
export function toldByPackage(error) {
  if (/APIConnectionTimeoutError|TimeoutError/.test(`${error.constructor.name} ${error.name}`)) {
    return { message: error.message, timeout: true };
  }
  if (error.status === undefined) return undefined;
  const { message, status, code } = error;
  return { message, status, type: error.type ?? error.error?.error?.type, code };
}
