// Tells the other side that the user writes, and no more often than it wants to hear it
// (Messaging API, 7).

import type { Cancel, Surroundings } from "./surroundings.ts";

/** How much lies between two times that it is told. */
const TOLD_EVERY = 3_000;

/** How long after the last key the user is taken to have stopped. */
const STOPPED_AFTER = 5_000;

/** Whether the user writes. */
export class Typing {
  readonly #surroundings: Surroundings;
  readonly #tell: (isTyping: boolean) => void;
  #toldAt: number | undefined;
  #cancelStop: Cancel = () => {};

  constructor(surroundings: Surroundings, tell: (isTyping: boolean) => void) {
    this.#surroundings = surroundings;
    this.#tell = tell;
  }

  /** The user has pressed a key. */
  key(): void {
    const now = this.#surroundings.now();
    if (this.#toldAt === undefined || now - this.#toldAt >= TOLD_EVERY) {
      this.#toldAt = now;
      this.#tell(true);
    }
    this.#cancelStop();
    this.#cancelStop = this.#surroundings.after(STOPPED_AFTER, () => {
      this.#toldAt = undefined;
      this.#tell(false);
    });
  }

  /** What was written is sent, or cannot be told any more. */
  forget(): void {
    this.#toldAt = undefined;
    this.#cancelStop();
  }
}
