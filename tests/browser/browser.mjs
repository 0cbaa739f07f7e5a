// A real browser, watched: whatever goes wrong in a page fails the test that opened it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { chromium } from "playwright-core";

/** How long a page may take to show what is awaited, in milliseconds. */
const PATIENCE = 15_000;

/** A page larger than a phone, in which all three places of the console are side by side. */
export const WIDE = { width: 1440, height: 900 };

const executablePath = process.env.BATON_CHROMIUM || installed();

function installed() {
  const find = "command -v chromium || command -v chromium-browser || command -v google-chrome || true";
  return execFileSync("sh", ["-c", find], { encoding: "utf8" }).trim();
}

/** Why the tests in a browser cannot run; `false` where they can. */
function missing() {
  if (executablePath) return false;
  const reason = "There is no Chromium: install it, or name its path in BATON_CHROMIUM.";
  if (process.env.CI) throw new Error(reason);
  return reason;
}

const skip = missing();

/** Starts the browser. Whatever it asks for that is not on loopback has no address. */
export function launch() {
  const args = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-lcd-text"];
  return chromium.launch({ executablePath, args });
}

/** Tests that share a browser and what `begin` starts, which has a `stop`. */
export class Stage {
  #begin;
  #begun;

  constructor(begin = async () => ({ stop() {} })) {
    this.#begin = begin;
    if (!skip) test.after(() => this.#stop());
  }

  /** A test: `act` is given a visit, and what was begun. Nothing may go wrong in the visit's pages. */
  test(name, act) {
    test(name, { skip, timeout: 90_000 }, async () => {
      this.#begun ??= Promise.all([launch(), this.#begin()]);
      const [browser, begun] = await this.#begun;
      const visit = new Visit(browser);
      try {
        await act(visit, begun);
        visit.assertNothingWentWrong();
      } finally {
        await visit.leave();
      }
    });
  }

  async #stop() {
    const [browser, begun] = (await this.#begun) ?? [];
    await browser?.close();
    await begun?.stop();
  }
}

/** The pages of one test, and what went wrong in them. */
export class Visit {
  #browser;
  #contexts = [];
  #problems = [];
  #expected = [];

  constructor(browser) {
    this.#browser = browser;
  }

  /** Opens the address as a visitor who was never there. */
  async open(url, { arrange = async () => {}, ...options } = {}) {
    const context = await this.#browser.newContext({ viewport: WIDE, colorScheme: "light", ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE);
    this.#watch(context);
    const page = await context.newPage();
    await arrange(page);
    await page.goto(url);
    return page;
  }

  /** What is written to the browser's console may be like this, because the test is about it. */
  expect(problem) {
    this.#expected.push(problem);
  }

  /** What went wrong so far, other than was expected. */
  get problems() {
    return this.#problems.filter((problem) => !this.#expected.some((expected) => expected.test(problem)));
  }

  assertNothingWentWrong() {
    assert.deepEqual(this.problems, []);
  }

  async leave() {
    for (const context of this.#contexts) await context.close();
  }

  #watch(context) {
    const wrong = (what) => this.#problems.push(what);
    // A policy that is violated is an error in the console, too.
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong(`console: ${message.text()}`);
    });
    context.on("weberror", (thrown) => wrong(`thrown: ${thrown.error()}`));
    context.on("dialog", async (dialog) => {
      wrong(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    context.on("request", (request) => {
      if (!isHere(request.url())) wrong(`asked for: ${request.url()}`);
    });
    context.on("page", (page) => {
      page.on("websocket", (socket) => {
        if (!isHere(socket.url())) wrong(`connected to: ${socket.url()}`);
      });
    });
  }
}

/** Whether it stays on this machine. */
function isHere(url) {
  const { protocol, hostname } = new URL(url);
  return ["data:", "blob:", "about:"].includes(protocol) || hostname === "127.0.0.1";
}

/** Asks again until it is so. */
export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
