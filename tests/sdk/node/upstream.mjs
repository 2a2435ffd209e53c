// A scripted provider: it answers as it is told, or plausibly, and records every request it gets.

import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import tls from 'node:tls';
import { embedders, openai, spoken as all } from './dialects.mjs';

/**
 * Serves what `scripts` holds; tests assert on what `take` returns. Also a forward proxy (CONNECT) that is itself whatever
 * host it is asked for, so that tests see what the gateway sends to a provider's own address.
 */
export class Upstream {
  /**
   * @param scripts the answers to give; shared with another Upstream, both give the same ones.
   * @param identity {key, cert} of the hosts that it is as a proxy.
   * @param isControl whether it is asked in the gateway's place: it gives an answer in the dialect that the caller speaks.
   * @param patience milliseconds until it hangs up on a client that waits for what never comes.
   */
  constructor({ scripts = new Map(), identity, isControl = false, patience = 20_000 } = {}) {
    this.scripts = scripts;
    this.isControl = isControl;
    this.patience = patience;
    this.arrivalLimit = 20_000;
    this.records = [];
    this.taken = 0;
    this.server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#serve(request, response));
    this.server.on('connect', (request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const inner = new tls.TLSSocket(socket, { isServer: true, ...identity });
      inner.on('error', () => {});
      inner.tunnelTo = request.url;
      this.server.emit('connection', inner);
    });
  }

  async listen() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  /**
   * The next request gets `answer`, a function of (response, {spoken, patience}), whose path is one of a dialect's chats, or
   * ends with a text: `where`. `spoken` is the dialect that was asked in.
   */
  answer(where, answer) {
    if (!this.scripts.has(where)) this.scripts.set(where, []);
    this.scripts.get(where).push(answer);
  }

  /** The oldest request that no test has looked at. */
  take() {
    const record = this.records.shift();
    if (!record) throw new NothingReached();
    ++this.taken;
    return record;
  }

  /** Like `take`, but waits a little for a request that is still on its way. */
  async arrival() {
    const limit = performance.now() + this.arrivalLimit;
    while (this.records.length === 0 && performance.now() < limit) await new Promise((resume) => setTimeout(resume, 2));
    return this.take();
  }

  /** Forgets everything between tests; tells what the test has left. */
  reset() {
    const left = { records: this.records, taken: this.taken };
    this.scripts.clear();
    this.records = [];
    this.taken = 0;
    return left;
  }

  async #serve(request, response) {
    const record = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      host: request.socket.tunnelTo,
      body: '',
    };
    record.gone = new Promise((resolve) => {
      response.on('close', () => {
        record.goneAt = performance.now();
        resolve(record.goneAt);
      });
    });
    request.on('error', () => {});
    response.on('error', () => {});
    request.setEncoding('utf8');
    try {
      for await (const piece of request) record.body += piece;
    } catch {
      return;
    }
    record.json = record.body === '' ? undefined : JSON.parse(record.body);
    this.records.push(record);
    const path = request.url.split('?')[0];
    const spoken = all.find((each) => each.isChat(path));
    if (spoken && process.env.PORTOLAN_REQUEST_LOGS) {
      const line = JSON.stringify(spoken.toCheck?.(record.json) ?? record.json);
      appendFileSync(join(process.env.PORTOLAN_REQUEST_LOGS, spoken.checkedAs ?? spoken.name), `${line}\n`);
    }
    // Where dialects have the same path, it is that of whom the test has told.
    const isMeant = (where) =>
      (typeof where === 'string' ? path.endsWith(where) : spoken && (this.isControl || where.isChat(path)));
    const [where, answers] = [...this.scripts].find(([each, told]) => told.length > 0 && isMeant(each)) ?? [];
    const answer = answers?.shift() ?? usualAnswer(path, spoken, record);
    const isDialect = where && typeof where !== 'string' && !this.isControl;
    await answer(response, { spoken: isDialect ? where : spoken, patience: this.patience });
  }
}

/** Thrown where a test expects a request upstream and there is none. */
export class NothingReached extends Error {
  constructor() {
    super('no request reached the upstream');
  }
}

/** Answers with `value` as JSON; a function makes it of the dialect that is spoken. */
export const json = (value, { status = 200, headers = {} } = {}) => (response, { spoken }) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(typeof value === 'function' ? value(spoken) : value));
};

/** Answers with an error in the words of the dialect; `after`: the seconds that it says to wait. */
export const refusal = (status, message, { headers = {}, after } = {}) => (response, { spoken }) => {
  const error = spoken.error(status, message, { after });
  json(error.body, { status: spoken.httpStatus?.(status) ?? status, headers: { ...error.headers, ...headers } })(response, { spoken });
};

/** Answers with `events`, made of the dialect that is spoken. `then`: `end` in good order, `cut` the connection, or `hang`. */
export const stream = (events, { then = 'end' } = {}) => async (response, { spoken, patience }) => {
  response.writeHead(200, { 'content-type': spoken?.streamType ?? 'text/event-stream' });
  for (const event of events(spoken)) {
    response.write(event);
    await new Promise((resume) => setImmediate(resume));
  }
  if (then === 'end') response.end();
  // What was written must leave first: a socket destroyed at once would take it along.
  if (then === 'cut') setTimeout(() => response.socket?.destroy(), 20);
  if (then === 'hang') hang(response, { patience });
};

/** Never answers. */
export const silence = () => hang;

function hang(response, { patience }) {
  const timer = setTimeout(() => response.socket?.destroy(), patience);
  response.on('close', () => clearTimeout(timer));
}

// What any provider might say, so that a test that scripts nothing still gets an answer.
function usualAnswer(path, spoken, record) {
  const body = record.json;
  if (spoken) {
    return spoken.isStream(record)
      ? stream((d) => d.textStream(['Hel', 'lo'], { usage: true })) : json((d) => d.text('Hello'));
  }
  if (path.endsWith('/completions')) {
    const text = (piece, finish) => ({
      id: 'cmpl-1', object: 'text_completion', created: 1700000000, model: 'm',
      choices: [{ text: piece, index: 0, logprobs: null, finish_reason: finish }],
    });
    if (body?.stream) return stream(() => [...openai.events([text('Hel', null), text('lo', 'stop')]), 'data: [DONE]\n\n']);
    return json({ ...text('Hello', 'stop'), usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  }
  const embedding = embedders.map((each) => each.embedding).find((each) => path === each.path.split('?')[0]);
  if (embedding) return json(embedding.answer(embedding.inputs(body).map(() => [0.5, -0.25, 1]), body));
  return json({ error: { message: `the upstream has no ${path}`, type: 'x', code: null, param: null } }, { status: 404 });
}
