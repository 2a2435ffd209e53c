// The two configs of the README of Portkey's gateway, as they stand there but for the keys and the model. The providers
// are met at their own hosts.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { createHeaders, Portkey } from 'portkey-ai';
import { anthropic, openai } from './dialects.mjs';
import { test } from './harness.mjs';
import { json, refusal, stream } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hi' }];
const fallback = {
  retry: { count: 5 },
  strategy: { mode: 'fallback' },
  targets: [
    { provider: 'openai', api_key: 'sk-one' },
    { provider: 'anthropic', api_key: 'sk-two', override_params: { model: 'claude-sonnet-4-6' } },
  ],
};
const loadbalance = {
  strategy: { mode: 'loadbalance' },
  targets: [
    { provider: 'openai', api_key: 'sk-one', weight: '0.5' },
    { provider: 'openai', api_key: 'sk-two', weight: '0.5' },
  ],
};

// Each makes a client whose calls take `config`.
const clients = {
  'the OpenAI SDK': (url, config) =>
    new OpenAI({
      apiKey: 'sk-caller', baseURL: `${url}/v1`, maxRetries: 0,
      defaultHeaders: { 'x-portkey-config': JSON.stringify(config) },
    }),
  'the OpenAI SDK with headers of the Portkey SDK': (url, config) =>
    new OpenAI({
      apiKey: 'sk-caller', baseURL: `${url}/v1`, maxRetries: 0,
      defaultHeaders: createHeaders({ apiKey: 'pk-caller', config, metadata: { plan: 'paid' } }),
    }),
  'the Portkey SDK': (url, config) =>
    new Portkey({ apiKey: 'pk-caller', baseURL: `${url}/v1`, config, metadata: { plan: 'paid' }, maxRetries: 0 }),
};

/** The answer to a chat request, and a function that gives the headers of the gateway's own. */
async function ask(client, request) {
  if (client instanceof Portkey) {
    const data = await client.chat.completions.create(request);
    return { data, header: (name) => data.getHeaders()[name] };
  }
  const { data, response } = await client.chat.completions.create(request).withResponse();
  return { data, header: (name) => response.headers.get(`x-portkey-${name}`) };
}

const wrongKey = () => refusal(401, 'Incorrect API key');

/** Nothing that a caller says to the gateway goes up, nor a key of somebody else. */
function checkHeaders(record, { host, key, name }) {
  assert.equal(record.host, host);
  assert.equal(record.headers[name], key);
  const others = Object.entries(record.headers).filter(([other, value]) =>
    /portkey|portolan|stainless/.test(other) || (other !== name && /sk-|pk-/.test(value)));
  assert.deepEqual(others, []);
}

const atOpenAi = (key) => ({ host: 'api.openai.com:443', key: `Bearer ${key}`, name: 'authorization' });
const atAnthropic = (key) => ({ host: 'api.anthropic.com:443', key, name: 'x-api-key' });

for (const [name, client] of Object.entries(clients)) {
  test(`configs: a fallback through ${name}`, (world) => world.withProviders(async (url) => {
    world.upstream.answer(openai, wrongKey());
    world.upstream.answer(anthropic, json((d) => d.text('from Claude')));
    const { data, header } = await ask(client(url, fallback), { model: 'gpt-4o', messages, max_tokens: 9 });
    assert.equal(data.choices[0].message.content, 'from Claude');
    assert.equal(header('last-used-option-index'), 'config.targets[1]');
    assert.equal(header('provider'), 'anthropic');

    const first = world.upstream.take();
    checkHeaders(first, atOpenAi('sk-one'));
    assert.deepEqual(first.json, { model: 'gpt-4o', messages, max_tokens: 9 });
    const second = world.upstream.take();
    checkHeaders(second, atAnthropic('sk-two'));
    assert.deepEqual(second.json, { model: 'claude-sonnet-4-6', messages: second.json.messages, max_tokens: 9 });
    assert.match(JSON.stringify(second.json.messages), /"role":"user".*"Hi"/);
  }));

  test(`configs: a fallback of a stream with tools through ${name}`, (world) => world.withProviders(async (url) => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
    // It begins well, but says nothing before it breaks.
    world.upstream.answer(openai,
      stream((d) => [...d.textStream([], { finish: false }), ...d.errorEvents()]));
    world.upstream.answer(openai, wrongKey());
    world.upstream.answer(anthropic, stream((d) => d.callStream([{ id: 't1', name: 'weather', input: { city: 'Oslo' } }])));
    const chunks = await client(url, fallback).chat.completions
      .create({ model: 'gpt-4o', messages, max_tokens: 9, tools, stream: true });
    let called = '';
    let finish;
    for await (const chunk of chunks) {
      const [choice] = chunk.choices;
      for (const call of choice?.delta.tool_calls ?? []) called += (call.function.name ?? '') + (call.function.arguments ?? '');
      finish = choice?.finish_reason ?? finish;
    }
    assert.deepEqual([called, finish], ['weather{"city":"Oslo"}', 'tool_calls']);

    // An error in the stream is worth a retry, a wrong key is not.
    const bodies = [world.upstream.take(), world.upstream.take()].map((record) => {
      checkHeaders(record, atOpenAi('sk-one'));
      return record.body;
    });
    assert.equal(bodies[0], bodies[1]);
    // At the provider's own host the gateway asks for the usage, which this caller has not asked for.
    assert.deepEqual(JSON.parse(bodies[0]),
      { model: 'gpt-4o', messages, max_tokens: 9, tools, stream: true, stream_options: { include_usage: true } });
    const second = world.upstream.take();
    checkHeaders(second, atAnthropic('sk-two'));
    assert.equal(second.json.stream, true);
    assert.deepEqual(second.json.tools.map((tool) => [tool.name, tool.input_schema]), [['weather', tools[0].function.parameters]]);
  }));

  test(`configs: a retry through ${name}`, (world) => world.withProviders(async (url) => {
    world.upstream.answer(openai, refusal(500, 'no'));
    world.upstream.answer(openai, json((d) => d.text('second time')));
    const { data, header } = await ask(client(url, fallback), { model: 'gpt-4o', messages });
    assert.equal(data.choices[0].message.content, 'second time');
    assert.equal(header('retry-attempt-count'), '1');
    const [first, second] = [world.upstream.take(), world.upstream.take()];
    for (const record of [first, second]) checkHeaders(record, atOpenAi('sk-one'));
    assert.equal(first.body, second.body);
  }));

  test(`configs: load balanced through ${name}`, (world) => world.withProviders(async (url) => {
    const each = client(url, loadbalance);
    const seen = { 'sk-one': 0, 'sk-two': 0 };
    for (let i = 0; i < 40; ++i) {
      const { data, header } = await ask(each, { model: 'gpt-4o', messages });
      assert.equal(data.choices[0].message.content, 'Hello');
      const record = world.upstream.take();
      const key = record.headers.authorization.replace('Bearer ', '');
      checkHeaders(record, atOpenAi(key));
      assert.deepEqual(record.json, { model: 'gpt-4o', messages });
      assert.equal(header('last-used-option-index'), `config.targets[${key === 'sk-one' ? 0 : 1}]`);
      ++seen[key];
    }
    // That one of them is never drawn happens once in 500 billion times.
    assert.ok(seen['sk-one'] > 0 && seen['sk-two'] > 0, JSON.stringify(seen));
    assert.equal(seen['sk-one'] + seen['sk-two'], 40);
  }));
}

for (const attempts of [0, 1]) {
  test(`configs: an SDK that retries once, and a gateway that does ${attempts} times`, (world) => world.withProviders(async (url) => {
    for (let i = 0; i < 4; ++i) {
      world.upstream.answer(openai, refusal(500, 'no'));
    }
    const config = { provider: 'openai', api_key: 'sk-one', retry: { attempts, base_ms: 1 } };
    const client = clients['the OpenAI SDK'](url, config).withOptions({ maxRetries: 1 });
    const error = await client.chat.completions.create({ model: 'gpt-4o', messages }).catch((failure) => failure);
    assert.ok(error instanceof OpenAI.InternalServerError, `${error}`);
    // Two in either case: the SDK's own second one, or the gateway's.
    for (let i = 0; i < 2; ++i) checkHeaders(world.upstream.take(), atOpenAi('sk-one'));
  }));
}

test('configs: an object in place of its JSON text is explained', async (world) => {
  const client = new OpenAI({
    apiKey: 'sk-caller', baseURL: `${world.gateway.url}/v1`, maxRetries: 0,
    defaultHeaders: { 'x-portkey-config': fallback },
  });
  const error = await client.chat.completions.create({ model: 'm', messages }).catch((failure) => failure);
  assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
  assert.deepEqual([error.code, error.param], ['invalid_config', 'x-portolan-config']);
  assert.match(error.message, /JSON\.stringify/);
}, { own: true });
