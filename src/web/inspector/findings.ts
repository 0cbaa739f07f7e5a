// What the page says of a webhook, from what the core found.

import type { Inspection, Trial, Webhook } from "@baton/edge";

/** Inspects a webhook; throws an `Error` that says what is wrong with the question. */
export type Inspect = (webhook: Webhook) => Inspection;

/** What is put in. */
export interface Question {
  readonly bytes: Uint8Array;
  /** The value of the signature header, or its whole line. */
  readonly signature: string;
  readonly secret: string;
}

/** Whether the webhook is Genesys', in words. */
export interface Verdict {
  readonly tone: "good" | "bad" | "warn";
  readonly headline: string;
  readonly sentence: string;
  /** What was tried to explain a signature that does not hold. */
  readonly tried: readonly Trial[];
}

/** What the webhook becomes, whoever signed it. */
export interface Becomes {
  /** What a chat client is told, in order. */
  readonly events: readonly ChatEvent[];
  /** What became of messages that were sent. */
  readonly receipts: readonly unknown[];
  /** A step in the conversation's life. */
  readonly lifecycle: readonly unknown[];
  /** What nothing could be made of. */
  readonly unhandled: readonly unknown[];
  /** Ids and origins as Genesys gave them. */
  readonly genesys: unknown;
}

/** An event for a chat client. */
export interface ChatEvent {
  /** Its type, without `EVENT_TYPE_`. */
  readonly name: string;
  /** The text in it. */
  readonly text?: string;
  readonly whole: unknown;
}

/** All that is found out about it. */
export interface Findings {
  readonly verdict: Verdict;
  /** Absent where nothing can be made of the body. */
  readonly becomes?: Becomes;
}

/** What is found out; `undefined` as long as there is no body. */
export function findings(question: Question, inspect: Inspect): Findings | undefined {
  if (question.bytes.length === 0) return undefined;
  const unchecked = inspect({ body: question.bytes });
  const verdict =
    unchecked.verdict === "forward" ? check(question, inspect) : unreadable(unchecked);
  return {
    verdict,
    ...(unchecked.verdict === "forward" && { becomes: becomes(unchecked.delivery) }),
  };
}

function check({ bytes, signature, secret }: Question, inspect: Inspect): Verdict {
  if (secret === "") {
    const sentence =
      "Put in the secret and the header, and the page says whether the signature holds. What the " +
      "webhook becomes shows without.";
    return { tone: "warn", headline: "Not checked", sentence, tried: [] };
  }
  try {
    return of(
      inspect({
        body: bytes,
        signature: signature.trim() === "" ? undefined : signature,
        secrets: [secret],
      }),
    );
  } catch (error) {
    return {
      tone: "warn",
      headline: "Not checked",
      sentence: sentence((error as Error).message),
      tried: [],
    };
  }
}

function of(inspection: Inspection): Verdict {
  switch (inspection.verdict) {
    case "forward": {
      const held = "One secret and these bytes make this signature: the edge would send it on.";
      return {
        tone: "good",
        headline: "The signature holds",
        sentence: inspection.note ? sentence(inspection.note) : held,
        tried: [],
      };
    }
    case "refuse": {
      const { tried, why, status, reason } = inspection;
      const isOfSignature = reason.startsWith("signature_");
      const headline = isOfSignature ? "The signature does not hold" : `Refused with ${status}`;
      return { tone: "bad", headline, sentence: sentence(why), tried };
    }
    case "not_ours":
      return { tone: "bad", headline: "No webhook", sentence: sentence(inspection.why), tried: [] };
  }
}

/** A body that nothing can be made of, whoever signed it. */
function unreadable(inspection: Exclude<Inspection, { verdict: "forward" }>): Verdict {
  const headline =
    inspection.verdict === "refuse" ? `Refused with ${inspection.status}` : "No webhook";
  return {
    tone: "bad",
    headline,
    sentence: sentence(inspection.why.replace("the signature is right, but ", "")),
    tried: [],
  };
}

function becomes(delivery: string): Becomes {
  const { data } = JSON.parse(delivery) as { data: Record<string, unknown> };
  const list = (name: string) => (Array.isArray(data[name]) ? (data[name] as unknown[]) : []);
  const { events, receipts, lifecycle, unhandled } = {
    events: list("events"),
    receipts: list("receipts"),
    lifecycle: list("lifecycle"),
    unhandled: list("unhandled"),
  };
  return {
    events: events.map(chatEvent),
    receipts,
    lifecycle,
    unhandled,
    genesys: data.genesys ?? {},
  };
}

function chatEvent(whole: unknown): ChatEvent {
  const { type, payload } = whole as { type?: unknown; payload?: { text?: unknown } };
  const text = payload?.text;
  return {
    name: String(type).replace("EVENT_TYPE_", ""),
    whole,
    ...(typeof text === "string" && { text }),
  };
}

/** With a capital letter, and a full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
