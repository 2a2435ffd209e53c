import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Where everything in the world is. */
export interface Places {
  world: string;
  plain: string;
  tls: string;
  mtls: string;
  ca: string;
  certificate: string;
  certificate_key: string;
  model: string;
  key: string;
  scenarios: string[];
}

/** The process that scenarios run in; see clients/testing/world.py. */
export class World {
  private constructor(
    readonly places: Places,
    private readonly process: ChildProcess,
  ) {}

  /** Starts it by its command. */
  static async start(command: string[]): Promise<World> {
    const [program = "", ...args] = command;
    const process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    for await (const line of createInterface({ input: process.stdout })) return new World(JSON.parse(line), process);
    throw new Error("the world did not begin");
  }

  /** Tells it a command; resolves to its answer. */
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own answer
  async tell(command: string): Promise<any> {
    const answer = await fetch(`${this.places.world}/${command}`, { method: "POST" });
    if (!answer.ok) throw new Error(`${command}: ${await answer.text()}`);
    return answer.json();
  }

  /** Ends it. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.stdin?.end();
    await ended;
  }
}
