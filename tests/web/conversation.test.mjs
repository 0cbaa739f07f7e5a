// What is shown of a chat, over the ladders of the Messaging API.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, end, mark, quiet, suggestions, write } from "../../target/web-modules/conversation.js";
import { blocks } from "../../target/web-modules/grouping.js";
import { readFrame } from "../../target/web-modules/protocol.js";
import { take } from "../../target/web-modules/taking.js";
import { FRAMES, batch, event } from "./world.mjs";

const NOW = Date.parse("2026-05-07T12:00:00Z");

/** The conversation after these frames, of a chat that has begun unless it is given. */
function after(frames, conversation = EMPTY) {
  return frames.reduce(
    (chat, frame) => take(chat, { ...readFrame(JSON.stringify(frame)), now: NOW }),
    conversation,
  );
}

const named = (...names) => names.map((name) => FRAMES[name]);

/** The flow in short: who says what, or what the notice is. */
function flow({ entries }) {
  return entries.map((entry) => {
    if (entry.kind === "message") return `${entry.sender.name ?? entry.sender.role}: ${entry.text}`;
    const { name, agent, reason, text } = entry.content;
    return [name, agent ?? reason ?? text].filter(Boolean).join(" ");
  });
}

test("a whole handoff, as the documentation has it", () => {
  const upTo = (last) => {
    const all = named(
      "09_poly_agent_message_full",
      "16_poly_agent_triggered_handoff",
      "17_poly_agent_left",
      "18_handoff_accepted",
      "20_handoff_queue_status_sdk_full",
      "22_live_agent_joined_docs",
      "23_live_agent_typing_started",
      "26_live_agent_message_docs",
      "29_live_agent_left_docs",
      "05_session_end_natural",
    );
    return after(all.slice(0, last));
  };
  assert.deepEqual(upTo(4).queue, { name: "support" });
  assert.deepEqual([upTo(5).queue.position, upTo(5).queue.waitSeconds], [2, 90]);
  assert.equal(upTo(6).queue, undefined);
  assert.equal(upTo(6).agent.name, "Sarah");
  assert.deepEqual(upTo(7).typing, {
    role: "agent",
    name: "Sarah",
    picture: "https://example.com/avatars/sarah.png",
  });
  assert.equal(upTo(8).typing, undefined);
  const whole = upTo(10);
  assert.deepEqual(flow(whole), [
    "Poly: Hello there!",
    "handoff_triggered",
    "said You are #2 in line",
    "agent_joined Sarah",
    "Sarah: Hi! I can see your booking request.",
    "agent_left Sarah",
    "ended other",
  ]);
  assert.equal(whole.isEnded, true);
});

test("a handoff that comes to nothing leaves the chat open", () => {
  for (const [name, notice] of [
    ["31_handoff_failed_reason", "handoff_failed"],
    ["32_handoff_timeout", "handoff_timed_out"],
  ]) {
    const chat = after(named("16_poly_agent_triggered_handoff", "19_handoff_queue_status_docs", name));
    assert.deepEqual([flow(chat).at(-1), chat.isEnded, chat.queue], [notice, false, undefined]);
  }
});

test("a transfer brings the next agent, and a message of nobody in particular is the agent's", () => {
  const chat = after([
    event("LIVE_AGENT_JOINED", 1, {
      agent: { id: "a", name: "Dana", avatar_url: "https://example.com/d.png" },
    }),
    event("LIVE_AGENT_MESSAGE", 2, { text: "one" }),
    event("LIVE_AGENT_JOINED", 3, { agent: { id: "b", name: "Milan" } }),
    event("LIVE_AGENT_MESSAGE", 4, { text: "two", agent_id: "b" }),
    event("LIVE_AGENT_MESSAGE", 5, { text: "three", agent_id: "c" }),
  ]);
  assert.deepEqual(flow(chat), [
    "agent_joined Dana",
    "Dana: one",
    "agent_joined Milan",
    "Milan: two",
    "agent: three",
  ]);
  assert.equal(chat.entries[3].sender.picture, undefined);
});

test("an event that comes again is taken once, unless it is shown and forgotten", () => {
  const message = event("LIVE_AGENT_MESSAGE", 1, { text: "Hi" });
  assert.equal(after([message, message, batch(message, message)]).entries.length, 1);
  const typing = { ...event("LIVE_AGENT_TYPING", null, {}), id: "same" };
  assert.notEqual(
    after([typing, { ...typing, payload: { state: "TYPING_STATE_STOPPED" } }, typing]).typing,
    undefined,
  );
});

test("history shows nobody typing", () => {
  assert.equal(
    after([batch(event("POLY_AGENT_THINKING", 1), event("LIVE_AGENT_TYPING", null, {}))]).typing,
    undefined,
  );
  assert.equal(after([event("POLY_AGENT_THINKING", 1)]).typing.role, "bot");
  assert.equal(quiet(after([event("POLY_AGENT_THINKING", 1)])).typing, undefined);
});

test("who is to answer is asked to join only where nobody has", () => {
  const start = event("SESSION_START", 1);
  assert.equal(after([batch(start)]).wantsJoin, true);
  assert.equal(after([batch(start, event("POLY_AGENT_JOINED", 2))]).wantsJoin, false);
  assert.equal(after([batch(start), event("REQUEST_POLY_AGENT_JOIN", 2)]).wantsJoin, false);
  assert.equal(
    after([event("POLY_AGENT_JOINED", 1), event("LIVE_AGENT_LEFT", 2), event("SESSION_START", 3)]).wantsJoin,
    false,
  );
});

test("what the user writes waits at the end until it is echoed, and then takes its place", () => {
  const waiting = write(EMPTY, { localId: "l", text: "Hello", at: NOW });
  const missed = after([event("LIVE_AGENT_MESSAGE", 1, { text: "Are you there?" })], waiting);
  assert.deepEqual([flow(missed), missed.outgoing.length], [["agent: Are you there?"], 1]);
  const echoed = after([event("USER_MESSAGE", 2, { text: "Hello", message_id: "m" }, "l")], missed);
  assert.deepEqual([flow(echoed), echoed.outgoing], [["agent: Are you there?", "user: Hello"], []]);
  assert.equal(echoed.entries[1].key, "l");
});

test("an echo without the local id is known by its words, the first of them first", () => {
  const twice = ["1", "2"].reduce((chat, localId) => write(chat, { localId, text: "Hi", at: NOW }), EMPTY);
  const echoed = after([event("USER_MESSAGE", 1, { text: "Hi" })], twice);
  assert.deepEqual(
    echoed.outgoing.map(({ localId }) => localId),
    ["2"],
  );
});

test("an echo that is in the history already still settles the message", () => {
  const echo = event("USER_MESSAGE", 1, { text: "Hi" }, "l");
  const again = write(after([echo]), { localId: "l", text: "Hi", at: NOW });
  assert.deepEqual(after([echo], again).outgoing, []);
});

test("a message that the server refuses is marked, and the rest is said in the flow", () => {
  const waiting = write(EMPTY, { localId: "l", text: "Hello", at: NOW });
  const refusal = { level: "SYSTEM_MESSAGE_LEVEL_ERROR", message: "Message too large" };
  const refused = after([event("SYSTEM_MESSAGE", null, refusal, "l")], waiting);
  assert.deepEqual([refused.outgoing[0].delivery, refused.entries], ["failed", []]);
  assert.deepEqual(flow(after(named("35_system_message_error"))), ["said Something went wrong"]);
  assert.deepEqual(mark(refused, "l", "discarded").outgoing, []);
});

test("the answers that are offered are those of the last message, until something is said", () => {
  const offered = after(named("11_poly_agent_message_two_suggestions"));
  assert.deepEqual(suggestions(offered), ["yes", "no"]);
  assert.deepEqual(suggestions(write(offered, { localId: "l", text: "yes", at: NOW })), []);
  assert.deepEqual(suggestions(after([event("USER_MESSAGE", 9, { text: "yes" })], offered)), []);
  assert.deepEqual(suggestions(end(offered, "user", NOW)), []);
});

test("a message in parts is one message, in the order of its parts", () => {
  const chunk = (chunk_index, text, more = {}) =>
    event("POLY_AGENT_MESSAGE_CHUNK", 10 + chunk_index, { message_id: "m", chunk_index, text, ...more });
  const chat = after([
    chunk(1, "One "),
    chunk(3, "three."),
    chunk(2, "two "),
    chunk(4, "", { is_complete: true, response_suggestions: [{ message_text: "More" }] }),
  ]);
  assert.deepEqual([flow(chat), suggestions(chat)], [["bot: One two three."], ["More"]]);
  const whole = after([event("POLY_AGENT_MESSAGE", 20, { message_id: "m", text: "One, two, three." })], chat);
  assert.deepEqual(flow(whole), ["bot: One, two, three."]);
});

test("a chat that has ended says so once, marks what was not sent, and may begin again", () => {
  const waiting = write(after(named("13_poly_agent_message_end_conversation")), {
    localId: "l",
    text: "x",
    at: NOW,
  });
  const ended = after(
    [event("SESSION_END", 90, { reason: "REASON_NATURAL_END" })],
    end(waiting, "user", NOW),
  );
  assert.equal(flow(ended).filter((entry) => entry.startsWith("ended")).length, 1);
  const open = write(EMPTY, { localId: "l", text: "x", at: NOW });
  assert.equal(end(open, "user", NOW).outgoing[0].delivery, "failed");
  assert.equal(after([event("SESSION_START", 91)], ended).isEnded, false);
});

test("a receipt is for a message and all before it", () => {
  const chat = after([
    event("USER_MESSAGE", 1, { text: "a", message_id: "1" }),
    event("USER_MESSAGE", 2, { text: "b", message_id: "2" }),
    event("LIVE_AGENT_READ_MESSAGE", null, { message_id: "1" }),
    event("LIVE_AGENT_RECEIVED_MESSAGE", null, {}),
  ]);
  assert.deepEqual(
    chat.entries.map(({ delivery }) => delivery),
    ["read", "received"],
  );
});

test("messages of one sender stand together, as long as they are near", () => {
  const at = (minute) => `2026-05-07T12:${minute}:00Z`;
  const chat = after([
    { ...event("LIVE_AGENT_JOINED", 1, { agent_name: "Dana" }), timestamp: at("00") },
    { ...event("LIVE_AGENT_MESSAGE", 2, { text: "a" }), timestamp: at("01") },
    { ...event("LIVE_AGENT_MESSAGE", 3, { text: "b" }), timestamp: at("02") },
    { ...event("LIVE_AGENT_MESSAGE", 4, { text: "c" }), timestamp: at("20") },
    { ...event("USER_MESSAGE", 5, { text: "d" }, "l"), timestamp: at("21") },
  ]);
  const waiting = write(chat, { localId: "m", text: "e", at: Date.parse(at("22")) });
  const shape = blocks(waiting).map((block) =>
    block.kind === "notice" ? "notice" : `${block.sender.role} ${block.messages.length}`,
  );
  assert.deepEqual(shape, ["notice", "agent 2", "agent 1", "user 2"]);
});

test("a long history is taken without delay", () => {
  const events = Array.from({ length: 5000 }, (_, index) =>
    event("LIVE_AGENT_MESSAGE", index + 1, { text: "x" }),
  );
  const batches = Array.from({ length: 100 }, (_, index) =>
    batch(...events.slice(index * 50, index * 50 + 50)),
  );
  assert.equal(after(batches).entries.length, 5000);
});
