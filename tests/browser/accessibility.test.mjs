// Every page as axe sees it, light and dark: no violation that it calls serious or critical.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Stage } from "./browser.mjs";
import { Shop } from "./embedding.mjs";
import { Chat, Desk, connect } from "./places.mjs";

const AXE = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const stage = new Stage(Shop.start);

/** Looks at the page as it is now. What a policy forbids to scripts is allowed to a debugger. */
async function assertAccessible(page, what) {
  const debug = await page.context().newCDPSession(page);
  const ask = async (expression) => {
    const { result } = await debug.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    return result.value;
  };
  await ask(`${AXE}; undefined`);
  const found = JSON.parse(await ask("axe.run(document, { resultTypes: ['violations'] }).then(JSON.stringify)"));
  const grave = found.violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
  assert.deepEqual(grave, [], what);
}

stage.test("what axe calls serious is noticed", async (visit, { url }) => {
  const page = await visit.open(url);
  await page.evaluate(() => document.querySelector("main").append(document.createElement("input")));
  await assert.rejects(assertAccessible(page, "an input without a label"), /label: input/);
});

for (const colorScheme of ["light", "dark"]) {
  const looks = { colorScheme, reducedMotion: "reduce" };

  stage.test(`the handoff page is accessible, ${colorScheme}`, async (visit, { demo }) => {
    const page = await visit.open(demo.url, looks);
    await new Desk(page).element.waitFor();
    await assertAccessible(page, "before a handoff");
    await assertAccessible(await visit.open(demo.origin, looks), "without a token");
    const { chat, desk, timeline } = await connect(page);
    for (const answer of ["Picture", "Card", "Quick replies"]) await desk.press(answer);
    await chat.button("Sales").waitFor();
    await timeline.toggleFaults();
    await timeline.fault("Send a forged webhook").getByRole("button").click();
    await timeline.row(/refused 401/).waitFor();
    await assertAccessible(page, "in the middle of it, with the faults");
    await timeline.row(/refused 401/).click();
    await timeline.panel.getByText("X-Hub-Signature-256").waitFor();
    await assertAccessible(page, "with a payload");
    await timeline.panel.getByRole("button", { name: "Close the payload" }).click();
    await desk.press("Context");
    await desk.element.frameLocator("iframe").getByText("What was said").first().waitFor();
    await assertAccessible(page, "with the context");
    await desk.press("End the conversation");
    await chat.shows("The chat has ended.");
    await assertAccessible(page, "after its end");
  });

  stage.test(`the handoff page is accessible on a phone, ${colorScheme}`, async (visit, { demo }) => {
    const page = await visit.open(demo.url, { ...looks, viewport: { width: 390, height: 844 } });
    await new Chat(page).write("Hello from a phone");
    for (const place of ["Customer", "Timeline", "Agent"]) {
      await page.getByRole("tab", { name: place }).click();
      await assertAccessible(page, place);
    }
  });

  stage.test(`the inspector is accessible, ${colorScheme}`, async (visit, { demo }) => {
    const page = await visit.open(`${demo.origin}/inspector`, looks);
    const examples = page.getByLabel("Load an example");
    await assertAccessible(page, "empty");
    for (const example of ["A right signature", "Another secret"]) {
      await examples.selectOption({ label: example });
      await page.getByText("HologramV9").last().waitFor();
      await assertAccessible(page, example);
    }
  });

  stage.test(`the agent's context page is accessible, ${colorScheme}`, async (visit, { demo }) => {
    const chat = new Chat(await visit.open(demo.url, looks));
    await chat.write("Where is my parcel?");
    await chat.write("Talk to an agent");
    await chat.shows("We are looking for someone to help you.");
    const page = await visit.open(await demo.contextLink(), looks);
    await page.getByText("Where is my parcel?").first().waitFor();
    await assertAccessible(page, "on a desktop");
    await page.setViewportSize({ width: 320, height: 568 });
    await assertAccessible(page, "in a narrow frame");
  });

  stage.test(`a page with the chat is accessible, ${colorScheme}`, async (visit, { url }) => {
    const page = await visit.open(url, looks);
    const chat = new Chat(page);
    await chat.button("Open the chat").waitFor();
    await assertAccessible(page, "closed");
    await chat.button("Open the chat").click();
    await chat.write("Hello from the shop");
    await chat.shows("You wrote: Hello from the shop");
    await assertAccessible(page, "open");
    await chat.button("End chat").click();
    await assertAccessible(page, "asked whether to end");
    await chat.button("End chat").last().click();
    await chat.shows("You have ended the chat.");
    await assertAccessible(page, "ended");
  });
}
