// Threads of Anthropic's package: conversations that the server holds, if it does.

import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { anthropic, dialects } from './dialects.mjs';
import { test } from './harness.mjs';
import { clientOf } from './messages_test.mjs';

const ask = (content) => ({ role: 'user', content });
const params = ({ model }, more = {}) => ({ model, max_tokens: 77, system: 'Be short', ...more });

/** A client, and what it has sent and been answered: [thread, status] of each request. */
function tapped(world, dialect) {
  const seen = [];
  const client = clientOf(world, dialect, {
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      seen.push([JSON.parse(init.body).thread?.type, answer.status]);
      return answer;
    },
  });
  return { client, seen };
}

for (const dialect of dialects.filter((each) => !each.relaysMessages)) {
  test(`threads to ${dialect.name}: refused, then the package sends everything`, async (world) => {
    const { client, seen } = tapped(world, dialect);
    const thread = client.beta.messages.thread(params(dialect, { unsupportedRequestBehavior: 'continue_unthreaded' }));
    for (const question of ['Hi', 'And now?']) {
      const answer = await thread.send(ask(question));
      assert.equal(answer.content[0].text, 'Hello');
    }
    const [first, second] = [world.upstream.take().json, world.upstream.take().json];
    assert.deepEqual(seen, [['create', 400], [undefined, 200], [undefined, 200]]);
    assert.deepEqual([dialect.turns(first), dialect.texts(first)], [['user'], ['Hi']]);
    assert.equal(dialect.turns(second).length, 3);
    const texts = dialect.texts(second);
    assert.deepEqual([texts[0], texts.at(-1)], ['Hi', 'And now?']);
    assert.match(JSON.stringify(second), /"Hello"/);
    for (const sent of [first, second]) {
      assert.deepEqual(dialect.system(sent), ['Be short']);
      assert.equal('thread' in sent, false);
    }
  });
}

test('threads to openai: refused in a class of the package', async (world) => {
  const { client, seen } = tapped(world, dialects[0]);
  await assert.rejects(client.beta.messages.thread(params(dialects[0])).send(ask('Hi')), (error) => {
    assert.ok(error instanceof Anthropic.ThreadUnsupportedRequestError, error);
    assert.equal(error.error.error.details.error_code, 'thread_unsupported_request');
    return true;
  });
  assert.deepEqual(seen, [['create', 400]]);
}, { own: true });

test('threads to anthropic: relayed, of each turn what is new', async (world) => {
  const { client, seen } = tapped(world, anthropic);
  const thread = client.beta.messages.thread(params(anthropic));
  await thread.send(ask('Hi'));
  await thread.send(ask('And now?'));
  const [first, second] = [world.upstream.take(), world.upstream.take()];
  assert.deepEqual(seen, [['create', 200], ['continue', 200]]);
  for (const { headers } of [first, second]) assert.match(headers['anthropic-beta'], /message-threads/);
  assert.deepEqual(first.json, {
    ...params(anthropic), messages: [ask('Hi')], thread: { type: 'create' }, stream: false,
  });
  assert.deepEqual(second.json.messages, [ask('And now?')]);
  assert.deepEqual(second.json.thread, { type: 'continue', previous_message_id: 'msg_1' });
});
