// The functions beside the gate, and the package as someone has it who installs it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Gate, answered, sign, translate, upstreamAddress, verify } from "../../target/edge/js/node.js";
import { ENVIRONMENT, PREVIOUS_SECRET, SECRET, configuration, signature } from "./corpus.mjs";

const PACKAGE = new URL("../../target/edge/js/", import.meta.url);
const BODY = Buffer.from('{"type":"Text","text":"Grüße"}');

test("a signature holds with each of several secrets, and only for these bytes", () => {
  const header = signature(SECRET, BODY);
  assert.equal(verify(BODY, header, [PREVIOUS_SECRET, SECRET]), undefined);
  assert.equal(verify(BODY, header, [PREVIOUS_SECRET]), "signature_mismatch");
  assert.equal(verify(BODY, header, []), "signature_mismatch");
  assert.equal(verify(Buffer.concat([BODY, BODY]), header, [SECRET]), "signature_mismatch");
  assert.equal(verify(BODY, null, [SECRET]), "signature_missing");
  assert.equal(verify(BODY, undefined, [SECRET]), "signature_missing");
  assert.equal(verify(BODY, "sha256=", [SECRET]), "signature_malformed");
});

test("what is signed is what Genesys signs", () => {
  assert.equal(sign(BODY, SECRET), signature(SECRET, BODY));
});

test("an empty secret, of a variable that is not set, lets nothing through", () => {
  assert.throws(() => verify(BODY, signature("", BODY), [""]), /0 characters/);
  assert.throws(() => sign(BODY, ""), /0 characters/);
});

test("a webhook is translated whoever signed it, and what is no JSON is not", () => {
  assert.equal(JSON.parse(translate(BODY)).data.events[0].payload.text, "Grüße");
  assert.throws(() => translate(Buffer.from("{")), /not JSON/);
});

test("the answer table is that of every edge", () => {
  assert.equal(answered(200), undefined);
  assert.equal(answered(204), undefined);
  for (const status of [0, 301, 401, 500, 503]) {
    const refusal = answered(status);
    assert.equal(refusal.status, 503);
    assert.equal(refusal.reason, "upstream_failed");
    assert.ok(new Headers(refusal.headers).has("retry-after"));
  }
});

test("an upstream's address is a scheme and a host", () => {
  assert.equal(upstreamAddress("it", "https://baton.example.com//"), "https://baton.example.com");
  for (const none of [undefined, "", "nowhere", "http://", "ftp://sidecar"]) {
    assert.throws(() => upstreamAddress("the setting", none), /^Error: the setting has to be an address/);
  }
});

test("a wrong configuration is an error that names the member", () => {
  assert.throws(() => new Gate("{", ENVIRONMENT), /edge configuration/);
  assert.throws(() => new Gate(configuration({ tenants: [{}] }), ENVIRONMENT), /tenants\[0\]/);
  assert.throws(() => new Gate(configuration(), {}), /upstream\.credential\.env/);
  assert.throws(() => new Gate(configuration(), { A: 1 }), /no object of strings/);
});

test("what is allowed and not advised is told", () => {
  assert.deepEqual(new Gate(configuration(), ENVIRONMENT).warnings, []);
  const inline = configuration({ dangerous_inline_secrets: true });
  assert.match(new Gate(inline, ENVIRONMENT).warnings[0], /dangerous_inline_secrets/);
});

test("an environment may be that of the process, and headers may be those of fetch", () => {
  Object.assign(process.env, ENVIRONMENT);
  const gate = new Gate(configuration(), process.env);
  const headers = new Headers({ "X-Hub-Signature-256": signature(SECRET, BODY) });
  const head = { method: "POST", path: "/webhooks/genesys/acme/support/live/events", headers };
  assert.equal(gate.judge(head, BODY).kind, "forward");
});

test("a head that is none is an error and not a crash", () => {
  const gate = new Gate(configuration(), ENVIRONMENT);
  for (const head of [undefined, null, 1, {}, { method: "POST", path: "/" }]) {
    assert.throws(() => gate.begin(head), /no head of a request/);
    assert.throws(() => gate.judge(head, BODY), /no head of a request/);
    assert.throws(() => gate.exchange(head, {}), /no head of a request/);
  }
});

test("it is found by its name in Node", () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-"));
  try {
    mkdirSync(join(folder, "node_modules/@baton"), { recursive: true });
    symlinkSync(fileURLToPath(PACKAGE), join(folder, "node_modules/@baton/edge"), "dir");
    writeFileSync(
      join(folder, "main.mjs"),
      'import { sign } from "@baton/edge"; console.log(sign(new Uint8Array(), "0123456789abcdef"));',
    );
    const printed = execFileSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8" });
    assert.equal(printed.trim(), signature("0123456789abcdef", ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("its version is that of the workspace, and its files are there", () => {
  const description = JSON.parse(readFileSync(new URL("package.json", PACKAGE), "utf8"));
  const workspace = readFileSync(new URL("../../Cargo.toml", import.meta.url), "utf8");
  assert.equal(description.version, /^version = "(.*)"$/m.exec(workspace)[1]);
  for (const entry of Object.values(description.exports)) {
    for (const file of typeof entry === "string" ? [entry] : Object.values(entry)) {
      assert.ok(readFileSync(new URL(file, PACKAGE)).length > 0, file);
    }
  }
});

test("no type says nothing", () => {
  for (const file of ["baton_edge.d.ts", "index.d.ts", "worker.d.ts"]) {
    const types = readFileSync(new URL(file, PACKAGE), "utf8");
    assert.doesNotMatch(types.replace(/\/\*.*?\*\//gs, ""), /\bany\b/, file);
  }
});
