// <baton-chat>: a chat window for any page. README.md says how to embed it.

import { LitElement, type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";

import { Client } from "./client.ts";
import type { ConnectionState } from "./connection.ts";
import { suggestions } from "./conversation.ts";
import type { ChatEvent } from "./events.ts";
import { flow, offers, queueCard, typingDots } from "./flow.ts";
import { Following } from "./following.ts";
import { Memory } from "./memory.ts";
import * as panes from "./panes.ts";
import type { Door } from "./requests.ts";
import { styles } from "./styles/styles.ts";
import { type Cancel, browser } from "./surroundings.ts";
import { webAddress } from "./text.ts";
import { type Spoken, choose } from "./texts/choice.ts";
import type { Texts } from "./texts/texts.ts";

/** How long a connection may be away before that is said. */
const SAID_AFTER = 2_000;

/** What stands where the words are put in. */
type Footer = "input" | "end_question";

/** The element. */
export class BatonChat extends LitElement {
  static override styles = styles;
  static override properties = {
    url: {},
    token: {},
    host: {},
    lang: {},
    label: {},
    floating: { type: Boolean, reflect: true },
    open: { type: Boolean, reflect: true },
  };

  /** The chat API's origin; without it, where this script came from. */
  declare url: string;
  /** The connector token. */
  declare token: string;
  /** The host that the connector token is good for; without it, the page's own. */
  declare host: string;
  /** What the whole is called. */
  declare label: string;
  /** Whether it stands in the corner, behind a button. */
  declare floating: boolean;
  /** Whether it is open there. */
  declare open: boolean;
  /** What the bot and the agent are told of the visitor, from the next session on. */
  declare custom?: Readonly<Record<string, unknown>>;

  #client: Client | undefined;
  #memory: Memory | undefined;
  #footer: Footer = "input";
  #isTooLong = false;
  #isAwayForLong = false;
  #unread = 0;
  readonly #following = new Following();
  #hasNewBelow = false;
  #cancelAway: Cancel | undefined;
  readonly #sizes = new ResizeObserver(() => this.#follow());

  constructor() {
    super();
    this.url = this.token = this.host = this.label = "";
    this.floating = this.open = false;
  }

  /** The session's id, as soon as there is one. */
  get sessionId(): string | undefined {
    return this.#client?.sessionId;
  }

  /** Opens it, in the corner. */
  show(): void {
    this.open = true;
    void this.updateComplete.then(() => this.focus());
  }

  /** Closes it there; the chat goes on. */
  hide(): void {
    this.open = false;
    void this.updateComplete.then(() => this.#find("launcher")?.focus());
  }

  /** Sends the words as the visitor's own. */
  send(text: string): void {
    if (this.#client?.send(text) === "taken") this.#toEnd();
  }

  override focus(options?: FocusOptions): void {
    (this.#find("input") ?? this.#find("choice"))?.focus(options);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#client?.leave();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("url") || changed.has("token") || changed.has("host")) this.#enter();
    else if (changed.has("open")) this.#memory?.keepOpen(this.open);
    if (this.open) this.#unread = 0;
    // In the corner, a chat begins when it is first opened.
    const isWanted = !this.floating || this.open || this.#client?.sessionId !== undefined;
    if (isWanted && this.isConnected && this.#client?.state.name === "idle") this.#client.start();
  }

  override updated(): void {
    const scroller = this.#find("scroller");
    this.#sizes.disconnect();
    for (const part of [scroller, scroller?.firstElementChild]) if (part) this.#sizes.observe(part);
    this.#fitInput();
    this.#follow();
  }

  protected override render(): TemplateResult {
    const spoken = this.#spoken();
    if (!this.floating) return this.#window(spoken);
    const corner = { isOpen: this.open, unread: this.#unread, label: this.label };
    const toggle = () => (this.open ? this.hide() : this.show());
    return html`${this.open ? this.#window(spoken) : nothing}${panes.launcher(corner, spoken, toggle)}`;
  }

  #window(spoken: Spoken): TemplateResult {
    const { texts, tag } = spoken;
    const client = this.#client;
    const chat = client?.conversation;
    const hasBegun = chat !== undefined && chat.entries.length > 0;
    const actions = {
      end: hasBegun && !chat.isEnded ? () => this.#turn("end_question") : undefined,
      minimise: this.floating ? () => this.hide() : undefined,
    };
    const retry = () => client?.reconnect();
    const banner = panes.banner(client?.state, this.#isAwayForLong, hasBegun, texts, retry);
    return html`<section class="window" part="window" role=${this.floating ? "dialog" : "region"}
      aria-label=${this.label || texts.chat} lang=${tag} @keydown=${this.#key}>
      ${panes.header(chat, this.label, texts, actions)}
      <div class="banner" part="banner" role="status">${banner}</div>
      <div id="scroller" class="scroller" part="messages" role="log" tabindex="0" aria-label=${texts.messages}
        aria-busy=${client?.isReady !== true} @scroll=${this.#scrolled}>${client ? this.#flow(client, spoken) : nothing}</div>
      ${this.#hasNewBelow ? panes.newBelow(texts, () => this.#toEnd()) : nothing}
      <footer part="footer">${this.#foot(client, texts)}</footer>
    </section>`;
  }

  #flow(client: Client, spoken: Spoken): TemplateResult {
    const chat = client.conversation;
    const offered = suggestions(chat);
    const remedies = {
      sendAgain: (localId: string) => client.sendAgain(localId),
      discard: (localId: string) => client.discard(localId),
    };
    return html`<div>${guard([chat, spoken], () => flow(chat, spoken, remedies))}
      ${chat.queue ? queueCard(chat.queue, spoken) : nothing}
      ${chat.typing ? typingDots(chat.typing, spoken.texts) : nothing}
      ${offered.length > 0 ? offers(offered, (text) => this.#choose(text)) : nothing}</div>`;
  }

  #foot(client: Client | undefined, texts: Texts): TemplateResult {
    if (client?.conversation.isEnded) return panes.newChat(texts, () => this.#beginAnew());
    if (this.#footer === "end_question") {
      return panes.endQuestion(texts, {
        keepChatting: () => this.#turn("input"),
        end: () => this.#end(),
      });
    }
    const input = {
      draft: client?.draft ?? "",
      isTooLong: this.#isTooLong,
      isDisabled: client === undefined,
    };
    return panes.composer(input, texts, {
      typed: (event) => this.#typed(event),
      submit: (event) => this.#submit(event),
    });
  }

  /** Leaves the former door, and stands before the one that the attributes name. */
  #enter(): void {
    this.#client?.leave();
    this.#client = this.#memory = undefined;
    const url = webAddress(this.url || new URL(import.meta.url).origin)?.replace(/\/+$/, "");
    if (url === undefined || this.token === "") {
      if (this.token !== "") console.error(`<baton-chat>: "${this.url}" is no address of a chat server`);
      return;
    }
    const door: Door = {
      url,
      connector: this.token,
      host: this.host || location.hostname,
      ...(this.custom && { custom: this.custom }),
    };
    this.#memory = new Memory(door, shelf());
    if (this.floating && this.#memory.wasOpen()) this.open = true;
    this.#client = new Client(door, browser, this.#memory, {
      changed: () => this.requestUpdate(),
      session: (sessionId, isResumed) => this.#tell("baton-session", { sessionId, isResumed }),
      state: (state) => this.#stateChanged(state),
      event: (event, isReplay) => this.#happened(event, isReplay),
    });
  }

  #stateChanged(state: ConnectionState): void {
    const isAway = state.name === "connecting" || state.name === "waiting";
    if (isAway) {
      this.#cancelAway ??= browser.after(SAID_AFTER, () => {
        this.#isAwayForLong = true;
        this.requestUpdate();
      });
    } else {
      this.#cancelAway?.();
      this.#cancelAway = undefined;
      this.#isAwayForLong = false;
    }
    this.#tell("baton-state", { state: state.name });
  }

  #happened(event: ChatEvent, isReplay: boolean): void {
    const isForUser = event.kind === "bot_message" || event.kind === "agent_message";
    if (isForUser && !isReplay) {
      if (this.floating && !this.open) this.#unread += 1;
      if (!this.#following.isAtEnd) this.#hasNewBelow = true;
    }
    this.#tell("baton-event", { event: event.wire, isReplay });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  }

  #spoken(): Spoken {
    return choose([this.lang, document.documentElement.lang, ...navigator.languages]);
  }

  #choose(text: string): void {
    this.send(text);
    this.focus();
  }

  #typed({ target }: InputEvent): void {
    this.#isTooLong = false;
    this.#client?.write((target as HTMLTextAreaElement).value);
    this.requestUpdate();
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    if (this.#footer === "end_question") this.#turn("input");
    else if (this.floating) this.hide();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const client = this.#client;
    if (client === undefined) return;
    const said = client.send(client.draft);
    this.#isTooLong = said === "too_long";
    if (said === "taken") this.#toEnd();
    this.requestUpdate();
    this.focus();
  }

  #end(): void {
    this.#client?.end();
    this.#turn("input");
  }

  #beginAnew(): void {
    this.#client?.beginAnew();
    this.#turn("input");
  }

  #turn(footer: Footer): void {
    this.#footer = footer;
    this.requestUpdate();
    void this.updateComplete.then(() => this.focus());
  }

  #scrolled({ target }: Event): void {
    this.#following.scrolled(target as Element);
    if (!this.#following.isAtEnd || !this.#hasNewBelow) return;
    this.#hasNewBelow = false;
    this.requestUpdate();
  }

  #toEnd(): void {
    this.#following.toEnd();
    this.#hasNewBelow = false;
    this.requestUpdate();
  }

  #follow(): void {
    const scroller = this.#find("scroller");
    if (scroller) this.#following.follow(scroller);
  }

  /** As high as its words, within what the style allows. */
  #fitInput(): void {
    const input = this.#find("input");
    if (!input) return;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  readonly #wake = (): void => {
    if (document.visibilityState === "visible") this.#client?.wake();
  };

  #find(id: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`#${id}`);
  }
}

/** The tab's own store, where the page may use it. */
function shelf(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

if (!customElements.get("baton-chat")) customElements.define("baton-chat", BatonChat);

declare global {
  interface HTMLElementTagNameMap {
    "baton-chat": BatonChat;
  }
}
