// <entry-panel>: the payload of one entry.

import { LitElement, type PropertyValues, type TemplateResult, css, html, nothing } from "lit";

import { handOver } from "../inspector/handover.ts";
import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import { laidOut, laidOutText } from "../look/json_text.ts";
import { copyButton, payload } from "../look/payload.ts";
import { type Api, Refused } from "./api.ts";
import { type Detail, type Entry, LANE_NAMES, type Payload } from "./entry.ts";
import { DIRECTION_NAMES, clockWords, delayWords, outcomeWords, tone } from "./entry_words.ts";

const SIGNATURE = "x-hub-signature-256";

const styles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
    background: var(--surface);
  }
  header {
    display: flex;
    align-items: flex-start;
    gap: 8px;
    padding: 10px 10px 10px 16px;
    border-block-end: 1px solid var(--line);
  }
  header > div {
    flex: 1;
    min-inline-size: 0;
  }
  h2 {
    font-size: 15px;
    overflow-wrap: anywhere;
  }
  .scroller {
    display: flex;
    flex-direction: column;
    gap: 14px;
    padding: 14px 16px 20px;
    overflow-y: auto;
    scrollbar-width: thin;
  }
  .scroller:focus-visible {
    outline-offset: -2px;
  }
  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 3px 14px;
    margin: 0;
    font-size: 13px;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dd.fault {
    color: var(--warn);
  }
  dd.bad {
    color: var(--bad);
    font-weight: 600;
  }
  .title {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-block-size: 32px;
  }
`;

/** The element. It tells of `entry-close`. */
export class EntryPanel extends LitElement {
  static override styles = [controls, styles];
  static override properties = {
    entry: { attribute: false },
    api: { attribute: false },
    secret: { attribute: false },
  };

  /** The entry as the list knows it. */
  declare entry: Entry | undefined;
  declare api: Api | undefined;
  /** What webhooks are signed with in this run. */
  declare secret: string;

  #detail: Detail | undefined;
  #problem = "";

  override focus(): void {
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(".scroller")?.focus(),
    );
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("entry") && this.entry !== changed.get("entry")) void this.#load();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { entry } = this;
    if (entry === undefined) return nothing;
    return html`<header>
        <div>
          <p class="small muted">${LANE_NAMES[entry.lane]}, ${DIRECTION_NAMES[entry.direction]}</p>
          <h2 id="title">${entry.title}</h2>
        </div>
        <button
          type="button"
          class="bare"
          aria-label="Close the payload"
          title="Close"
          @click=${this.#close}
        >
          ${icons.close}
        </button>
      </header>
      <div
        class="scroller"
        tabindex="-1"
        role="region"
        aria-labelledby="title"
        @keydown=${this.#key}
      >
        ${facts(entry)}
        ${this.#problem ? html`<p class="notice bad" role="alert">${icons.bad}${this.#problem}</p>` : nothing}
        ${this.#detail?.entry.number === entry.number ? this.#payload(this.#detail.payload) : nothing}
      </div>`;
  }

  #payload(content: Payload): TemplateResult | TemplateResult[] {
    switch (content.kind) {
      case "webhook":
        return this.#webhook(content);
      case "exchange":
        return [
          html`<p class="small"><code>${content.path}</code></p>`,
          part("Request", laidOut(content.request)),
          part("Answer", laidOut(content.answer)),
        ];
      case "frame":
        return part("Frame", laidOut(content.frame));
    }
  }

  #webhook({ headers, body }: Payload & { kind: "webhook" }): TemplateResult {
    const signature = headers.find(([name]) => name.toLowerCase() === SIGNATURE)?.[1] ?? "";
    const inspect = () => handOver(sessionStorage, { body, signature, secret: this.secret });
    return html`<div>
        <a class="button" href="/inspector" @click=${inspect} @auxclick=${inspect}
          >${icons.inspect}Open in the inspector</a
        >
      </div>
      ${part("Headers", headers.map(([name, value]) => `${name}: ${value}`).join("\n"))}
      ${part("Body", laidOutText(body), body)}`;
  }

  async #load(): Promise<void> {
    const { entry, api } = this;
    if (entry === undefined || api === undefined) return;
    try {
      const detail = await api.detail(entry.number);
      if (this.entry?.number !== entry.number) return;
      this.#detail = detail;
      this.#problem = "";
    } catch (error) {
      this.#problem = error instanceof Refused ? error.message : String(error);
    }
    this.requestUpdate();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.#close();
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent("entry-close"));
  }
}

/** What is known of the entry beside its payload. */
function facts(entry: Entry): TemplateResult {
  const outcome = outcomeWords(entry) || "ok";
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Number", String(entry.number)],
    ["Time", clockWords(entry.at)],
    ["Outcome", outcome],
    [entry.lane === "chat" ? "Since its cause" : "Took", delayWords(entry).replace(/^\+/, "")],
    ["Attempt", entry.attempt?.toString()],
    ["Session", entry.sessionId],
    ["Conversation", entry.conversationId],
  ];
  return html`<dl>
    ${rows.map(([name, value]) =>
      value
        ? html`<dt>${name}</dt>
            <dd class=${name === "Outcome" ? tone(entry) : ""}>${value}</dd>`
        : nothing,
    )}
  </dl>`;
}

/** A part of a payload, with a button that copies it as it was sent. */
function part(name: string, text: string, asSent = text): TemplateResult {
  return html`<section>
    <div class="title">
      <h3>${name}</h3>
      ${copyButton(() => asSent, name)}
    </div>
    ${payload(text, name)}
  </section>`;
}

customElements.define("entry-panel", EntryPanel);

declare global {
  interface HTMLElementTagNameMap {
    "entry-panel": EntryPanel;
  }
}
