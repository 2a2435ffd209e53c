// What Azure's own class of OpenAI's package sends to Azure is what the gateway sends for a plain client; and that class
// may call the gateway itself.

import assert from 'node:assert/strict';
import { AzureOpenAI } from 'openai';
import { openai } from './dialects.mjs';
import { test } from './harness.mjs';

const apiVersion = '2024-10-21';
const deployment = 'dep-1';
const request = { model: openai.model, messages: [{ role: 'user', content: 'Hi' }] };
const azure = { name: 'azure-openai' };

/** What of a request an API looks at. */
const essence = ({ method, path, body, headers }) => ({
  method, path, body, key: headers['api-key'], authorization: headers.authorization, type: headers['content-type'],
});

/** What the class sends to Azure by itself. */
async function sentDirectly(world, use, options = {}) {
  await use(new AzureOpenAI({ endpoint: world.upstream.url, apiKey: 'sk-caller', apiVersion, maxRetries: 0, ...options }));
  return essence(world.upstream.take());
}

const optionsOf = (world, headers = {}) => ({
  headers: { 'x-portkey-custom-host': `${world.upstream.url}/openai`, ...headers },
});

test('azure: a deployment, as its own class calls it', async (world) => {
  const use = (client) => client.chat.completions.create(request);
  const expected = await sentDirectly(world, use, { deployment });
  const headers = { 'x-portkey-azure-api-version': apiVersion, 'x-portkey-azure-deployment-id': deployment };
  const answer = await use(world.client(azure, optionsOf(world, headers)));
  assert.equal(answer.choices[0].message.content, 'Hello');
  assert.deepEqual(essence(world.upstream.take()), expected);
});

test('azure: a model that is called like its deployment', async (world) => {
  const use = (client) => client.chat.completions.create(request);
  const expected = await sentDirectly(world, use);
  await use(world.client(azure, optionsOf(world, { 'x-portkey-azure-api-version': apiVersion })));
  assert.deepEqual(essence(world.upstream.take()), expected);
});

test('azure: its own class may call the gateway', async (world) => {
  const use = (client) => client.chat.completions.create(request);
  const expected = await sentDirectly(world, use, { deployment });
  const client = new AzureOpenAI({
    baseURL: `${world.gateway.url}/v1`, apiKey: 'sk-caller', apiVersion, deployment, maxRetries: 0,
    defaultHeaders: { 'x-portkey-provider': 'azure-openai', ...optionsOf(world).headers },
  });
  const answer = await use(client);
  assert.equal(answer.choices[0].message.content, 'Hello');
  assert.deepEqual(essence(world.upstream.take()), expected);
});
