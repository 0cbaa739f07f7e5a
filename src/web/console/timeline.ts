// The timeline as the page keeps it: the newest entries in order, and those of them that are shown.

import type { Entry, Lane } from "./entry.ts";

/** The most entries that are kept. */
export const MOST_ENTRIES = 10_000;

/** Which entries are shown. */
export interface Filter {
  /** Only those of this session; without it, all. */
  readonly sessionId?: string;
  /** Only those on these lanes. */
  readonly lanes: ReadonlySet<Lane>;
}

/** Entries in the order of their numbers, at most so many: the newest. */
export class Timeline {
  readonly #most: number;
  readonly #sessions = new Set<string>();
  readonly #entries: Entry[] = [];
  #shown: Entry[] = [];
  #filter: Filter;

  constructor(filter: Filter, most = MOST_ENTRIES) {
    this.#filter = filter;
    this.#most = most;
  }

  /** The rows: what the filter lets through, in order. */
  get shown(): readonly Entry[] {
    return this.#shown;
  }

  /** How many entries there are, shown or not. */
  get size(): number {
    return this.#entries.length;
  }

  /** The sessions that were seen, in the order in which they came. */
  get sessions(): ReadonlySet<string> {
    return this.#sessions;
  }

  get filter(): Filter {
    return this.#filter;
  }

  /** Shows what this filter lets through. */
  set filter(filter: Filter) {
    this.#filter = filter;
    this.#select();
  }

  /**
   * Takes entries in; one whose number is there replaces the former. Gives how many rows went away
   * at the beginning.
   */
  take(entries: readonly Entry[]): number {
    let isAppended = true;
    for (const entry of entries) {
      if (entry.sessionId !== undefined) this.#sessions.add(entry.sessionId);
      const last = this.#entries.at(-1);
      if (last === undefined || entry.number > last.number) {
        this.#entries.push(entry);
        if (this.#lets(entry)) this.#shown.push(entry);
      } else {
        this.#put(entry);
        isAppended = false;
      }
    }
    // A row that changes may begin or cease to be let through.
    if (!isAppended) this.#select();
    return this.#forget();
  }

  /** Where the row of this number is; -1 if it is not shown. */
  place(number: number): number {
    const place = placeOf(number, this.#shown);
    return this.#shown[place]?.number === number ? place : -1;
  }

  #put(entry: Entry): void {
    const place = placeOf(entry.number, this.#entries);
    const isThere = this.#entries[place]?.number === entry.number;
    this.#entries.splice(place, isThere ? 1 : 0, entry);
  }

  #select(): void {
    this.#shown = this.#entries.filter((entry) => this.#lets(entry));
  }

  #lets({ lane, sessionId }: Entry): boolean {
    const { lanes, sessionId: wanted } = this.#filter;
    return lanes.has(lane) && (wanted === undefined || wanted === sessionId);
  }

  #forget(): number {
    const oldest = this.#entries[this.#entries.length - this.#most];
    if (oldest === undefined) return 0;
    this.#entries.splice(0, this.#entries.length - this.#most);
    const rows = placeOf(oldest.number, this.#shown);
    this.#shown.splice(0, rows);
    return rows;
  }
}

/** The place of the first entry whose number is not below this one. */
function placeOf(number: number, entries: readonly Entry[]): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.number ?? Infinity) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
