// What is shown of a chat after something has happened in it: a pure function of the events.

import {
  type Conversation,
  type Entry,
  type Message,
  type NoticeContent,
  type Outgoing,
  type Sender,
  end,
  mark,
  noticed,
  quiet,
} from "./conversation.ts";
import type { Agent, ChatEvent, Content, QueueStatus } from "./events.ts";

/**
 * The conversation after the events of one frame. What was taken before is not taken again. `now`
 * stands in for a time that an event does not say.
 */
export function take(
  conversation: Conversation,
  { events, isReplay, now }: { events: readonly ChatEvent[]; isReplay: boolean; now: number },
): Conversation {
  const seen = new Set(conversation.seen);
  let next: Conversation = { ...conversation, seen };
  for (const event of events) {
    const isKnown = event.sequence !== undefined && event.id !== "" && seen.has(event.id);
    if (isKnown) {
      next = { ...next, outgoing: withoutEchoed(next.outgoing, event) };
      continue;
    }
    if (event.id !== "") seen.add(event.id);
    next = takeOne(next, event, event.at ?? now, isReplay);
  }
  return next;
}

function takeOne(chat: Conversation, event: ChatEvent, at: number, isReplay: boolean): Conversation {
  const key = event.id || `${event.kind}-${chat.entries.length}`;
  const notice = (content: NoticeContent, from: Conversation = chat) => noticed(from, key, content, at);
  switch (event.kind) {
    case "session_started":
      return { ...chat, isEnded: false, wantsJoin: chat.bot === undefined && chat.agent === undefined };
    case "session_ended":
      return end(chat, event.reason, at);
    case "join_requested":
      return { ...chat, wantsJoin: false };
    case "bot_joined":
      return { ...chat, bot: event.agent, wantsJoin: false };
    case "bot_thinking":
      return isReplay ? chat : { ...chat, typing: botAs(chat.bot) };
    case "bot_message": {
      const said = spoken(chat, botAs(chat.bot, event.content.agent), event.content, key, at);
      return event.ends ? end(said, "other", at) : said;
    }
    case "bot_chunk":
      return withChunk(chat, event.content, event.index, key, at);
    case "bot_left":
      return chat.typing?.role === "bot" ? quiet(chat) : chat;
    case "handoff_triggered":
      return notice({ name: "handoff_triggered" });
    case "handoff_accepted":
      return { ...chat, queue: event.queue };
    case "queue_status":
      return withQueue(chat, event.queue, key, at);
    case "handoff_failed":
    case "handoff_timed_out":
      return notice({ name: event.kind }, { ...quiet(chat), agent: undefined, queue: undefined });
    case "handoff_elsewhere":
      return notice({ name: event.kind, ...(event.route && { route: event.route }) });
    case "agent_joined": {
      const { name } = event.agent;
      const joined = { ...quiet(chat), agent: event.agent, queue: undefined, wantsJoin: false };
      return notice({ name: "agent_joined", ...(name && { agent: name }) }, joined);
    }
    case "agent_typing":
      if (isReplay) return chat;
      return { ...chat, typing: event.isTyping ? agentAs(chat.agent, event.agent) : undefined };
    case "agent_message":
      return spoken(chat, agentAs(chat.agent, event.content.agent), event.content, key, at);
    case "agent_left": {
      const name = event.agent.name ?? chat.agent?.name;
      const left = { ...quiet(chat), agent: undefined };
      return notice({ name: "agent_left", ...(name && { agent: name }) }, left);
    }
    case "user_message":
      return withEcho(chat, event, key, at);
    case "system_message":
      return withSystemMessage(chat, event, key, at);
    case "idle_warning":
      return notice({ name: "idle" });
    case "receipt":
      return withReceipt(chat, event);
    case "heartbeat":
    case "unknown":
      return chat;
  }
}

function spoken(chat: Conversation, sender: Sender, content: Content, key: string, at: number): Conversation {
  const { text, attachments, calls, suggestions, messageId } = content;
  const entries = chat.entries.filter((entry) => !isParts(entry, messageId));
  if (text === "" && attachments.length + calls.length + suggestions.length === 0) return chat;
  const delivery = "echoed";
  const message: Message = {
    kind: "message",
    key,
    sender,
    text,
    attachments,
    calls,
    suggestions,
    at,
    delivery,
    messageId,
  };
  return { ...quiet(chat), entries: [...entries, message] };
}

/** A part of a message: the parts so far are one message (Messaging API, 8.3). */
function withChunk(
  chat: Conversation,
  content: Content,
  index: number,
  key: string,
  at: number,
): Conversation {
  const position = chat.entries.findIndex((entry) => isParts(entry, content.messageId));
  const former = chat.entries[position];
  if (former?.kind !== "message") {
    const begun = spoken(chat, botAs(chat.bot, content.agent), content, key, at);
    const last = begun.entries.at(-1);
    if (begun === chat || last?.kind !== "message") return chat;
    return { ...begun, entries: begun.entries.with(-1, { ...last, parts: { [index]: content.text } }) };
  }
  const parts = { ...former.parts, [index]: content.text };
  const whole: Message = {
    ...former,
    parts,
    // The members come in the order of their numbers.
    text: Object.values(parts).join(""),
    attachments: [...former.attachments, ...content.attachments],
    suggestions: content.suggestions.length > 0 ? content.suggestions : former.suggestions,
  };
  return { ...quiet(chat), entries: chat.entries.with(position, whole) };
}

function isParts(entry: Entry, messageId: string): boolean {
  return (
    entry.kind === "message" && entry.parts !== undefined && entry.messageId === messageId && messageId !== ""
  );
}

/** Words stand in the flow; numbers are shown once, as they are now. */
function withQueue(chat: Conversation, queue: QueueStatus, key: string, at: number): Conversation {
  const { text, ...numbers } = queue;
  const next = { ...chat, queue: { ...chat.queue, ...numbers } };
  return text === undefined ? next : noticed(next, key, { name: "said", text, isError: false }, at);
}

function withEcho(
  chat: Conversation,
  echo: ChatEvent & { kind: "user_message" },
  key: string,
  at: number,
): Conversation {
  const message: Message = {
    kind: "message",
    key: echo.localId ?? key,
    sender: { role: "user" },
    text: echo.text,
    attachments: [],
    calls: [],
    suggestions: [],
    at,
    delivery: "echoed",
    messageId: echo.messageId,
  };
  return { ...chat, entries: [...chat.entries, message], outgoing: withoutEchoed(chat.outgoing, echo) };
}

/** Without the message that this echoes: the one of that id, or else the first of the same words. */
function withoutEchoed(outgoing: readonly Outgoing[], echo: ChatEvent): readonly Outgoing[] {
  if (echo.kind !== "user_message") return outgoing;
  const { localId, text } = echo;
  const echoed = outgoing.find((message) => (localId ? message.localId === localId : message.text === text));
  return outgoing.filter((message) => message !== echoed);
}

/** What is wrong with one message is said beside it. */
function withSystemMessage(
  chat: Conversation,
  event: ChatEvent & { kind: "system_message" },
  key: string,
  at: number,
): Conversation {
  const { isError, localId, text } = event;
  const isOfMessage = isError && chat.outgoing.some((message) => message.localId === localId);
  if (isOfMessage && localId !== undefined) return mark(chat, localId, "failed");
  return text === "" ? chat : noticed(chat, key, { name: "said", text, isError }, at);
}

/** A receipt is for the message that it names and for all before it. */
function withReceipt(
  chat: Conversation,
  { state, messageId }: { state: "received" | "read"; messageId?: string },
): Conversation {
  const named = messageId
    ? chat.entries.findLastIndex((entry) => entry.kind === "message" && entry.messageId === messageId)
    : chat.entries.length;
  const received = (entry: Entry, position: number): Entry => {
    if (entry.kind !== "message" || entry.sender.role !== "user" || position > named) return entry;
    return { ...entry, delivery: entry.delivery === "read" ? "read" : state };
  };
  return { ...chat, entries: chat.entries.map(received) };
}

function botAs(bot: Agent | undefined, said: Agent = {}): Sender {
  return sender("bot", { ...bot, ...said });
}

/** What a message says of its agent comes before what was said when the agent joined. */
function agentAs(agent: Agent | undefined, said: Agent): Sender {
  const isAnother = said.id !== undefined && agent?.id !== undefined && said.id !== agent.id;
  return sender("agent", isAnother ? said : { ...agent, ...said });
}

function sender(role: Sender["role"], { name, picture }: Agent): Sender {
  return { role, ...(name && { name }), ...(picture && { picture }) };
}
