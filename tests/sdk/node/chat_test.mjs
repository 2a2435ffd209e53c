// Chat, its streams and what goes into a question, the same in every dialect.

import assert from 'node:assert/strict';
import { dialects, keyFor, openai } from './dialects.mjs';
import { collect, textOf, test } from './harness.mjs';
import { json, stream } from './upstream.mjs';

const hello = [{ role: 'user', content: 'Hi' }];
const png = { type: 'image/png', data: Buffer.from('not really a picture').toString('base64') };
const pdf = { type: 'application/pdf', data: Buffer.from('%PDF-1.4 not really').toString('base64') };
const dataUrl = ({ type, data }) => `data:${type};base64,${data}`;

for (const dialect of dialects) {
  const { name, model } = dialect;

  test(`${name}: a chat`, async (world) => {
    const answer = await world.client(dialect).chat.completions.create({ model, messages: hello, max_tokens: 77 });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.content, 'Hello');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [9, 3, 12]);
    const record = world.upstream.take();
    assert.equal(`${record.method} ${record.path}`, `POST ${dialect.chatPath()}`);
    assert.equal(dialect.keyOf(record), keyFor(dialect, 'sk-caller'));
    assert.equal(dialect.modelOf(record), model);
    assert.equal(dialect.maxTokens(record.json), 77);
    assert.deepEqual(dialect.texts(record.json), ['Hi']);
  });

  test(`${name}: a system message and the parameters`, async (world) => {
    await world.client(dialect).chat.completions.create({
      model, temperature: 0.25, stop: ['END'], messages: [{ role: 'system', content: 'Be short' }, ...hello],
    });
    const sent = world.upstream.take().json;
    assert.equal(dialect.temperature(sent), 0.25);
    assert.deepEqual(dialect.stop(sent), ['END']);
    assert.deepEqual(dialect.system(sent), ['Be short']);
    assert.deepEqual(dialect.turns(sent), ['user']);
  });

  for (const [what, media, part] of [
    ['an image', png, { type: 'image_url', image_url: { url: dataUrl(png) } }],
    ['a PDF', pdf, { type: 'file', file: { filename: 'a.pdf', file_data: dataUrl(pdf) } }],
  ]) {
    const content = [{ type: 'text', text: 'What is this?' }, part];
    const ask = (world) => world.client(dialect).chat.completions.create({ model, messages: [{ role: 'user', content }] });

    if (!(dialect.mediaTypes?.includes(media.type) ?? true)) {
      if (dialect.refusesPdf === false) continue;
      test(`${name}: ${what} is refused`, async (world) => {
        await assert.rejects(ask(world), { status: 400, param: 'messages[0].content[1].file.file_data' });
      }, { own: true });
      continue;
    }

    test(`${name}: ${what}`, async (world) => {
      await ask(world);
      const sent = world.upstream.take().json;
      assert.deepEqual(dialect.texts(sent), ['What is this?']);
      assert.deepEqual(dialect.media(sent), [media]);
      if (dialect.relays) assert.deepEqual(sent.messages[0].content, content);
    });
  }

  test(`${name}: a stream with usage`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.textStream(['Ciao', ' ', 'mondo'], { usage: true })));
    const wish = { model, messages: hello, stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await world.client(dialect).chat.completions.create(wish));
    assert.equal(textOf(chunks), 'Ciao mondo');
    assert.equal(chunks.filter((chunk) => chunk.choices[0]?.delta.role).length, 1);
    assert.deepEqual(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean), ['stop']);
    assert.deepEqual(chunks.filter((chunk) => chunk.usage).map(({ usage }) => usage.total_tokens), [12]);
    if (!dialect.alwaysTellsUsage) assert.deepEqual(chunks.at(-1).choices, []);
    const record = world.upstream.take();
    assert.equal(record.path, dialect.chatPath({ stream: true }));
    assert.ok(dialect.isStream(record));
    assert.deepEqual(record.json.stream_options, dialect.asksForUsage ?? dialect.relays ? wish.stream_options : undefined);
  });

  test(`${name}: a stream without usage`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.textStream(['Ciao'])));
    const chunks = await collect(
      await world.client(dialect).chat.completions.create({ model, messages: hello, stream: true }));
    assert.equal(textOf(chunks), 'Ciao');
    assert.equal(chunks.some((chunk) => chunk.usage), dialect.alwaysTellsUsage ?? false);
    assert.equal('stream_options' in world.upstream.take().json, false);
  });

  test(`${name}: a stream arrives as it is sent`, async (world) => {
    let more;
    const told = new Promise((resolve) => { more = resolve; });
    world.upstream.answer(dialect, async (response, { spoken }) => {
      const events = spoken.textStream(['first', 'second']);
      const cut = events.findIndex((event) => event.includes('second'));
      response.writeHead(200, { 'content-type': spoken.streamType });
      for (const event of events.slice(0, cut)) response.write(event);
      await told;
      for (const event of events.slice(cut)) response.write(event);
      response.end();
    });
    const chunks = await world.client(dialect).chat.completions.create({ model, messages: hello, stream: true });
    let text = '';
    for await (const chunk of chunks) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text === 'first') more();  // were it held back, this would never be reached
    }
    assert.equal(text, 'firstsecond');
    world.upstream.take();
  });

  test(`${name}: reasoning`, async (world) => {
    world.upstream.answer(dialect, json((d) => d.reasoned('Let me see', 'Yes')));
    const { choices: [{ message }] } = await world.client(dialect).chat.completions.create({
      model: dialect.thinkingModel, messages: hello, reasoning_effort: 'high',
    });
    assert.deepEqual([message.reasoning_content, message.content], ['Let me see', 'Yes']);
    assert.deepEqual(dialect.thinking(world.upstream.take().json), dialect.thinksHard);
  });

  test(`${name}: reasoning in a stream`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.reasonedStream(['Let me', ' see'], 'Yes')));
    const chunks = await collect(await world.client(dialect).chat.completions.create({
      model: dialect.thinkingModel, messages: hello, reasoning_effort: 'high', stream: true,
    }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? '').join(''), 'Let me see');
    assert.equal(textOf(chunks), 'Yes');
    assert.deepEqual(dialect.thinking(world.upstream.take().json), dialect.thinksHard);
  });

  test(`${name}: members that nobody knows`, async (world) => {
    const { response } = await world.client(dialect).chat.completions.create({
      model, messages: [{ role: 'user', content: 'Hi', shade: { of: 'blue' } }], brand_new: [1, { two: null }],
    }).withResponse();
    const record = world.upstream.take();
    if (dialect.takesUnknown) {
      assert.deepEqual(record.json.brand_new, [1, { two: null }]);
      assert.deepEqual(record.json.messages[0].shade, { of: 'blue' });
    } else {
      // Others refuse what they do not know; it is named instead.
      assert.doesNotMatch(record.body, /brand_new|shade/);
      assert.match(response.headers.get('x-portkey-dropped') ?? '', /brand_new/);
    }
  });
}

test('openai: the bytes of the request arrive as they were sent', async (world) => {
  const { client, sent } = world.wiretap(openai);
  await client.chat.completions.create({
    zebra: 1, model: 'gpt-4o', big: 9007199254740991, tiny: 5e-324, huge: 1.7976931348623157e308,
    minus: -0.1,
    messages: [{ content: 'à \u0000 \ud83d\ude00 \u2028 "\\/', role: 'user', name: null }], empty: {}, none: [], apple: null,
  });
  const record = world.upstream.take();
  if (world.splice) assert.equal(record.body, sent.at(-1));
  else assert.deepEqual(record.json, JSON.parse(sent.at(-1)));
});

test('openai: members of the answer that nobody knows', async (world) => {
  const answer = { ...openai.text('Hello'), x_cost: { cents: 0.25 } };
  answer.choices[0].message.x_mood = 'fine';
  world.upstream.answer(openai, json(answer));
  const got = await world.client(openai).chat.completions.create({ model: 'gpt-4o', messages: hello });
  assert.deepEqual(JSON.parse(JSON.stringify(got)), answer);
  world.upstream.take();
});
