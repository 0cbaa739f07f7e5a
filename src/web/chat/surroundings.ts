// What a client needs of the world around it. The tests have a world of their own.

/** The world around a client. */
export interface Surroundings {
  fetch(address: string, request: RequestInit): Promise<Response>;
  /** Begins to open a socket. It may throw where the page may not open one there. */
  openSocket(address: string): WebSocket;
  /** The time, in milliseconds since 1970. */
  now(): number;
  /** A number from 0 up to 1, by chance. */
  random(): number;
  /** A fresh UUID. */
  uuid(): string;
  /** Does it after so many milliseconds; what is given back calls it off. */
  after(milliseconds: number, act: () => void): Cancel;
}

/** Calls off what was to be done. It does no harm when that is done already. */
export type Cancel = () => void;

/** The browser. */
export const browser: Surroundings = {
  fetch: (address, request) => fetch(address, request),
  openSocket: (address) => new WebSocket(address),
  now: () => Date.now(),
  random: () => Math.random(),
  uuid,
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** `crypto.randomUUID` is there on secure pages only. */
function uuid(): string {
  const digits = (byte: number) => byte.toString(16).padStart(2, "0");
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Array.from(bytes, digits)
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
