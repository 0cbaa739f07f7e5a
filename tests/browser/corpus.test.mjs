// The corpus through the JavaScript package, in a page: the same bytes as in Node and natively.

import assert from "node:assert/strict";

import { ENVIRONMENT, cases, configuration } from "../js/corpus.mjs";
import { Stage } from "./browser.mjs";
import { Site, documentOf } from "./site.mjs";

const PACKAGE = new URL("../../target/edge/js/", import.meta.url);

/** A page that may load nothing but its own scripts, and compile wasm. */
const stage = new Stage(() =>
  Site.start({
    policy: "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:",
    pages: { "/": documentOf("<h1>The corpus</h1>") },
    folders: { "/edge/": PACKAGE },
  }),
);

/** What the package at this address makes of each question. It runs here and in the page. */
async function judge({ address, questions, environment }) {
  const { Gate } = await import(address);
  return questions.map(({ configuration, head, body }) => {
    const gate = new Gate(configuration, environment);
    const { kind, refusal, delivery } = gate.judge(
      head,
      Uint8Array.from(atob(body), (byte) => byte.charCodeAt(0)),
    );
    const sent = delivery && { ...delivery, body: new TextDecoder().decode(delivery.body) };
    return { begun: gate.begin(head).kind, kind, refusal, delivery: sent };
  });
}

stage.test("invariant 1: in a browser the gate judges as the corpus says, with the same bytes", async (visit, site) => {
  const page = await visit.open(`${site.origin}/`);
  const questions = cases.map(({ changes, head, body }) => {
    return { configuration: configuration(changes), head, body: body.toString("base64") };
  });
  const question = { questions, environment: ENVIRONMENT };
  const judged = await page.evaluate(judge, { ...question, address: "/edge/web.js" });
  const inNode = await judge({ ...question, address: new URL("node.js", PACKAGE).href });
  assert.ok(judged.length > 80);
  for (const [place, { name, expect, delivery }] of cases.entries()) {
    const { begun, kind, refusal, delivery: sent } = judged[place];
    if (expect === "pass") {
      assert.deepEqual([begun, kind], ["not_ours", "not_ours"], name);
    } else if (expect.refuse) {
      assert.equal(kind, "refuse", name);
      assert.deepEqual({ status: refusal.status, reason: refusal.reason }, expect.refuse, name);
    } else {
      assert.deepEqual([begun, kind], ["need_body", "forward"], name);
      assert.equal(sent.body, delivery.toString(), name);
    }
    assert.deepEqual(judged[place], inNode[place], name);
  }
});
