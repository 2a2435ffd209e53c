// What the gateway itself refuses; nothing must reach the upstream.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { dialects, openai } from './dialects.mjs';
import { test } from './harness.mjs';
import { json } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

/** Asserts that `call` fails with `expected` {error, status, code, param} before anything is sent. */
async function refused(call, { error, ...expected }) {
  const got = await call().then(() => { throw new Error('the call did not fail'); }, (failure) => failure);
  assert.ok(got instanceof error, `${got}`);
  for (const [name, value] of Object.entries(expected)) assert.equal(got[name], value, `${name} of ${got}`);
  assert.equal(got.error.portolan.attempts, 0);
  assert.match(got.requestID, /./);
}

for (const dialect of dialects) {
  test(`${dialect.name}: a member of the wrong type is refused with its path, but for a server of one's own`, async (world) => {
    const bad = [{ role: 'user', content: 'Hi' }, { role: 'user', content: [{ type: 'text', text: 7 }] }];
    if (dialect.relays) {
      // It may have extended the API.
      world.upstream.answer(dialect, json((d) => d.text('fine')));
      await world.client(dialect).chat.completions.create({ model: dialect.model, messages: bad });
      assert.deepEqual(world.upstream.take().json.messages, bad);
      return;
    }
    await refused(() => world.client(dialect).chat.completions.create({ model: dialect.model, messages: bad }),
      { error: OpenAI.BadRequestError, status: 400, param: 'messages[1].content[0].text' });
  }, { own: true });
}

test('one setting in two spellings is refused', async (world) => {
  const client = world.client(openai, { headers: { 'x-portolan-provider': 'anthropic' } });
  await refused(() => client.chat.completions.create({ model: 'm', messages }),
    { error: OpenAI.BadRequestError, status: 400, code: 'conflicting_headers' });
}, { own: true });

test('a private network as custom host is refused', async (world) => {
  const client = world.client(openai, { headers: { 'x-portkey-custom-host': 'http://10.1.2.3/v1' } });
  await refused(() => client.chat.completions.create({ model: 'm', messages }),
    { error: OpenAI.PermissionDeniedError, status: 403 });
}, { own: true });

test('an unknown provider is refused', async (world) => {
  const client = world.client(openai, { headers: { 'x-portkey-provider': 'nobody' } });
  await refused(() => client.chat.completions.create({ model: 'm', messages }), { error: OpenAI.BadRequestError, status: 400 });
}, { own: true });

test('a route that does not exist is refused', async (world) => {
  // Below /v1 it would be relayed.
  const client = world.client(openai);
  await refused(() => client.get(new URL('/no/such/route', client.baseURL).href), { error: OpenAI.NotFoundError, status: 404 });
}, { own: true });
