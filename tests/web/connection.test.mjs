// The connection, with a socket, a server and a clock of the tests' own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../../target/web-modules/connection.js";
import { afterClose, pause } from "../../target/web-modules/reconnecting.js";
import { DOOR, World, begun, batch, event } from "./world.mjs";

/** A connection in its world, and what it said of itself. */
function connection() {
  const world = new World();
  const states = [];
  const sessions = [];
  const frames = [];
  const connection = new Connection(DOOR, world.surroundings, {
    stateChanged: ({ name }) => states.push(name),
    sessionBegun: ({ id }) => sessions.push(id),
    heard: (frame, isFirst) => frames.push({ ...frame, isFirst }),
  });
  return { world, connection, states, sessions, frames };
}

/** The same, open, with its history. */
async function open() {
  const opened = connection();
  opened.connection.connect();
  await opened.world.settle();
  opened.world.socket.opens();
  opened.world.socket.says(begun());
  return opened;
}

const paths = (world) => world.requests.map(({ address }) => address.split("/").at(-1));

test("a token, a session and a socket, in this order", async () => {
  const { world, connection: it, states, sessions, frames } = connection();
  it.connect();
  await world.settle();
  const [token, session] = world.requests;
  assert.equal(token.address, "https://chat.example.com/api/v1/access-token");
  assert.deepEqual(
    [token.headers["x-token"], token.headers["x-host"]],
    ["connector-token", "www.example.com"],
  );
  assert.equal(session.headers.authorization, "Bearer token-1");
  assert.deepEqual(session.body, { streaming_enabled: false, platform: "web" });
  assert.equal(
    world.socket.address.href,
    "wss://chat.example.com/ws?access_token=token-1&session_id=session-2",
  );
  world.socket.opens();
  world.socket.says(begun());
  assert.deepEqual([states, sessions], [["connecting", "open"], ["session-2"]]);
  assert.deepEqual([frames[0].isReplay, frames[0].isFirst, frames[0].events.length], [true, true, 2]);
});

test("what each close code means", () => {
  const come = [
    1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 1015, 3000, 4000, 4002, 4999,
  ];
  for (const code of come) assert.equal(afterClose(code), "come_again", String(code));
  assert.equal(afterClose(1000), "end");
  assert.equal(afterClose(4001), "begin_anew");
});

test("the pause doubles up to half a minute, give or take a fifth", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 60].map((attempts) => pause(attempts, 0.5)),
    [1000, 2000, 4000, 8000, 16000, 30000, 30000],
  );
  assert.deepEqual([pause(0, 0), pause(2, 0)], [800, 3200]);
  assert.ok(pause(0, 0.999999) < 1200 && pause(0, 0.999999) > 1199);
});

for (const code of [1001, 1005, 1006, 1009, 1011, 1012, 1013, 4002, 4003]) {
  test(`after ${code} it comes again to the same session, after what it has heard`, async () => {
    const { world, states } = await open();
    world.socket.says(event("LIVE_AGENT_MESSAGE", 7, { text: "Hi" }));
    world.socket.closes(code);
    assert.equal(states.at(-1), "waiting");
    await world.pass(999);
    assert.equal(world.sockets.length, 1);
    await world.pass(1);
    assert.equal(world.sockets.length, 2);
    assert.equal(world.socket.address.searchParams.get("session_id"), "session-2");
    assert.equal(world.socket.address.searchParams.get("access_token"), "token-1");
    assert.equal(world.socket.address.searchParams.get("cursor"), "7");
    assert.equal(world.requests.length, 2);
  });
}

test("after 1000 the session is over", async () => {
  const { world, states } = await open();
  world.socket.closes(1000);
  await world.pass(600_000);
  assert.deepEqual([states.at(-1), world.sockets.length], ["ended", 1]);
});

test("after 4001 another session is begun, with another token, from the start", async () => {
  const { world, sessions } = await open();
  world.socket.closes(4001);
  await world.settle();
  assert.deepEqual(sessions, ["session-2", "session-4"]);
  assert.equal(
    world.socket.address.href,
    "wss://chat.example.com/ws?access_token=token-3&session_id=session-4",
  );
});

test("a server that loses one session after the other is given up", async () => {
  const { world, states } = await open();
  for (let losses = 0; losses < 4; losses += 1) {
    world.socket.closes(4001);
    await world.pass(5_000);
    if (losses < 3) world.socket.opens();
  }
  assert.equal(states.at(-1), "failed");
  assert.equal(world.sockets.length, 4);
});

test("a server that says it has too much to do is asked less and less often", async () => {
  const { world } = await open();
  const pauses = [];
  for (let times = 0; times < 7; times += 1) {
    world.socket.closes(1013);
    const before = world.time;
    const sockets = world.sockets.length;
    while (world.sockets.length === sockets) await world.pass(1000);
    pauses.push(world.time - before);
    world.socket.opens();
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test("the history may come in batches, and the cursor is the highest sequence", async () => {
  const { world, frames } = await open();
  for (let first = 3; first < 153; first += 50) {
    const events = Array.from({ length: 50 }, (_, index) =>
      event("LIVE_AGENT_MESSAGE", first + index, { text: "x" }),
    );
    world.socket.says(batch(...events));
  }
  world.socket.says(event("LIVE_AGENT_TYPING", null, {}));
  assert.deepEqual(
    frames.map(({ isFirst }) => isFirst),
    [true, false, false, false, false],
  );
  world.socket.closes(1006);
  await world.pass(1000);
  assert.equal(world.socket.address.searchParams.get("cursor"), "152");
});

test("a session from before a reload is taken up with its whole history, and no request", async () => {
  const { world, connection: it, sessions } = connection();
  it.connect({ id: "kept", accessToken: "kept token" });
  await world.settle();
  assert.equal(world.socket.address.search, "?access_token=kept+token&session_id=kept");
  assert.deepEqual([world.requests.length, sessions], [0, []]);
});

test("a socket that does not open while the server answers means that the session is gone", async () => {
  const { world, connection: it, sessions } = connection();
  it.connect({ id: "gone", accessToken: "old" });
  await world.settle();
  world.socket.closes(1006);
  await world.settle();
  assert.equal(world.socket.address.searchParams.get("session_id"), "gone");
  world.socket.closes(1006);
  await world.settle();
  assert.deepEqual(sessions, ["session-2"]);
  assert.equal(world.socket.address.searchParams.get("access_token"), "token-1");
  assert.deepEqual(paths(world), ["access-token", "sessions"]);
});

test("a socket that does not open while the server is away costs the session nothing", async () => {
  const { world, states, sessions } = await open();
  world.socket.closes(1012);
  await world.pass(1000);
  world.answers(new TypeError("network"), { status: 503 }, { status: 502 });
  world.socket.closes(1006);
  await world.pass(2000 + 4000 + 8000);
  world.socket.opens();
  world.socket.says(batch());
  assert.equal(states.at(-1), "open");
  assert.deepEqual(sessions, ["session-2"]);
  assert.equal(world.socket.address.searchParams.get("session_id"), "session-2");
});

test("a page or a connector that the server does not want is told so at once", async () => {
  for (const status of [400, 401, 403, 404]) {
    const { world, connection: it } = connection();
    world.answers({ status });
    it.connect();
    await world.pass(600_000);
    assert.deepEqual(it.state, { name: "failed", reason: "refused" }, String(status));
    assert.equal(world.requests.length, 1);
  }
});

test("a token that the server does not take any more is asked for once more", async () => {
  const { world, connection: it, sessions } = connection();
  world.answers({ status: 200, body: { access_token: "stale" } }, { status: 401 });
  it.connect();
  await world.settle();
  assert.deepEqual(paths(world), ["access-token", "sessions", "access-token", "sessions"]);
  assert.equal(world.requests[3].headers.authorization, "Bearer token-3");
  assert.equal(world.socket.address.searchParams.get("access_token"), "token-3");
  assert.equal(sessions.length, 1);
});

test("a server that sends the client away for a while is heeded", async () => {
  for (const [headers, wait] of [
    [{ "retry-after": "7" }, 7000],
    [{}, 5000],
    [{ "retry-after": "3600" }, 30_000],
    [{ "retry-after": "0.2" }, 1000],
  ]) {
    const { world, connection: it } = connection();
    world.answers({ status: 429, headers });
    it.connect();
    await world.settle();
    assert.deepEqual(it.state, { name: "waiting", until: world.time + wait });
    await world.pass(wait);
    assert.equal(world.requests.length, 3);
  }
});

test("an answer that is not the server's own is no answer", async () => {
  const { world, connection: it } = connection();
  world.answers(
    { status: 200, body: {} },
    { status: 200, body: { access_token: 7 } },
    { status: 200, body: null },
  );
  it.connect();
  await world.pass(1000 + 2000);
  assert.equal(it.state.name, "waiting");
  await world.pass(4000);
  assert.equal(world.sockets.length, 1);
});

test("after as many attempts as the server allows it gives up, until it is told to try again", async () => {
  const { world, connection: it } = await open();
  const away = Array.from({ length: 4 }, () => new TypeError("network"));
  world.socket.closes(1006);
  await world.pass(1000);
  world.answers(...away);
  world.socket.closes(1006);
  await world.pass(120_000);
  assert.deepEqual(it.state, { name: "failed", reason: "unreachable" });
  it.retry();
  await world.settle();
  world.socket.opens();
  assert.equal(it.state.name, "open");
  assert.equal(world.socket.address.searchParams.get("session_id"), "session-2");
});

test("a server that sets no limit is tried for ever", async () => {
  const { world, connection: it } = await open();
  world.socket.says(event("SESSION_START", 3, { capabilities: { max_reconnect_attempts: 0 } }));
  world.socket.closes(1006);
  await world.pass(1000);
  world.answers(...Array.from({ length: 200 }, () => new TypeError("network")));
  world.socket.closes(1006);
  await world.pass(3600_000);
  assert.equal(it.state.name, "waiting");
});

test("heartbeats go at the server's interval, and what answers them is nothing to tell", async () => {
  const { world } = await open();
  for (let beats = 0; beats < 3; beats += 1) {
    await world.pass(20_000);
    world.socket.says(event("HEARTBEAT", null));
    await world.pass(10_000);
  }
  assert.deepEqual(world.socket.kinds, ["HEARTBEAT", "HEARTBEAT", "HEARTBEAT"]);
});

test("a server that does not answer a heartbeat is gone, whatever the socket says", async () => {
  const { world, states } = await open();
  const [first] = world.sockets;
  await world.pass(20_000 + 9_999);
  assert.equal(states.at(-1), "open");
  await world.pass(1);
  assert.equal(states.at(-1), "waiting");
  assert.equal(first.closed.code, 4002);
  await world.pass(1000);
  assert.equal(world.sockets.length, 2);
  first.onmessage({ data: JSON.stringify(event("LIVE_AGENT_MESSAGE", 9, { text: "late" })) });
  first.onclose({ code: 1006 });
  assert.equal(states.at(-1), "connecting");
});

test("a session without heartbeats has none, and a page that comes back asks all the same", async () => {
  const { world, connection: it, states } = await open();
  world.socket.says(event("SESSION_START", 3, { capabilities: { heartbeat_interval_seconds: 0 } }));
  await world.pass(600_000);
  assert.deepEqual(world.socket.kinds, []);
  it.wake();
  world.socket.says(event("HEARTBEAT", null));
  await world.pass(600_000);
  assert.deepEqual([world.socket.kinds, states.at(-1)], [["HEARTBEAT"], "open"]);
});

test("a page that comes back does not wait for the pause to end", async () => {
  const { world, connection: it } = await open();
  world.socket.closes(1006);
  it.wake();
  await world.settle();
  assert.equal(world.sockets.length, 2);
});

test("a socket that neither opens nor closes is given up", async () => {
  const { world, connection: it } = connection();
  it.connect();
  await world.pass(14_999);
  assert.equal(it.state.name, "connecting");
  const [first] = world.sockets;
  await world.pass(1);
  assert.equal(first.closed.code, 4002);
  assert.equal(world.sockets.length, 2);
});

test("a page that may open no socket there comes again later", async () => {
  const { world, connection: it } = connection();
  world.surroundings.openSocket = () => {
    throw new DOMException("no", "SecurityError");
  };
  it.connect();
  await world.settle();
  assert.equal(it.state.name, "waiting");
});

test("nothing is said while the socket is not open, and who left is not brought back", async () => {
  const { world, connection: it, states } = await open();
  assert.equal(it.say({ kind: "heartbeat" }), true);
  world.socket.closes(1006);
  assert.equal(it.say({ kind: "heartbeat" }), false);
  it.leave();
  await world.pass(600_000);
  assert.deepEqual([states.at(-1), world.sockets.length], ["idle", 1]);
  it.connect();
  await world.settle();
  assert.equal(world.socket.address.searchParams.get("session_id"), "session-2");
});
