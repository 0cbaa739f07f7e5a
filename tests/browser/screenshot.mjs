// The picture of the console that the README shows: in the middle of a handoff.

import assert from "node:assert/strict";

import { Visit, launch, until } from "./browser.mjs";
import { Demo } from "./demo.mjs";
import { Chat, Desk, Timeline } from "./places.mjs";

/** In bytes. */
const MOST = 200_000;

const demo = await Demo.start();
const browser = await launch();
const visit = new Visit(browser);
try {
  const page = await visit.open(demo.url, { viewport: { width: 1280, height: 720 }, reducedMotion: "reduce" });
  const [chat, desk, timeline] = [new Chat(page), new Desk(page), new Timeline(page)];
  await chat.button("Talk to an agent").click();
  await desk.press("Accept");
  await chat.shows("Dana has joined the chat");
  await chat.write("Which plan fits a small shop?");
  await desk.hears("Which plan fits a small shop?");
  await desk.answer("This one, I think.");
  await chat.shows("This one, I think.");
  await desk.press("Card");
  const picture = chat.element.locator(".card img");
  await until("the card is there", () => picture.evaluate(({ naturalWidth }) => naturalWidth > 0));
  await timeline.toggleFaults();
  await timeline.fault("Send a forged webhook").getByRole("button").click();
  await timeline.shows(/refused 401/);
  await timeline.toggleFaults();
  await chat.input.pressSequentially("What does it cost?");
  visit.assertNothingWentWrong();
  const image = await page.screenshot({ path: process.argv[2], animations: "disabled" });
  assert.ok(image.length < MOST, `the picture has ${image.length} bytes, more than ${MOST}`);
  console.log(`${process.argv[2]}: ${image.length} bytes`);
} finally {
  await visit.leave();
  await browser.close();
  await demo.stop();
}
