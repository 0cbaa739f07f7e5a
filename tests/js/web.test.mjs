// The package as a browser loads it. Node's fetch knows no files, so one stands in for it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { signature } from "./corpus.mjs";

const fetched = [];
globalThis.fetch = async (url) => {
  fetched.push(String(url).split("/").at(-1));
  return new Response(readFileSync(url), { headers: { "content-type": "application/wasm" } });
};

test("in a browser the module is fetched from beside the package, and nothing else", async () => {
  const { sign, verify } = await import("../../target/edge/js/web.js");
  const body = new TextEncoder().encode("{}");
  const secret = "0123456789abcdef";
  assert.equal(sign(body, secret), signature(secret, body));
  assert.equal(verify(body, sign(body, secret), [secret]), undefined);
  assert.deepEqual(fetched, ["baton_edge_bg.wasm"]);
});
