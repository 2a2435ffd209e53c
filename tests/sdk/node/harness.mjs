// Runs tests one after the other against the gateway, or against the control.
//
// The control gives exactly the answers that the upstream would give, without asking it. A test that passes against it
// does not prove that the gateway forwards anything.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { hosted, keyFor } from './dialects.mjs';
import { NothingReached, Upstream } from './upstream.mjs';

const TEST_TIMEOUT_MS = 60_000;
// Under the control, nobody need wait long for what never comes; but longer than the time-outs that tests are about.
const CONTROL_PATIENCE_MS = 1_000;
const CONTROL_ARRIVAL_MS = 200;

const tests = [];

/**
 * Registers a test. Each must look at every request that reaches the upstream, and at one at least, unless the gateway
 * answers by its `own`.
 */
export function test(name, run, { own = false } = {}) {
  tests.push({ name, run, own });
}

const CERTIFICATE = new URL('cert.pem', import.meta.url).pathname;
const KEY = new URL('key.pem', import.meta.url).pathname;

/** A certificate for the providers' own hosts. */
function makeIdentity() {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=scripted upstream',
    '-addext', `subjectAltName=${hosted.map(({ host }) => `DNS:${host.split(':')[0]}`)}`,
    '-keyout', KEY, '-out', CERTIFICATE,
  ], { stdio: 'ignore' });
  return { key: readFileSync(KEY), cert: readFileSync(CERTIFICATE) };
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
    // Also if a test gives up before it closes its own.
    process.setMaxListeners(0);
    process.once('exit', () => gateway.close());
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
  constructor(upstream, gateway, binary, splice) {
    this.upstream = upstream;
    this.gateway = gateway;
    this.binary = binary;
    this.splice = splice;
  }

  /** Runs `use` with the URL of a gateway that has keys in its environment and reaches the providers' own hosts here. */
  async withKeys(use) {
    if (!this.binary) throw new NothingReached();  // under the control there is no other gateway
    const env = {
      HTTPS_PROXY: this.upstream.url,
      ...Object.fromEntries(hosted.map(({ name, keyVariable }) => [keyVariable, `sk-env-${name}`])),
    };
    const gateway = await Gateway.start(this.binary, { env, flags: ['--upstream-ca', CERTIFICATE] });
    try {
      await use(gateway.url);
    } finally {
      gateway.close();
    }
  }

  /** Likewise, of a gateway without keys; under the control, of the control. */
  async withProviders(use) {
    if (!this.binary) return use(this.gateway.url);
    const flags = ['--upstream-ca', CERTIFICATE, ...(this.splice ? [] : ['--no-splice'])];
    const gateway = await Gateway.start(this.binary, { env: { HTTPS_PROXY: this.upstream.url }, flags });
    try {
      return await use(gateway.url);
    } finally {
      gateway.close();
    }
  }

  #where(dialect) {
    return { provider: dialect.provider ?? dialect.name, custom_host: this.upstream.url + dialect.base };
  }

  /** What sends a call to the upstream in `dialect`. */
  headers(dialect, prefix) {
    if (dialect.ownMembers) return { [`${prefix}-config`]: JSON.stringify(this.config(dialect)) };
    const where = Object.entries({ ...this.#where(dialect), ...dialect.ownOptions });
    return Object.fromEntries(where.map(([name, value]) => [`${prefix}-${name.replaceAll('_', '-')}`, value]));
  }

  /** A config that sends a call to the upstream in `dialect`, with these members in its body. */
  config(dialect, members = {}) {
    const override_params = { ...dialect.ownMembers, ...members };
    return { ...this.#where(dialect), ...dialect.ownOptions, override_params };
  }

  /** A client of the gateway whose calls go to the upstream in `dialect`. `headers` beat those that this needs. */
  client(dialect, { headers = {}, prefix = 'x-portkey', base = '/v1', url = this.gateway.url, ...options } = {}) {
    return new OpenAI({
      apiKey: keyFor(dialect, 'sk-caller'),
      baseURL: url + base,
      maxRetries: 0,
      defaultHeaders: { ...this.headers(dialect, prefix), ...headers },
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

/** All chunks of a stream. */
export async function collect(chunks) {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** The text of a stream's chunks. */
export const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

async function runOne({ run, own }, world) {
  world.upstream.reset();
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${TEST_TIMEOUT_MS} ms`)), TEST_TIMEOUT_MS);
  });
  try {
    await Promise.race([run(world), limit]);
    const left = world.upstream.reset();
    if (left.taken === 0 && !own) throw new NothingReached();
    if (left.records.length > 0) throw new Error(`${left.records.length} more requests reached the upstream`);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the tests whose names contain `filter`, against the gateway or the control. Ends the process. */
export async function main({ binary, control, splice, filter }) {
  const upstream = await new Upstream({ identity: makeIdentity() }).listen();
  const gateway = control
    ? await new Upstream({ scripts: upstream.scripts, isControl: true, patience: CONTROL_PATIENCE_MS }).listen()
    : await Gateway.start(binary, { flags: splice ? [] : ['--no-splice'] });
  if (control) upstream.arrivalLimit = CONTROL_ARRIVAL_MS;
  const world = new World(upstream, gateway, control ? undefined : binary, splice);
  let passed = 0;
  let failed = 0;
  let unproven = 0;
  const shown = [];
  for (const each of tests) {
    if ((filter && !each.name.includes(filter)) || (control && each.own)) continue;
    const error = await runOne(each, world);
    if (error) ++failed;
    else ++passed;
    if (!error) shown.push(each.name);
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
  // Of a whole run.
  if (!control && splice && !filter && process.env.PORTOLAN_PASSED_TESTS) {
    writeFileSync(join(process.env.PORTOLAN_PASSED_TESTS, 'passed-node.txt'), shown.map((name) => `${name}\n`).join(''));
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
