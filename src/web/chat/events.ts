// What is said over the socket, as everything here works with it (Messaging API, 7 and 8).

/** What a session can do, as the server says when it starts. */
export interface Capabilities {
  /** The most bytes of UTF-8 in a message's text. */
  readonly maxMessageBytes: number;
  /** How many attempts in a row may fail before the client gives up; 0 for any number. */
  readonly maxReconnectAttempts: number;
  /** How much lies between two heartbeats; 0 for none at all. */
  readonly heartbeatSeconds: number;
}

/** What holds where the server says nothing (Messaging API, 5.3 and 7). */
export const USUAL: Capabilities = {
  maxMessageBytes: 1024 * 1024,
  maxReconnectAttempts: 10,
  heartbeatSeconds: 30,
};

/** Who writes on the other side, as far as that is told. */
export interface Agent {
  readonly id?: string;
  readonly name?: string;
  /** Where the agent's picture is: `http` or `https`. */
  readonly picture?: string;
}

/** A link or a picture beside a message; its addresses are `http` or `https`. */
export interface Attachment {
  readonly kind: "link" | "picture";
  readonly title?: string;
  readonly address?: string;
  readonly preview?: string;
  /** What the link's button says. */
  readonly action?: string;
}

/** Somebody to call. */
export interface Call {
  readonly title: string;
  readonly number: string;
}

/** What a message of the bot or of a person holds. */
export interface Content {
  /** The message's own id; empty where there is none. */
  readonly messageId: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly calls: readonly Call[];
  /** What can be answered with one tap. */
  readonly suggestions: readonly string[];
  readonly agent: Agent;
}

/** How it stands in the queue, as far as that is told. */
export interface QueueStatus {
  readonly name?: string;
  readonly position?: number;
  readonly waitSeconds?: number;
  /** Words of the contact centre, which say it better than the numbers. */
  readonly text?: string;
}

/** What happened. */
export type Happening =
  | { readonly kind: "session_started"; readonly capabilities: Capabilities }
  | { readonly kind: "session_ended"; readonly reason: "user" | "abandoned" | "other" }
  | { readonly kind: "system_message"; readonly isError: boolean; readonly text: string }
  | { readonly kind: "bot_joined"; readonly agent: Agent }
  | { readonly kind: "bot_thinking" }
  | { readonly kind: "bot_message"; readonly content: Content; readonly ends: boolean }
  | { readonly kind: "bot_chunk"; readonly content: Content; readonly index: number }
  | { readonly kind: "bot_left" }
  | { readonly kind: "handoff_triggered" }
  | { readonly kind: "handoff_accepted"; readonly queue: QueueStatus }
  | { readonly kind: "queue_status"; readonly queue: QueueStatus }
  | { readonly kind: "handoff_failed" }
  | { readonly kind: "handoff_timed_out" }
  | { readonly kind: "handoff_elsewhere"; readonly route?: string }
  | { readonly kind: "agent_joined"; readonly agent: Agent }
  | { readonly kind: "agent_typing"; readonly isTyping: boolean; readonly agent: Agent }
  | { readonly kind: "agent_message"; readonly content: Content }
  | { readonly kind: "agent_left"; readonly agent: Agent }
  | { readonly kind: "user_message"; readonly text: string; readonly messageId: string }
  | { readonly kind: "join_requested" }
  | { readonly kind: "idle_warning" }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "receipt"; readonly state: "received" | "read"; readonly messageId?: string }
  | { readonly kind: "unknown"; readonly type: string };

/** An event as it is read: what happened, when, and what it is known by. */
export type ChatEvent = Happening & {
  /** What a repeated event is known by; empty where there is none. */
  readonly id: string;
  /** Its place in the session; absent for what is shown and forgotten. */
  readonly sequence?: number;
  /** When it happened, in milliseconds since 1970; absent where no time can be read. */
  readonly at?: number;
  /** What this client called its own message. */
  readonly localId?: string;
  /** The event in the words of the Messaging API. */
  readonly wire: Readonly<Record<string, unknown>>;
};

/** A frame as it is read. */
export interface Frame {
  readonly events: readonly ChatEvent[];
  /** Whether this is history, and not what happens now. */
  readonly isReplay: boolean;
}

/** What a client says (Messaging API, 7). */
export type ClientEvent =
  | { readonly kind: "request_join" }
  | { readonly kind: "message"; readonly text: string; readonly localId: string }
  | { readonly kind: "typing"; readonly isTyping: boolean }
  | { readonly kind: "end_session" }
  | { readonly kind: "heartbeat" };
