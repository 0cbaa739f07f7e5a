// The inspector: why a signature does not hold, and what a webhook becomes.

import assert from "node:assert/strict";

import { signature } from "../js/corpus.mjs";
import { Stage, until } from "./browser.mjs";
import { Demo } from "./demo.mjs";

const stage = new Stage(Demo.start);

const SECRET = "0123456789abcdef0123456789abcdef";
const BODY = JSON.stringify({
  id: "m1",
  channel: { id: "i1", to: { id: "u1" }, time: "2026-05-04T09:15:22.417Z" },
  type: "Text",
  text: "Grüße, <b>Dana</b>",
  originatingEntity: "Human",
  direction: "Outbound",
});
const LAID_OUT = JSON.stringify(JSON.parse(BODY), null, 2);
/** As many languages write JSON. */
const ESCAPED = BODY.replaceAll('":', '": ').replace("üß", "\\u00fc\\u00df");
const RIGHT = signature(SECRET, BODY);

class Inspector {
  constructor(page) {
    this.element = page.locator("webhook-inspector");
    this.verdict = this.element.locator(".verdict");
  }

  /** Puts in a webhook, its body as a file: byte for byte. */
  async put({ body = BODY, value = RIGHT, secret = SECRET }) {
    const file = { name: "webhook.json", mimeType: "application/json", buffer: Buffer.from(body) };
    await this.element.getByLabel("A file with the body").setInputFiles(file);
    await this.element.getByLabel("X-Hub-Signature-256").fill(value);
    await this.element.getByLabel("Secret of the integration").fill(secret);
    await this.element.getByText("From webhook.json, byte for byte.").waitFor();
  }

  /** What was tried and holds. */
  async holding() {
    const tried = await this.element.locator(".tried li").allInnerTexts();
    return tried.filter((line) => !line.includes("does not hold")).map((line) => line.split("\n")[0]);
  }
}

for (const [what, put, headline, found] of [
  ["a good signature", {}, "The signature holds", /the edge would send it on/],
  ["a signature in hexadecimal", { value: signature(SECRET, BODY, "hex") }, "The signature holds", /hex/i],
  ["a missing prefix", { value: RIGHT.replace("sha256=", "") }, "The signature does not hold", /sha256=/],
  ["a trailing newline", { body: `${BODY}\n` }, "The signature does not hold", /without the line break/],
  ["a body that was laid out anew", { body: LAID_OUT }, "The signature does not hold", /laid it out anew/],
  [
    "a body that was parsed and written again",
    { body: ESCAPED },
    "The signature does not hold",
    /parsed it and written/,
  ],
  ["a wrong secret", { secret: "another-secret-of-the-tenant" }, "The signature does not hold", /none of the secrets/i],
  ["another body", { body: BODY.replace("Dana", "Eve") }, "The signature does not hold", /none of the secrets/i],
  ["no signature", { value: "" }, "The signature does not hold", /signature/i],
]) {
  stage.test(`the inspector explains ${what}`, async (visit, demo) => {
    const page = await visit.open(`${demo.origin}/inspector`);
    const inspector = new Inspector(page);
    await inspector.put(put);
    await inspector.verdict.getByRole("heading", { name: headline }).waitFor();
    assert.match(await inspector.verdict.innerText(), found);
  });
}

stage.test("a body can be typed, and dropped as a file", async (visit, demo) => {
  const page = await visit.open(`${demo.origin}/inspector`);
  const { element, verdict } = new Inspector(page);
  const body = element.getByRole("textbox", { name: /body/i });
  await body.fill(BODY);
  await element.getByLabel("X-Hub-Signature-256").fill(RIGHT);
  await element.getByLabel("Secret of the integration").fill(SECRET);
  await verdict.getByRole("heading", { name: "The signature holds" }).waitFor();
  const dropped = await page.evaluateHandle((body) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([body], "dropped.json", { type: "application/json" }));
    return transfer;
  }, `${BODY}\n`);
  await body.dispatchEvent("drop", { dataTransfer: dropped });
  await element.getByText("From dropped.json, byte for byte.").waitFor();
  await verdict.getByRole("heading", { name: "The signature does not hold" }).waitFor();
});

stage.test("the inspector says which attempt would have held", async (visit, demo) => {
  const inspector = new Inspector(await visit.open(`${demo.origin}/inspector`));
  await inspector.put({ body: `${BODY}\n` });
  await until("an attempt holds", async () => (await inspector.holding()).length > 0);
  assert.equal((await inspector.holding())[0], "the body without the line break at its end");
  await inspector.put({ secret: "another-secret-of-the-tenant" });
  await until("no attempt holds", async () => (await inspector.holding()).length === 0);
  assert.ok((await inspector.element.locator(".tried li").count()) > 3);
});

stage.test("each example of the inspector is explained, and only the first holds", async (visit, demo) => {
  const { element, verdict } = new Inspector(await visit.open(`${demo.origin}/inspector`));
  const examples = element.getByLabel("Load an example");
  const names = (await examples.locator("option").allInnerTexts()).slice(1);
  assert.ok(names.length > 10);
  const said = new Map();
  for (const name of names) {
    await examples.selectOption({ label: name });
    said.set(name, await verdict.innerText());
  }
  assert.match(said.get("A right signature"), /^The signature holds/);
  for (const [name, words] of said) assert.ok(words.length > 60, `${name}: ${words}`);
  await examples.selectOption({ label: "A right signature" });
  await element.getByText("HologramV9").last().waitFor();
  await element.getByText("LIVE_AGENT_MESSAGE").first().waitFor();
});

stage.test("nothing that is put into the inspector leaves the page or stays in it", async (visit, demo) => {
  const page = await visit.open(`${demo.origin}/inspector`);
  const inspector = new Inspector(page);
  await inspector.put({});
  await inspector.verdict.getByRole("heading", { name: "The signature holds" }).waitFor();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.context().setOffline(true);
  await inspector.put({ body: `${BODY}\n` });
  await inspector.verdict.getByRole("heading", { name: "The signature does not hold" }).waitFor();
  assert.deepEqual(asked, []);
  await page.context().setOffline(false);
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
  assert.ok(!stored.includes(SECRET));
});
