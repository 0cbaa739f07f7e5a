// Compiled and never run: every export, used as someone who has the types alone would use it.

import {
  Gate,
  answered,
  inspect,
  sign,
  translate,
  upstreamAddress,
  verify,
  type Answer,
  type Delivery,
  type Head,
  type Header,
  type Host,
  type Inspection,
  type LookUp,
  type Reason,
  type Refusal,
  type Reply,
  type RequestHead,
  type SignatureReason,
  type Trial,
  type Verdict,
  type Webhook,
} from "@baton/edge";
import worker from "@baton/edge/worker";

/** Holds if both are the same type; `any` is the same as no other. */
type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends (<T>() => T extends Other ? 1 : 2) ? true : false;

function is<_Holds extends true>(): void {}

declare const request: Request;
declare const environment: Record<string, string | undefined>;
declare const body: Uint8Array;

const gate = new Gate("{}", environment);
is<Same<typeof gate.warnings, string[]>>();
const head: RequestHead = { method: "POST", path: "/", headers: request.headers };
const withPairs: RequestHead = { method: "POST", path: "/", headers: [["a", "b"]] };
is<Same<ReturnType<typeof gate.begin>, Head>>();
is<Same<Parameters<typeof gate.begin>, [head: RequestHead]>>();
is<Same<ReturnType<typeof gate.judge>, Verdict>>();
is<Same<ReturnType<typeof gate.exchange>, Promise<Reply>>>();
is<Same<ReturnType<typeof answered>, Refusal | undefined>>();
is<Same<ReturnType<typeof verify>, SignatureReason | undefined>>();
is<Same<ReturnType<typeof sign>, string>>();
is<Same<ReturnType<typeof translate>, string>>();
is<Same<ReturnType<typeof inspect>, Inspection>>();
is<Same<ReturnType<typeof upstreamAddress>, string>>();

// @ts-expect-error: a body is bytes; text would have been decoded already.
verify("{}", request.headers.get("x-hub-signature-256"), []);
verify(body, request.headers.get("x-hub-signature-256"), ["secret"]);
// @ts-expect-error: the environment is needed.
new Gate("{}");
// @ts-expect-error: a head has headers.
gate.begin({ method: "POST", path: "/" });

export function lookedUp(): LookUp | undefined {
  const begun = gate.begin(head);
  switch (begun.kind) {
    case "not_ours":
      return undefined;
    case "refuse":
      is<Same<typeof begun.refusal.reason, Reason>>();
      return undefined;
    case "need_body":
      is<Same<typeof begun.most, number>>();
      return undefined;
    case "need_tenant":
      return begun.lookUp;
  }
}

export function judged(answer?: Answer): Delivery | Refusal | undefined {
  const verdict = gate.judge(withPairs, body, answer);
  switch (verdict.kind) {
    case "not_ours":
      return undefined;
    case "refuse":
    case "mismatch":
      return verdict.refusal;
    case "forward":
      return verdict.delivery;
  }
}

export async function seenThrough(): Promise<Response> {
  const host: Host = {
    now: () => Date.now(),
    body: async (most) => new Uint8Array(most),
    async deliver({ path, headers, body }) {
      const answer = await fetch(path, { method: "POST", headers, body });
      return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
    },
    lookUp: async (lookUp) => (lookUp.path ? undefined : { status: 200, body }),
    kept: async (name) => (name ? undefined : body),
    keep: async (_name, _bytes) => {},
    report: (line) => console.error(line),
  };
  const { status, headers, body: answer } = await gate.exchange(head, host);
  const pairs: Header[] = headers;
  return new Response(answer, { status, headers: pairs });
}

function attempt(trial: Trial): string {
  return `${trial.with}: ${trial.holds}`;
}

export function explained(webhook: Webhook): string {
  const inspection = inspect(webhook);
  switch (inspection.verdict) {
    case "forward":
      return `${inspection.signature}: ${inspection.note ?? inspection.delivery}`;
    case "refuse":
      return [`${inspection.status} ${inspection.reason}: ${inspection.why}`, ...inspection.tried.map(attempt)].join("\n");
    case "not_ours":
      return inspection.why;
  }
}

explained({ body, signature: sign(body, "secret"), secrets: ["secret"], path: "/", method: "POST" });

export const answer: Promise<Response> = worker.fetch(request, environment);
