// The client: what it promises about the user's words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../../target/web-modules/client.js";
import { Memory } from "../../target/web-modules/memory.js";
import { DOOR, World, batch, begun, event } from "./world.mjs";

/** A store such as a tab has. */
function shelf() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    kept,
  };
}

/** A client in its world; a page that is loaded again has the same shelf. */
function client(world = new World(), page = shelf(), door = DOOR) {
  const told = { sessions: [], states: [], events: [] };
  const client = new Client(door, world.surroundings, new Memory(door, page), {
    changed: () => {},
    session: (id, isResumed) => told.sessions.push([id, isResumed]),
    state: ({ name }) => told.states.push(name),
    event: ({ wire }, isReplay) => told.events.push([wire.type, isReplay]),
  });
  return { world, page, client, told };
}

/** The same, in a session that has begun. */
async function open(...given) {
  const opened = client(...given);
  opened.client.start();
  await opened.world.settle();
  opened.world.socket.opens();
  opened.world.socket.says(begun());
  return opened;
}

const texts = ({ conversation }) => conversation.outgoing.map(({ text, delivery }) => `${text} ${delivery}`);
const sent = ({ socket }) =>
  socket.sent.filter(({ type }) => type === "EVENT_TYPE_USER_MESSAGE").map(({ payload }) => payload.text);

test("who is to answer is asked to join, and that before anything the user has written", async () => {
  const { world, client: it } = client();
  it.start();
  it.send("Hello");
  await world.settle();
  world.socket.opens();
  assert.deepEqual(world.socket.sent, []);
  world.socket.says(batch(event("SESSION_START", 1)));
  assert.deepEqual(world.socket.kinds, ["REQUEST_POLY_AGENT_JOIN", "USER_MESSAGE"]);
});

test("a session that starts later than the first frame is asked for as well, and once", async () => {
  const { world, client: it } = client();
  it.start();
  await world.settle();
  world.socket.opens();
  world.socket.says(batch());
  world.socket.says(event("SESSION_START", 1));
  world.socket.says(event("POLY_AGENT_THINKING", null));
  assert.deepEqual(world.socket.kinds, ["REQUEST_POLY_AGENT_JOIN"]);
});

test("who has joined already is not asked again", async () => {
  const { world } = await open();
  assert.deepEqual(world.socket.kinds, []);
});

test("a message is sent, and stands in the flow once it is echoed", async () => {
  const { world, client: it } = await open();
  assert.equal(it.send("  Hello  "), "taken");
  const [{ payload, metadata }] = world.socket.sent;
  assert.equal(payload.text, "Hello");
  world.socket.says(event("USER_MESSAGE", 3, { text: "Hello", message_id: "m" }, metadata.custom.local_id));
  assert.deepEqual(texts(it), []);
  assert.equal(it.conversation.entries.at(-1).text, "Hello");
  await world.pass(19_000);
  assert.deepEqual(sent(world), ["Hello"]);
});

test("what is empty or too long is not sent, and nothing of it is lost", async () => {
  const { world, client: it } = await open();
  assert.equal(it.send(" \n "), "empty");
  it.write("é".repeat(51));
  assert.equal(it.send(it.draft), "too_long");
  assert.equal(it.draft.length, 51);
  assert.equal(it.send("é".repeat(50)), "taken");
  assert.equal(sent(world).length, 1);
});

test("what is written while the connection is away waits, and is sent after in its order", async () => {
  const { world, client: it } = await open();
  world.socket.closes(1006);
  it.send("one");
  it.send("two");
  assert.deepEqual(texts(it), ["one pending", "two pending"]);
  await world.pass(1000);
  world.socket.opens();
  assert.deepEqual(sent(world), []);
  world.socket.says(batch());
  assert.deepEqual(sent(world), ["one", "two"]);
});

test("a message that was echoed while the client was away is not sent again", async () => {
  const { world, client: it } = await open();
  it.send("Hello");
  const { metadata } = world.socket.sent[0];
  world.socket.closes(1006);
  await world.pass(1000);
  world.socket.opens();
  world.socket.says(batch(event("USER_MESSAGE", 3, { text: "Hello" }, metadata.custom.local_id)));
  assert.deepEqual([sent(world), texts(it)], [[], []]);
});

test("without an echo it is sent again with the same id, then it is for the user to say", async () => {
  const { world, client: it } = await open();
  it.send("Hello");
  const beating = setBeating(world);
  await world.pass(20_000);
  assert.deepEqual(sent(world), ["Hello", "Hello", "Hello", "Hello"]);
  const ids = new Set(world.socket.sent.map(({ metadata }) => metadata?.custom.local_id).filter(Boolean));
  assert.equal(ids.size, 1);
  assert.deepEqual(texts(it), ["Hello failed"]);
  beating();
  const [{ localId }] = it.conversation.outgoing;
  it.sendAgain(localId);
  assert.deepEqual([texts(it), sent(world).length], [["Hello pending"], 5]);
  it.discard(localId);
  assert.deepEqual(texts(it), []);
});

/** The server answers heartbeats; what is given back says that it does no more. */
function setBeating(world) {
  const { socket } = world;
  const send = socket.send;
  socket.send = (text) => {
    send.call(socket, text);
    if (text.includes("HEARTBEAT")) socket.says(event("HEARTBEAT", null));
  };
  return () => {
    socket.send = send;
  };
}

test("a message that the server refuses is not sent again by itself", async () => {
  const { world, client: it } = await open();
  it.send("Hello");
  const { metadata } = world.socket.sent[0];
  const refusal = {
    level: "SYSTEM_MESSAGE_LEVEL_ERROR",
    message: "Sorry, I encountered an error. Please try again.",
  };
  world.socket.says(event("SYSTEM_MESSAGE", null, refusal, metadata.custom.local_id));
  assert.deepEqual(texts(it), ["Hello failed"]);
  await world.pass(15_000);
  assert.equal(sent(world).length, 1);
});

test("a reload takes up the session, what waits, and what stands in the input", async () => {
  const { world, page, client: it } = await open();
  world.socket.closes(1006);
  it.send("unsent");
  it.write("half a wo");
  const again = client(world, page);
  again.client.start();
  await world.settle();
  assert.deepEqual(again.told.sessions, [["session-2", true]]);
  assert.equal(again.client.draft, "half a wo");
  world.socket.opens();
  world.socket.says(begun());
  assert.deepEqual(sent(world), ["unsent"]);
  assert.equal(world.requests.length, 2);
});

test("what is kept is for one server, one host and one connector", async () => {
  const { world, page } = await open();
  for (const other of [
    { url: "https://other.example.com" },
    { host: "other.example.com" },
    { connector: "another" },
  ]) {
    assert.equal(client(world, page, { ...DOOR, ...other }).client.sessionId, undefined);
  }
  assert.equal(client(world, page).client.sessionId, "session-2");
});

test("a shelf that is full, forbidden or holds something else does no harm", async () => {
  const forbidden = () => {
    throw new DOMException("no", "SecurityError");
  };
  const { client: it, world } = await open(new World(), {
    getItem: forbidden,
    setItem: forbidden,
    removeItem: forbidden,
  });
  assert.equal(it.send("Hello"), "taken");
  assert.deepEqual(sent(world), ["Hello"]);
  for (const text of [
    "",
    "x",
    "null",
    "7",
    '{"connector":"connector-token","session":7,"outgoing":[null,7,{}],"draft":7}',
  ]) {
    const page = shelf();
    page.setItem(`baton-chat ${DOOR.url} ${DOOR.host}`, text);
    const { client: other } = client(new World(), page);
    assert.deepEqual([other.sessionId, other.draft, other.conversation.outgoing], [undefined, "", []], text);
  }
});

test("a session that was lost is followed by another, and the words go there", async () => {
  const { world, client: it, told } = await open();
  world.socket.says(event("LIVE_AGENT_MESSAGE", 3, { text: "Hi" }));
  it.send("Hello");
  world.socket.closes(4001);
  await world.settle();
  world.socket.opens();
  world.socket.says(batch(event("SESSION_START", 1)));
  assert.deepEqual(world.socket.kinds, ["REQUEST_POLY_AGENT_JOIN", "USER_MESSAGE"]);
  assert.equal(told.sessions.length, 2);
  const names = it.conversation.entries.map((entry) => entry.text ?? entry.content.name);
  assert.deepEqual(names, ["Hi", "begun_anew"]);
});

test("the user ends the chat, and begins another", async () => {
  const { world, client: it, page, told } = await open();
  it.end();
  assert.deepEqual(world.socket.kinds, ["USER_END_SESSION"]);
  world.socket.says(event("USER_END_SESSION", 3));
  world.socket.says(event("SESSION_END", 4, { reason: "REASON_USER_END" }));
  assert.deepEqual(it.conversation.entries.at(-1).content, { name: "ended", reason: "user" });
  assert.deepEqual([told.states.at(-1), it.sessionId, page.kept.size], ["ended", undefined, 0]);
  assert.equal(it.send("too late"), "ended");
  it.beginAnew();
  await world.settle();
  assert.equal(it.sessionId, "session-4");
  assert.deepEqual(it.conversation.entries, []);
});

test("a chat ends for the user also where the server does not answer, or is away", async () => {
  for (const isAway of [false, true]) {
    const { world, client: it } = await open();
    if (isAway) world.socket.closes(1006);
    it.end();
    await world.pass(3000);
    assert.deepEqual([it.conversation.isEnded, it.state.name], [true, "ended"]);
    await world.pass(600_000);
    assert.equal(world.sockets.length, 1);
  }
});

test("what never arrived before the end is back in the input of the next chat", async () => {
  const { world, client: it } = await open();
  it.send("one");
  it.write("two");
  world.socket.closes(1000);
  assert.deepEqual(texts(it), ["one failed"]);
  it.beginAnew();
  assert.equal(it.draft, "one\ntwo");
});

test("the other side is told that the user writes, not more often than it wants to hear", async () => {
  const { world, client: it } = await open();
  for (let keys = 1; keys <= 40; keys += 1) {
    it.write("x".repeat(keys));
    await world.pass(100);
  }
  assert.deepEqual(world.socket.kinds, ["USER_TYPING", "USER_TYPING"]);
  await world.pass(5000);
  const states = world.socket.sent.map(({ payload }) => payload.state);
  assert.deepEqual(states, ["TYPING_STATE_STARTED", "TYPING_STATE_STARTED", "TYPING_STATE_STOPPED"]);
  it.write("");
  it.write("x");
  it.send("x");
  await world.pass(4000);
  assert.deepEqual(world.socket.kinds.slice(3), ["USER_TYPING", "USER_MESSAGE"]);
});

test("somebody who writes and says no more of it is not shown for ever", async () => {
  const { world, client: it } = await open();
  world.socket.says(event("LIVE_AGENT_TYPING", null, {}));
  await world.pass(9_999);
  assert.notEqual(it.conversation.typing, undefined);
  await world.pass(1);
  assert.equal(it.conversation.typing, undefined);
});

test("nobody is shown writing while the connection is away", async () => {
  const { world, client: it } = await open();
  world.socket.says(event("LIVE_AGENT_TYPING", null, {}));
  world.socket.closes(1006);
  assert.equal(it.conversation.typing, undefined);
});

test("the page is told of every event as the server said it", async () => {
  const { world, told } = await open();
  world.socket.says(event("FUTURE_THING", 3));
  assert.deepEqual(told.events, [
    ["EVENT_TYPE_SESSION_START", true],
    ["EVENT_TYPE_POLY_AGENT_JOINED", true],
    ["EVENT_TYPE_FUTURE_THING", false],
  ]);
});

test("a window in the corner is open after a reload if it was before", () => {
  const page = shelf();
  assert.equal(new Memory(DOOR, page).wasOpen(), false);
  new Memory(DOOR, page).keepOpen(true);
  assert.equal(new Memory(DOOR, page).wasOpen(), true);
  assert.equal(new Memory(DOOR, undefined).wasOpen(), false);
});
