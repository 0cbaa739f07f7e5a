// The two requests that lead to a socket (Messaging API, 2 and 3).

import type { Surroundings } from "./surroundings.ts";

/** Whose chat it is, and where. */
export interface Door {
  /** The chat API's origin, without a slash at its end: `https://chat.example.com`. */
  readonly url: string;
  /** The connector token. It is no secret: every visitor of the page has it. */
  readonly connector: string;
  /** The host that the connector token is good for. */
  readonly host: string;
  /** What the sidecar is told of the visitor; it reaches the bot and the agent. */
  readonly custom?: Readonly<Record<string, unknown>>;
}

/** A session, and the one token that opens it. */
export interface Session {
  readonly id: string;
  readonly accessToken: string;
}

/** What came of a request. */
export type Answer =
  | { readonly kind: "given"; readonly value: string }
  /** It will not do better next time. */
  | { readonly kind: "refused"; readonly status: number }
  /** It may do better later; after so many milliseconds, where the server says that. */
  | { readonly kind: "unavailable"; readonly retryAfter?: number };

/** A server that takes longer is not there. */
const LONGEST_REQUEST = 15_000;

/** The longest that a server may send a client away (Messaging API, 3.1). */
const LONGEST_RETRY_AFTER = 30_000;

/** What 429 means where the server does not say how long (Messaging API, 3.1). */
const USUAL_RETRY_AFTER = 5_000;

/** Asks for an access token. */
export function requestAccessToken(door: Door, surroundings: Surroundings): Promise<Answer> {
  const headers = { "x-token": door.connector, "x-host": door.host };
  return post(door, "/access-token", headers, {}, "access_token", surroundings);
}

/** Asks for a session; what is given is its id. */
export function requestSession(door: Door, accessToken: string, surroundings: Surroundings): Promise<Answer> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const body = { streaming_enabled: false, platform: "web", ...(door.custom && { custom: door.custom }) };
  return post(door, "/sessions", headers, body, "session_id", surroundings);
}

/** Where the socket is opened; what comes after the cursor is sent. */
export function socketAddress(door: Door, session: Session, cursor: number): string {
  const parameters = new URLSearchParams({ access_token: session.accessToken, session_id: session.id });
  if (cursor > 0) parameters.set("cursor", String(cursor));
  return `${door.url.replace(/^http/, "ws")}/ws?${parameters}`;
}

async function post(
  door: Door,
  path: string,
  headers: Record<string, string>,
  body: unknown,
  member: string,
  surroundings: Surroundings,
): Promise<Answer> {
  const abort = new AbortController();
  const cancel = surroundings.after(LONGEST_REQUEST, () => abort.abort());
  try {
    const response = await surroundings.fetch(`${door.url}/api/v1${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-polyai-correlation-id": surroundings.uuid(),
        ...headers,
      },
      body: JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: abort.signal,
    });
    return response.ok ? given(await response.json(), member) : refused(response);
  } catch {
    return { kind: "unavailable" };
  } finally {
    cancel();
  }
}

/** Whatever answers without it, a proxy perhaps, is not the server. */
function given(body: unknown, member: string): Answer {
  const value = (body as Record<string, unknown> | null)?.[member];
  return typeof value === "string" && value !== "" ? { kind: "given", value } : { kind: "unavailable" };
}

function refused({ status, headers }: Response): Answer {
  if (status === 429) {
    const seconds = Number.parseFloat(headers.get("retry-after") ?? "");
    const retryAfter = Number.isNaN(seconds) ? USUAL_RETRY_AFTER : seconds * 1000;
    return { kind: "unavailable", retryAfter: Math.min(Math.max(retryAfter, 0), LONGEST_RETRY_AFTER) };
  }
  return status >= 500 || status === 408 ? { kind: "unavailable" } : { kind: "refused", status };
}
