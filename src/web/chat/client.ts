// A client of the chat API: the connection, what is shown of it, and the promise that nothing the
// user wrote is lost. It knows nothing of how things look.

import { Connection, type ConnectionState } from "./connection.ts";
import * as chat from "./conversation.ts";
import type { ChatEvent, Frame } from "./events.ts";
import type { Memory } from "./memory.ts";
import type { Door, Session } from "./requests.ts";
import type { Cancel, Surroundings } from "./surroundings.ts";
import { take } from "./taking.ts";
import { byteLength } from "./text.ts";
import { Typing } from "./typing.ts";

/** Who uses a client. */
export interface Audience {
  /** What is shown has changed. */
  changed(): void;
  /** There is a session; or there is again, after a reload. */
  session(id: string, isResumed: boolean): void;
  /** The connection's state has changed. */
  state(state: ConnectionState): void;
  /** An event came, history too. */
  event(event: ChatEvent, isReplay: boolean): void;
}

/** What becomes of words that the user wants to send. */
export type Said = "taken" | "empty" | "too_long" | "ended";

/** How long an echo is waited for before the message is sent again. */
const ECHO_WITHIN = 5_000;

/** How often a message is sent over one socket. */
const MOST_SENDS = 4;

/** How long somebody writes who says no more of it (Messaging API, 8). */
const TYPING_LASTS = 10_000;

/** How long the end of a chat is waited for. */
const END_WITHIN = 3_000;

/** A client of the chat API. */
export class Client {
  readonly #surroundings: Surroundings;
  readonly #memory: Memory;
  readonly #audience: Audience;
  readonly #connection: Connection;
  readonly #typing: Typing;

  #conversation = chat.EMPTY;
  #session: Session | undefined;
  #draft = "";
  /** Whether the first frame of the socket has come: only then is anything said. */
  #isReady = false;
  /** Whether who is to answer was asked to join, over this socket. */
  #hasAsked = false;
  /** What is to be done about each message that waits for its echo. */
  readonly #resends = new Map<string, Cancel>();
  #cancelQuiet: Cancel = () => {};
  #cancelEnd: Cancel = () => {};

  constructor(door: Door, surroundings: Surroundings, memory: Memory, audience: Audience) {
    this.#surroundings = surroundings;
    this.#memory = memory;
    this.#audience = audience;
    this.#connection = new Connection(door, surroundings, {
      stateChanged: (state) => this.#stateChanged(state),
      sessionBegun: (session) => this.#sessionBegun(session),
      heard: (frame, isFirst) => this.#heard(frame, isFirst),
    });
    this.#typing = new Typing(surroundings, (isTyping) => this.#say({ kind: "typing", isTyping }));
    const { session, outgoing, draft } = memory.recall();
    this.#session = session;
    this.#draft = draft;
    this.#conversation = { ...chat.EMPTY, outgoing };
  }

  get conversation(): chat.Conversation {
    return this.#conversation;
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get sessionId(): string | undefined {
    return this.#session?.id;
  }

  /** Whether the socket is open and its history has begun to come. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What stands in the input, also after a reload. */
  get draft(): string {
    return this.#draft;
  }

  /** Connects, to the session before the reload if there was one. */
  start(): void {
    if (this.#session) this.#audience.session(this.#session.id, true);
    this.#connection.connect(this.#session);
  }

  /** Leaves, and may come back: what is written meanwhile waits. */
  leave(): void {
    this.#connection.leave();
  }

  /** See `Connection.wake`. */
  wake(): void {
    this.#connection.wake();
  }

  /** Tries again after the connection was given up. */
  reconnect(): void {
    this.#connection.retry();
  }

  /** Sends the words, now or when that is possible. */
  send(words: string): Said {
    const text = words.trim();
    if (this.#conversation.isEnded) return "ended";
    if (text === "") return "empty";
    if (byteLength(text) > this.#connection.capabilities.maxMessageBytes) return "too_long";
    const message = { localId: this.#surroundings.uuid(), text, at: this.#surroundings.now() };
    this.#typing.forget();
    this.#draft = "";
    this.#show(chat.write(this.#conversation, message));
    this.#transmit(message.localId, text);
    return "taken";
  }

  /** Sends a message again that failed. */
  sendAgain(localId: string): void {
    const message = this.#conversation.outgoing.find((message) => message.localId === localId);
    if (message === undefined) return;
    this.#show(chat.mark(this.#conversation, localId, "pending"));
    this.#transmit(localId, message.text);
  }

  /** Gives up a message that failed. */
  discard(localId: string): void {
    this.#show(chat.mark(this.#conversation, localId, "discarded"));
  }

  /** The user has changed what stands in the input. */
  write(draft: string): void {
    if (draft.trim() !== "" && draft !== this.#draft) this.#typing.key();
    this.#draft = draft;
    this.#keep();
  }

  /** Ends the chat for good. */
  end(): void {
    if (!this.#say({ kind: "end_session" })) return this.#over();
    this.#cancelEnd();
    this.#cancelEnd = this.#surroundings.after(END_WITHIN, () => this.#over());
  }

  /** Begins another chat after one that has ended. What never arrived is back in the input. */
  beginAnew(): void {
    const unsent = this.#conversation.outgoing.map(({ text }) => text);
    this.#draft = [...unsent, this.#draft].filter((text) => text !== "").join("\n");
    this.#show(chat.EMPTY);
    this.#connection.connect();
  }

  /** Without an answer of the server: the session dies of silence there. */
  #over(): void {
    this.#show(chat.end(this.#conversation, "user", this.#surroundings.now()));
    this.#connection.end();
  }

  #sessionBegun(session: Session): void {
    this.#session = session;
    this.#show(chat.beginAnew(this.#conversation, this.#surroundings.now()));
    this.#audience.session(session.id, false);
  }

  #stateChanged(state: ConnectionState): void {
    if (state.name !== "open") this.#pauseSending();
    if (state.name === "ended") {
      this.#session = undefined;
      this.#cancelEnd();
      this.#conversation = chat.end(this.#conversation, "other", this.#surroundings.now());
    }
    this.#show(state.name === "open" ? this.#conversation : chat.quiet(this.#conversation));
    this.#audience.state(state);
  }

  #heard({ events, isReplay }: Frame, isFirst: boolean): void {
    const now = this.#surroundings.now();
    this.#show(take(this.#conversation, { events, isReplay, now }));
    this.#settleEchoed();
    this.#quietLater();
    for (const event of events) this.#audience.event(event, isReplay);
    if (this.#conversation.isEnded) return this.#connection.end();
    if (this.#conversation.wantsJoin && !this.#hasAsked) this.#hasAsked = this.#say({ kind: "request_join" });
    if (isFirst) this.#sendWaiting();
  }

  /** The session is there: what waits is sent. */
  #sendWaiting(): void {
    this.#isReady = true;
    for (const { localId, text, delivery } of this.#conversation.outgoing) {
      if (delivery === "pending") this.#transmit(localId, text);
    }
  }

  /** Sends a message, and again, until it is echoed. The server knows it again by its local id. */
  #transmit(localId: string, text: string, sends = 1): void {
    if (!this.#isReady) return;
    this.#say({ kind: "message", text, localId });
    this.#resends.get(localId)?.();
    const cancel = this.#surroundings.after(ECHO_WITHIN, () => {
      if (sends < MOST_SENDS) return this.#transmit(localId, text, sends + 1);
      this.#resends.delete(localId);
      this.#show(chat.mark(this.#conversation, localId, "failed"));
    });
    this.#resends.set(localId, cancel);
  }

  /** Does no more about messages that do not wait any more. */
  #settleEchoed(): void {
    const isWaiting = (localId: string) =>
      this.#conversation.outgoing.some(
        (message) => message.localId === localId && message.delivery === "pending",
      );
    for (const [localId, cancel] of this.#resends) {
      if (isWaiting(localId)) continue;
      cancel();
      this.#resends.delete(localId);
    }
  }

  #pauseSending(): void {
    this.#isReady = this.#hasAsked = false;
    this.#typing.forget();
    for (const cancel of this.#resends.values()) cancel();
    this.#resends.clear();
  }

  #quietLater(): void {
    this.#cancelQuiet();
    if (this.#conversation.typing === undefined) return;
    this.#cancelQuiet = this.#surroundings.after(TYPING_LASTS, () =>
      this.#show(chat.quiet(this.#conversation)),
    );
  }

  #say(event: Parameters<Connection["say"]>[0]): boolean {
    return this.#connection.say(event);
  }

  #show(conversation: chat.Conversation): void {
    this.#conversation = conversation;
    this.#keep();
    this.#audience.changed();
  }

  #keep(): void {
    const session = this.#session;
    const { outgoing } = this.#conversation;
    this.#memory.keep({ ...(session && { session }), outgoing, draft: this.#draft });
  }
}
