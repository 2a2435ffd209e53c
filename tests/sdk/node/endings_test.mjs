// How calls end early: time-outs, callers that leave, streams that break.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { dialects } from './dialects.mjs';
import { test } from './harness.mjs';
import { silence, stream } from './upstream.mjs';

export const ABORT_LIMIT_MS = 50;
const TIMEOUT_MS = 500;  // in which a call gets to the upstream even on a busy machine
const messages = [{ role: 'user', content: 'Hi' }];

/** Reads a stream to its end; returns its text and how it failed. */
async function drain(open) {
  let text = '';
  try {
    for await (const chunk of await open()) text += chunk.choices[0]?.delta.content ?? '';
  } catch (error) {
    return { text, error };
  }
  return { text };
}

/** Milliseconds from `leave()` until the upstream sees that the caller has left; the best of ten, as a busy machine may be late. */
export async function timeToAbort(attempt) {
  let best = Infinity;
  for (let i = 0; i < 10 && best > ABORT_LIMIT_MS; ++i) best = Math.min(best, await attempt());
  return best;
}

// Those that wait for time to pass wait for all dialects side by side.

test('every dialect: x-portkey-request-timeout and x-portolan-request-timeout', (world) => {
  const attempt = async (dialect, prefix) => {
    world.upstream.answer(dialect, silence());
    const client = world.client(dialect, { prefix, headers: { [`${prefix}-request-timeout`]: String(TIMEOUT_MS) } });
    const started = performance.now();
    const call = client.chat.completions.create({ model: dialect.model, messages });
    const error = await call.then(() => undefined, (failure) => failure);
    const took = performance.now() - started;
    await (await world.upstream.arrival()).gone;
    assert.equal(error?.status, 408, dialect.name);
    assert.ok(took >= TIMEOUT_MS - 10 && took < 15_000, `${dialect.name}: ${took} ms`);
  };
  return Promise.all(dialects.flatMap((dialect) => ['x-portkey', 'x-portolan'].map((prefix) => attempt(dialect, prefix))));
});

test('every dialect: the time-out of the package', (world) => {
  const attempt = async (dialect) => {
    world.upstream.answer(dialect, silence());
    const client = world.client(dialect, { timeout: TIMEOUT_MS });
    await assert.rejects(client.chat.completions.create({ model: dialect.model, messages }), OpenAI.APIConnectionTimeoutError);
    await (await world.upstream.arrival()).gone;
  };
  return Promise.all(dialects.map(attempt));
});

for (const dialect of dialects) {
  const { name, model } = dialect;

  test(`${name}: a caller that leaves in mid-stream is gone upstream within ${ABORT_LIMIT_MS} ms`, async (world) => {
    const time = await timeToAbort(async () => {
      world.upstream.answer(dialect, stream((d) => d.textStream(['one', 'two'], { finish: false }), { then: 'hang' }));
      const chunks = await world.client(dialect).chat.completions.create({ model, messages, stream: true });
      let left;
      for await (const chunk of chunks) {
        if (chunk.choices[0]?.delta.content !== 'two') continue;
        left = performance.now();
        chunks.controller.abort();
      }
      return (await world.upstream.take().gone) - left;
    });
    assert.ok(time <= ABORT_LIMIT_MS, `${time} ms`);
  });

  test(`${name}: a caller that leaves before the answer is gone upstream within ${ABORT_LIMIT_MS} ms`, async (world) => {
    const time = await timeToAbort(async () => {
      world.upstream.answer(dialect, silence());
      const abort = new AbortController();
      const call = world.client(dialect).chat.completions.create({ model, messages }, { signal: abort.signal });
      const caught = call.catch((error) => error);
      const record = await world.upstream.arrival();
      const left = performance.now();
      abort.abort();
      assert.ok((await caught) instanceof OpenAI.APIUserAbortError);
      return (await record.gone) - left;
    });
    assert.ok(time <= ABORT_LIMIT_MS, `${time} ms`);
  });

  const breaks = {
    'is cut off': { then: 'cut' },
    'ends without an end': { then: 'end' },
    'tells of an error': { events: (d) => d.errorEvents() },
    'turns to garbage': { events: (d) => [d.garbage] },
  };
  for (const [what, { events = () => [], then = 'end' }] of Object.entries(breaks)) {
    test(`${name}: a stream that ${what} fails`, async (world) => {
      world.upstream.answer(dialect, stream((d) => [...d.textStream(['one', 'two'], { finish: false }), ...events(d)], { then }));
      const { text, error } = await drain(() => world.client(dialect).chat.completions.create({ model, messages, stream: true }));
      world.upstream.take();
      assert.equal(text, 'onetwo');
      assert.ok(error instanceof OpenAI.APIError, `${error}`);
      assert.notEqual(error.message, '');
      if (what === 'tells of an error') assert.match(error.message, /too busy/);
    });
  }

  test(`${name}: an upstream that hangs up at once`, async (world) => {
    // Twice: a connection that was used before and dies at once may only have been closed for idleness, so the gateway
    // tries once more on a fresh one, and counts that.
    for (let i = 0; i < 2; ++i) world.upstream.answer(dialect, (response) => response.socket.destroy());
    const error = await world.client(dialect).chat.completions.create({ model, messages }).then(() => undefined, (e) => e);
    assert.ok(error instanceof OpenAI.InternalServerError, `${error}`);
    assert.equal(error.status, 502);
    assert.equal(error.error.portolan.class, 'provider');
    assert.equal(error.error.portolan.attempts, world.upstream.records.length);
    while (world.upstream.records.length > 0) world.upstream.take();
  });
}
