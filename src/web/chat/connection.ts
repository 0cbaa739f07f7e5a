// The connection to a session: it gets a token, a session and a socket, and comes again when the
// socket is gone. What is said over it, it only passes on.

import { type Capabilities, type ClientEvent, type Frame, USUAL } from "./events.ts";
import { readFrame, writeFrame } from "./protocol.ts";
import { afterClose, pause } from "./reconnecting.ts";
import {
  type Answer,
  type Door,
  type Session,
  requestAccessToken,
  requestSession,
  socketAddress,
} from "./requests.ts";
import type { Cancel, Surroundings } from "./surroundings.ts";

/** How the connection stands. */
export type ConnectionState =
  | { readonly name: "idle" }
  | { readonly name: "connecting" }
  | { readonly name: "open" }
  /** Gone; it is tried again at the time, in milliseconds since 1970. */
  | { readonly name: "waiting"; readonly until: number }
  /** The session is over. */
  | { readonly name: "ended" }
  /** Given up: only `retry` tries again. */
  | { readonly name: "failed"; readonly reason: Failure };

/** Why a connection was given up. */
export type Failure =
  /** The server does not want this page, or this connector token. */
  | "refused"
  /** Nobody answered, often enough. */
  | "unreachable"
  /** One session after the other was lost. */
  | "session_lost";

/** Who uses a connection. */
export interface Listener {
  /** The state has changed. */
  stateChanged(state: ConnectionState): void;
  /** There is a session where there was none, or where another was lost. */
  sessionBegun(session: Session): void;
  /** Something was said. The first frame of a socket says that the session is there. */
  heard(frame: Frame, isFirst: boolean): void;
}

/** An attempt that takes longer is in vain. */
const LONGEST_OPENING = 15_000;

/** How soon the server has to answer a heartbeat. */
const LONGEST_ANSWER = 10_000;

/** The least that lies between a heartbeat's answer and the next one. */
const SHORTEST_REST = 1_000;

/** How many sessions in a row may be lost (Messaging API, 5.4). */
const MOST_LOST_SESSIONS = 3;

/** A close code of the client's own: it drops a socket that seems dead (Messaging API, 5.4). */
const DROPPED = 4002;

/** A connection, which is made by `connect`. */
export class Connection {
  readonly #door: Door;
  readonly #surroundings: Surroundings;
  readonly #listener: Listener;

  #state: ConnectionState = { name: "idle" };
  #session: Session | undefined;
  #socket: WebSocket | undefined;
  #capabilities: Capabilities = USUAL;
  /** The highest sequence of this session that was heard. */
  #cursor = 0;

  /** Attempts since something was heard: the pause grows with it. */
  #attempts = 0;
  /** Attempts in a row in which no socket opened: too many, and the connection is given up. */
  #unanswered = 0;
  /** Sessions in a row of which none lived long enough to answer a heartbeat. */
  #lostSessions = 0;
  /** A token that was asked for to see whether the server answers at all. */
  #spareToken: string | undefined;
  #upgradeWasRefused = false;
  #hasHeard = false;
  /** Whether something was heard since the last heartbeat. */
  #isAlive = true;

  /** What makes an attempt void that a later one has overtaken. */
  #attempt = 0;
  #cancelTimer: Cancel = () => {};
  #cancelHeartbeat: Cancel = () => {};

  constructor(door: Door, surroundings: Surroundings, listener: Listener) {
    this.#door = door;
    this.#surroundings = surroundings;
    this.#listener = listener;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  /** Connects: to the session, or to the one it had, or else to a new one. */
  connect(session?: Session): void {
    if (session !== undefined) this.#session = session;
    void this.#establish();
  }

  /** Says it, if the socket is open. */
  say(event: ClientEvent): boolean {
    if (this.#state.name !== "open" || this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(writeFrame(event));
    return true;
  }

  /** The page is back, or the network: what waits is tried now, and what is open has to answer. */
  wake(): void {
    if (this.#state.name === "waiting") void this.#establish();
    else if (this.#state.name === "failed" && this.#state.reason === "unreachable") this.retry();
    else if (this.#state.name === "open") this.#ask();
  }

  /** Tries again what was given up. */
  retry(): void {
    this.#unanswered = this.#attempts = this.#lostSessions = 0;
    if (this.#state.name !== "open" && this.#state.name !== "connecting") void this.#establish();
  }

  /** Leaves the session as it is: `connect` comes back to it. */
  leave(): void {
    this.#drop(1000, "client shutdown");
    this.#become({ name: "idle" });
  }

  /** The session is over. */
  end(): void {
    this.#session = undefined;
    this.#cursor = 0;
    this.#drop(1000, "session ended");
    this.#become({ name: "ended" });
  }

  async #establish(): Promise<void> {
    this.#drop(DROPPED, "replaced");
    const attempt = this.#attempt;
    this.#become({ name: "connecting" });
    if (this.#session === undefined || this.#upgradeWasRefused) {
      const answer = this.#session === undefined ? await this.#beginSession() : await this.#askForToken();
      if (attempt !== this.#attempt) return;
      if (answer.kind === "refused") return this.#become({ name: "failed", reason: "refused" });
      if (answer.kind === "unavailable") return this.#comeAgain(answer.retryAfter);
    }
    if (this.#session !== undefined) this.#open(this.#session);
  }

  /** Asks for a token only to see that the server answers. */
  async #askForToken(): Promise<Answer> {
    const attempt = this.#attempt;
    const answer = await requestAccessToken(this.#door, this.#surroundings);
    if (answer.kind === "given" && attempt === this.#attempt) this.#spareToken = answer.value;
    return answer;
  }

  async #beginSession(): Promise<Answer> {
    const attempt = this.#attempt;
    const spare = this.#spareToken;
    const token: Answer = spare ? { kind: "given", value: spare } : await this.#askForToken();
    this.#spareToken = undefined;
    if (token.kind !== "given" || attempt !== this.#attempt) return token;
    let accessToken = token.value;
    let session = await requestSession(this.#door, accessToken, this.#surroundings);
    if (session.kind === "refused" && session.status === 401) {
      // The server may have changed its keys in between.
      const fresh = await requestAccessToken(this.#door, this.#surroundings);
      if (fresh.kind !== "given") return fresh;
      accessToken = fresh.value;
      session = await requestSession(this.#door, accessToken, this.#surroundings);
    }
    if (session.kind === "given" && attempt === this.#attempt) {
      this.#session = { id: session.value, accessToken };
      this.#cursor = 0;
      this.#upgradeWasRefused = false;
      this.#listener.sessionBegun(this.#session);
    }
    return session;
  }

  #open(session: Session): void {
    let socket: WebSocket;
    try {
      socket = this.#surroundings.openSocket(socketAddress(this.#door, session, this.#cursor));
    } catch {
      return this.#comeAgain();
    }
    this.#socket = socket;
    this.#hasHeard = false;
    this.#cancelTimer = this.#surroundings.after(LONGEST_OPENING, () => this.#closed(1006));
    // A socket that another has replaced has nothing more to say.
    const whileCurrent = (act: () => void) => {
      if (this.#socket === socket) act();
    };
    socket.onopen = () => whileCurrent(() => this.#opened());
    socket.onmessage = ({ data }) => whileCurrent(() => this.#received(data));
    socket.onclose = ({ code }) => whileCurrent(() => this.#closed(code));
  }

  #opened(): void {
    this.#cancelTimer();
    this.#unanswered = 0;
    this.#spareToken = undefined;
    this.#upgradeWasRefused = false;
    this.#isAlive = true;
    this.#become({ name: "open" });
    this.#beat();
  }

  #received(data: unknown): void {
    if (typeof data !== "string") return;
    const frame = readFrame(data);
    this.#attempts = 0;
    this.#isAlive = true;
    for (const event of frame.events) {
      this.#cursor = Math.max(this.#cursor, event.sequence ?? 0);
      if (event.kind === "session_started") this.#startWith(event.capabilities);
    }
    const isFirst = !this.#hasHeard;
    this.#hasHeard = true;
    this.#listener.heard(frame, isFirst);
  }

  #startWith(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    this.#beat();
  }

  #closed(code: number): void {
    const wasOpen = this.#state.name === "open";
    this.#drop(DROPPED, "no answer");
    if (!wasOpen) return this.#refused();
    switch (afterClose(code)) {
      case "end":
        return this.end();
      case "begin_anew":
        return this.#loseSession();
      case "come_again":
        return this.#comeAgain();
    }
  }

  /**
   * A browser does not say why a socket did not open: the server may be away, or it may not have
   * the session any more. So the server is asked for a token; if it gives one, and yet the socket
   * does not open, it is the session that is gone.
   */
  #refused(): void {
    if (this.#spareToken !== undefined) return this.#loseSession();
    this.#upgradeWasRefused = true;
    void this.#establish();
  }

  #loseSession(): void {
    this.#session = undefined;
    this.#cursor = 0;
    this.#upgradeWasRefused = false;
    this.#lostSessions += 1;
    if (this.#lostSessions > MOST_LOST_SESSIONS) this.#become({ name: "failed", reason: "session_lost" });
    else if (this.#lostSessions > 1) this.#comeAgain();
    else void this.#establish();
  }

  #comeAgain(retryAfter = 0): void {
    if (this.#state.name === "connecting") this.#unanswered += 1;
    const most = this.#capabilities.maxReconnectAttempts;
    if (most > 0 && this.#unanswered > most) return this.#become({ name: "failed", reason: "unreachable" });
    const { now, random, after } = this.#surroundings;
    const milliseconds = Math.max(pause(this.#attempts, random()), retryAfter);
    this.#attempts += 1;
    this.#cancelTimer = after(milliseconds, () => void this.#establish());
    this.#become({ name: "waiting", until: now() + milliseconds });
  }

  /** Says at intervals that the client is there. */
  #beat(): void {
    this.#cancelHeartbeat();
    const interval = this.#capabilities.heartbeatSeconds * 1000;
    if (interval === 0) return;
    const rest = Math.max(interval - LONGEST_ANSWER, SHORTEST_REST);
    this.#cancelHeartbeat = this.#surroundings.after(rest, () => this.#ask());
  }

  /** Asks whether the server is there. One that says nothing at all is gone. */
  #ask(): void {
    this.#isAlive = false;
    this.say({ kind: "heartbeat" });
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#surroundings.after(LONGEST_ANSWER, () => {
      if (!this.#isAlive) return this.#closed(1006);
      this.#lostSessions = 0;
      this.#beat();
    });
  }

  /** Lets go of the socket, and of what was to come of it. */
  #drop(code: number, reason: string): void {
    this.#attempt += 1;
    this.#cancelTimer();
    this.#cancelHeartbeat();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code, reason);
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    this.#listener.stateChanged(state);
  }
}

/** `WebSocket.OPEN`, also where there is no `WebSocket`. */
const OPEN = 1;
