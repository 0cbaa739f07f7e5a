// `baton demo` on ports of its own: simulator, sidecar, edge and console in one process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BATON = process.env.BATON_BINARY || fileURLToPath(new URL("../../target/debug/baton", import.meta.url));
const SAYS = "The console: ";

export class Demo {
  #process;
  #token;

  /** Starts it, and reads from what it prints where its console is. */
  static async start() {
    const demo = new Demo();
    demo.#process = spawn(BATON, ["demo", "--ports", "any"], {
      env: { ...process.env, BATON_LOG: "error" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    process.once("exit", () => demo.#process.kill());
    for await (const line of createInterface(demo.#process.stdout)) {
      if (!line.startsWith(SAYS)) continue;
      demo.url = line.slice(SAYS.length);
      demo.origin = new URL(demo.url).origin;
      demo.#token = new URLSearchParams(new URL(demo.url).hash.slice(1)).get("token");
      Object.assign(demo, await demo.ask("GET", "demo"));
      return demo;
    }
    throw new Error("the demonstration ended before it said where its console is");
  }

  /** Asks the console's API. */
  async ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const answer = await fetch(`${this.origin}/api/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Asks the simulated Genesys (src/simulator/README.md). */
  genesys(method, path, body) {
    return this.ask(method, `genesys/${path}`, body);
  }

  /** The conversations in short, the newest last. */
  conversations() {
    return this.genesys("GET", "conversations");
  }

  /** The newest conversation, with all that is known of it. */
  async newestConversation() {
    const newest = (await this.conversations()).at(-1);
    return newest && this.genesys("GET", `conversations/${newest.id}`);
  }

  /** Lets the people of the newest conversation do something. */
  async act(action, members = {}) {
    const { id } = await this.newestConversation();
    return this.genesys("POST", `conversations/${id}/actions`, { action, ...members });
  }

  /** The link to the page for the agent's screen, as the conversation carries it. */
  async contextLink() {
    const { participants } = await this.newestConversation();
    const links = participants.map(({ attributes }) => attributes?.contextUrl);
    return links.find((link) => link !== undefined);
  }

  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    const [code] = await ended;
    assert.equal(code, 0, "the demonstration ends well");
  }
}
