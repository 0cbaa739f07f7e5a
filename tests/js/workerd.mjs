// The Worker on workerd, the upstream that records what reaches it, and HTTP between them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ENVIRONMENT } from "./corpus.mjs";

/** The package as it is shipped. */
export const PACKAGE = fileURLToPath(new URL("../../target/edge/js/", import.meta.url));

const shipped = readFileSync(join(PACKAGE, "workerd.capnp"), "utf8");
const missing = Object.keys(ENVIRONMENT).filter((name) => !shipped.includes(`"${name}"`));
const bindings = missing.map((name) => `(name = "${name}", fromEnvironment = "${name}"),`);
const withAllSecrets = shipped.replace("bindings = [", `bindings = [${bindings.join("")}`);

/**
 * A copy of the package, until the process ends: with a binding for each secret of the corpus, as an
 * operator would add them, and with these files in the place of its own.
 */
export function packageWith(files = {}) {
  const folder = mkdtempSync(join(tmpdir(), "baton-worker-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  cpSync(PACKAGE, folder, { recursive: true });
  for (const [name, text] of Object.entries({ "workerd.capnp": withAllSecrets, ...files })) {
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const WITH_ALL_SECRETS = packageWith();

/** What listens on a free port and answers as it is told; `requests` is what it saw. */
export class Upstream {
  /**
   * Answers a request: `{status, headers, body}`, or `undefined` to cut the connection. Of a body
   * that is `unfinished` the rest never comes.
   */
  answer = () => ({ status: 200, body: "" });
  requests = [];
  /** How many requests began, whether or not they ended. */
  heads = 0;

  static async start() {
    const upstream = new Upstream();
    upstream.server = createServer(async (incoming, outgoing) => {
      upstream.heads += 1;
      const { method, url, headers } = incoming;
      const body = await whole(incoming);
      const seen = { method, path: url, headers, body };
      upstream.requests.push(seen);
      const answer = await upstream.answer(seen);
      if (!answer) return incoming.socket.destroy();
      outgoing.writeHead(answer.status, answer.headers);
      if (answer.unfinished) outgoing.write(answer.body);
      else outgoing.end(answer.body);
    });
    upstream.server.listen(0, "127.0.0.1");
    await once(upstream.server, "listening");
    upstream.url = `http://127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  /** What it saw since it was last asked. */
  take() {
    return this.requests.splice(0);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** The Worker, listening on a free port. */
export class Worker {
  log = "";

  static async start(configuration, upstream, folder = WITH_ALL_SECRETS) {
    const worker = new Worker();
    const settings = { BATON_EDGE_CONFIGURATION: configuration, BATON_UPSTREAM: upstream };
    const command = process.env.BATON_WORKERD ?? "workerd";
    const options = ["serve", "workerd.capnp", "--socket-addr", "http=127.0.0.1:0", "--control-fd=3"];
    worker.process = spawn(command, options, {
      cwd: folder,
      env: { ...ENVIRONMENT, ...settings },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    for (const stream of [worker.process.stdout, worker.process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (worker.log += text));
    }
    worker.port = await new Promise((resolve, reject) => {
      worker.process.on("error", reject);
      worker.process.on("exit", () => reject(new Error(`workerd does not start: ${worker.log}`)));
      worker.process.stdio[3].on("data", (text) => {
        const { event, port } = JSON.parse(String(text).trim().split("\n")[0]);
        if (event === "listen") resolve(port);
      });
    });
    return worker;
  }

  /** Sends a request in parts, one after the other. */
  async send(head, ...parts) {
    const outgoing = this.#begin(head, parts.reduce((sum, part) => sum + part.length, 0));
    const answered = once(outgoing, "response");
    // The answer may come before all is sent, and the connection be closed upon it.
    outgoing.on("error", () => {});
    for (const part of parts) {
      await new Promise((sent) => outgoing.write(part, sent));
      await sleep(part === parts.at(-1) ? 0 : 50);
    }
    outgoing.end();
    return read(await answered);
  }

  /** Sends so many bytes of a request's body, and the rest never. */
  async stall(head, body, length) {
    const outgoing = this.#begin(head, body.length);
    const answered = once(outgoing, "response");
    outgoing.write(body.subarray(0, length));
    const answer = await read(await answered);
    outgoing.on("error", () => {}).destroy();
    return answer;
  }

  /** Sends so many bytes of a request's body, and closes the connection. */
  async breakOff(head, body, length) {
    const outgoing = this.#begin(head, body.length);
    outgoing.on("error", () => {});
    const closed = new Promise((resolve) => outgoing.on("close", resolve));
    await new Promise((sent) => outgoing.write(body.subarray(0, length), sent));
    await sleep(50);
    outgoing.destroy();
    await closed;
    await sleep(50);
  }

  #begin({ method, path, headers }, length) {
    const names = new Set(headers.map(([name]) => name.toLowerCase()));
    const framing = names.has("transfer-encoding") ? [] : [["content-length", String(length)]];
    const own = [["host", "edge.example.com"], ["connection", "close"], ...framing];
    const all = [...own.filter(([name]) => !names.has(name)), ...headers];
    return request({ port: this.port, method, path, headers: all.flat(), agent: false });
  }

  async stop() {
    const ended = once(this.process, "close");
    // It has nothing to lose, and would wait for connections that are kept.
    this.process.kill("SIGKILL");
    await ended;
  }
}

async function read([incoming]) {
  const body = await whole(incoming);
  return { status: incoming.statusCode, headers: incoming.headers, body: body.toString() };
}

async function whole(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
