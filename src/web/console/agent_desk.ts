// <agent-desk>: a live agent of the simulated Genesys, moved by hand.

import { LitElement, type TemplateResult, html, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";

import { controls } from "../look/controls.ts";
import { icons } from "../look/icons.ts";
import type { Api } from "./api.ts";
import {
  AGENTS,
  type Conversation,
  type Deed,
  type Message,
  type Order,
  RICH,
  type Standing,
  before,
  destinations,
  nameOf,
  possible,
  readContextLink,
  readConversation,
  readConversations,
  readMessages,
  standingWords,
  transfer,
} from "./desk.ts";
import { deskStyles } from "./desk_styles.ts";
import { clockWords, shortId } from "./entry_words.ts";

/** Somebody who types tells so again after this long, in milliseconds. */
const TYPING_AGAIN = 4_000;

const BADGES: Readonly<Record<Standing, string>> = {
  in_flow: "",
  queued: "warn",
  alerting: "warn",
  connected: "good",
  parked: "accent",
  unattended: "",
  ended: "",
};

/** What was told last of a conversation. */
interface Told {
  readonly of: string | undefined;
  readonly messages: readonly Message[];
  /** Where its context is to be seen. */
  readonly contextLink: string | undefined;
}

const NOTHING_TOLD: Told = { of: undefined, messages: [], contextLink: undefined };

/** The element. */
export class AgentDesk extends LitElement {
  static override styles = [controls, deskStyles];
  static override properties = { api: { attribute: false }, ownConversation: { attribute: false } };

  declare api: Api | undefined;
  /** The conversation of the chat beside it. */
  declare ownConversation: string | undefined;

  #conversations: readonly Conversation[] = [];
  #told: Told = NOTHING_TOLD;
  #showsContext = false;
  /** Another conversation than that of the chat beside, if the person chose one. */
  #chosen: string | undefined;
  #agent = AGENTS[0]?.id ?? "";
  #draft = "";
  #refusal = "";
  #isBusy = false;
  #typedAt = -Infinity;
  /** Rises with each question, so that an old answer does not overwrite a new one. */
  #asked = 0;

  /** The customer of the conversation that is open. */
  get endUser(): string | undefined {
    return this.#current()?.endUser;
  }

  /** Asks what there is now. */
  async refresh(): Promise<void> {
    const { api } = this;
    if (api === undefined) return;
    const asked = ++this.#asked;
    try {
      const conversations = readConversations(await api.genesys("GET", "conversations"));
      if (asked !== this.#asked) return;
      this.#conversations = conversations;
      const id = this.#current()?.id;
      const truth =
        id === undefined
          ? undefined
          : await api.genesys("GET", `conversations/${encodeURIComponent(id)}`);
      if (asked !== this.#asked) return;
      const current = readConversation(truth);
      this.#conversations = conversations.map((one) => (one.id === current?.id ? current : one));
      this.#told = { of: id, messages: readMessages(truth), contextLink: readContextLink(truth) };
    } catch (error) {
      this.#refusal = (error as Error).message;
    }
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const current = this.#current();
    return html`<header>
        <h2 id="title">Agent’s desk</h2>
        ${current ? badge(current) : nothing}
        ${this.#toldOf(current).contextLink ? this.#contextButton() : nothing}
      </header>
      ${this.#conversations.some((one) => one !== current) ? this.#list(current) : nothing}
      ${current ? html`${this.#content(current)}${this.#acts(current)}` : this.#empty()}`;
  }

  #contextButton(): TemplateResult {
    return html`<button type="button" aria-pressed=${this.#showsContext} @click=${this.#toggleContext}>
      ${icons.file}Context
    </button>`;
  }

  /** What was said or, if that is wanted, Baton's page about it, in a frame as an agent's desktop has it. */
  #content(current: Conversation): TemplateResult {
    const { messages, contextLink } = this.#toldOf(current);
    if (!this.#showsContext || contextLink === undefined) return this.#flow(messages);
    return html`${keyed(
      current.id,
      html`<iframe
        title="Context of the conversation"
        src=${contextLink}
        referrerpolicy="no-referrer"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
      ></iframe>`,
    )}`;
  }

  override updated(): void {
    const flow = this.renderRoot.querySelector<HTMLElement>(".flow");
    const shown = `${this.#told.of} ${this.#told.messages.length}`;
    if (flow && flow.dataset.shown !== shown) {
      flow.dataset.shown = shown;
      flow.scrollTop = flow.scrollHeight;
    }
  }

  #empty(): TemplateResult {
    return html`<div class="empty">
        <h3>No conversation yet</h3>
        <p>
          Ask for a person in the customer’s chat. The conversation comes up here, and waits for an
          agent.${this.#conversations.length > 0 ? " Those above are other chats." : nothing}
        </p>
      </div>
      ${this.#said()}`;
  }

  #list(current: Conversation | undefined): TemplateResult {
    return html`<ul class="conversations" role="list" aria-label="Conversations">
      ${this.#conversations.map(
        (one) =>
          html`<li>
            <button
              type="button"
              class="bare"
              aria-current=${one.id === current?.id}
              @click=${() => this.#choose(one.id)}
            >
              <span
                >${one.id === this.ownConversation ? "This chat" : `Conversation ${shortId(one.id)}`}</span
              >${badge(one)}
            </button>
          </li>`,
      )}
    </ul>`;
  }

  #flow(messages: readonly Message[]): TemplateResult {
    return html`<div class="flow" role="log" tabindex="0" aria-label="What was said">
      ${messages.map(
        ({ isInbound, userId, text, contents, at }) =>
          html`<div class="message ${isInbound ? "" : "ours"}">
            <span class="who">
              ${isInbound ? "Customer" : nameOf(userId, AGENTS, "Genesys")} ·
              ${clockWords(at).slice(0, 8)}
            </span>
            <span class="text">${text}</span>
            ${contents.map((content) => html`<span class="badge">${content}</span>`)}
          </div>`,
      )}
    </div>`;
  }

  #acts(current: Conversation): TemplateResult {
    const can = possible(current);
    const act = (action: Deed) => () => void this.#act({ action });
    const byAgent = (action: Deed) => () => void this.#act({ action, user: this.#agent });
    const isRinging = current.standing === "alerting";
    const deed = (action: Deed, name: string, order = act(action), kind = "") =>
      html`<button
        type="button"
        class=${kind}
        ?disabled=${!can.has(action) || this.#isBusy}
        @click=${order}
      >
        ${name}
      </button>`;
    return html`<div class="acts">
      ${this.#said()}
      <div class="line" role="group" aria-label="Taking the conversation">
        <select
          aria-label="Who takes it"
          ?disabled=${!can.has("alert")}
          @change=${this.#chooseAgent}
        >
          ${AGENTS.map(
            ({ id, name }) =>
              html`<option value=${id} ?selected=${id === (current.users[0] ?? this.#agent)}>
                ${name}
              </option>`,
          )}
        </select>
        ${deed("accept", "Accept", isRinging ? act("accept") : byAgent("accept"), "main")}
        ${deed("alert", "Let ring", byAgent("alert"))} ${deed("no_answer", "No answer")}
        ${deed("decline", "Decline")}
      </div>
      <form class="words" @submit=${this.#submit}>
        <textarea
          rows="1"
          aria-label="Answer the customer"
          placeholder=${can.has("answer") ? "Answer the customer" : "Accept the conversation to answer"}
          ?disabled=${!can.has("answer")}
          .value=${this.#draft}
          @input=${this.#typed}
          @keydown=${this.#inputKey}
        ></textarea>
        <button
          type="submit"
          class="main"
          ?disabled=${!can.has("answer") || this.#draft.trim() === ""}
        >
          Answer
        </button>
      </form>
      <div class="line" role="group" aria-label="Other answers">
        ${deed("type", "Type")}
        ${RICH.map(({ shape, name }) => deed("answer", name, () => void this.#act({ action: "answer", shape })))}
      </div>
      ${this.#transfer(current, can)}
      <div class="line" role="group" aria-label="Leaving the conversation">
        ${can.has("resume") ? deed("resume", "Resume") : deed("park", "Park")}
        ${deed("end", "End the conversation", act("end"), "danger")}
      </div>
    </div>`;
  }

  #transfer(current: Conversation, can: ReadonlySet<Deed>): TemplateResult {
    const { queues, agents } = destinations(current);
    const isPossible = can.has("transfer_to_queue") && !this.#isBusy;
    const option = ({ id, name }: { id: string; name: string }) =>
      html`<option value=${id}>${name}</option>`;
    return html`<form class="line" aria-label="Transfer" @submit=${this.#submitTransfer}>
      <select name="to" aria-label="Transfer to" ?disabled=${!isPossible}>
        <optgroup label="Queues">${queues.map(option)}</optgroup>
        <optgroup label="Agents">${agents.map(option)}</optgroup>
      </select>
      <button type="submit" ?disabled=${!isPossible}>Transfer</button>
    </form>`;
  }

  #said(): TemplateResult {
    return html`<div role="alert">
      ${this.#refusal ? html`<p class="notice bad">${icons.bad}${this.#refusal}</p>` : nothing}
    </div>`;
  }

  /** What was told of this conversation, and of no other that was there before. */
  #toldOf(current: Conversation | undefined): Told {
    return this.#told.of === current?.id ? this.#told : NOTHING_TOLD;
  }

  #current(): Conversation | undefined {
    return before(this.#conversations, this.#chosen, this.ownConversation);
  }

  async #act(order: Order): Promise<void> {
    const current = this.#current();
    if (this.api === undefined || current === undefined) return;
    this.#isBusy = true;
    this.#refusal = "";
    this.requestUpdate();
    try {
      await this.api.genesys(
        "POST",
        `conversations/${encodeURIComponent(current.id)}/actions`,
        order,
      );
    } catch (error) {
      this.#refusal = (error as Error).message;
    }
    this.#isBusy = false;
    await this.refresh();
  }

  /** Who chooses the chat beside wants to follow it, also when the next one begins there. */
  #choose(id: string): void {
    this.#chosen = id === this.ownConversation ? undefined : id;
    this.#refusal = "";
    void this.refresh();
  }

  #toggleContext(): void {
    this.#showsContext = !this.#showsContext;
    this.requestUpdate();
  }

  #chooseAgent({ target }: Event): void {
    this.#agent = (target as HTMLSelectElement).value;
  }

  #typed({ target }: Event): void {
    this.#draft = (target as HTMLTextAreaElement).value;
    this.requestUpdate();
    const now = performance.now();
    if (this.#draft.trim() === "" || now - this.#typedAt < TYPING_AGAIN) return;
    this.#typedAt = now;
    const current = this.#current();
    // That it could not be told that somebody types is not worth a word.
    if (current)
      this.api
        ?.genesys("POST", `conversations/${encodeURIComponent(current.id)}/actions`, {
          action: "type",
        })
        .catch(() => undefined);
  }

  #inputKey(event: KeyboardEvent): void {
    // While a word is being composed, Enter only settles the word.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.#draft.trim();
    if (text === "") return;
    this.#draft = "";
    this.#typedAt = -Infinity;
    void this.#act({ action: "answer", text });
  }

  #submitTransfer(event: SubmitEvent): void {
    event.preventDefault();
    const to = new FormData(event.target as HTMLFormElement).get("to");
    if (typeof to === "string") void this.#act(transfer(to));
  }
}

function badge(conversation: Conversation): TemplateResult {
  return html`<span class="badge ${BADGES[conversation.standing]}"
    >${standingWords(conversation)}</span
  >`;
}

customElements.define("agent-desk", AgentDesk);

declare global {
  interface HTMLElementTagNameMap {
    "agent-desk": AgentDesk;
  }
}
