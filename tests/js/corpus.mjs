// The corpus, as tests/edge has it for Rust: tests/corpus/README.md describes the files.

import { createHmac } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = new URL("../corpus/", import.meta.url);

export const SECRET = "the current secret of acme support live";
export const PREVIOUS_SECRET = "the previous secret of acme support live";
export const SANDBOX_SECRET = "the only secret of acme support sandbox";
export const API_KEY = "the-current-API-key-of-acme-support-live";
export const PREVIOUS_API_KEY = "the-previous-API-key-of-acme-support-live";
export const SANDBOX_API_KEY = "the-only-API-key-of-acme-support-sandbox";
export const CREDENTIAL = "the-delivery-credential-of-the-edge";
export const LOOK_UP_CREDENTIAL = "the-look-up-credential-of-the-edge";
export const WEBHOOK_PATH = "/webhooks/genesys/acme/support/live/events";

/** The secrets, as the edge of a test is given them. */
export const ENVIRONMENT = {
  BATON_DELIVERY_CREDENTIAL: CREDENTIAL,
  BATON_LOOK_UP_CREDENTIAL: LOOK_UP_CREDENTIAL,
  GENESYS_WEBHOOK_SECRET: SECRET,
  GENESYS_WEBHOOK_SECRET_PREVIOUS: PREVIOUS_SECRET,
  GENESYS_WEBHOOK_SECRET_SANDBOX: SANDBOX_SECRET,
  GENESYS_API_KEY: API_KEY,
  GENESYS_API_KEY_PREVIOUS: PREVIOUS_API_KEY,
  GENESYS_API_KEY_SANDBOX: SANDBOX_API_KEY,
};

/** The edge's configuration in tests; `changes` are put over its members. */
export function configuration(changes = {}) {
  const tenant = (client_env, secrets, keys) => ({
    account_id: "acme",
    project_id: "support",
    client_env,
    signature_secrets: secrets.map((env) => ({ env })),
    api_keys: keys.map((env) => ({ env })),
  });
  return JSON.stringify({
    upstream: { credential: { env: "BATON_DELIVERY_CREDENTIAL" } },
    tenants: [
      tenant(
        "live",
        ["GENESYS_WEBHOOK_SECRET", "GENESYS_WEBHOOK_SECRET_PREVIOUS"],
        ["GENESYS_API_KEY", "GENESYS_API_KEY_PREVIOUS"],
      ),
      tenant("sandbox", ["GENESYS_WEBHOOK_SECRET_SANDBOX"], ["GENESYS_API_KEY_SANDBOX"]),
      { ...tenant("draft", ["GENESYS_WEBHOOK_SECRET_SANDBOX"], []), api_keys: undefined },
    ],
    ...changes,
  });
}

/** The value of the signature's header, made without the core. */
export function signature(secret, body, encoding = "base64") {
  return `sha256=${createHmac("sha256", secret).update(body).digest(encoding)}`;
}

/** The head of a webhook with this body that is signed with this secret. */
export function webhook(body, secret = SECRET, path = WEBHOOK_PATH) {
  return { method: "POST", path, headers: [["x-hub-signature-256", signature(secret, body)]] };
}

/** Every case: its name, configuration, request in bytes, and what is expected in bytes. */
export const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => {
    const { configuration, request, goes_up: goesUp = {}, expect } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    const body = bodyOf(request.body);
    return {
      name: file.replace(/\.json$/, ""),
      changes: configuration ?? {},
      head: {
        method: request.method ?? "POST",
        path: request.path ?? WEBHOOK_PATH,
        headers: headersOf(request, body),
      },
      body,
      expect,
      /** The headers that go up with the delivery, with their value; those with null stay behind. */
      goesUp,
      /** The delivery, where one is expected. */
      delivery: expect.forward && Buffer.from(JSON.stringify(expect.forward)),
    };
  });

function bodyOf(body) {
  if ("json" in body) return Buffer.from(JSON.stringify(body.json));
  if ("text" in body) return Buffer.from(body.text);
  if ("base64" in body) return Buffer.from(body.base64, "base64");
  const [text, times] = body.repeated;
  return Buffer.from(text.repeat(times));
}

function headersOf(request, body) {
  const asked = request.signature ?? (request.api_key ? "missing" : "current");
  return [
    ...signatures(asked, body).map((value) => ["x-hub-signature-256", value]),
    ...apiKeys(request.api_key ?? "missing").map((value) => ["x-api-key", value]),
    ...(request.headers ?? []),
  ];
}

function signatures(asked, body) {
  switch (asked) {
    case "current":
      return [signature(SECRET, body)];
    case "previous":
      return [signature(PREVIOUS_SECRET, body)];
    case "other_tenant":
      return [signature(SANDBOX_SECRET, body)];
    case "hex":
      return [signature(SECRET, body, "hex")];
    case "forged":
      return [signature(SECRET, "other bytes")];
    case "missing":
      return [];
    default:
      return asked.values.map((value) => {
        return value.replaceAll("{}", signature(SECRET, body).replace("sha256=", ""));
      });
  }
}

function apiKeys(asked) {
  switch (asked) {
    case "current":
      return [API_KEY];
    case "previous":
      return [PREVIOUS_API_KEY];
    case "other_tenant":
      return [SANDBOX_API_KEY];
    case "forged":
      return [API_KEY.replace("current", "forged")];
    case "missing":
      return [];
    default:
      return asked.values.map((value) => value.replaceAll("{}", API_KEY));
  }
}
