// The other routes, how the gateway is reached, and whose key goes where.

import assert from 'node:assert/strict';
import { anthropic, bedrock, dialects, embedders, hosted, keyFor, openai } from './dialects.mjs';
import { amzTime, signature } from './dialects/aws.mjs';
import { collect, test, textOf } from './harness.mjs';
import { json } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

for (const base of ['/v1', '']) {
  const where = base ? 'with /v1' : 'without /v1';

  test(`openai: a base URL ${where}`, async (world) => {
    const client = world.client(openai, { base });
    await client.chat.completions.create({ model: 'm', messages });
    await client.completions.create({ model: 'm', prompt: 'Hi' });
    await client.embeddings.create({ model: 'm', input: 'Hi' });
    world.upstream.answer('/models', json({ object: 'list', data: [] }));
    await client.models.list();
    assert.deepEqual([1, 2, 3, 4].map(() => world.upstream.take().path),
      ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/models']);
  });

  test(`openai: models ${where}`, async (world) => {
    const model = { id: 'meta-llama/Llama-3.1-8B', object: 'model', created: 1700000000, owned_by: 'vllm', max_model_len: 4096 };
    const client = world.client(openai, { base });
    world.upstream.answer('/models', json({ object: 'list', data: [model] }));
    const listed = [];
    for await (const each of client.models.list()) listed.push(each);
    assert.deepEqual(JSON.parse(JSON.stringify(listed)), [model]);
    assert.equal(`${world.upstream.records[0]?.method} ${world.upstream.take().path}`, 'GET /v1/models');

    world.upstream.answer('Llama-3.1-8B', json(model));
    const one = await client.models.retrieve('meta-llama/Llama-3.1-8B');
    assert.deepEqual(JSON.parse(JSON.stringify(one)), model);
    assert.equal(decodeURIComponent(world.upstream.take().path), '/v1/models/meta-llama/Llama-3.1-8B');
  });
}

test('anthropic: models', async (world) => {
  const model = { type: 'model', id: 'claude-sonnet-4-6', display_name: 'Claude Sonnet 4.6', created_at: '2026-02-17T00:00:00Z' };
  const client = world.client(anthropic);
  world.upstream.answer('/models', json({ data: [model], has_more: false, first_id: model.id, last_id: model.id }));
  const listed = [];
  for await (const each of client.models.list()) listed.push(each);
  assert.deepEqual(listed.map(({ id, object, created }) => ({ id, object, created })),
    [{ id: model.id, object: 'model', created: Date.parse(model.created_at) / 1000 }]);
  assert.equal(world.upstream.take().path.split('?')[0], '/v1/models');

  world.upstream.answer(model.id, json(model));
  assert.equal((await client.models.retrieve(model.id)).id, model.id);
  const record = world.upstream.take();
  assert.equal(record.path, `/v1/models/${model.id}`);
  assert.equal(record.headers['x-api-key'], 'sk-caller');
});

test('openai: completions', async (world) => {
  const client = world.client(openai);
  const answer = await client.completions.create({ model: 'm', prompt: ['Hi', 'Ho'], echo: true });
  assert.equal(answer.choices[0].text, 'Hello');
  const sent = world.upstream.take().json;
  assert.deepEqual(sent, { model: 'm', prompt: ['Hi', 'Ho'], echo: true });
  let text = '';
  for await (const chunk of await client.completions.create({ model: 'm', prompt: 'Hi', stream: true })) {
    text += chunk.choices[0].text;
  }
  assert.equal(text, 'Hello');
  assert.equal(world.upstream.take().json.stream, true);
});

for (const dialect of dialects) {
  test(`${dialect.name}: a text completion`, async (world) => {
    const answer = await world.client(dialect).completions.create({ model: dialect.model, prompt: 'Hi', max_tokens: 77 });
    assert.deepEqual([answer.choices[0].text, answer.choices[0].finish_reason], ['Hello', 'stop']);
    const record = world.upstream.take();
    assert.equal(`${record.method} ${record.path}`, `POST ${dialect.completionPath ?? dialect.chatPath()}`);
    assert.equal(dialect.keyOf(record), keyFor(dialect, 'sk-caller'));
    const { json: sent } = record;
    const said = dialect.completionPath
      ? [sent.prompt, sent.max_tokens] : [dialect.texts(sent).join(), dialect.maxTokens(sent)];
    assert.deepEqual(said, ['Hi', 77]);
  });
}

for (const dialect of embedders) {
  const { embedding: { model, path, inputs, dimensions, oneTextACall } } = dialect;

  test(`${dialect.name}: embeddings`, async (world) => {
    const client = world.client(dialect);
    // The package asks for base64 by itself, and decodes it.
    const decoded = await client.embeddings.create({ model, input: ['Hi', 'Ho'] });
    assert.deepEqual(decoded.data.map(({ index, embedding }) => [index, [...embedding]]),
      [[0, [0.5, -0.25, 1]], [1, [0.5, -0.25, 1]]]);
    const records = (oneTextACall ? [1, 2] : [1]).map(() => world.upstream.take());
    assert.deepEqual(records.flatMap((record) => inputs(record.json)), ['Hi', 'Ho']);
    for (const record of records) {
      assert.deepEqual([record.path, dialect.keyOf(record)], [path, keyFor(dialect, 'sk-caller')]);
    }
    if (dialect.relays) assert.equal(records[0].json.encoding_format, 'base64');

    const wish = { model, input: 'Hi', encoding_format: 'float', ...(dimensions && { dimensions: 3 }) };
    const floats = await client.embeddings.create(wish);
    assert.deepEqual(floats.data[0].embedding, [0.5, -0.25, 1]);
    const sent = world.upstream.take().json;
    assert.deepEqual([inputs(sent), dimensions?.(sent)], [['Hi'], dimensions && 3]);
    if (dialect.relays) assert.deepEqual(sent, wish);
  });
}

// As servers answer that know numbers alone, and one that knows base64 alone.
test('openai: vectors come as they were asked for', async (world) => {
  const client = world.client(openai);
  const answerWith = (embedding) => world.upstream.answer('/embeddings', json({
    object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding }], usage: { prompt_tokens: 1, total_tokens: 1 },
  }));
  answerWith([0.5, 0.25]);
  const decoded = await client.embeddings.create({ model: 'm', input: 'Hi' });
  assert.deepEqual([...decoded.data[0].embedding], [0.5, 0.25]);
  assert.deepEqual(decoded.usage, { prompt_tokens: 1, total_tokens: 1 });
  assert.equal(world.upstream.take().json.encoding_format, 'base64');
  answerWith('AAAAPwAAgD4=');
  const floats = await client.embeddings.create({ model: 'm', input: 'Hi', encoding_format: 'float' });
  assert.deepEqual(floats.data[0].embedding, [0.5, 0.25]);
  assert.equal(world.upstream.take().json.encoding_format, 'float');
});

// docs.perplexity.ai, Create Embeddings: signed bytes in base64, which is not what OpenAI means by that.
test('perplexity: embeddings', async (world) => {
  const client = world.client({ name: 'perplexity-ai', base: '' });
  for (const encoding_format of [undefined, 'float']) {
    world.upstream.answer('/v1/embeddings', json({
      object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: 'Af4Df4A=' }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    }));
    const answer = await client.embeddings.create({ model: 'm', input: 'Hi', dimensions: 128, encoding_format });
    assert.deepEqual([...answer.data[0].embedding], [1, -2, 3, 127, -128]);
    assert.deepEqual(world.upstream.take().json, { model: 'm', input: 'Hi', dimensions: 128, encoding_format: 'base64_int8' });
  }
});

test('bedrock: requests are signed with keys of AWS', async (world) => {
  const account = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', region: 'eu-west-1' };
  const headers = { 'x-portkey-aws-region': account.region };
  for (const stream of [false, true]) {
    const call = world.client(bedrock, { apiKey: `${account.id}:${account.secret}`, headers }).chat.completions;
    const answer = await call.create({ model: bedrock.model, messages, stream });
    if (stream) assert.equal(textOf(await collect(answer)), 'Hello');
    const record = world.upstream.take();
    assert.equal(record.headers.authorization, signature(record, account));
    assert.match(record.headers.authorization, /SignedHeaders=[^,]*\bhost;.*\bx-amz-date\b/);
    assert.ok(Math.abs(Date.now() - amzTime(record.headers['x-amz-date'])) < 60_000, record.headers['x-amz-date']);
  }
});

for (const dialect of dialects) {
  test(`${dialect.name}: nothing of the gateway's goes upstream`, async (world) => {
    await world.client(dialect, { headers: { cookie: 'a=b', 'x-portkey-trace-id': 'trace-1', 'x-anything': 'y' } })
      .chat.completions.create({ model: dialect.model, messages, portolan: { provider: dialect.provider ?? dialect.name } });
    const record = world.upstream.take();
    const names = Object.keys(record.headers);
    assert.deepEqual(names.filter((name) => /portkey|portolan|cookie|x-anything|stainless/.test(name)), []);
    assert.equal('portolan' in record.json, false);
  });

  for (const prefix of ['x-portkey', 'x-portolan']) {
    test(`${dialect.name}: answers to ${prefix} headers have their prefix`, async (world) => {
      const { response } = await world.client(dialect, { prefix, headers: { [`${prefix}-trace-id`]: 'trace-1' } })
        .chat.completions.create({ model: dialect.model, messages }).withResponse();
      assert.equal(response.headers.get(`${prefix}-provider`), dialect.provider ?? dialect.name);
      assert.equal(response.headers.get(`${prefix}-trace-id`), 'trace-1');
      const other = prefix === 'x-portkey' ? 'x-portolan' : 'x-portkey';
      assert.deepEqual([...response.headers.keys()].filter((name) => name.startsWith(other)), []);
      world.upstream.take();
    });
  }

  test(`${dialect.name}: a config in a header`, async (world) => {
    const config = { ...world.config(dialect, { temperature: 0.5 }), api_key: keyFor(dialect, 'sk-config') };
    const client = world.client(dialect, { headers: {
      'x-portkey-provider': null, 'x-portkey-custom-host': null, 'x-portkey-config': JSON.stringify(config),
    } });
    await client.chat.completions.create({ model: dialect.model, messages });
    const record = world.upstream.take();
    assert.equal(dialect.keyOf(record), keyFor(dialect, 'sk-config'));
    assert.equal(dialect.temperature(record.json), 0.5);
  });
}

for (const dialect of hosted) {
  test(`${dialect.name}: keys of the environment go to the provider's own host only`, (world) => world.withKeys(async (url) => {
    const own = world.client(dialect, { url, prefix: 'x-unknown' });  // the provider stands in front of the model
    const answer = await own.chat.completions.create({ model: `${dialect.name}/${dialect.model}`, messages });
    assert.equal(answer.choices[0].message.content, 'Hello');
    let record = world.upstream.take();
    assert.equal(record.host, dialect.host);
    assert.equal(record.path, dialect.chatPath());
    assert.equal(dialect.modelOf(record), dialect.model);
    assert.equal(dialect.keyOf(record), `sk-env-${dialect.name}`);

    await world.client(dialect, { url }).chat.completions.create({ model: dialect.model, messages });
    record = world.upstream.take();
    assert.equal(record.host, undefined);
    assert.equal(dialect.keyOf(record), 'sk-caller');
  }));
}

test('what has no type is relayed', async (world) => {
  const client = world.client(openai);
  world.upstream.answer('/files', json({ object: 'list', data: [], has_more: false }));
  assert.deepEqual((await client.files.list({ limit: 2 })).data, []);
  let record = world.upstream.take();
  assert.deepEqual([record.method, record.path], ['GET', '/v1/files?limit=2']);
  world.upstream.answer('/batches', json({ id: 'batch_1', object: 'batch' }));
  const asked = { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' };
  assert.equal((await client.batches.create(asked)).id, 'batch_1');
  record = world.upstream.take();
  assert.deepEqual([record.method, record.path, record.json], ['POST', '/v1/batches', asked]);
});
