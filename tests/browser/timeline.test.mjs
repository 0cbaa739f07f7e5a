// A timeline of thousands of entries: only what is seen is in the page.

import assert from "node:assert/strict";

import { Stage, until } from "./browser.mjs";
import { Demo } from "./demo.mjs";
import { Flood } from "./flood.mjs";
import { Timeline } from "./places.mjs";

const stage = new Stage(async () => {
  const demo = await Demo.start();
  const flood = await Flood.start(demo);
  return { flood, stop: () => flood.stop().then(() => demo.stop()) };
});

/** How many elements the timeline has in the page. */
function size(timeline) {
  return timeline.element.evaluate((element) => element.shadowRoot.querySelectorAll("*").length);
}

stage.test("of 5,000 entries at most 300 elements are in the page, wherever one looks", async (visit, { flood }) => {
  const page = await visit.open(flood.url);
  const timeline = new Timeline(page);
  await flood.pour(5_000);
  await timeline.shows(/message number 5000 /);
  const list = timeline.element.getByRole("listbox");
  const last = await timeline.rows.last().getAttribute("aria-posinset");
  assert.deepEqual([last, await timeline.rows.last().getAttribute("aria-setsize")], ["5000", "5000"]);
  assert.ok((await size(timeline)) <= 300, `${await size(timeline)} at the end`);

  await list.focus();
  await page.keyboard.press("Home");
  await timeline.shows(/message number 1 /);
  assert.ok((await size(timeline)) <= 300, `${await size(timeline)} at the beginning`);
  for (let pages = 0; pages < 10; pages += 1) await page.keyboard.press("PageDown");
  await list.evaluate((rows) => rows.scrollTo(0, rows.scrollHeight / 2));
  await timeline.shows(/message number 25\d\d /);
  assert.ok((await size(timeline)) <= 300, `${await size(timeline)} in the middle`);

  const place = await list.evaluate(({ scrollTop }) => scrollTop);
  await flood.pour(3);
  await timeline.element.getByRole("button", { name: "Follow (3 new)" }).waitFor();
  assert.equal(await list.evaluate(({ scrollTop }) => scrollTop), place);
  await timeline.element.getByRole("button", { name: "Follow (3 new)" }).click();
  await timeline.shows(/message number 5003 /);
  await until("the end is in sight", () => timeline.rows.last().isVisible());
});

stage.test("a screen of any height holds no more of them", async (visit, { flood }) => {
  for (const height of [720, 2160, 4320]) {
    flood.dry();
    const page = await visit.open(flood.url, { viewport: { width: 1600, height } });
    const timeline = new Timeline(page);
    await flood.pour(5_000);
    await timeline.shows(/message number 5000 /);
    assert.ok((await size(timeline)) <= 300, `${await size(timeline)} at ${height} pixels`);
  }
});
