// What goes over the socket (Messaging API, 6 to 8): frames are read here, once, and everything
// else works with what they say.

import {
  type Agent,
  type Attachment,
  type Call,
  type Capabilities,
  type ChatEvent,
  type ClientEvent,
  type Content,
  type Frame,
  type Happening,
  type QueueStatus,
  USUAL,
} from "./events.ts";
import { webAddress } from "./text.ts";

type Wire = Readonly<Record<string, unknown>>;

/** Reads a text frame; nothing comes of what is no frame of the API. */
export function readFrame(text: string): Frame {
  let wire: unknown;
  try {
    wire = JSON.parse(text);
  } catch {
    return { events: [], isReplay: false };
  }
  if (!isObject(wire)) return { events: [], isReplay: false };
  if (wire["type"] !== "EVENT_TYPE_EVENT_BATCH") return { events: readEvent(wire), isReplay: false };
  const events = objects(payloadOf(wire)["events"]).flatMap(readEvent);
  const last = Number.MAX_SAFE_INTEGER;
  return { events: events.sort((a, b) => (a.sequence ?? last) - (b.sequence ?? last)), isReplay: true };
}

/** The event, or none where there is no type. */
function readEvent(wire: Wire): ChatEvent[] {
  const type = wire["type"];
  if (typeof type !== "string" || type === "") return [];
  const name = type.replace(/^EVENT_TYPE_/, "");
  const happening =
    Object.hasOwn(READERS, name) && name !== type ? READERS[name]?.(payloadOf(wire)) : undefined;
  const sequence = wire["sequence"];
  const at = Date.parse(text(wire["timestamp"]));
  const custom = objectOr(objectOr(wire["metadata"])["custom"]);
  return [
    {
      ...(happening ?? { kind: "unknown", type }),
      id: text(wire["id"]),
      ...(Number.isSafeInteger(sequence) && { sequence: sequence as number }),
      ...(!Number.isNaN(at) && { at }),
      ...optional("localId", text(custom["local_id"]) || text(custom["client_event_id"])),
      wire,
    },
  ];
}

/** What each type means, by its name without `EVENT_TYPE_` (Messaging API, 8). */
const READERS: Readonly<Record<string, (payload: Wire) => Happening>> = {
  SESSION_START: (payload) => ({
    kind: "session_started",
    capabilities: readCapabilities(objectOr(payload["capabilities"])),
  }),
  SESSION_END: ({ reason }) => ({ kind: "session_ended", reason: END_REASONS[text(reason)] ?? "other" }),
  SYSTEM_MESSAGE: (payload) => ({
    kind: "system_message",
    isError: payload["level"] === "SYSTEM_MESSAGE_LEVEL_ERROR",
    text: text(payload["message"]),
  }),
  POLY_AGENT_JOINED: (payload) => ({ kind: "bot_joined", agent: readAgent(payload) }),
  POLY_AGENT_THINKING: () => ({ kind: "bot_thinking" }),
  POLY_AGENT_MESSAGE: (payload) => ({
    kind: "bot_message",
    content: readContent(payload),
    ends: payload["end_conversation"] === true,
  }),
  POLY_AGENT_MESSAGE_CHUNK: (payload) => ({
    kind: "bot_chunk",
    content: readContent(payload),
    index: count(payload["chunk_index"]) ?? 0,
  }),
  POLY_AGENT_LEFT: () => ({ kind: "bot_left" }),
  POLY_AGENT_TRIGGERED_HANDOFF: () => ({ kind: "handoff_triggered" }),
  HANDOFF_ACCEPTED: (payload) => ({ kind: "handoff_accepted", queue: readQueue(payload) }),
  HANDOFF_QUEUE_STATUS: (payload) => ({ kind: "queue_status", queue: readQueue(payload) }),
  HANDOFF_FAILED: () => ({ kind: "handoff_failed" }),
  HANDOFF_TIMEOUT: () => ({ kind: "handoff_timed_out" }),
  CLIENT_HANDOFF_REQUIRED: ({ route }) => ({
    kind: "handoff_elsewhere",
    ...optional("route", webAddress(route)),
  }),
  LIVE_AGENT_JOINED: (payload) => ({ kind: "agent_joined", agent: readAgent(payload) }),
  LIVE_AGENT_TYPING: (payload) => ({
    kind: "agent_typing",
    isTyping: payload["state"] !== "TYPING_STATE_STOPPED",
    agent: readAgent(payload),
  }),
  LIVE_AGENT_MESSAGE: (payload) => ({ kind: "agent_message", content: readContent(payload) }),
  LIVE_AGENT_LEFT: (payload) => ({ kind: "agent_left", agent: readAgent(payload) }),
  USER_MESSAGE: (payload) => ({
    kind: "user_message",
    text: text(payload["text"]),
    messageId: text(payload["message_id"]),
  }),
  REQUEST_POLY_AGENT_JOIN: () => ({ kind: "join_requested" }),
  SESSION_IDLE_WARNING: () => ({ kind: "idle_warning" }),
  HEARTBEAT: () => ({ kind: "heartbeat" }),
  POLY_AGENT_RECEIVED_MESSAGE: (payload) => readReceipt("received", payload),
  LIVE_AGENT_RECEIVED_MESSAGE: (payload) => readReceipt("received", payload),
  POLY_AGENT_READ_MESSAGE: (payload) => readReceipt("read", payload),
  LIVE_AGENT_READ_MESSAGE: (payload) => readReceipt("read", payload),
};

const END_REASONS: Readonly<Record<string, "user" | "abandoned">> = {
  REASON_USER_END: "user",
  user_ended: "user",
  REASON_USER_ABANDONED: "abandoned",
};

function readCapabilities(wire: Wire): Capabilities {
  return {
    maxMessageBytes: count(wire["max_message_size_bytes"]) || USUAL.maxMessageBytes,
    maxReconnectAttempts: count(wire["max_reconnect_attempts"]) ?? USUAL.maxReconnectAttempts,
    heartbeatSeconds: count(wire["heartbeat_interval_seconds"]) ?? USUAL.heartbeatSeconds,
  };
}

/** What stands flat comes before what stands in `agent`. */
function readAgent(payload: Wire): Agent {
  const agent = objectOr(payload["agent"]);
  const picture = payload["agent_avatar_url"] ?? payload["avatar_url"] ?? agent["avatar_url"];
  return {
    ...optional("id", text(payload["agent_id"]) || text(agent["id"])),
    ...optional("name", text(payload["agent_name"]) || text(agent["name"])),
    ...optional("picture", webAddress(picture)),
  };
}

function readContent(payload: Wire): Content {
  const suggestions = objects(payload["response_suggestions"]).map((wire) => text(wire["message_text"]));
  return {
    messageId: text(payload["message_id"]),
    text: text(payload["text"]),
    attachments: objects(payload["attachments"]).flatMap(readAttachment),
    calls: objects(payload["chat_call_actions"]).flatMap(readCall),
    suggestions: suggestions.filter((suggestion) => suggestion.trim() !== ""),
    agent: readAgent(payload),
  };
}

/** The attachment, if it leads anywhere or says anything. */
function readAttachment(wire: Wire): Attachment[] {
  const address = webAddress(wire["content_url"]);
  const isPicture = wire["content_type"] === "ATTACHMENT_CONTENT_TYPE_IMAGE";
  const attachment: Attachment = {
    kind: isPicture && address !== undefined ? "picture" : "link",
    ...optional("title", text(wire["title"])),
    ...optional("address", address),
    ...optional("preview", webAddress(wire["preview_image_url"])),
    ...optional("action", text(wire["call_to_action_text"])),
  };
  return attachment.address || attachment.preview || attachment.title ? [attachment] : [];
}

function readCall(wire: Wire): Call[] {
  const number = text(wire["contact_number"]);
  return number === "" ? [] : [{ title: text(wire["title"]), number }];
}

function readQueue(payload: Wire): QueueStatus {
  return {
    ...optional("name", text(payload["queue_name"])),
    ...optional("position", count(payload["position_in_queue"]) || count(payload["position"])),
    ...optional("waitSeconds", count(payload["estimated_wait_seconds"])),
    ...optional("text", text(payload["display_message"])),
  };
}

/** Its payload is not published: without a message's id it is about all that were sent. */
function readReceipt(state: "received" | "read", payload: Wire): Happening {
  return { kind: "receipt", state, ...optional("messageId", text(payload["message_id"])) };
}

/** What the payload is called that stands beside the type, and not under `payload`. */
function payloadOf(wire: Wire): Wire {
  const type = text(wire["type"]).replace(/^EVENT_TYPE_/, "");
  return objectOr(wire["payload"] ?? wire[type.toLowerCase()]);
}

function isObject(value: unknown): value is Wire {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOr(value: unknown): Wire {
  return isObject(value) ? value : {};
}

function objects(value: unknown): Wire[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** A member that is left out where there is nothing to say. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined | "",
): Partial<Record<Name, Value>> {
  return value === undefined || value === "" ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** The frame that says it. */
export function writeFrame(event: ClientEvent): string {
  return JSON.stringify(wireOf(event));
}

function wireOf(event: ClientEvent): Wire {
  switch (event.kind) {
    case "request_join":
      return { type: "EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", payload: {} };
    case "message": {
      const metadata = { custom: { local_id: event.localId } };
      return { type: "EVENT_TYPE_USER_MESSAGE", payload: { text: event.text }, metadata };
    }
    case "typing": {
      const state = event.isTyping ? "TYPING_STATE_STARTED" : "TYPING_STATE_STOPPED";
      return { type: "EVENT_TYPE_USER_TYPING", payload: { state } };
    }
    case "end_session":
      return { type: "EVENT_TYPE_USER_END_SESSION", payload: {} };
    case "heartbeat":
      return { type: "EVENT_TYPE_HEARTBEAT", payload: {} };
  }
}
