// How the flow is laid out: messages of one sender, one after the other, stand together.

import type { Conversation, Message, Notice, Outgoing, Sender } from "./conversation.ts";

/** A message, as it is laid out: one that was echoed, or one that waits for that. */
export type Laid =
  | { readonly kind: "said"; readonly key: string; readonly message: Message }
  | { readonly kind: "outgoing"; readonly key: string; readonly message: Outgoing };

/** Messages of one sender. */
export interface Group {
  readonly kind: "group";
  readonly key: string;
  readonly sender: Sender;
  readonly messages: readonly Laid[];
}

/** What stands in the flow, from top to bottom. */
export type Block = Group | Notice;

/** Messages further apart, in milliseconds, have each a time of their own. */
const APART = 5 * 60_000;

/** The flow. */
export function blocks({ entries, outgoing }: Conversation): Block[] {
  const found: Block[] = [];
  for (const entry of entries) {
    if (entry.kind === "notice") found.push(entry);
    else add(found, entry.sender, { kind: "said", key: entry.key, message: entry });
  }
  for (const message of outgoing) {
    add(found, { role: "user" }, { kind: "outgoing", key: message.localId, message });
  }
  return found;
}

function add(found: Block[], sender: Sender, laid: Laid): void {
  const last = found.at(-1);
  const before = last?.kind === "group" ? last.messages.at(-1) : undefined;
  if (last?.kind === "group" && before && isSame(last.sender, sender) && isNear(before, laid)) {
    found[found.length - 1] = { ...last, messages: [...last.messages, laid] };
  } else {
    found.push({ kind: "group", key: `group-${laid.key}`, sender, messages: [laid] });
  }
}

function isSame(one: Sender, other: Sender): boolean {
  return one.role === other.role && one.name === other.name;
}

function isNear(one: Laid, other: Laid): boolean {
  return Math.abs(other.message.at - one.message.at) < APART;
}
