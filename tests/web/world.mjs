// A world for a client to be in: its own time, its own network, no chance.

import { readFileSync } from "node:fs";

/** The shapes of the Messaging API, as frames of the documentation and of the published clients. */
export const FRAMES = JSON.parse(readFileSync(new URL("frames.json", import.meta.url), "utf8"));

export const DOOR = {
  url: "https://chat.example.com",
  connector: "connector-token",
  host: "www.example.com",
};

/** A world in which time passes only when it is told to. */
export class World {
  time = Date.parse("2026-05-07T12:00:00Z");
  chance = 0.5;
  sockets = [];
  requests = [];
  #timers = [];
  #answers = [];
  #uuids = 0;

  surroundings = {
    now: () => this.time,
    random: () => this.chance,
    uuid: () => `uuid-${++this.#uuids}`,
    after: (milliseconds, act) => {
      const timer = { at: this.time + milliseconds, act };
      this.#timers.push(timer);
      return () => this.#remove(timer);
    },
    fetch: async (address, request) => {
      this.requests.push({ address, ...request, body: JSON.parse(request.body) });
      const answer = this.#answers.shift() ?? this.#usual(address);
      if (answer instanceof Error) throw answer;
      return new Response(JSON.stringify(answer.body ?? {}), {
        status: answer.status,
        headers: answer.headers ?? {},
      });
    },
    openSocket: (address) => {
      const socket = new FakeSocket(address);
      this.sockets.push(socket);
      return socket;
    },
  };

  /** The next requests are answered so, one after the other; all further ones as usual. */
  answers(...answers) {
    this.#answers.push(...answers);
  }

  /** The socket that was opened last. */
  get socket() {
    return this.sockets.at(-1);
  }

  /** Lets everything happen that waits for nothing but its turn. */
  async settle() {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets so many milliseconds pass, and all that is due in them happen in its order. */
  async pass(milliseconds) {
    const until = this.time + milliseconds;
    for (;;) {
      await this.settle();
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#remove(due);
      this.time = Math.max(this.time, due.at);
      due.act();
    }
    this.time = until;
  }

  #remove(timer) {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  #usual(address) {
    const count = this.requests.length;
    if (address.endsWith("/access-token")) return { status: 200, body: { access_token: `token-${count}` } };
    return { status: 200, body: { session_id: `session-${count}` } };
  }
}

/** A socket whose server is the test. */
class FakeSocket {
  readyState = 0;
  sent = [];
  closed;

  constructor(address) {
    this.address = new URL(address);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code, reason) {
    this.closed ??= { code, reason };
    this.readyState = 3;
  }

  /** The server takes the socket. */
  opens() {
    this.readyState = 1;
    this.onopen();
  }

  /** The server says this. */
  says(frame) {
    this.onmessage({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The server closes it, or the network does. */
  closes(code) {
    this.readyState = 3;
    this.onclose({ code });
  }

  /** What kinds of events the client said. */
  get kinds() {
    return this.sent.map(({ type }) => type.replace("EVENT_TYPE_", ""));
  }
}

let ids = 0;

/** An event with its place in the session; without a sequence where that is null. */
export function event(name, sequence, payload = {}, localId) {
  const frame = {
    id: `event-${++ids}`,
    sequence,
    timestamp: "2026-05-07T12:00:00Z",
    type: `EVENT_TYPE_${name}`,
    payload,
  };
  return localId ? { ...frame, metadata: { custom: { local_id: localId } } } : frame;
}

/** A batch of history. */
export function batch(...events) {
  return { type: "EVENT_TYPE_EVENT_BATCH", payload: { events } };
}

/** The history of a session in which the bot is. */
export function begun() {
  const capabilities = {
    max_message_size_bytes: 100,
    max_reconnect_attempts: 3,
    heartbeat_interval_seconds: 30,
  };
  return batch(
    event("SESSION_START", 1, { capabilities }),
    event("POLY_AGENT_JOINED", 2, { agent_name: "Ada" }),
  );
}
