// Runs tests one after the other against the gateway, or against the control.
//
// The control gives exactly the answers that the upstream would give, without asking it. A test that passes against it
// does not prove that the gateway forwards anything.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import OpenAI from 'openai';
import { NothingReached, Upstream } from './upstream.mjs';

const TEST_TIMEOUT_MS = 15_000;
const CONTROL_TIMEOUT_MS = 1_000;  // some answers never come, and the control knows no time-outs

const tests = [];

/** Registers a test. Each must look at every request that reaches the upstream, and at one at least. */
export function test(name, run) {
  tests.push({ name, run });
}

/** A gateway process of its own on free ports. */
export class Gateway {
  static async start(binary, { env = {}, flags = [] } = {}) {
    const gateway = new Gateway();
    gateway.process = spawn(
      binary,
      ['serve', '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--log-level', 'error', ...flags],
      { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    gateway.process.stdout.setEncoding('utf8');
    let line = '';
    while (!line.includes('\n')) {
      const [piece] = await Promise.race([
        once(gateway.process.stdout, 'data'),
        once(gateway.process, 'exit').then(() => { throw new Error('the gateway has ended'); }),
      ]);
      line += piece;
    }
    gateway.url = line.match(/REST on (http:\S+),/)[1];
    return gateway;
  }

  close() {
    this.process.kill('SIGKILL');
  }
}

/** What a test works with. */
class World {
  constructor(upstream, gateway, binary) {
    this.upstream = upstream;
    this.gateway = gateway;
    this.binary = binary;
  }

  /** A client of the gateway whose calls go to the upstream in `dialect`. `headers` beat those that this needs. */
  client(dialect, { headers = {}, prefix = 'x-portkey', base = '/v1', url = this.gateway.url, ...options } = {}) {
    return new OpenAI({
      apiKey: 'sk-caller',
      baseURL: url + base,
      maxRetries: 0,
      defaultHeaders: {
        [`${prefix}-provider`]: dialect.name,
        [`${prefix}-custom-host`]: `${this.upstream.url}/v1`,
        ...headers,
      },
      ...options,
    });
  }

  /** A client that also tells which bytes it sent: `sent.at(-1)`. */
  wiretap(dialect, options = {}) {
    const sent = [];
    const tapped = (url, init) => {
      sent.push(init.body);
      return fetch(url, init);
    };
    return { client: this.client(dialect, { ...options, fetch: tapped }), sent };
  }
}

async function runOne({ run }, world) {
  const allowed = world.binary ? TEST_TIMEOUT_MS : CONTROL_TIMEOUT_MS;
  world.upstream.reset();
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${allowed} ms`)), allowed);
  });
  try {
    await Promise.race([run(world), limit]);
    const left = world.upstream.reset();
    if (left.taken === 0) throw new NothingReached();
    if (left.records.length > 0) throw new Error(`${left.records.length} more requests reached the upstream`);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs all tests; `control` says against what. Ends the process. */
export async function main({ binary, control, filter }) {
  const upstream = await new Upstream().listen();
  const gateway = control ? await new Upstream(upstream.scripts).listen() : await Gateway.start(binary);
  const world = new World(upstream, gateway, control ? undefined : binary);
  let passed = 0;
  let failed = 0;
  let unproven = 0;
  for (const each of tests.filter(({ name }) => !filter || name.includes(filter))) {
    const error = await runOne(each, world);
    if (error) ++failed;
    else ++passed;
    if (error instanceof NothingReached) ++unproven;
    if (control ? !error : error) {
      console.log(`FAILED: ${each.name}${error ? `\n${error.stack}` : ': passes although nothing reached the upstream'}`);
    }
  }
  gateway.close();
  upstream.close();
  if (control) {
    // Many answers of the control are just right: those tests must have failed for want of a request upstream.
    console.log(`control: ${failed} of ${passed + failed} tests failed, ${unproven} of them only as nothing reached the upstream`);
    [passed, failed] = [failed, passed];
    if (unproven < passed / 2) ++failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
