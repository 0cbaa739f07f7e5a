// What the inspector finds out: the same as `baton inspect`, whose logic it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inspect } from "../../target/edge/js/node.js";
import { signature } from "./corpus.mjs";

const SECRET = "0123456789abcdef0123456789abcdef";
const BODY =
  '{"id":"m1","channel":{"id":"i1","to":{"id":"u1"},"time":"2026-05-04T09:15:22.417Z"},"type":"Text","text":"Hello","originatingEntity":"Human","direction":"Outbound"}';

/** Why a body is refused that was signed as another. */
function why(signed, body, secret = SECRET) {
  const inspected = inspect({
    body: Buffer.from(body),
    signature: signature(SECRET, signed),
    secrets: [secret],
  });
  assert.equal(inspected.verdict, "refuse");
  assert.equal(inspected.status, 401);
  assert.equal(inspected.reason, "signature_mismatch");
  return inspected.why;
}

for (const [what, signed, body, found] of [
  ["a line break at the end", BODY, `${BODY}\n`, /without the line break/],
  ["CR LF at the end", BODY, `${BODY}\r\n`, /without the line break/],
  ["a lost line break", `${BODY}\n`, BODY, /has got lost/],
  ["a byte order mark", BODY, `\ufeff${BODY}`, /byte order mark/],
  ["other line breaks", "{\n}", "{\r\n}", /CR LF/],
  ["another layout", BODY, BODY.replaceAll('","', '",\n  "'), /laid it out anew/],
  ["another text", BODY, BODY.replace("Hello", "Bye"), /none of the secrets/],
]) {
  test(`a mismatch is explained by ${what}`, () => assert.match(why(signed, body), found));
}

test("a mismatch is explained by blanks around the secret", () => {
  assert.match(why(BODY, BODY, `${SECRET} `), /blanks around it/);
  assert.match(why(BODY, BODY, "another-secret-of-the-tenant"), /none of the secrets/);
});

test("what was tried is told, and which of it holds", () => {
  const tried = (value, body = BODY) =>
    inspect({ body: Buffer.from(body), signature: value, secrets: [SECRET] }).tried;
  const holding = (...asked) => tried(...asked).filter(({ holds }) => holds).map((trial) => trial.with);
  const right = signature(SECRET, BODY);
  assert.equal(holding(right, `${BODY}\n`)[0], "the body without the line break at its end");
  assert.deepEqual(holding(right.replace("sha256=", "")), ["the value with sha256= before it"]);
  assert.deepEqual(holding(right, "{}"), []);
  assert.ok(tried(right, "{}").length > 5);
  assert.deepEqual(tried(undefined), []);
});

test("hex is read as well, and so is the whole line of the header", () => {
  for (const value of [
    signature(SECRET, BODY, "hex"),
    signature(SECRET, BODY),
    `X-Hub-Signature-256: ${signature(SECRET, BODY)}`,
  ]) {
    const inspected = inspect({ body: Buffer.from(BODY), signature: value, secrets: [SECRET] });
    assert.equal(inspected.verdict, "forward");
    assert.equal(inspected.signature, "checked");
    assert.equal(inspected.note?.includes("hexadecimal"), /[0-9a-f]{64}/.test(value) || undefined);
  }
});

test("a signature that is not well-formed has a reason of its own", () => {
  for (const [value, reason] of [
    [undefined, "signature_missing"],
    ["sha256=short", "signature_malformed"],
    ["short", "signature_without_prefix"],
    ["sha256=a, sha256=b", "signature_comma_joined"],
  ]) {
    const inspected = inspect({ body: Buffer.from(BODY), signature: value, secrets: [SECRET] });
    assert.equal(inspected.reason, reason);
    assert.ok(inspected.why.length > 20);
  }
});

test("without a secret the translation is shown and the signature not checked", () => {
  const inspected = inspect({ body: Buffer.from(BODY) });
  assert.deepEqual(Object.keys(inspected), ["verdict", "signature", "delivery"]);
  assert.equal(inspected.signature, "not checked");
  const [event] = JSON.parse(inspected.delivery).data.events;
  assert.equal(event.payload.text, "Hello");
});

test("a bot's message that is dropped is pointed out", () => {
  const inspected = inspect({ body: Buffer.from(BODY.replace("Human", "Bot")) });
  assert.match(inspected.note, /bot_messages/);
});

test("what is no webhook is told from what is refused", () => {
  const body = Buffer.from(BODY);
  assert.equal(inspect({ body, path: "/api/v1/sessions" }).verdict, "not_ours");
  assert.equal(inspect({ body, path: "/webhooks/genesys/a/b/events" }).status, 404);
  assert.equal(inspect({ body, method: "GET" }).status, 405);
  assert.match(inspect({ body: Buffer.from("{\n oops}") }).why, /line 2/);
});

test("the path gives the tenant", () => {
  const inspected = inspect({
    body: Buffer.from(BODY),
    path: "/webhooks/genesys/acme/shop/live/events?x=1",
  });
  assert.equal(JSON.parse(inspected.delivery).source, "/webhooks/genesys/acme/shop/live");
});

test("what is no webhook's secret, or no webhook, is an error that says so", () => {
  const body = Buffer.from(BODY);
  assert.throws(() => inspect({ body, secrets: ["short"] }), /5 characters/);
  assert.throws(() => inspect({ body: BODY }), /this is no webhook/);
  assert.throws(() => inspect({}), /this is no webhook/);
});
