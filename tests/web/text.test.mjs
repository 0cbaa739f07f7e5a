// Links in the text of others, and the component's own words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { byteLength, stretches, webAddress } from "../../target/web-modules/text.js";
import { LANGUAGES, choose } from "../../target/web-modules/texts/choice.js";

const links = (text) =>
  stretches(text)
    .filter(({ href }) => href)
    .map(({ text }) => text);

test("a link is what begins with http or https, without the sentence around it", () => {
  for (const [text, link] of [
    ["See https://example.com.", "https://example.com"],
    ["(https://example.com/a_(b))", "https://example.com/a_(b)"],
    ["Is it http://example.com/?a=1&b=2#c?", "http://example.com/?a=1&b=2#c"],
    ["<https://example.com>", "https://example.com"],
    ["**https://example.com/x**", "https://example.com/x"],
    ["HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM"],
  ])
    assert.deepEqual(links(text), [link], text);
});

test("nothing else is a link", () => {
  for (const text of [
    "example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://example.com",
    "https://",
    "http://.",
    "mailto:a@b.c",
    "javascript://https:/x",
  ]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("the stretches are the text again, whatever it is", () => {
  for (const text of [
    "",
    "a",
    "https://a.b c https://d.e.",
    "<b>https://a.b</b>",
    "a\n\nhttps://a.b\n",
    "https://a.b".repeat(500),
  ]) {
    assert.equal(
      stretches(text)
        .map(({ text }) => text)
        .join(""),
      text,
    );
  }
});

test("an address is written in full, or there is none", () => {
  assert.equal(webAddress("https://example.com"), "https://example.com/");
  assert.equal(webAddress(' https://example.com/"onload="x'), "https://example.com/%22onload=%22x");
  for (const value of [
    "",
    "x",
    null,
    undefined,
    7,
    {},
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "https:///",
  ]) {
    assert.equal(webAddress(value), undefined, String(value));
  }
});

test("a text is measured as the server measures it", () => {
  assert.equal(byteLength("aé€"), 6);
});

test("the first language that there is, is spoken, and else English", () => {
  assert.equal(choose(["de-AT", "en"]).tag, "de-AT");
  assert.equal(choose([null, "", undefined, "pt-BR", "NL"]).texts, LANGUAGES.nl);
  for (const wanted of [[], ["xx"], ["constructor"], ["de_DE!"], ["__proto__"]]) {
    assert.equal(choose(wanted).texts, LANGUAGES.en, String(wanted));
  }
});

test("every language has all words, and no two say the same everywhere", () => {
  const { en, ...others } = LANGUAGES;
  assert.deepEqual(Object.keys(others), ["de", "fr", "es", "it", "nl", "pl"]);
  for (const [code, texts] of Object.entries(others)) {
    assert.deepEqual(Object.keys(texts), Object.keys(en), code);
    for (const [name, word] of Object.entries(texts)) {
      const text = typeof word === "function" ? word("Ada") : word;
      assert.ok(
        text.trim() !== "" && (typeof word !== "function" || text.includes("Ada")),
        `${code}: ${name}`,
      );
    }
    assert.notEqual(texts.handoffTriggered, en.handoffTriggered, code);
  }
});
