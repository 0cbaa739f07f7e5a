// The embedded gate through jco, in Node: the component made into JavaScript, and the corpus through
// that.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { CREDENTIAL, ENVIRONMENT, cases, configuration } from "./corpus.mjs";

const COMPONENT = new URL("../../target/edge/baton-edge-component.wasm", import.meta.url);
const JCO = process.env.BATON_JCO ?? "@bytecodealliance/jco-transpile";

/** What jco makes of the component, written to a folder as `jco transpile` does. */
async function transpiled(folder) {
  const { transpileBytes } = await import(JCO.startsWith("/") ? pathToFileURL(JCO) : JCO);
  const { files, imports } = await transpileBytes(readFileSync(COMPONENT), { name: "gate" });
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return { imports, gate: (await import(pathToFileURL(join(folder, "gate.js")))).gate };
}

const folder = mkdtempSync(join(tmpdir(), "baton-component-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const { imports, gate: component } = await transpiled(folder);
const { Gate, answered } = component;

const bytes = (text) => new Uint8Array(Buffer.from(text, "latin1"));
const headers = (pairs) => pairs.map(([name, value]) => ({ name: name.toLowerCase(), value: bytes(value) }));
const environment = Object.entries(ENVIRONMENT).map(([name, value]) => ({ name, value }));

test("the component imports nothing", () => assert.deepEqual(imports, []));

for (const { name, changes, head, body, expect, delivery } of cases) {
  test(`invariant 1: the embedded gate judges in Node as the corpus says: ${name}`, () => {
    const gate = Gate.configure(configuration(changes), environment);
    const request = { ...head, headers: headers(head.headers) };
    const begun = gate.begin(request);
    const judged = gate.judge(request, body, undefined);
    if (expect === "pass") {
      assert.equal(begun.tag, "not-ours");
      assert.equal(judged.tag, "not-ours");
    } else if (expect.refuse) {
      const { status, reason } = expect.refuse;
      assert.equal(judged.tag, "refuse");
      assert.equal(judged.val.status, status);
      assert.equal(judged.val.reason, reason);
      if (begun.tag === "refuse") assert.deepEqual(begun, judged);
    } else {
      assert.equal(begun.tag, "need-body");
      assert.equal(judged.tag, "forward");
      assert.equal(Buffer.from(judged.val.body).toString(), delivery.toString());
      assert.equal(judged.val.path, "/internal/v1/deliveries");
      const sent = new Headers(judged.val.headers.map(({ name, value }) => [name, Buffer.from(value).toString()]));
      assert.equal(sent.get("content-type"), "application/cloudevents+json");
      assert.equal(sent.get("authorization"), `Bearer ${CREDENTIAL}`);
      for (const proof of ["x-hub-signature-256", "x-api-key"]) assert.ok(!sent.has(proof));
    }
    gate[Symbol.dispose]();
  });
}

test("a wrong configuration is thrown, and the answer table is that of every edge", () => {
  assert.throws(() => Gate.configure("{}", []), /edge configuration/);
  assert.equal(answered(200), undefined);
  assert.equal(answered(0).status, 503);
});
