// What a client does when its socket is closed (Messaging API, 5.4).

/** What follows. */
export type Reaction =
  /** The chat is over. */
  | "end"
  /** The server does not know the session any more: another is begun. */
  | "begin_anew"
  /** The same session, after a while. */
  | "come_again";

/** The codes that mean something of their own. After every other one a client comes again. */
const REACTIONS: Readonly<Record<number, Reaction>> = {
  1000: "end", // the server has said all
  1001: "come_again", // it goes away, or has heard nothing for long
  1005: "come_again", // closed without a code
  1006: "come_again", // broken off
  1009: "come_again", // a frame was too large
  1011: "come_again", // an error of the server
  1012: "come_again", // it restarts
  1013: "come_again", // it has too much to do
  4001: "begin_anew",
};

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 30_000;

/** What follows a socket that was open and was closed with the code. */
export function afterClose(code: number): Reaction {
  return REACTIONS[code] ?? "come_again";
}

/**
 * How long to wait after so many attempts in vain, in milliseconds: a second, then twice as long
 * each time, give or take a fifth, so that not all clients come at once. `random` is from 0 up to 1.
 */
export function pause(attempts: number, random: number): number {
  const whole = Math.min(1000 * 2 ** attempts, LONGEST_PAUSE);
  return whole * (0.8 + 0.4 * random);
}
