// The rows that are in the page. They are made and filled by hand, and made anew for other entries: a list that moves
// this fast has to leave nothing behind, and to touch no row that stays.

import { type Entry, LANE_NAMES } from "./entry.ts";
import {
  ARROWS,
  DIRECTION_NAMES,
  clockWords,
  delayWords,
  outcomeWords,
  titleWords,
  tone,
} from "./entry_words.ts";

/** What the rows have to know beside their entries. */
export interface Surrounding {
  /** The place of the first row that is drawn. */
  readonly first: number;
  /** How many rows there are, drawn or not. */
  readonly count: number;
  /** The number of the entry that is chosen. */
  readonly chosen: number | undefined;
  /** From which number on entries have just come in. */
  readonly freshFrom: number;
}

/**
 * The cells with words in them, in the order in which they are read. The arrow, the time and the delay are drawn
 * by the style: with an element for each, a tall screen would hold a third more.
 */
const CELLS = ["what", "summary", "outcome"] as const;

type Cell = (typeof CELLS)[number];

/** The rows in one container. */
export class RowPool {
  /** What they are in. */
  readonly container: Element;
  #rows = new Map<number, Row>();

  constructor(container: Element) {
    this.container = container;
  }

  /** Draws these entries, and no others. */
  draw(entries: readonly Entry[], surrounding: Surrounding): void {
    const spare = this.#takeOut(new Set(entries.map(({ number }) => number)));
    const drawn = new Map<number, Row>();
    let next = this.container.firstElementChild;
    for (const [offset, entry] of entries.entries()) {
      const row = this.#rows.get(entry.number) ?? spare.pop() ?? new Row();
      row.fill(entry, entry.number >= surrounding.freshFrom);
      row.stand(surrounding.first + offset, surrounding.count, entry.number === surrounding.chosen);
      if (row.element === next) next = next.nextElementSibling;
      else this.container.insertBefore(row.element, next);
      drawn.set(entry.number, row);
    }
    this.#rows = drawn;
  }

  /** Takes out the rows that are not wanted, to be used for others. */
  #takeOut(wanted: ReadonlySet<number>): Row[] {
    const spare = [...this.#rows].filter(([number]) => !wanted.has(number)).map(([, row]) => row);
    for (const { element } of spare) element.remove();
    return spare;
  }
}

/** One row. */
class Row {
  readonly element = document.createElement("div");
  readonly #cells: Readonly<Record<Cell, HTMLElement>>;
  #entry: Entry | undefined;

  constructor() {
    this.element.role = "option";
    this.#cells = Object.fromEntries(CELLS.map((name) => [name, this.#cell(name)])) as Record<
      Cell,
      HTMLElement
    >;
  }

  /** Shows this entry. */
  fill(entry: Entry, isFresh: boolean): void {
    if (entry === this.#entry) return;
    this.#entry = entry;
    const { number, lane, direction, title, summary = "" } = entry;
    const [time, what, outcome, delay] = [
      clockWords(entry.at),
      titleWords(entry),
      outcomeWords(entry),
      delayWords(entry),
    ];
    const words: Record<Cell, string> = { what, summary, outcome };
    // The blank keeps the words of two cells apart for whoever reads or copies the row's text.
    for (const name of CELLS) this.#cells[name].textContent = words[name] && `${words[name]} `;
    this.#cells.outcome.dataset.delay = delay;
    const { element } = this;
    element.id = `entry-${number}`;
    Object.assign(element.dataset, { number, time, points: ARROWS[direction] });
    element.title = title;
    element.className = ["row", lane, tone(entry), summary === "" && "single", isFresh && "fresh"]
      .filter(Boolean)
      .join(" ");
    const way = `${LANE_NAMES[lane]} ${DIRECTION_NAMES[direction]}`;
    element.ariaLabel = [way, what, summary, outcome, delay, time].filter(Boolean).join(", ");
  }

  /** Says where it stands. */
  stand(place: number, count: number, isChosen: boolean): void {
    this.element.ariaPosInSet = String(place + 1);
    this.element.ariaSetSize = String(count);
    this.element.ariaSelected = String(isChosen);
  }

  #cell(name: string): HTMLElement {
    const cell = document.createElement("div");
    cell.className = name;
    this.element.append(cell);
    return cell;
  }
}
