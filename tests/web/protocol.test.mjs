// Reading and writing frames, over the shapes of the Messaging API.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readFrame, writeFrame } from "../../target/web-modules/protocol.js";
import { FRAMES } from "./world.mjs";

const read = (frame) => readFrame(JSON.stringify(frame));
const one = (name) => {
  const { events } = read(FRAMES[name]);
  assert.equal(events.length, 1, name);
  return events[0];
};
/** What the event says, without what it is known by. */
const said = (name) => {
  const { id, sequence, at, localId, wire, ...happening } = one(name);
  return happening;
};

test("a session starts with what it can do", () => {
  const capabilities = { maxMessageBytes: 65536, maxReconnectAttempts: 10, heartbeatSeconds: 30 };
  assert.deepEqual(said("01_session_start_full"), { kind: "session_started", capabilities });
  assert.equal(said("03_session_start_bare").capabilities.heartbeatSeconds, 30);
});

test("an event is known by its id, its sequence and its time", () => {
  const { id, sequence, at, wire } = one("18_handoff_accepted");
  assert.deepEqual([id, sequence, at], ["evt_fx_h3", 22, Date.parse("2026-05-07T12:00:00Z")]);
  assert.deepEqual(wire, FRAMES["18_handoff_accepted"]);
  assert.equal(one("24_live_agent_typing_stopped").sequence, undefined);
  assert.equal(one("56_sequence_as_string_trap").sequence, undefined);
  assert.equal(one("52_missing_timestamp_dropped").at, undefined);
  assert.equal(one("51_empty_id_still_decodes").id, "");
  assert.ok(one("55_timestamp_fractional").at > 0);
});

test("a message has its text, its links, what can be answered, and who wrote it", () => {
  const { kind, content, ends } = one("09_poly_agent_message_full");
  assert.deepEqual(
    [kind, ends, content.text, content.suggestions],
    ["bot_message", false, "Hello there!", ["Yes"]],
  );
  assert.deepEqual(content.agent, { name: "Poly" });
  const picture = { kind: "picture", title: "Screenshot", address: "https://example.com/img.png" };
  assert.deepEqual(content.attachments, [picture]);
  const [link] = one("10_poly_agent_message_docs_url_attachment").content.attachments;
  assert.deepEqual(link, {
    kind: "link",
    title: "Our locations",
    address: "https://example.com/locations",
    preview: "https://example.com/thumb.png",
    action: "View locations",
  });
  const [call] = one("12_poly_agent_message_call_actions_only").content.calls;
  assert.deepEqual(call, { title: "Call support", number: "+15550100199" });
  assert.equal(one("13_poly_agent_message_end_conversation").ends, true);
});

test("an agent is told flat or nested", () => {
  const sarah = { name: "Sarah", picture: "https://example.com/avatar.png" };
  assert.deepEqual(said("21_live_agent_joined_nested_name_avatar").agent, sarah);
  assert.equal(said("22_live_agent_joined_docs").agent.id, "agent_fx_42");
  assert.deepEqual(said("27_live_agent_message_sdk_named").content.agent, {
    id: "a_fx_1",
    name: "Sam",
    picture: "https://example.com/sam.png",
  });
  assert.equal(
    said("07_poly_agent_joined_legacy_avatar").agent.picture,
    "https://example.com/ada-legacy.png",
  );
});

test("every other event of the documentation is read", () => {
  const queue = { name: "support", position: 2, waitSeconds: 90, text: "You are #2 in line" };
  assert.deepEqual(said("20_handoff_queue_status_sdk_full"), { kind: "queue_status", queue });
  assert.deepEqual(said("18_handoff_accepted"), { kind: "handoff_accepted", queue: { name: "support" } });
  assert.deepEqual(said("04_session_end_agent_ended"), { kind: "session_ended", reason: "other" });
  assert.deepEqual(said("25_live_agent_typing_no_state"), {
    kind: "agent_typing",
    isTyping: true,
    agent: { id: "agent_fx_42" },
  });
  assert.equal(said("24_live_agent_typing_stopped").isTyping, false);
  assert.deepEqual(said("34_client_handoff_required_route"), {
    kind: "handoff_elsewhere",
    route: "https://example.com/help",
  });
  assert.deepEqual(said("35_system_message_error"), {
    kind: "system_message",
    isError: true,
    text: "Something went wrong",
  });
  assert.equal(one("37_user_message_echo_local_id").localId, "7d1c0e52-0000-4000-8000-00000000abcd");
  for (const [name, kind] of [
    ["08_poly_agent_thinking", "bot_thinking"],
    ["14_poly_agent_message_chunk", "bot_chunk"],
    ["16_poly_agent_triggered_handoff", "handoff_triggered"],
    ["17_poly_agent_left", "bot_left"],
    ["30_live_agent_left_reason", "agent_left"],
    ["31_handoff_failed_reason", "handoff_failed"],
    ["32_handoff_timeout", "handoff_timed_out"],
    ["38_heartbeat_bare", "heartbeat"],
    ["57_session_idle_warning", "idle_warning"],
    ["58_requested_join_echo", "join_requested"],
  ])
    assert.equal(said(name).kind, kind, name);
});

test("a type that is not known is kept as unknown, and costs nothing else", () => {
  for (const name of [
    "46_unknown_type_dropped",
    "47_language_changed_dropped_by_sdks",
    "49_lowercase_type_dropped",
  ]) {
    assert.deepEqual(said(name), { kind: "unknown", type: FRAMES[name].type }, name);
  }
  for (const type of ["SESSION_END", "constructor", "EVENT_TYPE_", "EVENT_TYPE_constructor"]) {
    assert.equal(read({ id: "1", type }).events[0].kind, "unknown", type);
  }
});

test("a batch is history, in the order of its sequences, and those without one come last", () => {
  const order = (name) => read(FRAMES[name]).events.map(({ sequence }) => sequence);
  assert.equal(read(FRAMES["39_batch_ordered"]).isReplay, true);
  assert.deepEqual(order("39_batch_ordered"), [1, 2, 3]);
  assert.deepEqual(
    order("40_batch_out_of_order_sorted"),
    order("40_batch_out_of_order_sorted").toSorted((a, b) => a - b),
  );
  assert.equal(order("41_batch_null_sequence_last").at(-1), undefined);
  assert.deepEqual(read(FRAMES["45_batch_empty_events"]).events, []);
  const [named] = read(FRAMES["42_batch_oneof_payload_key"]).events;
  assert.notEqual(named.content.text, "");
});

test("what is no event in a batch costs that alone", () => {
  const { events } = read(FRAMES["43_batch_primitive_drops_all"]);
  assert.ok(events.length > 0);
  assert.equal(read(FRAMES["54_attachments_non_object_drops_list"]).events.length, 1);
});

test("what is no frame is nothing", () => {
  for (const text of ["", "x", "null", "7", "[]", "{}", '{"type":7}', '{"type":""}', "[".repeat(50_000)]) {
    assert.deepEqual(readFrame(text).events, [], text.slice(0, 20));
  }
});

test("members of another type than they should have do no harm", () => {
  const wrong = [null, 7, "x", true, [], {}, [null], [7], [[]], { a: 1 }];
  for (const frame of Object.values(FRAMES)) {
    for (const member of Object.keys(frame.payload ?? {})) {
      for (const value of wrong) {
        assert.doesNotThrow(() => read({ ...frame, payload: { ...frame.payload, [member]: value } }));
        assert.doesNotThrow(() =>
          read({
            ...frame,
            payload: value,
            metadata: value,
            sequence: value,
            id: value,
            timestamp: value,
          }),
        );
      }
    }
  }
});

test("an address that does not lead to the web is left out", () => {
  for (const address of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//x.example",
    "blob:x",
    " javascript:x",
    "http:",
    "vbscript:x",
  ]) {
    const attachment = {
      title: "A",
      content_url: address,
      preview_image_url: address,
      content_type: "ATTACHMENT_CONTENT_TYPE_IMAGE",
    };
    const payload = { text: "x", avatar_url: address, attachments: [attachment] };
    const { content } = read({ id: "1", type: "EVENT_TYPE_LIVE_AGENT_MESSAGE", payload }).events[0];
    assert.deepEqual(content.attachments, [{ kind: "link", title: "A" }], address);
    assert.deepEqual(content.agent, {}, address);
    const elsewhere = read({
      id: "1",
      type: "EVENT_TYPE_CLIENT_HANDOFF_REQUIRED",
      payload: { route: address },
    });
    assert.equal(elsewhere.events[0].route, undefined, address);
  }
});

test("what a client says is what the published clients say", () => {
  const wire = (event) => JSON.parse(writeFrame(event));
  assert.deepEqual(wire({ kind: "request_join" }), FRAMES["c01_request_poly_agent_join"]);
  const { payload, metadata } = FRAMES["c02_user_message_local_id"];
  const message = { kind: "message", text: payload.text, localId: metadata.custom.local_id };
  assert.deepEqual(wire(message), FRAMES["c02_user_message_local_id"]);
  assert.deepEqual(wire({ kind: "typing", isTyping: true }), FRAMES["c05_user_typing_started"]);
  assert.deepEqual(wire({ kind: "typing", isTyping: false }), FRAMES["c06_user_typing_stopped"]);
  assert.deepEqual(wire({ kind: "end_session" }), FRAMES["c07_user_end_session"]);
  assert.deepEqual(wire({ kind: "heartbeat" }), FRAMES["c08_heartbeat"]);
});
