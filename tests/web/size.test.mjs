// What a page has to load for a chat.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const script = readFileSync(new URL("../../target/web/baton-chat.js", import.meta.url));

test("the component weighs at most 30 KiB compressed", () => {
  const bytes = gzipSync(script, { level: 9 }).length;
  assert.ok(bytes <= 30 * 1024, `${bytes} bytes`);
});

test("the component needs nothing but itself, and makes no code of text", () => {
  const text = script.toString();
  const forbidden = [/\beval\(/, /new Function\(/, /\bimport\(/, /\bfrom"/, /unsafeHTML/];
  assert.deepEqual(
    forbidden.filter((pattern) => pattern.test(text)),
    [],
  );
  const hosts = [...text.matchAll(/https?:\/\/([a-z0-9.-]+)/gi)].map(([, host]) => host);
  assert.deepEqual(
    hosts.filter((host) => host !== "www.w3.org"),
    [],
  );
});
