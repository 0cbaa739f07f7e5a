// The inspector: what it says of each example, with the core as it runs in the page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { inspect, sign } from "../../target/edge/js/node.js";
import { EXAMPLES } from "../../target/web-modules/inspector/examples.js";
import { findings } from "../../target/web-modules/inspector/findings.js";
import { handOver, takeOver } from "../../target/web-modules/inspector/handover.js";
import { EMPTY, ofBytes, ofText, remark } from "../../target/web-modules/inspector/webhook_body.js";
import { laidOut, laidOutText, stretches } from "../../target/web-modules/look/json_text.js";

const bytes = (text) => new TextEncoder().encode(text);

const find = ({ body, ...rest }) => findings({ bytes: bytes(body), ...rest }, inspect);

const [GOOD] = EXAMPLES.map(({ make }) => make(sign));

const EXPECTED = {
  "A right signature": [true, /would send it on/],
  "Hexadecimal in place of base64": [true, /hexadecimal/],
  "Without the prefix sha256=": [
    false,
    /begin with sha256=.*Put right, it holds/,
    "sha256= before it",
  ],
  "Without = at its end": [false, /lacks the =.*Put right, it holds/, "= at its end"],
  "The alphabet for URLs": [false, /alphabet for URLs.*Put right, it holds/, "standard alphabet"],
  "Two values joined with a comma": [false, /comma.*Put right, it holds/, "between the commas"],
  "No signature at all": [false, /There is no signature/],
  "A line break added to the body": [
    false,
    /without the line break at its end/,
    "without the line break at its end",
  ],
  "A line break lost": [false, /has got lost/, "with a line break at its end"],
  "A body that was laid out anew": [false, /laid it out anew/, "without blanks between its parts"],
  "A body that was parsed and written again": [false, /written it again/, "in place of escapes"],
  "A body with another text": [false, /None of the secrets/],
  "A secret with a blank after it": [false, /blanks around it/, "the secret without the blanks"],
  "Another secret": [false, /None of the secrets/],
};

test("there is an example of each kind, and no other", () => {
  assert.deepEqual(
    EXAMPLES.map(({ name }) => name),
    Object.keys(EXPECTED),
  );
});

for (const { name, make } of EXAMPLES) {
  test(`the diagnosis is right: ${name}`, () => {
    const [holds, why, which] = EXPECTED[name];
    const { verdict, becomes } = find(make(sign));
    assert.equal(verdict.headline, holds ? "The signature holds" : "The signature does not hold");
    assert.equal(verdict.tone, holds ? "good" : "bad");
    assert.match(verdict.sentence, why);
    const found = verdict.tried.filter((trial) => trial.holds).map((trial) => trial.with);
    assert.equal(
      found.some((text) => text.includes(which)),
      which !== undefined,
      found.join(),
    );
    assert.deepEqual(
      becomes.events.map((event) => event.name),
      ["LIVE_AGENT_MESSAGE"],
    );
    assert.deepEqual(becomes.unhandled, [{ kind: "content", type: "Attachment" }]);
  });
}

test("without a secret it is shown what the webhook becomes, and nothing is checked", () => {
  const { verdict, becomes } = find({ ...GOOD, secret: "" });
  assert.equal(verdict.headline, "Not checked");
  assert.equal(becomes.events[0].text, JSON.parse(GOOD.body).text);
});

test("a secret that is too short is told, and does not hide what the webhook becomes", () => {
  const { verdict, becomes } = find({ ...GOOD, secret: "short" });
  assert.deepEqual([verdict.tone, becomes.events.length], ["warn", 1]);
  assert.match(verdict.sentence, /5 characters/);
});

test("a body that is no JSON is told, whoever signed it", () => {
  const { verdict, becomes } = find({ ...GOOD, body: "{oops" });
  assert.match(verdict.sentence, /^The body is not JSON/);
  assert.equal(becomes, undefined);
  assert.equal(find({ ...GOOD, body: "" }), undefined);
});

test("a body keeps its bytes, and says how far they can be trusted", () => {
  const raw = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x0d, 0x0a]);
  const body = ofBytes(raw, { kind: "file", name: "body.json" });
  assert.equal(body.bytes, raw);
  assert.equal(body.text, "\ufeff{}\r\n");
  assert.equal(remark(body), "7 bytes, a line break at the end. From body.json, byte for byte.");
  assert.match(
    remark(ofText("{}", { kind: "pasted" })),
    /^2 bytes, no line break at the end\. .*may have lost/,
  );
  assert.equal(EMPTY.bytes.length, 0);
});

test("what is handed over is there once", () => {
  const kept = new Map();
  const store = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
  assert.equal(takeOver(store), undefined);
  handOver(store, { body: "{}\n", signature: "s", secret: "x" });
  assert.deepEqual(takeOver(store), { body: "{}\n", signature: "s", secret: "x" });
  assert.equal(takeOver(store), undefined);
  kept.set("baton-inspector-handover", "{");
  assert.equal(takeOver(store), undefined);
});

test("JSON is laid out and coloured, and stays what it is", () => {
  const text = laidOut({ a: ['x\\"y', -1.5e3, true, null], "b:": {} });
  assert.equal(
    stretches(text)
      .map((stretch) => stretch.text)
      .join(""),
    text,
  );
  const of = (kind) =>
    stretches(text)
      .filter((stretch) => stretch.kind === kind)
      .map((stretch) => stretch.text);
  assert.deepEqual(of("name"), ['"a"', '"b:"']);
  assert.deepEqual(of("value"), ["-1500", "true", "null"]);
  for (const other of ["", "no json", '{"a":', '"'.repeat(99)]) {
    assert.equal(laidOutText(other), other);
    assert.equal(
      stretches(other)
        .map((stretch) => stretch.text)
        .join(""),
      other,
    );
  }
});

test("the core weighs at most 150 KiB compressed", () => {
  const wasm = readFileSync(new URL("../../target/edge/js/baton_edge_bg.wasm", import.meta.url));
  const weight = gzipSync(wasm, { level: 9 }).length;
  assert.ok(weight <= 150 * 1024, `${weight} bytes`);
});

test("the pages need nothing but themselves, and make no code of text", () => {
  for (const name of ["console.js", "inspector.js"]) {
    const text = readFileSync(new URL(`../../target/web/${name}`, import.meta.url), "utf8");
    const forbidden = [/\beval\(/, /new Function\(/, /unsafeHTML/, /setAttribute\("style"/];
    assert.deepEqual(
      forbidden.filter((pattern) => pattern.test(text)),
      [],
      name,
    );
    const hosts = [...text.matchAll(/https?:\/\/([a-z0-9.-]+)/gi)].map(([, host]) => host);
    assert.deepEqual(
      hosts.filter((host) => host !== "www.w3.org"),
      [],
      name,
    );
  }
});
