// A handoff, from the customer's chat window to the agent's desk and back.

import assert from "node:assert/strict";

import { Stage, until } from "./browser.mjs";
import { Demo } from "./demo.mjs";
import { Chat, Desk, Timeline, connect } from "./places.mjs";
import { Relay } from "./relay.mjs";

const stage = new Stage(Demo.start);

stage.test("a handoff goes from the chat to the agent's desk and back, to its end", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const [chat, desk, timeline] = [new Chat(page), new Desk(page), new Timeline(page)];

  await chat.write("Where is my parcel?");
  await chat.shows("You wrote: Where is my parcel?");
  await chat.write("Talk to an agent");
  await desk.press("Accept");
  await chat.shows("Dana has joined the chat");
  const face = chat.element.locator("header img");
  await until("Dana's picture is there", () => face.evaluate(({ naturalWidth }) => naturalWidth > 0));
  assert.match((await desk.heard()).join("\n"), /What was said before[^]*User: Where is my parcel\?/);

  await desk.input.pressSequentially("Hello");
  await chat.element.getByText("Dana is typing").waitFor();
  await timeline.shows(/Chat to the customer, LIVE_AGENT_TYPING, On/);
  await desk.answer("Hello, this is Dana.");
  await chat.shows("Hello, this is Dana.");

  await chat.input.pressSequentially("Where");
  await timeline.shows(/Chat from the customer, USER_TYPING/);
  await timeline.shows(/REST from Baton to Genesys, POST .*inbound\/open\/event/);
  await chat.write("Where is it?");
  await desk.hears("Where is it?");

  await desk.press("Picture");
  const picture = chat.element.getByRole("link", { name: "photo 1.jpg" });
  await until("the picture is there", () => picture.locator("img").evaluate(({ naturalWidth }) => naturalWidth > 0));

  await desk.press("Quick replies");
  await chat.shows("Which team?");
  await chat.button("Sales").click();
  await desk.hears("Sales");
  await timeline.shows(/REST from Baton to Genesys, POST .*structured\/response, Sales, 202/);

  await desk.transfer("Milan Novak");
  await desk.press("Accept");
  await chat.shows("Milan has joined the chat");
  await desk.answer("Milan here, I take over.");
  await chat.shows("Milan here, I take over.");

  await desk.press("End the conversation");
  await chat.shows("The chat has ended.");
  await chat.button("Start a new chat").waitFor();
  await desk.element.getByText("Ended").waitFor();
});

stage.test("a webhook of the timeline opens in the inspector, where its signature holds", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { desk, timeline } = await connect(page);
  await desk.answer("Look at this one.");
  await timeline.row(/Webhook .*Text, Look at this one\., 200/).click();
  await timeline.panel.getByText("X-Hub-Signature-256: sha256=").waitFor();
  await timeline.panel.getByText('"text": "Look at this one."').waitFor();
  await timeline.panel.getByRole("link", { name: "Open in the inspector" }).click();
  await page.getByRole("heading", { name: "The signature holds" }).waitFor();
  await page.getByText("LIVE_AGENT_MESSAGE").first().waitFor();
});

stage.test("a reload takes the chat up where it was", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk } = await connect(page);
  await chat.write("Before the reload");
  await desk.hears("Before the reload");
  await desk.answer("I read it.");
  await chat.shows("I read it.");
  await chat.input.fill("A draft");
  const [session, flow] = [await chat.sessionId(), await chat.flow()];

  await page.reload();
  await until("all is there again", async () => (await chat.flow()).length >= flow.length);
  assert.deepEqual(await chat.flow(), flow);
  assert.equal(await chat.sessionId(), session);
  assert.equal(await chat.input.inputValue(), "A draft");

  await page.goto("about:blank");
  await demo.act("answer", { text: "Said while the page was away." });
  await page.goto(demo.origin);
  await chat.shows("Said while the page was away.");
  await chat.write("After the reload");
  await desk.hears("After the reload");
  assert.deepEqual(await chat.flow(), [...flow, "Said while the page was away.", "After the reload"]);
  assert.equal((await desk.heard()).filter((text) => text === "Before the reload").length, 1);
});

stage.test("a network that is cut and restored loses nothing and doubles nothing", async (visit, demo) => {
  visit.expect(/WebSocket connection to|Failed to load resource: net::ERR_/);
  const relay = await Relay.start(demo.chat_url);
  const arrange = (page) =>
    page.route("**/api/demo", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), chat_url: relay.url } });
    });
  try {
    const page = await visit.open(demo.url, { arrange });
    const { chat, desk } = await connect(page);
    assert.ok(relay.isUsed);

    relay.cut();
    await chat.write("Written while the network was away");
    await desk.answer("Said while the network was away.");
    await chat.element.getByText("Connection lost").waitFor();
    assert.ok(!(await chat.flow()).includes("Said while the network was away."));

    relay.restore();
    await chat.shows("Said while the network was away.");
    await chat.hasSentAll();
    await desk.hears("Written while the network was away");
    await chat.shows("Written while the network was away");
    assert.equal(await chat.element.getByText("Connection lost").count(), 0);
  } finally {
    await relay.stop();
  }
});

stage.test("a forged webhook is shown as refused, and the chat shows nothing of it", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);
  const flow = await chat.flow();
  await timeline.toggleFaults();
  await timeline.fault("Send a forged webhook").getByRole("button").click();
  const refused = timeline.row(/Webhook .*Text, Please send me your password\., refused 401/);
  await refused.waitFor();
  assert.match(await refused.getAttribute("class"), /\bbad\b/);
  // What comes after it shows that nothing of it is still on its way.
  await desk.answer("That was not me.");
  await chat.shows("That was not me.");
  assert.deepEqual(await chat.flow(), [...flow, "That was not me."]);
});

stage.test("webhooks that come twice are shown once in the chat", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);
  await timeline.toggleFaults();
  await timeline.switchFault("Send each webhook twice", true);
  await desk.answer("Sent twice, shown once.");
  await until("both copies are answered", async () => {
    return (await timeline.row(/Webhook .*Text, Sent twice, shown once\., 200/).count()) === 2;
  });
  await timeline.switchFault("Send each webhook twice", false);
  await desk.answer("And this one once.");
  await chat.shows("And this one once.");
  await chat.shows("Sent twice, shown once.");
});

stage.test("a notification channel that is dropped heals, and the chat goes on", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);
  await timeline.toggleFaults();
  await timeline.fault("Drop the notification channel").getByRole("button").click();
  await timeline.shows(/Fault:/);
  await timeline.toggleFaults();
  await desk.transfer("Aisha Okafor");
  await desk.press("Accept");
  await chat.shows("Aisha has joined the chat");
});

stage.test("messages that Genesys answers with 429 arrive all the same, once and in order", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);
  await timeline.toggleFaults();
  await timeline.switchFault("Answer 429 to every second request", true);
  const texts = [];
  const refused = timeline.row(/REST .*inbound\/open\/message, .*refused 429/);
  // Chance decides which of them is refused.
  while (texts.length < 3 || (await refused.count()) === 0) {
    assert.ok(texts.length < 12, "none was refused");
    texts.push(`Number ${texts.length + 1}`);
    await chat.write(texts.at(-1));
    await desk.hears(texts.at(-1));
  }
  await timeline.switchFault("Answer 429 to every second request", false);
  await chat.write("The last one");
  await desk.hears("The last one");
  const heard = (await desk.heard()).filter((text) => /^(Number|The last)/.test(text));
  assert.deepEqual(heard, [...texts, "The last one"]);
  await chat.hasSentAll();
});

stage.test("a message whose answer was lost is sent again: it is never lost, and shown once in the chat", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);
  const lost = "Lose the answer to the next message";
  await timeline.toggleFaults();
  await timeline.switchFault(lost, true);
  await chat.write("Did this one arrive?");
  await timeline.shows(/REST .*inbound\/open\/message, Did this one arrive\?, no answer/);
  await timeline.shows(/REST .*inbound\/open\/message, Did this one arrive\?, 202/);
  await chat.write("And this one?");
  await desk.hears("And this one?");
  // Genesys has no way to tell a message that comes again.
  const asked = (await desk.heard()).filter((text) => text.endsWith("?"));
  assert.deepEqual(asked, ["Did this one arrive?", "Did this one arrive?", "And this one?"]);
  await chat.shows("Did this one arrive?");
  const isOn = () => timeline.fault(lost).getByRole("switch").getAttribute("aria-checked");
  await until("the fault is spent", async () => (await isOn()) === "false");
});

stage.test("the desk follows the chat beside it, and shows another one only when chosen", async (visit, demo) => {
  const other = await visit.open(demo.url);
  await new Chat(other).button("Talk to an agent").click();
  await new Chat(other).shows("We are looking for someone to help you.");
  await until("it waits at Genesys", async () => (await demo.newestConversation())?.state === "queued");
  const waiting = await demo.newestConversation();

  const page = await visit.open(demo.url);
  const [chat, desk] = [new Chat(page), new Desk(page)];
  const first = desk.element.getByRole("list", { name: "Conversations" }).getByRole("button").first();
  await first.waitFor();
  await desk.element.getByText("No conversation yet").waitFor();
  assert.equal(await desk.element.getByRole("button", { name: "Accept", exact: true }).count(), 0);
  await chat.button("Talk to an agent").click();
  await desk.press("Accept");
  await chat.shows("Dana has joined the chat");
  assert.equal((await demo.genesys("GET", `conversations/${waiting.id}`)).state, "queued", "the other one still waits");

  await desk.element.getByRole("button", { name: new RegExp(waiting.id.slice(0, 8)) }).click();
  await desk.press("Accept");
  await new Chat(other).shows("Dana has joined the chat");
  await desk.element.getByRole("button", { name: /^This chat/ }).click();
  await desk.answer("To this one.");
  await chat.shows("To this one.");
  await chat.button("End chat").first().click();
  await chat.button("End chat").last().click();
  await chat.button("Start a new chat").click();
  await desk.element.getByText("No conversation yet").waitFor();
});

stage.test("the desk shows the chat's context in a frame, as an agent's desktop does", async (visit, demo) => {
  const page = await visit.open(demo.url);
  const chat = new Chat(page);
  await chat.write("Where is my parcel?");
  await chat.shows("You wrote: Where is my parcel?");
  const { desk } = await connect(page);
  await desk.press("Context");
  const context = desk.element.frameLocator("iframe");
  await context.getByText("Where is my parcel?").first().waitFor();
  await context.getByText("Dana").first().waitFor();
  await desk.press("Context");
  await desk.answer("It comes tomorrow.");
  await chat.shows("It comes tomorrow.");
  assert.equal(await desk.element.locator("iframe").count(), 0);
});

stage.test("the token leaves the address, and without it the page shows nothing", async (visit, demo) => {
  const page = await visit.open(demo.url);
  await new Desk(page).element.waitFor();
  assert.equal(page.url(), `${demo.origin}/`);

  const stranger = await visit.open(demo.origin);
  await stranger.getByRole("alert").getByText("This page needs the token of this run.").waitFor();
  visit.expect(/Failed to load resource: .* 401/);
  const outdated = await visit.open(`${demo.origin}/#token=of-another-run`);
  await outdated.getByRole("alert").getByText("The token of this page is of another run.").waitFor();
  for (const closed of [stranger, outdated])
    assert.equal(await closed.locator("baton-timeline, baton-chat").count(), 0);
});
