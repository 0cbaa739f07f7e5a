// What the handoff page makes of what the console tells.

import assert from "node:assert/strict";
import { test } from "node:test";

import { findToken } from "../../target/web-modules/console/access.js";
import { readDetail, readEntry } from "../../target/web-modules/console/entry.js";
import {
  clockWords,
  delayWords,
  outcomeWords,
  titleWords,
  tone,
} from "../../target/web-modules/console/entry_words.js";
import { EventStreamReader } from "../../target/web-modules/console/event_stream.js";
import { follow } from "../../target/web-modules/console/feed.js";

const ENTRY = {
  number: 17,
  at: "2026-11-21T20:15:00.123Z",
  lane: "webhook",
  direction: "to_baton",
  title: "Text",
  summary: "How can I help?",
  outcome: "ok",
  status: 200,
  took_milliseconds: 3.2,
  attempt: 1,
  session_id: "s",
  conversation_id: "c",
};

class Store {
  #kept = new Map();
  getItem = (name) => this.#kept.get(name) ?? null;
  setItem = (name, value) => this.#kept.set(name, value);
}

test("the token is taken out of the address, and found again after a reload", () => {
  const store = new Store();
  let hidden = 0;
  const page = (fragment) => ({ fragment, hideFragment: () => (hidden += 1), store });
  assert.equal(findToken(page("")), undefined);
  assert.equal(findToken(page("#token=first")), "first");
  assert.equal(findToken(page("")), "first");
  assert.equal(findToken(page("#token=second")), "second");
  assert.equal(findToken(page("#")), "second");
  assert.equal(hidden, 2);
});

test("an entry is read whole", () => {
  const {
    took_milliseconds: tookMilliseconds,
    session_id: sessionId,
    conversation_id: conversationId,
    ...same
  } = ENTRY;
  assert.deepEqual(readEntry(ENTRY), { ...same, tookMilliseconds, sessionId, conversationId });
});

test("what is no entry is none, and members of another type are left out", () => {
  for (const value of [
    null,
    7,
    "x",
    [],
    {},
    { ...ENTRY, number: "17" },
    { ...ENTRY, lane: "pigeon" },
    { ...ENTRY, outcome: null },
  ]) {
    assert.equal(readEntry(value), undefined, JSON.stringify(value));
  }
  const odd = readEntry({
    ...ENTRY,
    summary: {},
    status: "200",
    took_milliseconds: null,
    attempt: [],
    session_id: 7,
  });
  assert.deepEqual(Object.keys(odd).sort(), [
    "at",
    "conversationId",
    "direction",
    "lane",
    "number",
    "outcome",
    "title",
  ]);
});

test("a payload is read by its lane", () => {
  const webhook = readDetail({
    ...ENTRY,
    payload: { headers: { "X-Hub-Signature-256": "sha256=x" }, body: "{}" },
  });
  assert.deepEqual(webhook.payload, {
    kind: "webhook",
    headers: [["X-Hub-Signature-256", "sha256=x"]],
    body: "{}",
  });
  const rest = readDetail({
    ...ENTRY,
    lane: "rest",
    payload: { path: "/p", request: null, answer: { a: 1 } },
  });
  assert.deepEqual(rest.payload, { kind: "exchange", path: "/p", request: null, answer: { a: 1 } });
  for (const payload of [{ type: "x" }, null, "text", undefined]) {
    assert.deepEqual(readDetail({ ...ENTRY, payload }).payload, {
      kind: "frame",
      frame: payload ?? null,
    });
  }
});

test("an outcome is told in words, not by a colour alone", () => {
  const words = (members) => outcomeWords(readEntry({ ...ENTRY, ...members }));
  assert.equal(words({}), "200");
  assert.equal(words({ outcome: "refused", status: 401 }), "refused 401");
  assert.equal(words({ outcome: "failed", status: 503 }), "failed 503");
  assert.equal(words({ outcome: "failed", status: undefined }), "no answer");
  assert.equal(words({ outcome: "failed", status: undefined, title: "Fault: duplicate" }), "fault");
  assert.equal(words({ outcome: "under_way", status: undefined }), "under way");
  assert.deepEqual(
    ["ok", "refused", "failed", "under_way"].map((outcome) => tone({ title: "Text", outcome })),
    ["calm", "bad", "bad", "waiting"],
  );
  assert.equal(tone({ title: "Fault: duplicate", outcome: "failed" }), "fault");
});

test("a title is short, and says which attempt it is from the second on", () => {
  assert.equal(titleWords({ title: "POST /api/v2/users/{…}" }), "POST /users/{…}");
  const inbound = "POST /api/v2/conversations/messages/{…}/inbound/open/receipt";
  assert.equal(titleWords({ title: inbound }), "POST …/inbound/open/receipt");
  assert.equal(titleWords({ title: "Text", attempt: 1 }), "Text");
  assert.equal(titleWords({ title: "Text", attempt: 2 }), "Text (attempt 2)");
});

test("delays and times are short", () => {
  const delay = (tookMilliseconds, lane = "rest") => delayWords({ tookMilliseconds, lane });
  assert.deepEqual(
    [delay(undefined), delay(0.25), delay(12.6), delay(5_040), delay(3, "chat")],
    ["", "0.3 ms", "13 ms", "5.0 s", "+3.0 ms"],
  );
  assert.match(clockWords(ENTRY.at), /^\d\d:15:00\.123$/);
  assert.equal(clockWords("x"), "");
});

test("events are cut out of the stream wherever its pieces are cut", () => {
  const text =
    ': hello\n\nid: 1\ndata: {"a":1}\n\nid: 2\ndata: x\ndata: y\n\r\nid:3\r\ndata:z\r\n\r\n';
  const expected = [
    { id: "1", data: '{"a":1}' },
    { id: "2", data: "x\ny" },
    { id: "3", data: "z" },
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const reader = new EventStreamReader();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g"));
    assert.deepEqual(
      pieces.flatMap((piece) => reader.read(piece)),
      expected,
      `pieces of ${size}`,
    );
  }
});

/** A console whose answers are these, one after the other; then the token is of another run. */
async function followed(...answers) {
  const [asked, waited, told] = [[], [], []];
  await follow(
    {
      open: async (after) => {
        asked.push(after);
        const answer = answers.shift() ?? { isOutdated: true };
        if (typeof answer !== "string") throw answer;
        return new Response(answer);
      },
      wait: async (milliseconds) => void waited.push(milliseconds),
      after: () => () => undefined,
    },
    {
      state: (state) => told.push(state),
      entries: (entries) => told.push(...entries.map(({ number }) => number)),
    },
  );
  return { asked, waited, told };
}

const change = (id, number) => `id: ${id}\ndata: ${JSON.stringify({ ...ENTRY, number })}\n\n`;

test("a connection that ends is made again, and goes on after the last change", async () => {
  const { asked, told } = await followed(change(1, 1) + change(2, 2), change(3, 2));
  assert.deepEqual(asked, [undefined, "2", "3"]);
  assert.deepEqual(told, ["connecting", "live", 1, 2, "lost", "live", 2, "lost", "outdated"]);
});

test("the pauses grow while nothing answers, and begin anew when something does", async () => {
  const away = new TypeError("no answer");
  const { waited } = await followed(away, away, away, away, away, away, change(1, 1), away);
  assert.deepEqual(waited, [500, 1000, 2000, 3000, 3000, 3000, 500, 1000]);
});

test("what cannot be read is passed over", async () => {
  const { told } = await followed(`data: {\n\ndata: null\n\n${change(4, 4)}`);
  assert.deepEqual(told, ["connecting", "live", 4, "lost", "outdated"]);
});
