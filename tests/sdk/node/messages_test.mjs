// Anthropic's official package, at /v1/messages: it cannot tell who answers.

import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { anthropic, dialects, keyFor, sentId } from './dialects.mjs';
import { test } from './harness.mjs';
import { json, refusal, stream } from './upstream.mjs';

const hello = [{ role: 'user', content: 'Hi' }];
// Their ids are of nine letters and digits, as Mistral wants them.
const calls = [
  { id: 'tooluse01', name: 'weather', input: { city: 'Turin' } },
  { id: 'tooluse02', name: 'weather', input: { city: 'Bari' } },
];
const weather = {
  name: 'weather',
  description: 'Tells the weather',
  input_schema: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
};

const png = { type: 'image/png', data: 'iVBORw0KGgo=' };
const pdf = { type: 'application/pdf', data: 'JVBERi0xLjQK' };
const sourceOf = ({ type, data }) => ({ type: 'base64', media_type: type, data });

/** A client whose calls go to the upstream in `dialect`. */
export const clientOf = (world, dialect, options = {}) =>
  new Anthropic({
    apiKey: keyFor(dialect, 'sk-caller'),
    baseURL: world.gateway.url,
    maxRetries: 0,
    defaultHeaders: world.headers(dialect, 'x-portolan'),
    ...options,
  });

for (const dialect of dialects) {
  const { name, model } = dialect;
  const wish = { model, max_tokens: 77, messages: hello };

  test(`messages to ${name}: a message`, async (world) => {
    const answer = await clientOf(world, dialect).messages.create({ ...wish, system: 'Be short', stop_sequences: ['END'] });
    assert.deepEqual(answer.content.map(({ type, text }) => [type, text]), [['text', 'Hello']]);
    assert.deepEqual([answer.type, answer.role, answer.stop_reason], ['message', 'assistant', 'end_turn']);
    assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [9, 3]);
    const record = world.upstream.take();
    assert.equal(record.path, dialect.chatPath());
    assert.deepEqual(dialect.system(record.json), ['Be short']);
    assert.deepEqual(dialect.texts(record.json), ['Hi']);
    assert.deepEqual(dialect.stop(record.json), ['END']);
    assert.equal(dialect.maxTokens(record.json), 77);
  });

  test(`messages to ${name}: a stream and its final message`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.textStream(['Ciao', ' ', 'mondo'], { usage: true })));
    const events = clientOf(world, dialect).messages.stream(wish);
    const texts = [];
    events.on('text', (text) => texts.push(text));
    const final = await events.finalMessage();
    assert.deepEqual(texts, ['Ciao', ' ', 'mondo']);
    assert.deepEqual([final.content[0].text, final.stop_reason], ['Ciao mondo', 'end_turn']);
    assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [9, 3]);
    assert.ok(dialect.isStream(world.upstream.take()));
  });

  test(`messages to ${name}: a loop of tools, streamed`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.callStream(calls)));
    const client = clientOf(world, dialect);
    const first = await client.messages.stream({ ...wish, tools: [weather] }).finalMessage();
    assert.equal(first.stop_reason, 'tool_use');
    const seen = first.content.filter(({ type }) => type === 'tool_use')
      .map(({ id, name: tool, input }) => ({ id, name: tool, input }));
    // Where a provider tells no ids, each has one of its own.
    const ids = (dialect.hasCallIds === false ? seen : calls).map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(seen, calls.map((call, index) => ({ ...call, id: ids[index] })));
    const results = ['sun', 'rain']
      .map((content, index) => ({ type: 'tool_result', tool_use_id: ids[index], content }));
    const second = await client.messages.create({
      ...wish, tools: [weather],
      messages: [...hello, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    });
    assert.equal(second.content[0].text, 'Hello');
    world.upstream.take();
    const sent = world.upstream.take().json;
    assert.deepEqual(dialect.turns(sent), dialect.callTurns);
    assert.deepEqual(dialect.callsIn(sent), calls.map((call) => ({ ...call, id: sentId(dialect, call.id) })));
    assert.deepEqual(dialect.resultsIn(sent),
      ['sun', 'rain'].map((text, index) => ({ id: sentId(dialect, calls[index].id), text })));
  });

  test(`messages to ${name}: thinking`, async (world) => {
    world.upstream.answer(dialect, json((d) => d.reasoned('Let me see', 'Yes')));
    const answer = await clientOf(world, dialect).messages.create(wish);
    assert.deepEqual(answer.content.map(({ type, thinking, text }) => [type, thinking ?? text]),
      [['thinking', 'Let me see'], ['text', 'Yes']]);
    world.upstream.take();
  });

  for (const [what, media, part] of [
    ['an image', png, { type: 'image', source: sourceOf(png) }],
    ['a PDF', pdf, { type: 'document', source: sourceOf(pdf), title: 'a.pdf' }],
  ].filter(([, media]) => dialect.mediaTypes?.includes(media.type) ?? true)) {
    test(`messages to ${name}: ${what}`, async (world) => {
      const content = [{ type: 'text', text: 'What is this?' }, part];
      const answer = await clientOf(world, dialect).messages.create({ ...wish, messages: [{ role: 'user', content }] });
      assert.equal(answer.content[0].text, 'Hello');
      const sent = world.upstream.take().json;
      assert.deepEqual(dialect.texts(sent), ['What is this?']);
      assert.deepEqual(dialect.media(sent), [media]);
    });
  }

  test(`messages to ${name}: errors have the package's classes`, async (world) => {
    for (const [status, kind] of [
      [400, Anthropic.BadRequestError], [401, Anthropic.AuthenticationError], [404, Anthropic.NotFoundError],
      [429, Anthropic.RateLimitError], [500, Anthropic.InternalServerError], [529, Anthropic.InternalServerError],
    ].filter(([each]) => each in dialect.errors)) {
      world.upstream.answer(dialect, refusal(status, `No: ${status}`));
      await assert.rejects(clientOf(world, dialect).messages.create(wish), (error) => {
        assert.ok(error instanceof kind, error);
        assert.equal(error.error.type, 'error');
        assert.match(error.error.error.message, new RegExp(`No: ${status}`));
        return true;
      });
      world.upstream.take();
    }
  });

  test(`messages to ${name}: the package tries again`, async (world) => {
    world.upstream.answer(dialect, refusal(429, 'slow', { after: 0 }));
    const answer = await clientOf(world, dialect, { maxRetries: 2 }).messages.create(wish);
    assert.equal(answer.content[0].text, 'Hello');
    world.upstream.take();
    world.upstream.take();
  });
}

test('messages to anthropic: the request arrives as it was sent', async (world) => {
  const wish = { model: anthropic.model, max_tokens: 77, messages: hello, system: 'Be short', stop_sequences: ['END'] };
  await clientOf(world, anthropic).messages.create(wish);
  assert.deepEqual(world.upstream.take().json, wish);
});

test('messages to anthropic: betas and what nobody knows are relayed', async (world) => {
  const body = { model: anthropic.model, max_tokens: 77, messages: hello, betas: ['x-2026-01-01'] };
  await clientOf(world, anthropic).beta.messages.create(body);
  const record = world.upstream.take();
  assert.match(record.headers['anthropic-beta'], /x-2026-01-01/);
  assert.ok(record.headers['anthropic-version']);
});
