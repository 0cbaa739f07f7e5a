// <baton-timeline>: the rows of the timeline. Only those that are seen are in the page.

import { LitElement, type TemplateResult, html, nothing } from "lit";

import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import { type Entry, LANES, LANE_NAMES, type Lane } from "./entry.ts";
import { shortId } from "./entry_words.ts";
import { RowPool } from "./row_pool.ts";
import { type View, pageOf, reveal, rowWindow } from "./row_window.ts";
import { Timeline } from "./timeline.ts";
import { ROW_HEIGHT, timelineStyles } from "./timeline_styles.ts";

/** What a lane is called where there is little room. */
const SHORT_NAMES: Readonly<Record<Lane, string>> = {
  chat: "Chat",
  rest: "REST",
  webhook: "Hook",
  notification: "Notif",
};

/** More entries than these at once are history, and are not shown as arriving. */
const MOST_FRESH = 30;

/** How near to its end the list counts as being there, in pixels. */
const NEAR_END = ROW_HEIGHT / 2;

/** The element. It tells of an entry that is to be opened by `entry-open`, and of `entry-close`. */
export class TimelineView extends LitElement {
  static override styles = [controls, timelineStyles];
  static override properties = {
    ownSession: { attribute: false },
    opened: { attribute: false },
  };

  /** The session of the chat beside it. */
  declare ownSession: string | undefined;
  /** The number of the entry whose payload is shown. */
  declare opened: number | undefined;

  readonly #timeline = new Timeline({ lanes: new Set(LANES) });
  #active: number | undefined;
  #isFollowing = true;
  #scrolled = 0;
  #height = 0;
  /** From which number on entries have just come in. */
  #freshFrom = Infinity;
  #unseen = 0;
  #frame: number | undefined;
  #pool: RowPool | undefined;
  readonly #sizes = new ResizeObserver(() => this.#measure());

  /** Takes entries in. They are drawn with the next frame, however many times it is called before. */
  take(entries: readonly Entry[]): void {
    const before = this.#timeline.shown.length;
    const dropped = this.#timeline.take(entries);
    const rows = this.#rows();
    if (dropped > 0 && !this.#isFollowing && rows) rows.scrollTop -= dropped * ROW_HEIGHT;
    const isHistory = entries.length > MOST_FRESH;
    this.#freshFrom = isHistory ? Infinity : Math.min(...entries.map(({ number }) => number));
    if (!this.#isFollowing) this.#unseen += Math.max(0, this.#timeline.shown.length - before);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.requestUpdate();
    });
  }

  /** The entry as it was told last, if it is shown. */
  entry(number: number): Entry | undefined {
    return this.#timeline.shown[this.#timeline.place(number)];
  }

  override focus(): void {
    this.#rows()?.focus();
  }

  protected override render(): TemplateResult {
    return html`${this.#bar()}<slot
      ></slot>${this.#heads()}${this.#timeline.shown.length === 0 ? this.#empty() : this.#list()}`;
  }

  override updated(): void {
    const rows = this.#rows();
    if (rows === null) return;
    this.#sizes.observe(rows);
    this.#draw(rows);
    if (this.#isFollowing) this.#toEnd();
  }

  #bar(): TemplateResult {
    const { sessionId } = this.#timeline.filter;
    const sessions = [...this.#timeline.sessions];
    const count = this.#timeline.shown.length.toLocaleString("en");
    return html`<div class="bar">
      <h2 id="title">Timeline</h2>
      <span class="muted small">${count}</span>
      <span class="space"></span>
      <select aria-label="Session" @change=${this.#chooseSession}>
        <option value="" ?selected=${sessionId === undefined}>All sessions</option>
        ${sessions.map((id) => {
          const name = id === this.ownSession ? "This chat" : `Session ${shortId(id)}`;
          return html`<option value=${id} ?selected=${id === sessionId}>${name}</option>`;
        })}
      </select>
      <button type="button" aria-pressed=${this.#isFollowing} @click=${this.#toggleFollowing}>
        ${this.#isFollowing ? icons.pause : icons.down}${this.#followWords()}
      </button>
      <slot name="controls"></slot>
    </div>`;
  }

  #followWords(): string {
    if (this.#isFollowing) return "Following";
    return this.#unseen > 0 ? `Follow (${this.#unseen} new)` : "Follow";
  }

  #heads(): TemplateResult {
    const { lanes } = this.#timeline.filter;
    return html`<div class="heads">
      <span class="time" aria-hidden="true">Time</span>
      <div class="lanes" role="group" aria-label="Lanes">
        ${LANES.map(
          (lane) =>
            html`<button
              type="button"
              class=${lane}
              aria-pressed=${lanes.has(lane)}
              title="${LANE_NAMES[lane]}: show or hide"
              @click=${() => this.#toggleLane(lane)}
            >
              <span class="long">${LANE_NAMES[lane]}</span
              ><span class="short">${SHORT_NAMES[lane]}</span>
            </button>`,
        )}
      </div>
      <span aria-hidden="true">What</span><span aria-hidden="true">Outcome</span>
    </div>`;
  }

  #empty(): TemplateResult {
    return this.#timeline.size === 0
      ? html`<div class="empty">
          <h3>Nothing has happened yet</h3>
          <p>
            Write something in the customer's chat. Each message that travels shows here, on the
            lane of its transport.
          </p>
        </div>`
      : html`<div class="empty">
          <h3>Nothing to show</h3>
          <p>
            The session or the lanes that are chosen leave nothing of the ${this.#timeline.size}
            entries.
          </p>
        </div>`;
  }

  #list(): TemplateResult {
    const { first, end } = this.#window();
    const isDrawn = this.#timeline.shown
      .slice(first, end)
      .some(({ number }) => number === this.#active);
    return html`<div
      class="rows"
      role="listbox"
      tabindex="0"
      aria-labelledby="title"
      aria-activedescendant=${isDrawn ? `entry-${this.#active}` : nothing}
      @scroll=${this.#scroll}
      @keydown=${this.#key}
      @click=${this.#click}
    >
      <div class="whole" role="presentation"><div class="seen" role="presentation"></div></div>
    </div>`;
  }

  /** Draws the rows that are seen. The policy forbids style attributes, not what a script sets. */
  #draw(rows: HTMLElement): void {
    const { shown } = this.#timeline;
    const [whole, seen] = rows.querySelectorAll<HTMLElement>("div");
    if (whole === undefined || seen === undefined) return;
    const { first, end } = this.#window();
    if (this.#pool?.container !== seen) this.#pool = new RowPool(seen);
    const chosen = this.opened ?? this.#active;
    this.#pool.draw(shown.slice(first, end), {
      first,
      count: shown.length,
      chosen,
      freshFrom: this.#freshFrom,
    });
    whole.style.blockSize = `${shown.length * ROW_HEIGHT}px`;
    seen.style.transform = `translateY(${first * ROW_HEIGHT}px)`;
  }

  #view(): View {
    const whole = this.#timeline.shown.length * ROW_HEIGHT;
    const scrolled = this.#isFollowing ? Math.max(0, whole - this.#height) : this.#scrolled;
    return { scrolled, height: this.#height, rowHeight: ROW_HEIGHT };
  }

  #window(): ReturnType<typeof rowWindow> {
    return rowWindow(this.#view(), this.#timeline.shown.length);
  }

  #measure(): void {
    const height = this.#rows()?.clientHeight ?? 0;
    if (height === this.#height) return;
    this.#height = height;
    this.requestUpdate();
  }

  #rows(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".rows");
  }

  #toEnd(): void {
    const rows = this.#rows();
    if (rows) rows.scrollTop = rows.scrollHeight;
  }

  #scroll({ target }: Event): void {
    const { scrollTop, scrollHeight, clientHeight } = target as HTMLElement;
    const isUp = scrollTop < this.#scrolled;
    this.#scrolled = scrollTop;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    // The list also moves by itself when it grows; only who goes up wants to stay.
    if (isAtEnd) this.#setFollowing(true);
    else if (isUp) this.#setFollowing(false);
    this.requestUpdate();
  }

  #setFollowing(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    if (isFollowing) this.#unseen = 0;
    else this.#scrolled = this.#rows()?.scrollTop ?? 0;
    this.requestUpdate();
  }

  #toggleFollowing(): void {
    this.#setFollowing(!this.#isFollowing);
  }

  #chooseSession({ target }: Event): void {
    const { value } = target as HTMLSelectElement;
    const { lanes } = this.#timeline.filter;
    this.#timeline.filter = value === "" ? { lanes } : { lanes, sessionId: value };
    this.requestUpdate();
  }

  #toggleLane(lane: Lane): void {
    const lanes = new Set(this.#timeline.filter.lanes);
    if (!lanes.delete(lane)) lanes.add(lane);
    this.#timeline.filter = { ...this.#timeline.filter, lanes };
    this.requestUpdate();
  }

  #click({ target }: Event): void {
    const row = (target as Element).closest<HTMLElement>(".row");
    if (row) this.#open(Number(row.dataset.number), "list");
  }

  #key(event: KeyboardEvent): void {
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: pageOf(this.#view()),
      PageUp: -pageOf(this.#view()),
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (step !== undefined) this.#move(step);
    else if ((event.key === "Enter" || event.key === " ") && this.#active !== undefined)
      this.#open(this.#active, "panel");
    else if (event.key === "Escape") this.dispatchEvent(new CustomEvent("entry-close"));
    else return;
    event.preventDefault();
  }

  /** Moves by so many rows. The payload that is open goes along. */
  #move(step: number): void {
    const { shown } = this.#timeline;
    const current = this.#active === undefined ? -1 : this.#timeline.place(this.#active);
    const from = current >= 0 ? current : step > 0 ? -1 : shown.length;
    const place = Math.max(0, Math.min(shown.length - 1, from + step));
    const entry = shown[place];
    if (entry === undefined) return;
    this.#active = entry.number;
    const top = reveal(this.#view(), place);
    this.#setFollowing(place === shown.length - 1);
    const rows = this.#rows();
    if (rows && top !== undefined) rows.scrollTop = this.#scrolled = top;
    if (this.opened !== undefined) this.#open(entry.number, "list");
  }

  #open(number: number, focus: "list" | "panel"): void {
    this.#active = number;
    this.dispatchEvent(new CustomEvent("entry-open", { detail: { number, focus } }));
    this.requestUpdate();
  }
}

customElements.define("baton-timeline", TimelineView);

declare global {
  interface HTMLElementTagNameMap {
    "baton-timeline": TimelineView;
  }
}
