// Errors of the provider and of the gateway, as the package's error classes show them.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { dialects } from './dialects.mjs';
import { test } from './harness.mjs';
import { refusal } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

const classes = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  402: OpenAI.APIError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  408: OpenAI.APIError,
  413: OpenAI.APIError,
  422: OpenAI.UnprocessableEntityError,
  424: OpenAI.APIError,
  429: OpenAI.RateLimitError,
};

/** What `call` fails with. */
const failure = async (call) => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('the call did not fail');
};

for (const dialect of dialects) {
  const { name, model } = dialect;
  const ask = (world, { stream = false, ...options } = {}) =>
    world.client(dialect, options).chat.completions.create({ model, messages, stream });

  for (const [status, told] of Object.entries(dialect.errors)) {
    for (const stream of [false, true]) {
      test(`${name}: ${stream ? 'a stream refused' : 'an error'} with ${status}`, async (world) => {
        const headers = { 'x-request-id': 'req_up', 'request-id': 'req_up', 'set-cookie': 'a=b' };
        world.upstream.answer(dialect, refusal(Number(status), `No: ${status}`, { headers }));
        const got = await failure(() => ask(world, { stream }));
        world.upstream.take();
        assert.ok(got instanceof (classes[status] ?? OpenAI.InternalServerError), `${got.constructor.name}: ${got.message}`);
        assert.equal(got.status, Number(status));
        assert.match(got.message, new RegExp(`No: ${status}`));
        assert.match(got.requestID, /^[\w.-]+$/);
        assert.equal(got.headers.get('x-portkey-upstream-request-id'), 'req_up');
        assert.equal(got.headers.get('set-cookie'), null);
        assert.equal(typeof got.type, 'string');
        for (const [member, value] of Object.entries(told)) assert.equal(got[member], value);
        if (dialect.relays) {
          assert.deepEqual(got.error, dialect.error(status, `No: ${status}`).body.error);
          assert.equal(JSON.parse(got.headers.get('x-portkey-error')).attempts, 1);
        } else {
          assert.equal(got.error.portolan.attempts, 1);
        }
      });
    }
  }

  test(`${name}: a rate limit says when to come again`, async (world) => {
    const headers = { 'retry-after': '7', 'retry-after-ms': '6500', 'x-ratelimit-remaining-requests': '0' };
    world.upstream.answer(dialect, refusal(429, 'slow', { headers }));
    const got = await failure(() => ask(world));
    world.upstream.take();
    assert.ok(got instanceof OpenAI.RateLimitError);
    for (const [header, value] of Object.entries(headers)) assert.equal(got.headers.get(header), value);
  });

  if (dialect.tellsAfter !== false) test(`${name}: a rate limit says so in the provider's words`, async (world) => {
    world.upstream.answer(dialect, refusal(429, 'slow', { after: 7 }));
    const got = await failure(() => ask(world));
    world.upstream.take();
    assert.ok(got instanceof OpenAI.RateLimitError);
    const told = dialect.relays ? JSON.parse(got.headers.get('x-portkey-error')) : got.error.portolan;
    assert.equal(told.retry_after_ms, 7000);
    assert.equal(got.headers.get('retry-after'), '7');  // where the package looks
  });

  test(`${name}: the package tries again when told to`, async (world) => {
    world.upstream.answer(dialect, refusal(429, 'slow', { headers: { 'retry-after-ms': '20' } }));
    const answer = await ask(world, { maxRetries: 2 });
    assert.equal(answer.choices[0].message.content, 'Hello');
    const [first, second] = [world.upstream.take(), world.upstream.take()];
    assert.equal(first.body, second.body);
  });

  test(`${name}: an error that is no JSON`, async (world) => {
    world.upstream.answer(dialect, (response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<h1>Bad gateway</h1>');
    });
    const got = await failure(() => ask(world));
    assert.equal(got.status, 502);
    assert.equal(typeof got.error.message, 'string');
    assert.equal(got.error.portolan.class, 'provider');
    world.upstream.take();
  });
}
