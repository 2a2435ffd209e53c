/**
 * scenarios.js [--control] WORLD_COMMAND...: runs clients/scenarios.yaml.
 *
 * PORTOLAN_INSTALLED in the environment is the folder of a project that has the package, for the README's first call.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  CallerError,
  Client,
  type ClientOptions,
  functionTool,
  GatewayError,
  PolicyError,
  PortolanError,
  ProviderError,
  textOf,
  toolResult,
  user,
} from "@portolan/client";
import type { ChatCompletionChunk } from "@portolan/client/v1";
import { World } from "./world.js";

const run = promisify(execFile);
const EXAMPLE = fileURLToPath(new URL("../examples/chat.js", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));

/** What a scenario works with; what is given and seen is different for each. */
interface Stage {
  world: World;
  // biome-ignore lint/suspicious/noExplicitAny: as scenarios.yaml has it
  given: any;
  // biome-ignore lint/suspicious/noExplicitAny: as scenarios.yaml has it
  seen: any;
}

/** Calls `act` with a client of the plain gateway. */
async function withClient<T>(stage: Stage, act: (client: Client) => Promise<T>, options?: ClientOptions): Promise<T> {
  using client = new Client(stage.world.places.plain, { key: stage.world.places.key, ...options });
  return await act(client);
}

function asked(stage: Stage) {
  return { model: stage.world.places.model, messages: [user(stage.given.prompt)] };
}

async function failure(call: Promise<unknown>): Promise<PortolanError> {
  try {
    await call;
  } catch (error) {
    ok(error instanceof PortolanError, String(error));
    return error;
  }
  throw new Error("the call did not fail");
}

const KINDS = { caller: CallerError, policy: PolicyError, provider: ProviderError, gateway: GatewayError };

function equalError(error: PortolanError, seen: Record<string, unknown>): void {
  ok(error instanceof KINDS[seen.class as keyof typeof KINDS], `${error.name}: ${error.message}`);
  const told: Record<string, unknown> = {
    class: error.errorClass,
    code: error.code,
    status: error.status,
    http_status: error.httpStatus,
    attempts: error.attempts,
    retryable: error.retryable,
    retry_delay_ms: error.retryDelayMs,
    message: error.message,
  };
  deepEqual(Object.fromEntries(Object.keys(seen).map((name) => [name, told[name]])), seen);
}

/** Reads a stream to its end. */
async function drain(stream: AsyncIterable<ChatCompletionChunk>) {
  const texts: string[] = [];
  const reasons: string[] = [];
  for await (const chunk of stream) {
    for (const choice of chunk.choices) {
      if (choice.delta?.content) texts.push(choice.delta.content);
      if (choice.finishReason) reasons.push(choice.finishReason);
    }
  }
  return { texts, reasons };
}

/** The first text of a stream, which stays open. */
async function firstText(stream: AsyncGenerator<ChatCompletionChunk>): Promise<string> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) throw new Error("the stream has no text");
    const text = value.choices[0]?.delta?.content;
    if (text) return text;
  }
}

const SCENARIOS: Record<string, (stage: Stage) => Promise<void>> = {
  chat: (stage) =>
    withClient(stage, async (client) => {
      const answer = await client.chat(asked(stage));
      equal(textOf(answer.choices[0]?.message), stage.seen.text);
      equal(answer.choices[0]?.finishReason, stage.seen.finish_reason);
      equal(Number(answer.usage?.totalTokens), stage.seen.total_tokens);
    }),

  stream: (stage) =>
    withClient(stage, async (client) => {
      const { texts, reasons } = await drain(client.stream(asked(stage)));
      deepEqual([texts, reasons], [stage.seen.pieces, [stage.seen.finish_reason]]);
    }),

  tools: (stage) =>
    withClient(stage, async (client) => {
      const { tool, result } = stage.given;
      const request = { ...asked(stage), tools: [functionTool(tool.name, tool.description, tool.parameters)] };
      const choice = (await client.chat(request)).choices[0];
      equal(choice?.finishReason, stage.seen.finish_reason);
      const call = choice?.message?.toolCalls[0];
      ok(choice?.message && call?.id);
      equal(call.id, stage.seen.id);
      equal(call.function?.name, stage.seen.name);
      deepEqual(JSON.parse(call.function?.arguments ?? ""), stage.seen.arguments);
      const messages = [...request.messages, choice.message, toolResult(call.id, result)];
      equal(textOf((await client.chat({ ...request, messages })).choices[0]?.message), stage.seen.text);
    }),

  error: (stage) =>
    withClient(stage, async (client) => equalError(await failure(client.chat(asked(stage))), stage.seen)),

  policy: (stage) =>
    withClient(stage, async (client) => {
      const call = client.chat(asked(stage), { headers: stage.given.metadata });
      equalError(await failure(call), stage.seen);
    }),

  stream_error: (stage) =>
    withClient(stage, async (client) => equalError(await failure(drain(client.stream(asked(stage)))), stage.seen)),

  deadline: (stage) =>
    withClient(stage, async (client) => {
      const call = client.chat(asked(stage), { timeoutMs: stage.given.timeout_ms });
      equalError(await failure(call), stage.seen);
    }),

  cancellation: (stage) =>
    withClient(stage, async (client) => {
      const controller = new AbortController();
      const stream = client.stream(asked(stage), { signal: controller.signal });
      equal(await firstText(stream), stage.seen.pieces[0]);
      const rest = failure(drain(stream)); // somebody waits for the next piece
      await stage.world.tell("mark");
      controller.abort();
      equal((await rest).code, "client_closed_request");
    }),

  metadata: (stage) =>
    withClient(stage, async (client) => {
      let received: Record<string, string> = {};
      const onHeaders = (headers: Record<string, string>) => {
        received = headers;
      };
      const answer = await client.chat(asked(stage), { headers: stage.given.metadata, onHeaders });
      equal(textOf(answer.choices[0]?.message), stage.seen.text);
      for (const [name, value] of Object.entries(stage.seen.metadata)) equal(received[name], value);
    }),

  large: (stage) =>
    withClient(stage, async (client) => {
      const request = { ...asked(stage), messages: [user("x".repeat(stage.given.prompt_bytes))] };
      const text = textOf((await client.chat(request)).choices[0]?.message);
      ok(text === "x".repeat(stage.seen.text_bytes), `${text.length} letters`);
    }),

  tls: async (stage) => {
    const { tls, key, ca } = stage.world.places;
    using untrusting = new Client(tls, { key, tls: true, connectTimeoutMs: 1000 });
    equalError(await failure(untrusting.chat(asked(stage))), stage.seen.untrusting);
    using client = new Client(tls, { key, tls: { ca: readFileSync(ca) } });
    equal(textOf((await client.chat(asked(stage))).choices[0]?.message), stage.seen.text);
  },

  mtls: async (stage) => {
    const { mtls, key, ca, certificate, certificate_key } = stage.world.places;
    const trusted = readFileSync(ca);
    using nameless = new Client(mtls, { key, tls: { ca: trusted }, connectTimeoutMs: 1000 });
    equalError(await failure(nameless.chat(asked(stage))), stage.seen.nameless);
    const own = { cert: readFileSync(certificate), key: readFileSync(certificate_key) };
    using client = new Client(mtls, { key, tls: { ca: trusted, ...own } });
    equal(textOf((await client.chat(asked(stage))).choices[0]?.message), stage.seen.text);
  },

  reconnect: (stage) =>
    withClient(stage, async (client) => {
      const stream = client.stream(asked(stage));
      equal(await firstText(stream), stage.seen.pieces[0]);
      const rest = failure(drain(stream));
      await stage.world.tell(`restart?down_ms=${stage.given.down_ms}`);
      equalError(await rest, stage.seen.broken);
      equal(textOf((await client.chat(asked(stage))).choices[0]?.message), stage.seen.text);
    }),

  rollout: async (stage) => {
    const { target, calls, late_ms } = stage.given;
    using client = new Client(target, { key: stage.world.places.key });
    const text = async () => textOf((await client.chat(asked(stage))).choices[0]?.message);
    for (let n = 0; n < calls; n++) equal(await text(), stage.seen.text);
    await stage.world.tell(`rollout?late_ms=${late_ms}`);
    equal(await text(), stage.seen.after);
  },

  keepalive: (stage) => {
    const { keepalive_time_ms: keepaliveTimeMs, keepalive_timeout_ms: keepaliveTimeoutMs } = stage.given;
    const act = async (client: Client) => {
      const stream = client.stream(asked(stage), { timeoutMs: 60_000 });
      equal(await firstText(stream), stage.seen.pieces[0]);
      const rest = failure(drain(stream));
      await stage.world.tell("freeze");
      equalError(await rest, stage.seen.broken);
    };
    return withClient(stage, act, { keepaliveTimeMs, keepaliveTimeoutMs });
  },

  example: async (stage) => {
    const { plain, key, model } = stage.world.places;
    const env = { ...process.env, PORTOLAN_TARGET: plain, PORTOLAN_KEY: key, PORTOLAN_MODEL: model };
    const { stdout } = await run(process.execPath, [EXAMPLE, stage.given.prompt], { env });
    equal(stdout, stage.seen.output);
  },
};

/** How one try of a scenario went wrong, and how often it may be tried. */
async function attempt(world: World, name: string): Promise<{ error: unknown; tries: number }> {
  const { given, seen } = await world.tell(`begin?name=${name}`);
  const scenario = SCENARIOS[name];
  let error: unknown;
  try {
    ok(scenario, `nobody runs ${name}`);
    await scenario({ world, given, seen });
  } catch (failed) {
    error = failed;
  }
  const { problems } = await world.tell("end");
  if (!error && problems.length > 0) error = new Error(problems.join("; "));
  return { error, tries: given.tries ?? 1 };
}

/** The README's first call works as it stands, but for the address, in the project that PORTOLAN_INSTALLED names. */
async function checkReadme(world: World): Promise<void> {
  const program = readFileSync(`${PACKAGE}README.md`, "utf8").split("```ts\n")[1]?.split("```")[0] ?? "";
  const file = `${process.env.PORTOLAN_INSTALLED}/readme.mjs`;
  writeFileSync(file, program.replace("127.0.0.1:50051", world.places.plain));
  const [whole, streamed] = (await run(process.execPath, [file])).stdout.split("\n");
  ok(whole?.includes("Hello") && whole === streamed, `${whole} ${streamed}`);
}

async function main(command: string[], isControl: boolean): Promise<number> {
  let passed = 0;
  let failed = 0;
  let unreached = 0;
  const world = await World.start(isControl ? [...command, "--control"] : command);
  try {
    if (!isControl) await checkReadme(world);
    for (const name of world.places.scenarios) {
      let outcome = await attempt(world, name);
      for (let n = 1; outcome.error && !isControl && n < outcome.tries; n++) outcome = await attempt(world, name);
      const good = Boolean(outcome.error) === isControl;
      if (good) passed++;
      else failed++;
      if (String(outcome.error).includes("no request reached the upstream")) unreached++;
      if (!good) console.log(`FAILED: ${name}:`, outcome.error ?? "passes although nothing reached the upstream");
    }
  } finally {
    await world.end();
  }
  if (isControl) {
    // Most of the control's answers are just right: those must have failed for want of a request upstream.
    console.log(`control: ${passed} scenarios failed, ${unreached} of them only as nothing reached the upstream`);
    if (unreached < passed / 2) failed++;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

const words = process.argv.slice(2);
process.exitCode = await main(
  words.filter((word) => word !== "--control"),
  words.includes("--control"),
);
