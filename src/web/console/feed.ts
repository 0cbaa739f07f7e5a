// Reads the timeline for as long as the page is open, and begins again where it was cut off.

import type { Refused } from "./api.ts";
import { type Entry, readEntry } from "./entry.ts";
import { EventStreamReader } from "./event_stream.ts";

/** How the reading goes. */
export type FeedState = "connecting" | "live" | "lost" | "outdated";

/** What the feed needs of the world. */
export interface World {
  /** Opens the stream after the change of this id. It rejects with what was refused, if anything was. */
  open(
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly body: ReadableStream<Uint8Array> | null }>;
  /** Resolves after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** Does it after so many milliseconds; what is given back calls it off. */
  after(milliseconds: number, act: () => void): () => void;
}

/** What the feed tells. */
export interface Listener {
  state(state: FeedState): void;
  entries(entries: readonly Entry[]): void;
}

/** The pause before the first attempt to connect again, and the longest, in milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 3_000;

/** The console sends something every 15 s; after so long without anything the connection is dead. */
const SILENCE = 40_000;

/** After a piece as large as this, in bytes, the page gets a turn: history comes in at once, and much of it. */
const LARGE_PIECE = 16_384;

/** Reads until the token turns out to be outdated. */
export async function follow(world: World, listener: Listener): Promise<void> {
  let last: string | undefined;
  let pause = FIRST_PAUSE;
  listener.state("connecting");
  for (;;) {
    try {
      await readOnce(world, last, {
        opened: () => listener.state("live"),
        changes: (entries, id) => {
          last = id;
          pause = FIRST_PAUSE;
          listener.entries(entries);
        },
      });
    } catch (error) {
      if ((error as Partial<Refused>).isOutdated === true) return listener.state("outdated");
    }
    listener.state("lost");
    await world.wait(pause);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

interface Reading {
  opened(): void;
  changes(entries: readonly Entry[], lastId: string): void;
}

/** Reads one response to its end, or until nothing comes any more. */
async function readOnce(world: World, after: string | undefined, reading: Reading): Promise<void> {
  const abort = new AbortController();
  let calledOff = world.after(SILENCE, () => abort.abort());
  try {
    const { body } = await world.open(after, abort.signal);
    if (body === null) return;
    reading.opened();
    const events = new EventStreamReader();
    const decoder = new TextDecoder();
    const bytes = body.getReader();
    for (;;) {
      const { done, value } = await bytes.read();
      if (done) return;
      calledOff();
      calledOff = world.after(SILENCE, () => abort.abort());
      const changes = events.read(decoder.decode(value, { stream: true }));
      const lastId = changes.at(-1)?.id;
      if (lastId !== undefined)
        reading.changes(
          changes.flatMap(({ data }) => entryIn(data)),
          lastId,
        );
      if (value.length >= LARGE_PIECE) await world.wait(0);
    }
  } finally {
    calledOff();
    abort.abort();
  }
}

/** The entry in this text. What is none is passed over: a newer console may send other things. */
function entryIn(data: string): Entry[] {
  try {
    const entry = readEntry(JSON.parse(data));
    return entry === undefined ? [] : [entry];
  } catch {
    return [];
  }
}
