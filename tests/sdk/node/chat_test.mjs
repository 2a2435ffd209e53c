// Chat, tools and structured output, the same in both dialects.

import assert from 'node:assert/strict';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { anthropic, dialects, openai } from './dialects.mjs';
import { test } from './harness.mjs';
import { json, stream } from './upstream.mjs';

const hello = [{ role: 'user', content: 'Hi' }];
const calls = [
  { id: 'call_1', name: 'weather', input: { city: 'Turin' } },
  { id: 'call_2', name: 'weather', input: { city: 'Bari' } },
];
const parameters = {
  type: 'object', required: ['city'],
  properties: { zone: { type: 'integer', minimum: -12 }, city: { type: 'string', pattern: '^\\p{L}+$' } },
};
const weather = { type: 'function', function: { name: 'weather', description: 'Tells the weather', parameters } };

const collect = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
};

/** The user's first words, as the upstream got them. */
const userText = (record) => {
  const { content } = record.json.messages.find(({ role }) => role === 'user');
  return typeof content === 'string' ? content : content[0].text;
};

for (const dialect of dialects) {
  const { name, model } = dialect;

  test(`${name}: a chat`, async (world) => {
    const answer = await world.client(dialect).chat.completions.create({ model, messages: hello, max_tokens: 77 });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.content, 'Hello');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [9, 3, 12]);
    const record = world.upstream.take();
    assert.equal(`${record.method} ${record.path}`, `POST ${dialect.chatPath}`);
    assert.equal(dialect.keyOf(record), dialect.key('sk-caller'));
    assert.equal(record.json.model, model);
    assert.equal(record.json.max_tokens, 77);
    assert.equal(userText(record), 'Hi');
  });

  test(`${name}: a system message and the parameters`, async (world) => {
    await world.client(dialect).chat.completions.create({
      model, temperature: 0.25, stop: ['END'], messages: [{ role: 'system', content: 'Be short' }, ...hello],
    });
    const sent = world.upstream.take().json;
    assert.equal(sent.temperature, 0.25);
    if (dialect === openai) {
      assert.deepEqual(sent.stop, ['END']);
      assert.deepEqual(sent.messages[0], { role: 'system', content: 'Be short' });
    } else {
      assert.deepEqual(sent.stop_sequences, ['END']);
      assert.ok(sent.max_tokens > 0);
      assert.match(JSON.stringify(sent.system), /Be short/);
      assert.equal(sent.messages.length, 1);
    }
  });

  test(`${name}: an image`, async (world) => {
    const data = Buffer.from('not really a picture').toString('base64');
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
    ];
    await world.client(dialect).chat.completions.create({ model, messages: [{ role: 'user', content }] });
    const got = world.upstream.take().json.messages[0].content;
    assert.equal(got[0].text, 'What is this?');
    if (dialect === openai) assert.deepEqual(got, content);
    else assert.deepEqual(got[1], { type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
  });

  test(`${name}: a stream with usage`, async (world) => {
    world.upstream.answer(dialect.suffix, stream(dialect.textStream(['Ciao', ' ', 'mondo'], { usage: true })));
    const chunks = await collect(await world.client(dialect).chat.completions.create({
      model, messages: hello, stream: true, stream_options: { include_usage: true },
    }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'Ciao mondo');
    assert.equal(chunks.filter((chunk) => chunk.choices[0]?.delta.role).length, 1);
    assert.deepEqual(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean), ['stop']);
    assert.deepEqual(chunks.filter((chunk) => chunk.usage).map(({ usage }) => usage.total_tokens), [12]);
    assert.deepEqual(chunks.at(-1).choices, []);
    const sent = world.upstream.take().json;
    assert.equal(sent.stream, true);
    if (dialect === openai) assert.deepEqual(sent.stream_options, { include_usage: true });
    else assert.equal('stream_options' in sent, false);
  });

  test(`${name}: a stream without usage`, async (world) => {
    world.upstream.answer(dialect.suffix, stream(dialect.textStream(['Ciao'])));
    const chunks = await collect(
      await world.client(dialect).chat.completions.create({ model, messages: hello, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'Ciao');
    assert.equal(chunks.some((chunk) => chunk.usage), false);
    assert.equal('stream_options' in world.upstream.take().json, false);
  });

  test(`${name}: a stream arrives as it is sent`, async (world) => {
    let more;
    const told = new Promise((resolve) => { more = resolve; });
    const events = dialect.textStream(['first', 'second']);
    const cut = events.findIndex((event) => event.includes('second'));
    world.upstream.answer(dialect.suffix, async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
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

  test(`${name}: parallel tool calls over two turns`, async (world) => {
    world.upstream.answer(dialect.suffix, json(dialect.calls(calls)));
    world.upstream.answer(dialect.suffix, json(dialect.text('Sunny in both')));
    const asked = [];
    const runner = world.client(dialect).chat.completions.runTools({
      model, messages: hello, tool_choice: 'auto',
      tools: [{ type: 'function', function: {
        ...weather.function, parse: JSON.parse,
        function: ({ city }) => { asked.push(city); return `sunny in ${city}`; },
      } }],
    });
    assert.equal(await runner.finalContent(), 'Sunny in both');
    assert.deepEqual(asked, ['Turin', 'Bari']);
    const first = world.upstream.take().json;
    const second = world.upstream.take().json;
    if (dialect === openai) {
      assert.deepEqual(first.tools[0].function.parameters, parameters);
      assert.deepEqual(
        second.messages.slice(1).map((message) => message.tool_call_id ?? message.tool_calls.map(({ id }) => id)),
        [['call_1', 'call_2'], 'call_1', 'call_2']);
      assert.equal(second.messages[1].tool_calls[0].function.arguments, '{"city":"Turin"}');
      assert.deepEqual(second.messages[3].content, 'sunny in Bari');
    } else {
      assert.deepEqual(first.tools[0].input_schema, parameters);
      assert.deepEqual(first.tool_choice, { type: 'auto' });
      const [user, assistant, results, ...more] = second.messages;
      assert.equal(user.role, 'user');
      assert.deepEqual(assistant, { role: 'assistant', content: calls.map((call) => anthropic.call(call)) });
      assert.equal(results.role, 'user');
      assert.deepEqual(results.content.map(({ type, tool_use_id }) => [type, tool_use_id]),
        [['tool_result', 'call_1'], ['tool_result', 'call_2']]);
      assert.match(JSON.stringify(results.content[1].content), /sunny in Bari/);
      assert.deepEqual(more, []);
    }
  });

  test(`${name}: the schema of a tool arrives byte for byte`, async (world) => {
    await world.client(dialect).chat.completions.create({
      model, messages: hello, tools: [weather], tool_choice: 'required',
    });
    const record = world.upstream.take();
    assert.ok(record.body.includes(JSON.stringify(parameters)), record.body);
    assert.deepEqual(record.json.tool_choice, dialect === openai ? 'required' : { type: 'any' });
  });

  test(`${name}: streamed tool calls`, async (world) => {
    world.upstream.answer(dialect.suffix, stream(dialect.callStream(calls)));
    const answer = await world.client(dialect).chat.completions
      .stream({ model, messages: hello, tools: [weather], parallel_tool_calls: true }).finalChatCompletion();
    assert.deepEqual(
      answer.choices[0].message.tool_calls.map(
        ({ id, function: call }) => ({ id, name: call.name, input: JSON.parse(call.arguments) })),
      calls);
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
    assert.equal(world.upstream.take().json.tools.length, 1);
  });

  test(`${name}: structured output`, async (world) => {
    const Place = z.object({ city: z.string(), people: z.number().int() });
    world.upstream.answer(dialect.suffix, json(dialect.text('{"city":"Turin","people":841600}')));
    const answer = await world.client(dialect).chat.completions.parse({
      model, messages: hello, response_format: zodResponseFormat(Place, 'place'),
    });
    assert.deepEqual(answer.choices[0].message.parsed, { city: 'Turin', people: 841600 });
    const sent = world.upstream.take().json;
    const format = dialect === openai ? sent.response_format : sent.output_config.format;
    assert.equal(format.type, 'json_schema');
    const got = dialect === openai ? format.json_schema.schema : format.schema;
    assert.deepEqual(Object.keys(got.properties), ['city', 'people']);
    assert.deepEqual(got.required, ['city', 'people']);
  });

  test(`${name}: members that nobody knows`, async (world) => {
    await world.client(dialect).chat.completions.create({
      model, messages: [{ role: 'user', content: 'Hi', shade: { of: 'blue' } }], brand_new: [1, { two: null }],
    });
    const record = world.upstream.take();
    if (dialect === openai) {
      assert.deepEqual(record.json.brand_new, [1, { two: null }]);
      assert.deepEqual(record.json.messages[0].shade, { of: 'blue' });
    } else {
      assert.equal('brand_new' in record.json, false);  // Anthropic refuses what it does not know; it is named instead
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
  world.upstream.answer('/chat/completions', json(answer));
  const got = await world.client(openai).chat.completions.create({ model: 'gpt-4o', messages: hello });
  assert.deepEqual(JSON.parse(JSON.stringify(got)), answer);
  world.upstream.take();
});

test('anthropic: what it does not know is named in a header', async (world) => {
  const { response } = await world.client(anthropic).chat.completions
    .create({ model: anthropic.model, messages: hello, brand_new: 1 }).withResponse();
  assert.match(response.headers.get('x-portkey-dropped') ?? '', /brand_new/);
  assert.equal('brand_new' in world.upstream.take().json, false);
});
