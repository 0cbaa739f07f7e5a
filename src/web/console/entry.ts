// An entry of the timeline, read once where it comes in.

/** The transports, in the order of their lanes: from the customer's side to Genesys'. */
export const LANES = ["chat", "rest", "webhook", "notification"] as const;

/** A transport. */
export type Lane = (typeof LANES)[number];

/** What the lanes are called. */
export const LANE_NAMES: Readonly<Record<Lane, string>> = {
  chat: "Chat",
  rest: "REST",
  webhook: "Webhook",
  notification: "Notification",
};

/** Which way something travels. */
export type Direction = "to_baton" | "to_genesys" | "to_client" | "from_client";

/** What came of it. */
export type Outcome = "under_way" | "ok" | "refused" | "failed";

/** Something that happened. */
export interface Entry {
  /** Its place in the timeline of this run. */
  readonly number: number;
  /** When it began: RFC 3339. */
  readonly at: string;
  readonly lane: Lane;
  readonly direction: Direction;
  readonly title: string;
  /** The beginning of its text. */
  readonly summary?: string;
  readonly outcome: Outcome;
  /** The status of HTTP. */
  readonly status?: number;
  /** Until the answer; of a chat event, since what caused it. */
  readonly tookMilliseconds?: number;
  /** Which attempt to deliver a webhook it is. */
  readonly attempt?: number;
  readonly sessionId?: string;
  readonly conversationId?: string;
}

/** What is in an entry. */
export type Payload =
  | {
      readonly kind: "webhook";
      readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
      readonly body: string;
    }
  | {
      readonly kind: "exchange";
      readonly path: string;
      readonly request: unknown;
      readonly answer: unknown;
    }
  | { readonly kind: "frame"; readonly frame: unknown };

/** An entry with its payload. */
export interface Detail {
  readonly entry: Entry;
  readonly payload: Payload;
}

const DIRECTIONS: readonly Direction[] = ["to_baton", "to_genesys", "to_client", "from_client"];
const OUTCOMES: readonly Outcome[] = ["under_way", "ok", "refused", "failed"];

type Members = Readonly<Record<string, unknown>>;

/** The entry that this JSON is; `undefined` if it is none. */
export function readEntry(value: unknown): Entry | undefined {
  const members = membersOf(value);
  const { number, at, title } = members;
  const lane = oneOf(LANES, members.lane);
  const direction = oneOf(DIRECTIONS, members.direction);
  const outcome = oneOf(OUTCOMES, members.outcome);
  if (typeof number !== "number" || typeof at !== "string" || typeof title !== "string")
    return undefined;
  if (lane === undefined || direction === undefined || outcome === undefined) return undefined;
  return {
    number,
    at,
    lane,
    direction,
    title,
    outcome,
    ...optional("summary", text(members.summary)),
    ...optional("status", numeral(members.status)),
    ...optional("tookMilliseconds", numeral(members.took_milliseconds)),
    ...optional("attempt", numeral(members.attempt)),
    ...optional("sessionId", text(members.session_id)),
    ...optional("conversationId", text(members.conversation_id)),
  };
}

/** The entry and its payload that this JSON is; `undefined` if it is none. */
export function readDetail(value: unknown): Detail | undefined {
  const entry = readEntry(value);
  return entry && { entry, payload: readPayload(entry, membersOf(value).payload) };
}

function readPayload(entry: Entry, payload: unknown): Payload {
  const members = membersOf(payload);
  if (entry.lane === "webhook" && typeof members.body === "string") {
    const headers = Object.entries(membersOf(members.headers)).map(
      ([name, value]) => [name, String(value)] as const,
    );
    return { kind: "webhook", headers, body: members.body };
  }
  if (entry.lane === "rest" && "request" in members) {
    const { request = null, answer = null } = members;
    return { kind: "exchange", path: text(members.path) ?? "", request, answer };
  }
  return { kind: "frame", frame: payload ?? null };
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : {};
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numeral(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function optional<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
