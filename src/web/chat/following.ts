// A flow that is read at its end follows what is new.

/** How near to its end a flow counts as read there, in pixels. */
const NEAR = 60;

/** Where a flow is read. */
export class Following {
  #isAtEnd = true;
  /** How large the flow and its window were when they were last looked at. */
  #extent = "";

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** From now on it is read at its end. */
  toEnd(): void {
    this.#isAtEnd = true;
  }

  /** It was scrolled: by the reader, or because something in it has another size. */
  scrolled(scroller: Element): void {
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    if (isNear || this.#extent === extentOf(scroller)) this.#isAtEnd = isNear;
  }

  /** Something in it may be new, or of another size. */
  follow(scroller: Element): void {
    this.#extent = extentOf(scroller);
    if (this.#isAtEnd) scroller.scrollTop = scroller.scrollHeight;
  }
}

function extentOf({ scrollHeight, clientHeight }: Element): string {
  return `${scrollHeight} ${clientHeight}`;
}
