// What is shown of a chat, and what becomes of it by what the user does. What becomes of it by events,
// `taking.ts` says; both are pure functions.

import type { Agent, Attachment, Call, QueueStatus } from "./events.ts";

/** Who wrote a message. */
export interface Sender {
  readonly role: "user" | "bot" | "agent";
  readonly name?: string;
  readonly picture?: string;
}

/** A message in the flow. */
export interface Message {
  readonly kind: "message";
  /** What the message is known by here. */
  readonly key: string;
  readonly sender: Sender;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly calls: readonly Call[];
  readonly suggestions: readonly string[];
  /** In milliseconds since 1970. */
  readonly at: number;
  /** How far a message of the user's came; of the others there is nothing to say. */
  readonly delivery: "echoed" | "received" | "read";
  readonly messageId: string;
  /** The parts of a message that comes in parts, by their index. */
  readonly parts?: Readonly<Record<number, string>>;
}

/** What a notice in the flow says. */
export type NoticeContent =
  | { readonly name: "handoff_triggered" | "handoff_failed" | "handoff_timed_out" | "idle" | "begun_anew" }
  | { readonly name: "handoff_elsewhere"; readonly route?: string }
  | { readonly name: "agent_joined" | "agent_left"; readonly agent?: string }
  | { readonly name: "ended"; readonly reason: "user" | "abandoned" | "other" }
  /** Words of the server or of the contact centre. */
  | { readonly name: "said"; readonly text: string; readonly isError: boolean };

/** A notice in the flow. */
export interface Notice {
  readonly kind: "notice";
  readonly key: string;
  readonly content: NoticeContent;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** What stands in the flow. */
export type Entry = Message | Notice;

/** A message of the user's that the server has not echoed. */
export interface Outgoing {
  readonly localId: string;
  readonly text: string;
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly delivery: "pending" | "failed";
}

/** What is shown. */
export interface Conversation {
  /** The ids of the events that were taken. */
  readonly seen: ReadonlySet<string>;
  /** What happened, in the order of the session. */
  readonly entries: readonly Entry[];
  /** What the user wrote since, in that order. It is shown after the entries. */
  readonly outgoing: readonly Outgoing[];
  /** The bot, if it has ever joined, and the person who has the chat. */
  readonly bot: Agent | undefined;
  readonly agent: Agent | undefined;
  /** Who writes just now. */
  readonly typing: Sender | undefined;
  /** How it stands in the queue, while the user waits in one. */
  readonly queue: QueueStatus | undefined;
  readonly isEnded: boolean;
  /** Whether the session has begun and nobody was asked to join it. */
  readonly wantsJoin: boolean;
}

/** A chat in which nothing has happened. */
export const EMPTY: Conversation = {
  seen: new Set(),
  entries: [],
  outgoing: [],
  bot: undefined,
  agent: undefined,
  typing: undefined,
  queue: undefined,
  isEnded: false,
  wantsJoin: false,
};

/** With a message that the user has just written. */
export function write(conversation: Conversation, message: Omit<Outgoing, "delivery">): Conversation {
  return { ...conversation, outgoing: [...conversation.outgoing, { ...message, delivery: "pending" }] };
}

/** With the user's message in this state, or without it. */
export function mark(
  conversation: Conversation,
  localId: string,
  delivery: Outgoing["delivery"] | "discarded",
): Conversation {
  const marked = (message: Outgoing): Outgoing[] => {
    if (message.localId !== localId) return [message];
    return delivery === "discarded" ? [] : [{ ...message, delivery }];
  };
  return { ...conversation, outgoing: conversation.outgoing.flatMap(marked) };
}

/** Whoever was writing has not gone on. */
export function quiet(conversation: Conversation): Conversation {
  return { ...conversation, typing: undefined };
}

/** The session is over, whether or not the server said so. */
export function end(
  conversation: Conversation,
  reason: "user" | "abandoned" | "other",
  at: number,
): Conversation {
  if (conversation.isEnded) return conversation;
  const outgoing = conversation.outgoing.map((message) => ({ ...message, delivery: "failed" as const }));
  const over = {
    ...quiet(conversation),
    outgoing,
    agent: undefined,
    queue: undefined,
    wantsJoin: false,
    isEnded: true,
  };
  return noticed(over, `ended-${conversation.entries.length}`, { name: "ended", reason }, at);
}

/** Another session follows one that was lost. What was said stays in sight. */
export function beginAnew(conversation: Conversation, at: number): Conversation {
  const { entries, outgoing } = conversation;
  if (entries.length === 0) return { ...EMPTY, outgoing };
  return noticed({ ...EMPTY, entries, outgoing }, `begun-${entries.length}`, { name: "begun_anew" }, at);
}

/** The answers that the last message offers, as long as nothing was said since. */
export function suggestions({ entries, outgoing, isEnded }: Conversation): readonly string[] {
  const last = entries.at(-1);
  return last?.kind === "message" && outgoing.length === 0 && !isEnded ? last.suggestions : [];
}

/** With a notice at the end of the flow. */
export function noticed(chat: Conversation, key: string, content: NoticeContent, at: number): Conversation {
  return { ...chat, entries: [...chat.entries, { kind: "notice", key, content, at }] };
}
