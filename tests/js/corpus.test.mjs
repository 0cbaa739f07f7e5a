// The corpus through the gate, in Node: in two steps, and as a whole exchange.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Gate } from "../../target/edge/js/node.js";
import { CREDENTIAL, ENVIRONMENT, cases, configuration } from "./corpus.mjs";

test("the corpus is there", () => assert.ok(cases.length > 80));

for (const { name, changes, head, body, goesUp, expect, delivery } of cases) {
  test(`invariant 1: the gate judges as the corpus says: ${name}`, () => {
    const gate = new Gate(configuration(changes), ENVIRONMENT);
    const begun = gate.begin(head);
    const judged = gate.judge(head, body);
    if (expect === "pass") {
      assert.deepEqual(begun, { kind: "not_ours" });
      assert.deepEqual(judged, { kind: "not_ours" });
    } else if (expect.refuse) {
      const { status, reason } = expect.refuse;
      assert.equal(judged.kind, "refuse");
      assert.equal(judged.refusal.status, status);
      assert.equal(judged.refusal.reason, reason);
      assert.equal(JSON.parse(judged.refusal.body).status, status);
      // What the head is refused for, the whole is refused for.
      if (begun.kind === "refuse") assert.deepEqual(begun, judged);
    } else {
      assert.equal(begun.kind, "need_body");
      assert.equal(judged.kind, "forward");
      assert.equal(Buffer.from(judged.delivery.body).toString(), delivery.toString());
      assert.equal(judged.delivery.path, "/internal/v1/deliveries");
      const headers = new Headers(judged.delivery.headers);
      assert.equal(headers.get("content-type"), "application/cloudevents+json");
      assert.equal(headers.get("authorization"), `Bearer ${CREDENTIAL}`);
      for (const proof of ["x-hub-signature-256", "x-api-key"]) assert.ok(!headers.has(proof));
      for (const [header, value] of Object.entries(goesUp)) assert.equal(headers.get(header), value);
    }
  });

  test(`invariant 1: an exchange ends as the corpus says: ${name}`, async () => {
    const gate = new Gate(configuration(changes), ENVIRONMENT);
    const sent = [];
    const reply = await gate.exchange(head, {
      now: () => 0,
      body: async (most) => body.subarray(0, most + 1),
      async deliver(delivery) {
        sent.push(Buffer.from(delivery.body).toString());
        return { status: 202, body: Buffer.from("taken") };
      },
      lookUp: async () => assert.fail("the corpus lists its tenants"),
      kept: async () => undefined,
      keep: async () => {},
      report: () => {},
    });
    if (delivery) {
      assert.deepEqual(sent, [delivery.toString()]);
      assert.equal(reply.status, 202);
      assert.equal(Buffer.from(reply.body).toString(), "taken");
    } else {
      assert.deepEqual(sent, []);
      assert.equal(reply.status, expect === "pass" ? 404 : expect.refuse.status);
    }
  });
}
