// What PaLM has: chats and texts, which have no tools, streams or counts of tokens. Its embeddings are among the others'.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { palm } from './dialects.mjs';
import { ABORT_LIMIT_MS, timeToAbort } from './endings_test.mjs';
import { collect, test, textOf } from './harness.mjs';
import { json, refusal, silence } from './upstream.mjs';

const { model } = palm;
const messages = [{ role: 'system', content: 'Be short' }, { role: 'user', content: 'Hi' }];
const sent = { prompt: { context: 'Be short', messages: [{ author: 'user', content: 'Hi' }] }, temperature: 0.25 };

test('palm: a chat', async (world) => {
  const answer = await world.client(palm).chat.completions.create({ model, messages, temperature: 0.25 });
  const [{ message, finish_reason: finish }] = answer.choices;
  assert.deepEqual([message.content, finish, answer.usage], ['Hello', 'stop', undefined]);
  const record = world.upstream.take();
  assert.equal(`${record.method} ${record.path}`, `POST ${palm.chatPath()}`);
  assert.deepEqual([palm.keyOf(record), record.json], ['sk-caller', sent]);
});

test('palm: a whole answer as a stream', async (world) => {
  const chunks = await collect(
    await world.client(palm).chat.completions.create({ model, messages, temperature: 0.25, stream: true }));
  assert.equal(textOf(chunks), 'Hello');
  assert.deepEqual(world.upstream.take().json, sent);
});

test('palm: a text completion', async (world) => {
  world.upstream.answer(':generateText', json(palm.completed(' upon a time')));
  const answer = await world.client(palm).completions.create(
    { model: palm.textModel, prompt: 'Once', max_tokens: 20, stop: ['END'] });
  assert.equal(answer.choices[0].text, ' upon a time');
  const record = world.upstream.take();
  assert.equal(record.path, palm.textPath);
  assert.deepEqual(record.json, { prompt: { text: 'Once' }, maxOutputTokens: 20, stopSequences: ['END'] });
});

for (const [status, { code }] of Object.entries(palm.errors)) {
  test(`palm: an error with ${status}`, async (world) => {
    world.upstream.answer(palm, refusal(Number(status), `No: ${status}`));
    await assert.rejects(world.client(palm).chat.completions.create({ model, messages }), (error) => {
      assert.ok(error instanceof OpenAI.APIError, `${error}`);
      assert.deepEqual([error.status, error.code], [Number(status), code]);
      assert.match(error.message, new RegExp(`No: ${status}`));
      return true;
    });
    world.upstream.take();
  });
}

test("palm: a rate limit says so in the provider's words", async (world) => {
  world.upstream.answer(palm, refusal(429, 'slow', { after: 7 }));
  await assert.rejects(world.client(palm).chat.completions.create({ model, messages }), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
    assert.equal(error.headers.get('retry-after'), '7');
    return true;
  });
  world.upstream.take();
});

test(`palm: a caller that leaves before the answer is gone upstream within ${ABORT_LIMIT_MS} ms`, async (world) => {
  const time = await timeToAbort(async () => {
    world.upstream.answer(palm, silence());
    const abort = new AbortController();
    const call = world.client(palm).chat.completions.create({ model, messages }, { signal: abort.signal });
    const caught = call.catch((error) => error);
    const record = await world.upstream.arrival();
    const left = performance.now();
    abort.abort();
    assert.ok((await caught) instanceof OpenAI.APIUserAbortError);
    return (await record.gone) - left;
  });
  assert.ok(time <= ABORT_LIMIT_MS, `${time} ms`);
});
