// What stands around the flow: above it who answers and how the connection is, below it where the
// visitor writes, and in the corner the button that opens it all.

import { type TemplateResult, html, nothing } from "lit";
import { live } from "lit/directives/live.js";

import type { ConnectionState } from "./connection.ts";
import type { Conversation, Sender } from "./conversation.ts";
import { face } from "./flow.ts";
import { icons } from "./icons.ts";
import type { Spoken } from "./texts/choice.ts";
import type { Texts } from "./texts/texts.ts";

/** Who answers, and what can be done with the whole. An action that is left out cannot be done. */
export function header(
  chat: Conversation | undefined,
  label: string,
  texts: Texts,
  actions: { end: (() => void) | undefined; minimise: (() => void) | undefined },
): TemplateResult {
  const sender: Sender = chat?.agent ? { role: "agent", ...chat.agent } : { role: "bot", ...chat?.bot };
  const button = (act: (() => void) | undefined, word: string, sign: TemplateResult) =>
    act
      ? html`<button class="icon" type="button" aria-label=${word} title=${word} @click=${act}>${sign}</button>`
      : nothing;
  return html`<header part="header">
    ${face(sender)}
    <div class="who">
      <h2>${sender.name || label || texts.chat}</h2>
      ${sender.name ? html`<p class="role">${texts[sender.role === "agent" ? "agent" : "bot"]}</p>` : nothing}
    </div>
    ${button(actions.end, texts.endChat, icons.end)}${button(actions.minimise, texts.minimise, icons.down)}
  </header>`;
}

/** What the visitor has to know of the connection; nothing, as long as it is open or soon will be. */
export function banner(
  state: ConnectionState | undefined,
  isAwayForLong: boolean,
  hasBegun: boolean,
  texts: Texts,
  retry: () => void,
): TemplateResult | string | typeof nothing {
  if (state?.name === "failed" && state.reason === "refused") return texts.unavailable;
  if (state?.name === "failed") {
    return html`${texts.unreachable} <button class="word" type="button" @click=${retry}>${texts.tryAgain}</button>`;
  }
  if (!isAwayForLong) return nothing;
  return hasBegun ? texts.connectionLost : texts.connecting;
}

/** That there is more below than what is in sight. */
export function newBelow(texts: Texts, toEnd: () => void): TemplateResult {
  return html`<div class="newest">
    <button type="button" @click=${toEnd}>${icons.down}${texts.newMessages}</button>
  </div>`;
}

/** Where the visitor writes. */
export function composer(
  input: { draft: string; isTooLong: boolean; isDisabled: boolean },
  texts: Texts,
  actions: { typed: (event: InputEvent) => void; submit: (event: Event) => void },
): TemplateResult {
  // While a word is being composed, Enter only settles the word.
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) actions.submit(event);
  };
  return html`${input.isTooLong ? html`<p class="wrong" role="alert">${texts.tooLong}</p>` : nothing}
    <form @submit=${actions.submit}>
      <textarea id="input" part="input" rows="1" dir="auto" enterkeyhint="send" aria-label=${texts.yourMessage}
        placeholder=${texts.yourMessage} aria-invalid=${input.isTooLong} ?disabled=${input.isDisabled}
        .value=${live(input.draft)} @input=${actions.typed} @keydown=${key}></textarea>
      <button class="icon send" part="send" type="submit" aria-label=${texts.send} title=${texts.send}
        aria-disabled=${input.draft.trim() === ""}>${icons.send}</button>
    </form>`;
}

/** Whether the chat is to end. */
export function endQuestion(
  texts: Texts,
  actions: { keepChatting: () => void; end: () => void },
): TemplateResult {
  return html`<div class="choice" role="group" aria-labelledby="question">
    <p id="question">${texts.endQuestion}</p>
    <button class="plain" type="button" @click=${actions.keepChatting}>${texts.keepChatting}</button>
    <button id="choice" class="plain main" part="end" type="button" @click=${actions.end}>${texts.endChat}</button>
  </div>`;
}

/** What there is to do after a chat has ended. */
export function newChat(texts: Texts, begin: () => void): TemplateResult {
  return html`<div class="choice">
    <button id="choice" class="plain main" type="button" @click=${begin}>${texts.newChat}</button>
  </div>`;
}

/** The button in the corner, with how many messages were not seen. */
export function launcher(
  { isOpen, unread, label }: { isOpen: boolean; unread: number; label: string },
  { texts, number }: Spoken,
  toggle: () => void,
): TemplateResult {
  const name = isOpen ? texts.minimise : label || texts.openChat;
  const count = number.format(unread);
  return html`<button id="launcher" class="launcher" part="launcher" type="button" aria-expanded=${isOpen}
    aria-label=${unread > 0 ? `${name} (${texts.newMessages}: ${count})` : name} @click=${toggle}>
    ${isOpen ? icons.down : icons.chat}
    ${unread > 0 ? html`<span class="count" aria-hidden="true">${count}</span>` : nothing}
  </button>`;
}
