// The flow of a chat: messages, and what is said between them. All text of others goes through
// Lit, which escapes it; all addresses were checked where they were read.

import { type TemplateResult, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";

import type { Conversation, NoticeContent, Sender } from "./conversation.ts";
import type { Attachment, Call, QueueStatus } from "./events.ts";
import { type Block, type Group, type Laid, blocks } from "./grouping.ts";
import { icons } from "./icons.ts";
import { stretches } from "./text.ts";
import type { Spoken } from "./texts/choice.ts";
import type { Texts } from "./texts/texts.ts";

/** What a user can do about a message that did not arrive. */
export interface Remedies {
  sendAgain(localId: string): void;
  discard(localId: string): void;
}

/** The flow, from the first entry to what waits to be sent. */
export function flow(conversation: Conversation, spoken: Spoken, remedies: Remedies): TemplateResult {
  const block = (block: Block) =>
    block.kind === "notice"
      ? notice(block.content, spoken.texts)
      : group(block, spoken, conversation.isEnded ? undefined : remedies);
  return html`<div class="flow">${repeat(blocks(conversation), ({ key }) => key, block)}</div>`;
}

/** How it stands in the queue, as it is now. */
export function queueCard(queue: QueueStatus, { texts, number, minutes }: Spoken): TemplateResult {
  const { name, position, waitSeconds } = queue;
  const wait = minutes.format(Math.max(1, Math.ceil((waitSeconds ?? 0) / 60)));
  return html`<div class="queue" part="queue">
    <span>${name ? texts.queuedIn(name) : texts.queued}</span>
    ${position ? html`<span>${texts.queuePosition(number.format(position))}</span>` : nothing}
    ${waitSeconds === undefined ? nothing : html`<span>${texts.queueWait(wait)}</span>`}
  </div>`;
}

/** That somebody writes. It is not read out: it would be, again and again. */
export function typingDots(sender: Sender, texts: Texts): TemplateResult {
  const name = sender.name ?? texts[sender.role === "bot" ? "bot" : "agent"];
  return html`<div aria-live="off"><span class="dots" part="typing"
    ><span class="unseen">${texts.isTyping(name)}</span><i></i><i></i><i></i></span></div>`;
}

/** What can be answered with one tap. */
export function offers(texts: readonly string[], choose: (text: string) => void): TemplateResult {
  const offer = (text: string) =>
    html`<button type="button" part="suggestion" dir="auto" @click=${() => choose(text)}>${text}</button>`;
  return html`<div class="suggestions">${texts.map(offer)}</div>`;
}

/** The sender's picture, or an initial, or a sign. */
export function face({ role, name, picture }: Sender): TemplateResult {
  const initial = Array.from(name?.trim() ?? "")[0]?.toUpperCase();
  const sign = role === "bot" ? icons.bot : (initial ?? icons.person);
  return html`<span class="face" part="picture" aria-hidden="true">${sign}${
    picture
      ? html`<img src=${picture} alt="" referrerpolicy="no-referrer" @error=${hide} @load=${show} />`
      : nothing
  }</span>`;
}

function group({ sender, messages }: Group, spoken: Spoken, remedies: Remedies | undefined): TemplateResult {
  const { texts } = spoken;
  const isUser = sender.role === "user";
  const name = isUser ? texts.you : (sender.name ?? texts[sender.role === "bot" ? "bot" : "agent"]);
  return html`<div class="group ${sender.role}" role="group" aria-label=${name}>
    ${isUser ? nothing : face(sender)}
    <div class="column">
      <span class=${isUser ? "unseen" : "name"}>${name}</span>
      ${repeat(
        messages,
        ({ key }) => key,
        (laid) => message(laid, sender.role, spoken, remedies),
      )}
      ${foot(messages, isUser, spoken)}
    </div>
  </div>`;
}

/** One shape for all, so that nothing is drawn or read out again when a message is echoed. */
function message(
  laid: Laid,
  role: Sender["role"],
  { texts }: Spoken,
  remedies: Remedies | undefined,
): TemplateResult {
  const { text } = laid.message;
  const { attachments, calls } = laid.kind === "said" ? laid.message : { attachments: [], calls: [] };
  const delivery = laid.kind === "outgoing" ? laid.message.delivery : "echoed";
  return html`${text === "" ? nothing : bubble(text, role, delivery)}
    ${attachments.map((attachment) => shown(attachment, texts))}${calls.map(call)}
    ${delivery === "failed" ? notSent(laid.key, texts, remedies) : nothing}`;
}

function notSent(localId: string, texts: Texts, remedies: Remedies | undefined): TemplateResult {
  const remedy = (act: (localId: string) => void, word: string) =>
    html`<button class="word" type="button" @click=${() => act(localId)}>${word}</button>`;
  return html`<span class="meta failed">${icons.failed}${texts.notSent}
    ${remedies ? remedy(remedies.sendAgain, texts.sendAgain) : nothing}
    ${remedies ? remedy(remedies.discard, texts.discard) : nothing}</span>`;
}

function bubble(text: string, role: Sender["role"], delivery: string): TemplateResult {
  const parts = stretches(text).map(({ text, href }) =>
    href ? html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${text}</a>` : text,
  );
  return html`<div class="bubble ${delivery}" part="bubble bubble-${role}" dir="auto">${parts}</div>`;
}

/** When the last of the group was written, and how far the user's own came. */
function foot(
  messages: readonly Laid[],
  isUser: boolean,
  { texts, clock }: Spoken,
): TemplateResult | typeof nothing {
  const last = messages.at(-1);
  if (last === undefined || (last.kind === "outgoing" && last.message.delivery === "failed")) return nothing;
  if (last.kind === "outgoing") return html`<span class="meta">${texts.sending}</span>`;
  const { at, delivery } = last.message;
  const time = new Date(at);
  return html`<span class="meta"><time datetime=${time.toISOString()}>${clock.format(time)}</time>
    ${isUser && delivery !== "echoed" ? html`<span>${texts[delivery]}</span>` : nothing}</span>`;
}

function shown(attachment: Attachment, texts: Texts): TemplateResult {
  const { kind, title, address, preview, action } = attachment;
  const image = kind === "picture" ? address : preview;
  const alternative = kind === "picture" ? (title ?? texts.picture) : "";
  const picture = image
    ? html`<img src=${image} alt=${alternative} loading="lazy" referrerpolicy="no-referrer" @error=${breaks} />`
    : nothing;
  const name = title ?? (address ? nameOf(address) : texts.link);
  const label = html`<span class="label"><span><strong dir="auto">${name}</strong>
    ${action ? html`<span class="action" dir="auto">${action}</span>` : nothing}</span>
    ${address ? icons.external : nothing}</span>`;
  if (!address) return html`<div class="card" part="attachment">${picture}${label}</div>`;
  return html`<a class=${kind === "picture" ? "picture" : "card"} part="attachment" href=${address}
    target="_blank" rel="noopener noreferrer nofollow">${picture}${label}</a>`;
}

function call({ title, number }: Call): TemplateResult {
  return html`<div class="card" part="attachment"><span class="label"
    ><span><strong>${title || number}</strong><span>${title ? number : nothing}</span></span>${icons.phone}</span></div>`;
}

/** A file's name, or else the host's. */
function nameOf(address: string): string {
  const { pathname, host } = new URL(address);
  const last = pathname.split("/").at(-1);
  try {
    return last ? decodeURIComponent(last) : host;
  } catch {
    return last || host;
  }
}

function notice(content: NoticeContent, texts: Texts): TemplateResult {
  const isError = content.name === "said" && content.isError;
  return html`<p class="notice ${isError ? "error" : ""}" part="notice" dir="auto">${words(content, texts)}</p>`;
}

function words(content: NoticeContent, texts: Texts): string | TemplateResult {
  switch (content.name) {
    case "said":
      return content.text;
    case "agent_joined":
      return texts.agentJoined(content.agent ?? texts.agent);
    case "agent_left":
      return texts.agentLeft(content.agent ?? texts.agent);
    case "handoff_triggered":
      return texts.handoffTriggered;
    case "handoff_failed":
      return texts.handoffFailed;
    case "handoff_timed_out":
      return texts.handoffTimedOut;
    case "handoff_elsewhere":
      return content.route
        ? html`${texts.handoffElsewhere}
            <a href=${content.route} target="_blank" rel="noopener noreferrer nofollow">${texts.handoffRoute}</a>`
        : texts.handoffElsewhere;
    case "idle":
      return texts.idle;
    case "begun_anew":
      return texts.begunAnew;
    case "ended":
      return { user: texts.endedByYou, abandoned: texts.endedBySilence, other: texts.ended }[content.reason];
  }
}

function hide({ target }: Event): void {
  (target as HTMLElement).hidden = true;
}

function show({ target }: Event): void {
  (target as HTMLElement).hidden = false;
}

/** A picture that cannot be shown is a link. */
function breaks({ target }: Event): void {
  (target as HTMLElement).parentElement?.classList.add("broken");
}
