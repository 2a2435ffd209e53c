// Errors of the provider and of the gateway, as the package's error classes show them.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { dialects, openai } from './dialects.mjs';
import { test } from './harness.mjs';
import { json } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

const cases = [
  { status: 400, error: OpenAI.BadRequestError, type: 'invalid_request_error', code: 'bad_value' },
  { status: 401, error: OpenAI.AuthenticationError, type: 'authentication_error', code: 'invalid_api_key' },
  { status: 403, error: OpenAI.PermissionDeniedError, type: 'permission_error', code: 'no_access' },
  { status: 404, error: OpenAI.NotFoundError, type: 'not_found_error', code: 'model_not_found' },
  { status: 429, error: OpenAI.RateLimitError, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  { status: 500, error: OpenAI.InternalServerError, type: 'api_error', code: 'server_error' },
  { status: 529, error: OpenAI.InternalServerError, type: 'overloaded_error', code: 'overloaded' },
];

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
  for (const { status, error, type, code } of cases) {
    for (const stream of [false, true]) {
      test(`${dialect.name}: ${stream ? 'a stream refused' : 'an error'} with ${status}`, async (world) => {
        const body = dialect.error({ message: `No: ${status}`, type, code });
        world.upstream.answer(dialect.suffix, json(body, {
          status, headers: { 'x-request-id': 'req_up', 'request-id': 'req_up', 'set-cookie': 'a=b' },
        }));
        const got = await failure(() => world.client(dialect).chat.completions.create({ model: dialect.model, messages, stream }));
        world.upstream.take();
        assert.ok(got instanceof error, `${got.constructor.name}: ${got.message}`);
        assert.equal(got.status, status);
        assert.match(got.message, new RegExp(`No: ${status}`));
        assert.match(got.requestID, /^[\w.-]+$/);
        assert.equal(got.headers.get('x-portkey-upstream-request-id'), 'req_up');
        assert.equal(got.headers.get('set-cookie'), null);
        if (dialect === openai) {
          assert.deepEqual(got.error, body.error);
          assert.equal(got.code, code);
          assert.equal(got.type, type);
          assert.equal(JSON.parse(got.headers.get('x-portkey-error')).attempts, 1);
        } else {
          assert.equal(got.error.portolan.attempts, 1);
          assert.equal(typeof got.type, 'string');
        }
      });
    }
  }

  test(`${dialect.name}: a rate limit says when to come again`, async (world) => {
    world.upstream.answer(dialect.suffix, json(dialect.error({ message: 'slow', type: 'rate_limit_error', code: null }), {
      status: 429,
      headers: { 'retry-after': '7', 'retry-after-ms': '6500', 'x-ratelimit-remaining-requests': '0' },
    }));
    const got = await failure(() => world.client(dialect).chat.completions.create({ model: dialect.model, messages }));
    world.upstream.take();
    assert.ok(got instanceof OpenAI.RateLimitError);
    assert.equal(got.headers.get('retry-after'), '7');
    assert.equal(got.headers.get('retry-after-ms'), '6500');
    assert.equal(got.headers.get('x-ratelimit-remaining-requests'), '0');
  });

  test(`${dialect.name}: the package tries again when told to`, async (world) => {
    world.upstream.answer(dialect.suffix, json(dialect.error({ message: 'slow', type: 'rate_limit_error', code: null }), {
      status: 429, headers: { 'retry-after-ms': '20' },
    }));
    const answer = await world.client(dialect, { maxRetries: 2 }).chat.completions.create({ model: dialect.model, messages });
    assert.equal(answer.choices[0].message.content, 'Hello');
    const [first, second] = [world.upstream.take(), world.upstream.take()];
    assert.equal(first.body, second.body);
  });

  test(`${dialect.name}: an error that is no JSON`, async (world) => {
    world.upstream.answer(dialect.suffix, (response) => {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<h1>Bad gateway</h1>');
    });
    const got = await failure(() => world.client(dialect).chat.completions.create({ model: dialect.model, messages }));
    assert.equal(got.status, 502);
    assert.equal(typeof got.error.message, 'string');
    assert.equal(got.error.portolan.class, 'provider');
    world.upstream.take();
  });
}
