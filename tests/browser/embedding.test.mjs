// `<baton-chat>` on a page of another origin.

import assert from "node:assert/strict";

import { Stage, until } from "./browser.mjs";
import { Shop } from "./embedding.mjs";
import { Chat } from "./places.mjs";

const stage = new Stage(Shop.start);

stage.test(
  "two lines embed the chat in a page of another origin, under a strict policy",
  async (visit, { url, demo }) => {
    const page = await visit.open(url);
    const chat = new Chat(page);
    await chat.button("Open the chat").click();
    await chat.write("Hello from the shop");
    await chat.shows("You wrote: Hello from the shop");
    await chat.button("Talk to an agent").click();
    await chat.shows("We are looking for someone to help you.");
    await demo.act("accept", { user: "Dana" });
    await chat.shows("Dana has joined the chat");
    await demo.act("answer", { text: "Welcome to the shop." });
    await chat.shows("Welcome to the shop.");
    await chat.button("Minimise the chat").first().click();
    await demo.act("answer", { text: "Are you still there?" });
    await chat.element.getByRole("button", { name: "Open the chat (New messages: 1)" }).click();
    await chat.shows("Are you still there?");
    await page.reload();
    await chat.shows("Are you still there?");
  },
);

stage.test("the keyboard alone runs a chat to its end, and begins the next", async (visit, { url, demo }) => {
  const page = await visit.open(url);
  const chat = new Chat(page);
  const press = (key) => page.keyboard.press(key);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document.activeElement?.shadowRoot ?? document;
      return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent?.trim();
    });
  const tabTo = async (label, key = "Tab") => {
    for (let steps = 0; steps < 20; steps += 1) {
      if ((await focused()) === label) return;
      await press(key);
    }
    assert.fail(`the key ${key} does not lead to ${label}`);
  };
  await chat.button("Open the chat").waitFor();

  await tabTo("Open the chat");
  await press("Enter");
  await until("the input has the focus", async () => (await focused()) === "Your message");
  await page.keyboard.type("By keyboard");
  await press("Shift+Enter");
  await page.keyboard.type("in two lines");
  await press("Enter");
  await chat.shows("By keyboard\nin two lines");
  await chat.shows("You wrote: By keyboard\nin two lines");

  await chat.button("Talk to an agent").waitFor();
  await tabTo("Talk to an agent", "Shift+Tab");
  await press("Enter");
  await chat.shows("We are looking for someone to help you.");
  await demo.act("accept", { user: "Jun" });
  await demo.act("answer", { text: "Hello, this is Jun." });
  await chat.shows("Hello, this is Jun.");
  assert.equal(await focused(), "Your message");

  await press("Escape");
  await until("the button in the corner has the focus", async () => (await focused()) === "Open the chat");
  await press("Enter");
  await until("the input has the focus again", async () => (await focused()) === "Your message");

  await tabTo("End chat", "Shift+Tab");
  await press("Enter");
  await tabTo("End chat");
  await press("Enter");
  await chat.shows("You have ended the chat.");
  await tabTo("Start a new chat");
  await press("Enter");
  await until("another chat has begun", async () => !(await chat.flow()).includes("You have ended the chat."));
  await chat.input.waitFor();
});

stage.test("the chat speaks the visitor's language where the page says none", async (visit, { url }) => {
  const chat = new Chat(await visit.open(`${url}of-no-language`, { locale: "de-AT" }));
  await chat.button("Chat öffnen").click();
  await chat.element.getByLabel("Ihre Nachricht").waitFor();
});
