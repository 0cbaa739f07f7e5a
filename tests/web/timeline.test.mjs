// The timeline as the page keeps it, and which of its rows are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LANES } from "../../target/web-modules/console/entry.js";
import { pageOf, reveal, rowWindow } from "../../target/web-modules/console/row_window.js";
import { Timeline } from "../../target/web-modules/console/timeline.js";

const ALL = { lanes: new Set(LANES) };

const entry = (number, members = {}) => ({
  number,
  at: "2026-11-21T20:15:00.123Z",
  lane: LANES[number % LANES.length],
  direction: "to_baton",
  title: "Text",
  outcome: "ok",
  ...members,
});

const entries = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, place) => entry(from + place));

const numbers = (timeline) => timeline.shown.map(({ number }) => number);

test("entries stand in the order of their numbers, in whatever order they come", () => {
  const timeline = new Timeline(ALL);
  timeline.take([entry(3), entry(1), entry(4), entry(2)]);
  assert.deepEqual(numbers(timeline), [1, 2, 3, 4]);
});

test("an entry that comes again replaces the former", () => {
  const timeline = new Timeline(ALL);
  timeline.take(entries(1, 3));
  timeline.take([entry(2, { outcome: "refused" })]);
  assert.deepEqual(numbers(timeline), [1, 2, 3]);
  assert.equal(timeline.shown[1].outcome, "refused");
});

test("the newest are kept, and it is told how many rows went away at the beginning", () => {
  const timeline = new Timeline(ALL, 10);
  assert.equal(timeline.take(entries(1, 10)), 0);
  assert.equal(timeline.take(entries(11, 13)), 3);
  assert.deepEqual([timeline.size, timeline.shown[0].number], [10, 4]);
  timeline.filter = { lanes: new Set(["chat"]) };
  assert.deepEqual(numbers(timeline), [4, 8, 12]);
  assert.equal(timeline.take(entries(14, 15)), 1);
  assert.deepEqual(numbers(timeline), [8, 12]);
});

test("ten thousand and more entries leave ten thousand", () => {
  const timeline = new Timeline(ALL);
  for (let from = 1; from < 12_000; from += 500) timeline.take(entries(from, from + 499));
  assert.deepEqual(
    [timeline.size, timeline.shown.length, timeline.shown.at(-1).number],
    [10_000, 10_000, 12_000],
  );
});

test("a filter lets through a session and lanes, and all of them again", () => {
  const timeline = new Timeline(ALL);
  timeline.take([
    entry(1, { sessionId: "a" }),
    entry(2, { sessionId: "b" }),
    entry(3),
    entry(5, { sessionId: "a" }),
  ]);
  timeline.filter = { ...ALL, sessionId: "a" };
  assert.deepEqual(numbers(timeline), [1, 5]);
  timeline.filter = { lanes: new Set(["rest"]), sessionId: "a" };
  assert.deepEqual(numbers(timeline), [1, 5]);
  timeline.filter = { lanes: new Set(["chat"]), sessionId: "a" };
  assert.deepEqual(numbers(timeline), []);
  timeline.filter = ALL;
  assert.deepEqual(numbers(timeline), [1, 2, 3, 5]);
  assert.deepEqual([...timeline.sessions], ["a", "b"]);
});

test("an entry whose session is learned later is let through then", () => {
  const timeline = new Timeline({ ...ALL, sessionId: "a" });
  timeline.take(entries(1, 3));
  assert.deepEqual(numbers(timeline), []);
  timeline.take([entry(2, { sessionId: "a" })]);
  assert.deepEqual(numbers(timeline), [2]);
});

test("a row is found by its number, and one that is not shown is not", () => {
  const timeline = new Timeline(ALL);
  timeline.take([entry(2), entry(5), entry(9)]);
  assert.deepEqual(
    [2, 5, 9, 1, 6, 10].map((number) => timeline.place(number)),
    [0, 1, 2, -1, -1, -1],
  );
});

test("however long the list is, only what is seen is drawn, and a little beyond", () => {
  for (const scrolled of [0, 17, 44 * 2500, 44 * 5000]) {
    const { first, end } = rowWindow({ scrolled, height: 700, rowHeight: 44 }, 5000);
    assert.ok(end - first <= 24, `${first} to ${end}`);
    assert.ok(first <= Math.floor(scrolled / 44) && first >= 0 && end <= 5000);
  }
  assert.deepEqual(rowWindow({ scrolled: 0, height: 0, rowHeight: 44 }, 0), { first: 0, end: 0 });
});

test("a list that has become shorter than it was moved draws nothing beyond its end", () => {
  const { first, end } = rowWindow({ scrolled: 44_000, height: 700, rowHeight: 44 }, 10);
  assert.ok(first <= end && end <= 10);
});

test("a row is moved into sight, and one in sight does not move", () => {
  const view = { scrolled: 440, height: 440, rowHeight: 44 };
  assert.deepEqual(
    [9, 10, 19, 20].map((row) => reveal(view, row)),
    [396, undefined, undefined, 484],
  );
  assert.equal(pageOf({ scrolled: 0, height: 10, rowHeight: 44 }), 1);
});
