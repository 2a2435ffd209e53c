/** Streams an answer: chat.js PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL in the environment. */
import { Client, PortolanError, user } from "@portolan/client";

const { PORTOLAN_TARGET = "127.0.0.1:50051", PORTOLAN_KEY = "", PORTOLAN_MODEL = "echo/echo" } = process.env;
const client = new Client(PORTOLAN_TARGET, { key: PORTOLAN_KEY });
try {
  const request = { model: PORTOLAN_MODEL, messages: [user(process.argv[2] ?? "Hello")] };
  for await (const chunk of client.stream(request)) {
    for (const choice of chunk.choices) process.stdout.write(choice.delta?.content ?? "");
  }
  console.log();
} catch (error) {
  if (!(error instanceof PortolanError)) throw error;
  console.error(`error: ${error.message} (${error.errorClass} ${error.code}, ${error.status})`);
  if (error.retryDelayMs) console.error(`try again in ${error.retryDelayMs / 1000} s`);
  process.exitCode = 1;
} finally {
  client.close();
}
