// A module that traps: here for want of memory, by a body that says that it is of two gibibytes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Gate, sign, verify } from "../../target/edge/js/node.js";
import { ENVIRONMENT, SECRET, configuration, signature, webhook } from "./corpus.mjs";
import { Upstream, Worker, packageWith } from "./workerd.mjs";

const BODY = Buffer.from('{"type":"Text","text":"hello"}');
const TRAPPED = /the WebAssembly module has trapped/;

function trap() {
  verify({ length: 2 ** 31 }, null, []);
}

test("a module that trapped is made anew, and a gate from before says that it is of no more use", () => {
  const before = new Gate(configuration(), ENVIRONMENT);
  assert.equal(before.judge(webhook(BODY), BODY).kind, "forward");
  assert.throws(trap, ({ message, cause }) => {
    return TRAPPED.test(message) && cause instanceof WebAssembly.RuntimeError;
  });
  for (const call of [
    () => before.begin(webhook(BODY)),
    () => before.judge(webhook(BODY), BODY),
    () => before.exchange(webhook(BODY), {}),
    () => before.warnings,
  ]) {
    assert.throws(call, TRAPPED);
  }
  before.free();

  assert.equal(sign(BODY, SECRET), signature(SECRET, BODY));
  const after = new Gate(configuration(), ENVIRONMENT);
  assert.equal(after.judge(webhook(BODY), BODY).kind, "forward");
});

test("invariant 1: an exchange that was under way when the module trapped sends nothing", async () => {
  const gate = new Gate(configuration(), ENVIRONMENT);
  const host = {
    now: () => 0,
    async body() {
      await undefined;
      assert.throws(trap, TRAPPED);
      return BODY;
    },
    deliver: async () => assert.fail("it was sent"),
  };
  await assert.rejects(gate.exchange(webhook(BODY), host), TRAPPED);
});

/** In place of the package's own: a gate that traps where a request asks for it. */
const WORKERD_JS = `
  import module from "./baton_edge_bg.wasm";

  import { initSync } from "./baton_edge.js";
  import { Gate as Own, verify } from "./gate.js";

  initSync({ module });

  export * from "./gate.js";

  export class Gate extends Own {
    exchange(head, host) {
      if (head.headers.has("x-trap")) verify({ length: 2 ** 31 }, null, []);
      return super.exchange(head, host);
    }
  }
`;

test("a Worker whose module traps answers 503, and works again with the next request", async () => {
  const upstream = await Upstream.start();
  const folder = packageWith({ "workerd.js": WORKERD_JS });
  const trapping = webhook(BODY);
  trapping.headers.push(["x-trap", "1"]);
  let worker;
  try {
    worker = await Worker.start(configuration(), upstream.url, folder);
    for (const [head, status] of [
      [webhook(BODY), 200],
      [trapping, 503],
      [webhook(BODY), 200],
      [trapping, 503],
      [webhook(BODY, "a secret that nobody has been given"), 401],
      [webhook(BODY), 200],
    ]) {
      assert.equal((await worker.send(head, BODY)).status, status);
      assert.equal(upstream.take().length, status === 200 ? 1 : 0);
    }
    assert.match(worker.log, /baton: the WebAssembly module has trapped/);
  } finally {
    await worker?.stop();
    upstream.stop();
  }
});
