// What is bundled comes with its licence.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const LIT = read("../../src/web/node_modules/lit/LICENSE").trim();

for (const name of ["baton-chat", "console", "inspector"]) {
  test(`${name}.js carries the licence of what is bundled with it`, () => {
    const script = read(`../../target/web/${name}.js`);
    assert.ok(script.includes(LIT), "Lit's, as it is");
    assert.ok(script.includes("lit-html"));
  });
}
