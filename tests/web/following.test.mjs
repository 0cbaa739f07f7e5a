// A flow that is read at its end follows what is new, and one that is read above stays.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Following } from "../../target/web-modules/following.js";

const flow = (scrollTop) => ({ scrollTop, scrollHeight: 1000, clientHeight: 400 });

test("at first, and again at its end, it follows", () => {
  const following = new Following();
  const scroller = flow(0);
  following.follow(scroller);
  assert.equal(scroller.scrollTop, 1000);
  scroller.scrollTop = 300;
  following.scrolled(scroller);
  scroller.scrollHeight = 1200;
  following.follow(scroller);
  assert.deepEqual([scroller.scrollTop, following.isAtEnd], [300, false]);
  scroller.scrollTop = 790;
  following.scrolled(scroller);
  following.follow(scroller);
  assert.deepEqual([scroller.scrollTop, following.isAtEnd], [1200, true]);
});

test("a flow that only has another size has not been scrolled by its reader", () => {
  const following = new Following();
  const scroller = flow(600);
  following.follow(scroller);
  Object.assign(scroller, { scrollHeight: 1400, clientHeight: 300, scrollTop: 700 });
  following.scrolled(scroller);
  following.follow(scroller);
  assert.equal(scroller.scrollTop, 1400);
});

test("who sends something is brought to the end", () => {
  const following = new Following();
  const scroller = flow(0);
  following.follow(scroller);
  scroller.scrollTop = 0;
  following.scrolled(scroller);
  following.toEnd();
  following.follow(scroller);
  assert.equal(scroller.scrollTop, 1000);
});
