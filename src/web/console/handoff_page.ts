// <handoff-page>: customer, timeline and agent side by side, so that a message is seen to travel.

import { LitElement, type TemplateResult, html, nothing } from "lit";

import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import { topBar, topBarStyles } from "../look/top_bar.ts";
import "./agent_desk.ts";
import type { AgentDesk } from "./agent_desk.ts";
import { Api, type Demonstration, Refused } from "./api.ts";
import type { Entry } from "./entry.ts";
import "./entry_panel.ts";
import { isFault } from "./entry_words.ts";
import "./fault_panel.ts";
import type { FaultPanel } from "./fault_panel.ts";
import { type FeedState, type World, follow } from "./feed.ts";
import { pageStyles } from "./page_styles.ts";
import "./timeline_view.ts";
import type { TimelineView } from "./timeline_view.ts";

const PLACES = ["customer", "timeline", "agent"] as const;

/** One of the three places. */
type Place = (typeof PLACES)[number];

const PLACE_NAMES: Readonly<Record<Place, string>> = {
  customer: "Customer",
  timeline: "Timeline",
  agent: "Agent’s desk",
};

/** Where there is room for one place only. */
const NARROW = "(max-width: 1159px)";

/** However much happens, the desk asks no more often than this, in milliseconds. */
const ASK_AGAIN = 250;

const STATES: Readonly<Record<FeedState, { readonly words: string; readonly kind: string }>> = {
  connecting: { words: "Connecting", kind: "" },
  live: { words: "Live", kind: "good" },
  lost: { words: "Connection lost, trying again", kind: "bad" },
  outdated: { words: "Of another run", kind: "bad" },
};

const OUTDATED =
  "The token of this page is of another run. Open the address that baton demo printed when it " +
  "started, after “The console:”.";
const MISSING =
  "This page needs the token of this run. Open the whole address that baton demo printed, with " +
  "what stands after the #.";

/** The element. */
export class HandoffPage extends LitElement {
  static override styles = [controls, topBarStyles, pageStyles];
  static override properties = { token: { attribute: false } };

  /** What opens the console's API. */
  declare token: string | undefined;

  #api: Api | undefined;
  #demonstration: Demonstration | undefined;
  /** Why the demonstration is not known. */
  #problem = "";
  #feed: FeedState = "connecting";
  #place: Place = "customer";
  #isNarrow = matchMedia(NARROW).matches;
  #session: string | undefined;
  /** The conversation of each session, as far as it is known. */
  readonly #conversations = new Map<string, string>();
  #opened: Entry | undefined;
  #hasFaultsOpen = false;
  #faults: readonly string[] = [];
  #isAskingSoon = false;

  override connectedCallback(): void {
    super.connectedCallback();
    matchMedia(NARROW).addEventListener("change", ({ matches }) => {
      this.#isNarrow = matches;
      this.requestUpdate();
    });
    if (this.token !== undefined) this.#begin(new Api(this.token));
  }

  protected override render(): TemplateResult {
    return html`${this.#top()}${this.#body()}`;
  }

  #top(): TemplateResult {
    const { words, kind } = STATES[this.#feed];
    const demonstration = this.#demonstration;
    const state = html`<span class="badge ${kind}"><span class="dot"></span>${words}</span>`;
    const edge = demonstration?.edge === "envoy" ? "Edge: Envoy" : "Edge: in this process";
    const known = html`<span class="badge optional">${demonstration?.tenant}</span>
      <span class="badge optional">${edge}</span>`;
    const facts = html`${demonstration ? known : nothing}
      <span role="status">${this.token === undefined ? nothing : state}</span>`;
    return topBar("Handoff", facts);
  }

  #body(): TemplateResult {
    if (this.token === undefined || this.#feed === "outdated") {
      return html`<main class="alone">
        <p class="notice warn" role="alert">
          ${icons.lock}${this.token === undefined ? MISSING : OUTDATED}
        </p>
      </main>`;
    }
    const own = this.#conversations.get(this.#session ?? "");
    const desk = html`<agent-desk .api=${this.#api} .ownConversation=${own}></agent-desk>`;
    return html`<main class=${this.#opened ? "reading" : ""}>
      ${this.#isNarrow ? this.#tabs() : nothing} ${this.#section("customer", this.#customer())}
      ${this.#section("timeline", this.#timeline())} ${this.#section("agent", desk)}
      ${this.#opened ? this.#panel(this.#opened) : nothing}
    </main>`;
  }

  #tabs(): TemplateResult {
    return html`<div class="tabs" role="tablist" aria-label="Places" @keydown=${this.#tabKey}>
      ${PLACES.map(
        (place) =>
          html`<button
            type="button"
            role="tab"
            id="tab-${place}"
            aria-controls="place-${place}"
            aria-selected=${place === this.#place}
            tabindex=${place === this.#place ? 0 : -1}
            @click=${() => this.#turnTo(place)}
          >
            ${PLACE_NAMES[place]}
          </button>`,
      )}
    </div>`;
  }

  #section(place: Place, content: TemplateResult): TemplateResult {
    const role = this.#isNarrow ? "tabpanel" : "region";
    const classes = `${place} ${place === this.#place ? "" : "away"}`;
    // The payload lies over the desk or, where there is little room, over all.
    const isCovered = this.#opened !== undefined && (this.#isNarrow || place === "agent");
    return html`<section
      id="place-${place}"
      class=${classes}
      role=${role}
      ?inert=${isCovered}
      aria-label=${PLACE_NAMES[place]}
    >
      ${content}
    </section>`;
  }

  #customer(): TemplateResult {
    const demonstration = this.#demonstration;
    return demonstration
      ? html`<baton-chat
          lang="en"
          label="Customer’s chat"
          url=${demonstration.chatUrl}
          token=${demonstration.connectorToken}
          host=${demonstration.host}
          @baton-session=${this.#sessionBegan}
        ></baton-chat>`
      : html`<p class="notice" role="status">${this.#problem || "Waiting for the console."}</p>`;
  }

  #timeline(): TemplateResult {
    const count = this.#faults.length;
    return html`<baton-timeline
      .ownSession=${this.#session}
      .opened=${this.#opened?.number}
      @entry-open=${this.#open}
      @entry-close=${this.#close}
    >
      <button
        slot="controls"
        type="button"
        aria-expanded=${this.#hasFaultsOpen}
        aria-controls="faults"
        @click=${this.#toggleFaults}
      >
        ${icons.fault}Faults${count > 0 ? html` <span class="badge warn">${count} on</span>` : nothing}
      </button>
      ${count > 0 && !this.#hasFaultsOpen ? html`<p class="faults">On: ${this.#faults.join("; ")}.</p>` : nothing}
      <fault-panel
        id="faults"
        ?hidden=${!this.#hasFaultsOpen}
        .api=${this.#api}
        @faults-active=${this.#faultsChanged}
      ></fault-panel>
    </baton-timeline>`;
  }

  #panel(entry: Entry): TemplateResult {
    return html`<aside aria-label="Payload">
      <entry-panel
        .entry=${entry}
        .api=${this.#api}
        .secret=${this.#demonstration?.webhookSecret ?? ""}
        @entry-close=${this.#close}
      ></entry-panel>
    </aside>`;
  }

  #begin(api: Api): void {
    this.#api = api;
    void follow(world(api), {
      state: (state) => this.#feedTurned(state),
      entries: (entries) => this.#happened(entries),
    });
  }

  #feedTurned(state: FeedState): void {
    this.#feed = state;
    this.requestUpdate();
    if (state === "live" && this.#demonstration === undefined) void this.#learn();
  }

  async #learn(): Promise<void> {
    try {
      this.#demonstration = await this.#api?.demonstration();
    } catch (error) {
      this.#problem = (error as Error).message;
      if (error instanceof Refused && error.isOutdated) this.#feed = "outdated";
    }
    this.requestUpdate();
    await this.updateComplete;
    this.#askSoon();
    void this.#find("fault-panel")?.refresh();
  }

  #happened(entries: readonly Entry[]): void {
    const timeline = this.#find("baton-timeline");
    timeline?.take(entries);
    for (const entry of entries) {
      const { number, sessionId, conversationId } = entry;
      if (sessionId !== undefined && conversationId !== undefined) {
        this.#conversations.set(sessionId, conversationId);
      }
      // What was under way is answered: the panel shows the answer.
      if (number === this.#opened?.number) this.#opened = entry;
    }
    if (entries.some(({ title }) => isFault(title))) void this.#find("fault-panel")?.refresh();
    this.requestUpdate();
    this.#askSoon();
  }

  #askSoon(): void {
    if (this.#isAskingSoon) return;
    this.#isAskingSoon = true;
    setTimeout(() => {
      this.#isAskingSoon = false;
      void this.#find("agent-desk")
        ?.refresh()
        .then(() => this.#tellFaults());
    }, ASK_AGAIN);
  }

  /** Faults strike the customer whom the agent has before them. */
  #tellFaults(): void {
    const panel = this.#find("fault-panel");
    if (panel) panel.endUser = this.#find("agent-desk")?.endUser;
  }

  #sessionBegan({ detail }: CustomEvent<{ sessionId: string }>): void {
    this.#session = detail.sessionId;
    this.requestUpdate();
    this.#askSoon();
  }

  #open({ detail }: CustomEvent<{ number: number; focus: "list" | "panel" }>): void {
    this.#opened = this.#find("baton-timeline")?.entry(detail.number);
    this.requestUpdate();
    if (detail.focus === "panel" || this.#isNarrow) {
      void this.updateComplete.then(() => this.#find("entry-panel")?.focus());
    }
  }

  #close(): void {
    this.#opened = undefined;
    this.requestUpdate();
    void this.updateComplete.then(() => this.#find("baton-timeline")?.focus());
  }

  #toggleFaults(): void {
    this.#hasFaultsOpen = !this.#hasFaultsOpen;
    this.requestUpdate();
  }

  #faultsChanged({ detail }: CustomEvent<readonly string[]>): void {
    this.#faults = detail;
    this.requestUpdate();
  }

  #turnTo(place: Place): void {
    this.#place = place;
    this.#opened = undefined;
    this.requestUpdate();
  }

  #tabKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = PLACES[(PLACES.indexOf(this.#place) + step + PLACES.length) % PLACES.length];
    if (next === undefined) return;
    event.preventDefault();
    this.#turnTo(next);
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#tab-${next}`)?.focus(),
    );
  }

  #find<K extends keyof Parts>(name: K): Parts[K] | null {
    return this.renderRoot.querySelector<Parts[K]>(name);
  }
}

/** The parts that are told what happens. */
interface Parts {
  "agent-desk": AgentDesk;
  "baton-timeline": TimelineView;
  "entry-panel": HTMLElement;
  "fault-panel": FaultPanel;
}

function world(api: Api): World {
  return {
    open: (after, signal) => api.timeline(after, signal),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    after: (milliseconds, act) => {
      const timer = setTimeout(act, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}

customElements.define("handoff-page", HandoffPage);

declare global {
  interface HTMLElementTagNameMap {
    "handoff-page": HandoffPage;
  }
}
