// The agent's desk and the faults: what is possible, and what is ordered.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  AGENTS,
  QUEUES,
  RICH,
  before,
  destinations,
  possible,
  readContextLink,
  readConversation,
  readConversations,
  readMessages,
  standingWords,
  transfer,
} from "../../target/web-modules/console/desk.js";
import { FAULTS, activeIn, planOf } from "../../target/web-modules/console/faults.js";

const [DANA] = AGENTS;
const [SUPPORT] = QUEUES;
const BOT_QUEUE = QUEUES.find(({ hasMembers }) => !hasMembers);

const conversation = (standing, members = {}) => ({
  id: "c",
  endUser: "u",
  standing,
  users: [],
  ...members,
});

const deeds = (...given) => [...possible(...given)].sort();

test("the desk follows the chat beside it, and shows another conversation only when that was chosen", () => {
  const [old, own, other] = ["old", "own", "other"].map((id) => ({ ...conversation("queued"), id }));
  const all = [other, own, old];
  assert.equal(before(all, undefined, undefined), undefined, "not the newest of others");
  assert.equal(before(all, undefined, "of-nobody-yet"), undefined);
  assert.equal(before(all, undefined, "own"), own);
  assert.equal(before(all, "old", "own"), old);
  assert.equal(before(all, "forgotten", "own"), own);
});

test("a link to the context is only what a browser may follow", () => {
  const truth = (contextUrl) => ({ participants: [{}, { attributes: { contextUrl } }] });
  assert.equal(readContextLink(truth("http://127.0.0.1:8082/c")), "http://127.0.0.1:8082/c");
  for (const other of ["javascript:alert(1)", "data:text/html,x", "", 7, undefined])
    assert.equal(readContextLink(truth(other)), undefined);
  assert.equal(readContextLink(undefined), undefined);
});

test("only what is possible now is possible", () => {
  assert.deepEqual(deeds(undefined), []);
  assert.deepEqual(deeds(conversation("queued", { queueId: SUPPORT.id })), [
    "accept",
    "alert",
    "transfer_to_queue",
    "transfer_to_user",
  ]);
  assert.deepEqual(deeds(conversation("alerting", { users: [DANA.id] })), [
    "accept",
    "decline",
    "no_answer",
  ]);
  assert.deepEqual(deeds(conversation("connected")), [
    "answer",
    "end",
    "park",
    "transfer_to_queue",
    "transfer_to_user",
    "type",
  ]);
  assert.deepEqual(deeds(conversation("parked")), ["end", "resume"]);
  for (const standing of ["ended", "unattended"])
    assert.deepEqual(deeds(conversation(standing)), []);
});

test("from a queue without members nobody can be alerted", () => {
  assert.deepEqual(deeds(conversation("queued", { queueId: BOT_QUEUE.id })), [
    "transfer_to_queue",
    "transfer_to_user",
  ]);
});

test("a conversation is not given to the agent who has it", () => {
  const { agents, queues } = destinations(conversation("connected", { users: [DANA.id] }));
  assert.equal(queues.length, QUEUES.length);
  assert.deepEqual(agents, AGENTS.slice(1));
  assert.deepEqual(transfer(SUPPORT.id), { action: "transfer_to_queue", queue: SUPPORT.id });
  assert.deepEqual(transfer(DANA.id), { action: "transfer_to_user", to: DANA.id });
});

test("it is told in words who has it", () => {
  assert.equal(standingWords(conversation("queued", { queueId: SUPPORT.id })), "Waits in Support");
  assert.equal(
    standingWords(conversation("alerting", { users: [DANA.id] })),
    "Rings at Dana Reyes",
  );
  assert.equal(
    standingWords(conversation("connected", { users: ["12345678-unknown"] })),
    "With 12345678",
  );
});

test("conversations are read, the newest first, and what is none is left out", () => {
  const one = {
    id: "1",
    integration_id: "i",
    end_user: "u",
    state: "queued",
    users: [],
    queue_id: SUPPORT.id,
  };
  const other = { ...one, id: "2", state: "connected", users: [DANA.id, 7], queue_id: null };
  assert.deepEqual(readConversations([one, null, { id: 7 }, { ...one, state: "x" }, other]), [
    { id: "2", endUser: "u", standing: "connected", users: [DANA.id] },
    { id: "1", endUser: "u", standing: "queued", users: [], queueId: SUPPORT.id },
  ]);
  for (const value of [null, {}, "x"]) assert.deepEqual(readConversations(value), []);
  assert.equal(readConversation(undefined), undefined);
});

test("messages are read with what they carry", () => {
  const content = [{ contentType: "Card" }, { contentType: "Card" }, { contentType: "Text" }, null];
  const messages = [
    { id: "m", at: "t", direction: "outbound", user_id: DANA.id, text: "Hi", content },
    { id: "n", direction: "Inbound", text: null },
    {},
  ];
  assert.deepEqual(readMessages({ messages }), [
    { id: "m", at: "t", isInbound: false, text: "Hi", contents: ["Card"], userId: DANA.id },
    { id: "n", at: "", isInbound: true, text: "", contents: [] },
  ]);
});

test("the people, queues and shapes are those of the simulator", () => {
  const source = (name) =>
    readFileSync(new URL(`../../src/simulator/${name}`, import.meta.url), "utf8");
  const seed = source("org/seed.rs");
  for (const { id, name } of [...AGENTS, ...QUEUES])
    assert.ok(seed.includes(`"${id}", "${name}"`), name);
  const shapes = source("text_shapes.rs") + source("structured_shapes.rs");
  for (const { shape } of RICH) assert.ok(shapes.includes(`"${shape}"`), shape);
});

/** What the simulator shows of a plan: it fills in what a rule leaves out. */
const shown = (plan, struck = 0) =>
  Object.fromEntries(
    Object.entries(plan).map(([occasion, rules]) => [
      occasion,
      rules.map((rule) => ({
        matching: "",
        next: 0,
        probability: 0,
        struck,
        ...rule,
        fault: filled(rule.fault),
      })),
    ]),
  );

const filled = (fault) => {
  if (fault.lose_answer) return { lose_answer: { status: null } };
  return fault.answer ? { answer: { status: 429, milliseconds: 0 } } : fault;
};

test("a plan of faults is recognised as the simulator shows it", () => {
  const switches = FAULTS.filter(({ how }) => how.kind === "switch");
  assert.ok(switches.length >= 3);
  for (const { id } of switches) {
    const active = activeIn(shown(planOf(new Set([id])), 2));
    assert.deepEqual(
      active.map(({ fault, struck }) => [fault.id, struck]),
      [[id, 2]],
    );
  }
  const all = new Set(switches.map(({ id }) => id));
  assert.deepEqual(
    activeIn(shown(planOf(all))).map(({ fault }) => fault.id),
    [...all],
  );
});

test("a fault that has struck as often as it was to is off, and so is one of another kind", () => {
  const plan = shown(planOf(new Set(["lost_answer"])), 1);
  plan.requests[0].next = 0;
  assert.deepEqual(activeIn(plan), []);
  for (const other of [
    null,
    {},
    { webhooks: {} },
    { webhooks: [{ fault: "lose", matching: "", probability: 1 }] },
  ]) {
    assert.deepEqual(activeIn(other), []);
  }
  assert.deepEqual(planOf(new Set(["forged", "nothing"])), {});
});

test("each fault says what to watch for, and a strike is about the customer", () => {
  for (const { watch, name } of FAULTS) assert.match(watch, /\. .+\.$/, name);
  const forged = FAULTS.find(({ id }) => id === "forged");
  assert.deepEqual(forged.how.order("u").to, "u");
  assert.equal(forged.how.order("u").signature, "forged");
});
