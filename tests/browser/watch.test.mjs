// The tests' own eyes: what goes wrong in a page is noticed.

import assert from "node:assert/strict";

import { Stage } from "./browser.mjs";
import { Site, documentOf } from "./site.mjs";

const stage = new Stage(() =>
  Site.start({
    policy: "default-src 'none'; script-src 'self'; img-src https://example.org data:; connect-src ws://example.org",
    pages: { "/": documentOf("<h1>Wrong</h1>") },
  }),
);

stage.test("an error, a violated policy, a dialog and a request to elsewhere each fail a test", async (visit, site) => {
  const page = await visit.open(`${site.origin}/`);
  assert.deepEqual(visit.problems, []);
  await page.evaluate(async () => {
    console.error("said to be wrong");
    setTimeout(() => {
      throw new Error("thrown");
    });
    alert("asked");
    new WebSocket("ws://example.org/socket");
    document.body.append(Object.assign(new Image(), { src: "https://example.org/picture.png" }));
    document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }));
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  for (const problem of [
    /^console: said to be wrong$/,
    /^thrown: Error: thrown$/,
    /^dialog: asked$/,
    /^connected to: ws:\/\/example\.org\/socket$/,
    /^asked for: https:\/\/example\.org\/picture\.png$/,
    /^console: .*Content Security Policy/,
  ]) {
    const isNoticed = visit.problems.some((noticed) => problem.test(noticed));
    assert.ok(isNoticed, `${problem} is not among ${visit.problems.join("\n")}`);
  }
  assert.throws(() => visit.assertNothingWentWrong());
  visit.expect(/./);
});
