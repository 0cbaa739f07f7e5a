// What others write does no harm, wherever it is shown.

import assert from "node:assert/strict";

import { Stage, until } from "./browser.mjs";
import { Shop } from "./embedding.mjs";
import { Chat, connect } from "./places.mjs";

const stage = new Stage(Shop.start);

const MARKUP = `<img src=x onerror="document.title='harmed'"><script>document.title='harmed'</script><b>bold</b>`;
const LINKS = `javascript:alert(1) <a href="javascript:alert(2)">here</a> data:text/html,<script>alert(3)</script>`;
const HOSTILE = `${MARKUP} ${LINKS}`;

/** What there is in the page, shadow trees included, that a text of somebody else may have made. */
function harm(page) {
  return page.evaluate(() => {
    const found = [];
    const look = (root) => {
      for (const element of root.querySelectorAll("*")) {
        for (const { name, value } of element.attributes) {
          if (/^on/.test(name)) found.push(`${element.localName} ${name}`);
          if (/^\s*(javascript|data:text|vbscript)/i.test(value)) found.push(`${element.localName} ${name}=${value}`);
        }
        if (element.matches("b, img[src='x'], script:not([src]), iframe")) found.push(element.outerHTML);
        if (element.shadowRoot) look(element.shadowRoot);
      }
    };
    look(document);
    if (document.title === "harmed") found.push("the title was changed");
    return found;
  });
}

/** Opens the payload of the newest of each of these rows, and closes it again. */
async function openPayloads(timeline, ...rows) {
  for (const row of rows) {
    await timeline.row(row).last().click();
    await timeline.panel.getByText("onerror").first().waitFor();
    await timeline.panel.getByRole("button", { name: "Close the payload" }).click();
  }
}

stage.test("markup and javascript: links from the customer and from the agent do no harm", async (visit, { demo }) => {
  const page = await visit.open(demo.url);
  const { chat, desk, timeline } = await connect(page);

  await chat.write(`Customer: ${HOSTILE}`);
  await desk.hears(`Customer: ${HOSTILE}`);
  await chat.shows(`Customer: ${HOSTILE}`);
  await openPayloads(timeline, /REST .*inbound\/open\/message, Customer: <img/, /Chat .*USER_MESSAGE, Customer: <img/);

  await desk.answer(`Agent: ${HOSTILE}`);
  await chat.shows(`Agent: ${HOSTILE}`);
  await openPayloads(timeline, /Webhook .*Text, Agent: <img/, /Chat .*LIVE_AGENT_MESSAGE, Agent: <img/);
  assert.deepEqual(await harm(page), []);

  const context = await visit.open(await demo.contextLink());
  for (const who of ["Customer", "Agent"]) await context.getByText(`${who}: ${HOSTILE}`).first().waitFor();
  assert.deepEqual(await harm(context), []);
});

stage.test("cards, pictures, files and replies that are links to scripts lead nowhere", async (visit, { demo }) => {
  const page = await visit.open(demo.url);
  const { chat } = await connect(page);
  const { end_user, integration_id } = await demo.newestConversation();
  const script = "javascript:document.title='harmed'";
  const webhook = (id, rest) => ({
    id,
    channel: {
      id: integration_id,
      platform: "Open",
      type: "Private",
      to: { id: end_user, idType: "Opaque" },
      from: { nickname: MARKUP, id: integration_id, idType: "Opaque" },
      time: "2026-05-04T09:15:22.417Z",
      messageId: id,
    },
    originatingEntity: "Human",
    direction: "Outbound",
    ...rest,
  });
  const attachment = (mediaType, url) => {
    return { contentType: "Attachment", attachment: { mediaType, url, filename: MARKUP } };
  };
  const link = { type: "Link", text: MARKUP, url: script };
  const card = { title: MARKUP, description: LINKS, image: script, defaultAction: link, actions: [link] };
  const reply = { contentType: "QuickReply", quickReply: { text: MARKUP, payload: script, action: "Message" } };
  const bodies = [
    webhook("1", { type: "Text", text: "Files", content: [attachment("Image", script), attachment("File", script)] }),
    webhook("2", { type: "Structured", text: "A card", content: [{ contentType: "Card", card }] }),
    webhook("3", { type: "Structured", text: "A reply", content: [reply] }),
  ];
  for (const body of bodies) {
    const { state } = await demo.genesys("POST", "raw", { body: JSON.stringify(body), wait: true });
    assert.equal(state, "delivered");
  }
  await chat.shows("A reply");
  await chat.element.getByRole("button", { name: MARKUP }).waitFor();
  assert.deepEqual(await harm(page), []);
  const addresses = await chat.element.locator("a").evaluateAll((links) => links.map(({ href }) => href));
  for (const address of addresses) assert.match(address, /^https?:/);
});

stage.test("what a page says of its visitor does no harm on the agent's page", async (visit, { demo, url }) => {
  const page = await visit.open(url);
  await page.evaluate((hostile) => {
    const former = document.querySelector("baton-chat");
    const chat = document.createElement("baton-chat");
    chat.token = former.getAttribute("token");
    chat.custom = { [hostile]: hostile, more: { [hostile]: [hostile] } };
    former.replaceWith(chat);
  }, HOSTILE);
  const chat = new Chat(page);
  await chat.button("Talk to an agent").click();
  await chat.shows("We are looking for someone to help you.");
  const context = await visit.open(await until("the agent has a link", () => demo.contextLink()));
  await context.getByText(HOSTILE).first().waitFor();
  assert.deepEqual(await harm(context), []);
});
