// The places of the handoff page, as a person uses them; and the chat, in whatever page it stands.

import assert from "node:assert/strict";

import { until } from "./browser.mjs";

/** The customer's chat window. */
export class Chat {
  constructor(page) {
    this.element = page.locator("baton-chat");
    this.input = this.element.locator("#input");
  }

  async write(text) {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  button(name) {
    return this.element.getByRole("button", { name, exact: true });
  }

  /** What was said and what happened, in order. */
  flow() {
    return this.element.locator(".bubble, .notice, .label").allInnerTexts();
  }

  /** Waits until it shows this text, and finds it there once. */
  async shows(text) {
    const seen = await until(`the chat shows ${JSON.stringify(text)}`, async () => {
      const flow = await this.flow();
      return flow.includes(text) && flow;
    });
    assert.equal(seen.filter((one) => one === text).length, 1, `${text}: once in ${seen.join(" | ")}`);
  }

  /** Waits until everything that was written is taken. */
  async hasSentAll() {
    await until("all is sent", async () => (await this.element.locator(".waiting").count()) === 0);
  }

  sessionId() {
    return this.element.evaluate((chat) => chat.sessionId);
  }
}

/** The live agent's desk. */
export class Desk {
  constructor(page) {
    this.element = page.locator("agent-desk");
    this.input = this.element.getByLabel("Answer the customer");
  }

  async press(name) {
    await this.element.getByRole("button", { name, exact: true }).click();
  }

  async answer(text) {
    await this.input.fill(text);
    await this.input.press("Enter");
  }

  async transfer(to) {
    await this.element.getByLabel("Transfer to").selectOption(to);
    await this.press("Transfer");
  }

  /** What the customer wrote, in order. */
  heard() {
    return this.element.locator(".message:not(.ours) .text").allInnerTexts();
  }

  /** Waits until the agent sees what the customer wrote, and finds it there once. */
  async hears(text) {
    const heard = await until(`the agent reads ${JSON.stringify(text)}`, async () => {
      const heard = await this.heard();
      return heard.includes(text) && heard;
    });
    assert.equal(heard.filter((one) => one === text).length, 1, `${text}: once in ${heard.join(" | ")}`);
  }
}

/** The timeline between them. */
export class Timeline {
  constructor(page) {
    this.element = page.locator("baton-timeline");
    this.rows = this.element.locator(".row");
    this.panel = page.locator("entry-panel");
  }

  /** The rows in sight whose words match: lane, direction, title, summary, outcome and delay. */
  row(words) {
    return this.element.getByRole("option", { name: words }).and(this.rows);
  }

  /** Waits for such a row. */
  async shows(words) {
    await this.row(words).last().waitFor();
  }

  /** Opens the faults, or closes them. */
  async toggleFaults() {
    await this.element.getByRole("button", { name: /^Faults/ }).click();
  }

  /** Switches a fault on or off. */
  async switchFault(name, isOn) {
    const fault = this.fault(name).getByRole("switch");
    await fault.click();
    await until(`${name}: ${isOn}`, async () => (await fault.getAttribute("aria-checked")) === String(isOn));
  }

  fault(name) {
    return this.element.locator("fault-panel li", { hasText: name });
  }
}

/** Brings a chat on the handoff page as far as an agent who has accepted. */
export async function connect(page) {
  const [chat, desk, timeline] = [new Chat(page), new Desk(page), new Timeline(page)];
  await chat.button("Talk to an agent").click();
  await desk.press("Accept");
  await chat.shows("Dana has joined the chat");
  return { chat, desk, timeline };
}
