// Webhooks to try the inspector with: a good one, and one for each way in which a signature goes wrong.

/** What is put into the page. */
export interface Example {
  readonly name: string;
  /** Makes it, with the function that signs as Genesys does. */
  make(sign: Sign): Filled;
}

/** The fields of the page. */
export interface Filled {
  readonly body: string;
  readonly signature: string;
  readonly secret: string;
}

/** Signs a body with a secret: the value of the header. */
export type Sign = (body: Uint8Array, secret: string) => string;

const SECRET = "an-example-secret-of-32-letters!";

const BODY = JSON.stringify({
  id: "34173cb38f07f89ddbebc2ac9128303f",
  channel: {
    id: "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10",
    platform: "Open",
    type: "Private",
    to: { id: "customer-1", idType: "Opaque" },
    from: { nickname: "Example", id: "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10", idType: "Opaque" },
    time: "2026-05-04T09:15:22.417Z",
    messageId: "34173cb38f07f89ddbebc2ac9128303f",
  },
  type: "Structured",
  text: "Grüße aus Köln! Which team do you need?",
  content: [
    {
      contentType: "QuickReply",
      quickReply: { text: "Sales", payload: "sales", action: "Message" },
    },
    {
      contentType: "QuickReply",
      quickReply: { text: "Support", payload: "support", action: "Message" },
    },
    { contentType: "HologramV9", hologram: { x: 1 } },
    { contentType: "Attachment", attachment: { mediaType: "Link", url: "javascript:alert(1)" } },
  ],
  originatingEntity: "Human",
  direction: "Outbound",
  conversationId: "c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b",
});

/** All of them, the good one first. */
export const EXAMPLES: readonly Example[] = [
  example("A right signature"),
  example("Hexadecimal in place of base64", { signature: inHexadecimal }),
  example("Without the prefix sha256=", { signature: (value) => value.replace("sha256=", "") }),
  example("Without = at its end", { signature: (value) => value.replace(/=+$/, "") }),
  example("The alphabet for URLs", {
    signature: (value) => value.replaceAll("+", "-").replaceAll("/", "_"),
  }),
  example("Two values joined with a comma", { signature: (value) => `${value}, ${value}` }),
  example("No signature at all", { signature: () => "" }),
  example("A line break added to the body", { body: (text) => `${text}\n` }),
  example("A line break lost", { signed: (text) => `${text}\n` }),
  example("A body that was laid out anew", {
    body: (text) => JSON.stringify(JSON.parse(text), null, 2),
  }),
  example("A body that was parsed and written again", { body: (text) => escaped(text) }),
  example("A body with another text", {
    body: (text) => text.replace("Which team", "Which colour"),
  }),
  example("A secret with a blank after it", { secret: (secret) => `${secret} ` }),
  example("Another secret", { secret: () => "another-secret-of-32-characters!" }),
];

/** What has changed: what was signed, the body, the header's value, the secret. */
interface Changes {
  signed?(text: string): string;
  body?(text: string): string;
  signature?(value: string): string;
  secret?(secret: string): string;
}

function example(name: string, changes: Changes = {}): Example {
  const same = (text: string) => text;
  const { signed = same, body = same, signature = same, secret = same } = changes;
  return {
    name,
    make: (sign) => ({
      body: body(BODY),
      signature: signature(sign(new TextEncoder().encode(signed(BODY)), SECRET)),
      secret: secret(SECRET),
    }),
  };
}

/** The value with its digest in hexadecimal. */
function inHexadecimal(value: string): string {
  const digest = atob(value.replace("sha256=", ""));
  return `sha256=${Array.from(digest, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}

/** JSON as many languages write it: blanks after commas and colons, escapes beyond ASCII. */
function escaped(text: string): string {
  const spaced = text.replace(
    /("(?:[^"\\]|\\.)*")|([,:])/g,
    (_, quoted, sign) => quoted ?? `${sign} `,
  );
  return spaced.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
