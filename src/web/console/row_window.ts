// Which rows of a long list have to be in the page: those that are seen, and a few beyond.

/** How many rows beyond each edge are there, so that none is missing while the list moves. */
const BEYOND = 3;

/** A place in a list of rows of the same height. */
export interface View {
  /** How far the list has moved, in pixels. */
  readonly scrolled: number;
  /** How much of it is seen, in pixels. */
  readonly height: number;
  /** Of a row, in pixels. */
  readonly rowHeight: number;
}

/** Rows from `first` up to, but without, `end`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

/** The rows to be drawn of so many. */
export function rowWindow({ scrolled, height, rowHeight }: View, count: number): RowWindow {
  const within = (row: number) => Math.max(0, Math.min(count, row));
  const top = Math.floor(scrolled / rowHeight);
  const bottom = Math.ceil((scrolled + height) / rowHeight);
  return { first: within(top - BEYOND), end: within(bottom + BEYOND) };
}

/** Where the list has to move so that the whole row is seen; `undefined` if it is. */
export function reveal({ scrolled, height, rowHeight }: View, row: number): number | undefined {
  const top = row * rowHeight;
  if (top < scrolled) return top;
  return top + rowHeight > scrolled + height ? top + rowHeight - height : undefined;
}

/** How many rows are seen at once, at least one. */
export function pageOf({ height, rowHeight }: View): number {
  return Math.max(1, Math.floor(height / rowHeight) - 1);
}
