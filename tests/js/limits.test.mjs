// The Worker's limits of time. Each is short in a Worker of its own, in which the others are long.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import * as limits from "../../target/edge/js/limits.js";
import { configuration, webhook } from "./corpus.mjs";
import { Upstream, Worker, packageWith } from "./workerd.mjs";

const BODY = Buffer.from('{"type":"Text","text":"hello"}');
const NEVER = new Promise(() => {});
const LOOKED_UP = {
  tenants: [],
  unlisted_tenants: "look_up",
  look_up: { credential: { env: "BATON_LOOK_UP_CREDENTIAL" } },
};

/** Has `body` called with a Worker in which one limit is short, and with its upstream. */
async function withShort(limit, changes, body) {
  const lines = Object.keys(limits).map((name) => {
    return `export const ${name} = ${name === limit ? 100 : 600_000};`;
  });
  const folder = packageWith({ "limits.js": lines.join("\n") });
  const upstream = await Upstream.start();
  let worker;
  try {
    worker = await Worker.start(configuration(changes), upstream.url, folder);
    await body(worker, upstream);
  } finally {
    await worker?.stop();
    upstream.stop();
  }
}

describe("what takes too long", { concurrency: true }, () => {
  test("invariant 1: a body that never ends is refused, and reaches no upstream", async () => {
    await withShort("LONGEST_BODY", {}, async (worker, upstream) => {
      const { status } = await worker.stall(webhook(BODY), BODY, BODY.length - 1);
      assert.equal(status, 401);
      assert.equal(upstream.heads, 0);
    });
  });

  for (const [how, answer] of [
    ["never comes", () => NEVER],
    ["never ends", () => ({ status: 200, body: "{", unfinished: true })],
  ]) {
    test(`a look-up whose answer ${how} is 503, and the log says so`, async () => {
      await withShort("LONGEST_LOOK_UP", LOOKED_UP, async (worker, upstream) => {
        upstream.answer = answer;
        assert.equal((await worker.send(webhook(BODY), BODY)).status, 503);
        assert.match(worker.log, /baton: the look-up of a tenant got no whole answer/);
        assert.equal(upstream.heads, 1);
      });
    });

    test(`a delivery whose answer ${how} is 503, and the log says so`, async () => {
      await withShort("LONGEST_DELIVERY", {}, async (worker, upstream) => {
        upstream.answer = answer;
        assert.equal((await worker.send(webhook(BODY), BODY)).status, 503);
        assert.match(worker.log, /baton: the upstream gave no whole answer/);
        assert.equal(upstream.heads, 1);
      });
    });
  }
});

test("the limits are those of the core", () => {
  const core = readFileSync(new URL("../../src/core/exchange.rs", import.meta.url), "utf8");
  const found = core.matchAll(/pub const (LONGEST_\w+): Duration = Duration::from_secs\((\d+)\);/g);
  const ofCore = Object.fromEntries([...found].map(([, name, seconds]) => [name, seconds * 1000]));
  const [, ...bytes] = /pub const MOST_ANSWER_BYTES: usize = (\d+) \* (\d+);/.exec(core);
  assert.deepEqual({ ...limits }, { ...ofCore, MOST_ANSWER_BYTES: bytes[0] * bytes[1] });
});
