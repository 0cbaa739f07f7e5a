// The console with a timeline that is made up, as long as one likes: everything else is the demonstration's.

import { once } from "node:events";
import { createServer, request as ask } from "node:http";

const LANES = [
  { lane: "webhook", direction: "to_baton", title: "Text", status: 200 },
  { lane: "chat", direction: "to_client", title: "LIVE_AGENT_MESSAGE" },
  { lane: "rest", direction: "to_genesys", title: "POST /api/v2/conversations/messages/{…}", status: 202 },
  { lane: "notification", direction: "to_baton", title: "user.start" },
];

export class Flood {
  #server;
  #console;
  #number = 0;
  #listener;
  #opened;

  static async start(demo) {
    const flood = new Flood();
    flood.#console = new URL(demo.origin);
    flood.#opened = new Promise((resolve) => (flood.#listener = resolve));
    flood.#server = createServer((request, response) => flood.#answer(request, response)).listen(0, "127.0.0.1");
    await once(flood.#server, "listening");
    flood.url = demo.url.replace(demo.origin, `http://127.0.0.1:${flood.#server.address().port}`);
    return flood;
  }

  /**
   * Tells of so many entries: `together` at a time, every so many milliseconds. Each second one comes twice, the
   * second time answered.
   */
  async pour(count, { together = count, every = 0 } = {}) {
    const response = await this.#opened;
    for (let told = 0; told < count; told += together) {
      response.write(Array.from({ length: Math.min(together, count - told) }, () => this.#entry()).join(""));
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  }

  /** The next page begins with an empty timeline. */
  dry() {
    this.#number = 0;
    this.#opened = new Promise((resolve) => (this.#listener = resolve));
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #entry() {
    const number = ++this.#number;
    const { status, ...kind } = LANES[number % LANES.length];
    const entry = {
      number,
      at: new Date(Date.UTC(2026, 4, 4, 9, 15) + number * 7).toISOString(),
      ...kind,
      summary: `This is message number ${number} of a long conversation`,
      session_id: `session-${number % 20}`,
      outcome: "ok",
      took_milliseconds: (number % 90) / 3,
    };
    const data = (entry) => `id: ${number}\ndata: ${JSON.stringify(entry)}\n\n`;
    if (status === undefined) return data(entry);
    return data({ ...entry, outcome: "under_way" }) + data({ ...entry, status });
  }

  #answer(request, response) {
    if (request.url.startsWith("/api/timeline") && !request.url.startsWith("/api/timeline/")) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.flushHeaders();
      this.#listener(response);
      return;
    }
    const { hostname, port, host, origin } = this.#console;
    const headers = { ...request.headers, host, ...(request.headers.origin && { origin }) };
    const asked = ask({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    request.pipe(asked);
  }
}
