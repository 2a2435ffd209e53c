// Tools and structured output, the same in every dialect.

import assert from 'node:assert/strict';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { dialects, google, sentId } from './dialects.mjs';
import { test } from './harness.mjs';
import { json, stream } from './upstream.mjs';

const hello = [{ role: 'user', content: 'Hi' }];
// Their ids are of nine letters and digits, as Mistral wants them.
const calls = [
  { id: 'callone01', name: 'weather', input: { city: 'Turin' } },
  { id: 'calltwo02', name: 'weather', input: { city: 'Bari' } },
];
const parameters = {
  type: 'object', required: ['city'],
  properties: { zone: { type: 'integer', minimum: -12 }, city: { type: 'string', pattern: '^\\p{L}+$' } },
};
const weather = { type: 'function', function: { name: 'weather', description: 'Tells the weather', parameters } };

/** Asserts that these are the calls that a provider has told; where it tells no ids, each has one of its own. */
function sameCalls(dialect, seen, told) {
  assert.equal(new Set(seen.map(({ id }) => id)).size, told.length);
  const ids = dialect.hasCallIds === false ? seen.map(({ id }) => id) : told.map(({ id }) => id);
  assert.ok(ids.every((id) => id.length > 0));
  assert.deepEqual(seen.map(({ id, function: call }) => ({ id, name: call.name, input: JSON.parse(call.arguments) })),
    told.map((call, index) => ({ ...call, id: ids[index] })));
}

for (const dialect of dialects) {
  const { name, model } = dialect;
  const can = (word) => (word in dialect.choices ? word : 'auto');

  test(`${name}: a tool call`, async (world) => {
    world.upstream.answer(dialect, json((d) => d.calls(calls.slice(0, 1))));
    const { choices: [{ message, finish_reason: finish }] } = await world.client(dialect).chat.completions.create({
      model, messages: hello, tools: [weather],
      tool_choice: can('weather') === 'auto' ? 'auto' : { type: 'function', function: { name: 'weather' } },
    });
    sameCalls(dialect, message.tool_calls, calls.slice(0, 1));
    assert.equal(message.tool_calls[0].type, 'function');
    assert.equal(finish, 'tool_calls');
    const sent = world.upstream.take().json;
    assert.deepEqual(dialect.tools(sent), [{ name: 'weather', description: 'Tells the weather', parameters }]);
    assert.deepEqual(dialect.choice(sent), dialect.choices[can('weather')]);
  });

  test(`${name}: parallel tool calls over two turns`, async (world) => {
    world.upstream.answer(dialect, json((d) => d.calls(calls)));
    world.upstream.answer(dialect, json((d) => d.text('Sunny in both')));
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
    assert.deepEqual(dialect.tools(first), [{ name: 'weather', description: 'Tells the weather', parameters }]);
    assert.deepEqual(dialect.choice(first), dialect.choices.auto);
    const second = world.upstream.take().json;
    assert.deepEqual(dialect.turns(second), dialect.callTurns);
    assert.deepEqual(dialect.callsIn(second), calls.map((call) => ({ ...call, id: sentId(dialect, call.id) })));
    assert.deepEqual(dialect.resultsIn(second),
      calls.map(({ id, input }) => ({ id: sentId(dialect, id), text: `sunny in ${input.city}` })));
  });

  test(`${name}: the schema of a tool arrives byte for byte`, async (world) => {
    await world.client(dialect).chat.completions.create({
      model, messages: hello, tools: [weather], tool_choice: can('required'),
    });
    const record = world.upstream.take();
    assert.ok(record.body.includes(JSON.stringify(parameters)), record.body);
    assert.deepEqual(dialect.choice(record.json), dialect.choices[can('required')]);
  });

  test(`${name}: streamed tool calls`, async (world) => {
    world.upstream.answer(dialect, stream((d) => d.callStream(calls)));
    const answer = await world.client(dialect).chat.completions
      .stream({ model, messages: hello, tools: [weather], parallel_tool_calls: true }).finalChatCompletion();
    sameCalls(dialect, answer.choices[0].message.tool_calls, calls);
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
    assert.equal(dialect.tools(world.upstream.take().json).length, 1);
  });

  if (dialect.takesSchemas !== false) test(`${name}: structured output`, async (world) => {
    const Place = z.object({ city: z.string(), people: z.number().int() });
    world.upstream.answer(dialect, json((d) => d.text('{"city":"Turin","people":841600}')));
    const answer = await world.client(dialect).chat.completions.parse({
      model, messages: hello, response_format: zodResponseFormat(Place, 'place'),
    });
    assert.deepEqual(answer.choices[0].message.parsed, { city: 'Turin', people: 841600 });
    const schema = dialect.schema(world.upstream.take().json);
    assert.deepEqual(Object.keys(schema.properties), ['city', 'people']);
    assert.deepEqual(schema.required, ['city', 'people']);
  });
}

// https://ai.google.dev/gemini-api/docs/thought-signatures
test('google: the signature of a call comes back with it', async (world) => {
  world.upstream.answer(google, json((d) => d.calls(calls)));
  const { completions } = world.client(google).chat;
  const wish = { model: google.model, tools: [weather] };
  const { choices: [{ message }] } = await completions.create({ ...wish, messages: hello });
  const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }));
  await completions.create({ ...wish, messages: [...hello, message, ...results] });
  world.upstream.take();
  assert.deepEqual(google.signaturesIn(world.upstream.take().json), ['c2ln', undefined]);
});
