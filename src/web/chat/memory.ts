// What a reload must not lose, in the tab's own store: the session, and the user's words.

import type { Outgoing } from "./conversation.ts";
import type { Door, Session } from "./requests.ts";

/** What is kept for one door. */
export interface Kept {
  readonly session?: Session;
  readonly outgoing: readonly Outgoing[];
  /** What stands in the input. */
  readonly draft: string;
}

const NOTHING: Kept = { outgoing: [], draft: "" };

/** As much of a `Storage` as is used. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Remembers for one door: one chat server and one host. */
export class Memory {
  readonly #shelf: Shelf | undefined;
  readonly #key: string;
  readonly #connector: string;

  /** Without a shelf, and with one that throws, nothing is remembered. */
  constructor(door: Door, shelf: Shelf | undefined) {
    this.#shelf = shelf;
    this.#key = `baton-chat ${door.url} ${door.host}`;
    this.#connector = door.connector;
  }

  /** What was kept; nothing, if that was for another connector. */
  recall(): Kept {
    try {
      const { connector, session, outgoing, draft } = JSON.parse(this.#shelf?.getItem(this.#key) ?? "{}");
      if (connector !== this.#connector) return NOTHING;
      return {
        ...(isSession(session) && { session }),
        outgoing: Array.isArray(outgoing) ? outgoing.filter(isOutgoing) : [],
        draft: typeof draft === "string" ? draft : "",
      };
    } catch {
      return NOTHING;
    }
  }

  keep(kept: Kept): void {
    const isNothing = kept.session === undefined && kept.outgoing.length === 0 && kept.draft === "";
    try {
      if (isNothing) this.#shelf?.removeItem(this.#key);
      else this.#shelf?.setItem(this.#key, JSON.stringify({ connector: this.#connector, ...kept }));
    } catch {
      // A full store, or one that the page may not use: the chat goes on without.
    }
  }

  /** Whether the window was open, where it can be closed. */
  wasOpen(): boolean {
    try {
      return this.#shelf?.getItem(`${this.#key} open`) === "true";
    } catch {
      return false;
    }
  }

  keepOpen(isOpen: boolean): void {
    try {
      this.#shelf?.setItem(`${this.#key} open`, String(isOpen));
    } catch {
      // As above.
    }
  }
}

function isSession(value: unknown): value is Session {
  const session = value as Partial<Session> | null | undefined;
  return typeof session?.id === "string" && typeof session.accessToken === "string";
}

function isOutgoing(value: unknown): value is Outgoing {
  const message = value as Partial<Outgoing> | null;
  const isWhole = typeof message?.localId === "string" && typeof message.text === "string";
  return isWhole && typeof message.at === "number" && ["pending", "failed"].includes(message.delivery ?? "");
}
