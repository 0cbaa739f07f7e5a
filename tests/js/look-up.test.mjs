// Tenants that are looked up, in two steps and in a whole exchange; and a host that fails.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Gate } from "../../target/edge/js/node.js";
import {
  ENVIRONMENT,
  LOOK_UP_CREDENTIAL,
  SECRET,
  WEBHOOK_PATH,
  configuration,
  signature,
} from "./corpus.mjs";

const BODY = Buffer.from('{"type":"Text","text":"hello"}');
const ROTATED_SECRET = "the next secret of acme support live";
const PATH = "/internal/v1/tenants/acme/support/live/edge";

function gate() {
  const look_up = { credential: { env: "BATON_LOOK_UP_CREDENTIAL" } };
  return new Gate(configuration({ tenants: [], unlisted_tenants: "look_up", look_up }), ENVIRONMENT);
}

function webhook(secret = SECRET) {
  const headers = [["X-Hub-Signature-256", signature(secret, BODY)]];
  return { method: "POST", path: WEBHOOK_PATH, headers };
}

/** What the sidecar answers of the tenant whose only secret this is. */
function tenant(secret = SECRET) {
  const [account_id, project_id, client_env] = ["acme", "support", "live"];
  const found = { account_id, project_id, client_env, signature_secrets: [secret] };
  return { status: 200, body: Buffer.from(JSON.stringify(found)) };
}

/** What the sidecar answers if there is no such tenant. */
function unknown() {
  const [account_id, project_id, client_env] = ["acme", "support", "live"];
  return { status: 404, body: Buffer.from(JSON.stringify({ account_id, project_id, client_env, known: false })) };
}

test("the gate says whom to look up, where, and with which credential", () => {
  assert.deepEqual(gate().begin(webhook()), {
    kind: "need_tenant",
    lookUp: { path: PATH, authorization: `Bearer ${LOOK_UP_CREDENTIAL}` },
    most: 524288,
  });
});

test("the gate judges by the answer to the look-up", () => {
  const judged = (answer) => gate().judge(webhook(), BODY, answer);
  const outcome = ({ kind, refusal }) => [kind, refusal?.status, refusal?.reason];
  assert.equal(judged(tenant()).kind, "forward");
  assert.deepEqual(outcome(judged(tenant(ROTATED_SECRET))), ["mismatch", 401, "signature_mismatch"]);
  assert.deepEqual(outcome(judged(unknown())), ["refuse", 401, "unknown_tenant"]);
  const failed = ["refuse", 503, "tenant_look_up_failed"];
  const nothings = [404, 500].map((status) => ({ status, body: Buffer.of() }));
  for (const answer of [undefined, ...nothings, { ...tenant(), body: BODY }]) {
    assert.deepEqual(outcome(judged(answer)), failed);
  }
  assert.throws(() => judged({ status: 200 }), /no answer/);
});

/** A host with a clock of its own, which keeps what it is given and lists what it is asked. */
class Stage {
  time = 1_000_000;
  sidecar = tenant();
  asked = [];
  #kept = new Map();
  now = () => this.time;
  body = async () => BODY;
  async deliver({ path }) {
    this.asked.push(path);
    return { status: 200, body: Buffer.of() };
  }
  async lookUp({ path }) {
    this.asked.push(path);
    return this.sidecar;
  }
  kept = async (name) => this.#kept.get(name);
  keep = async (name, bytes) => void this.#kept.set(name, bytes);
  report = (line) => this.asked.push(line);

  /** The status of a webhook, and what was asked for it. */
  async sees(head) {
    const { status } = await gate().exchange(head, this);
    return [status, ...this.asked.splice(0)];
  }
}

const DELIVERY = "/internal/v1/deliveries";

test("an exchange keeps a tenant, and asks again when it has grown old", async () => {
  const stage = new Stage();
  assert.deepEqual(await stage.sees(webhook()), [200, PATH, DELIVERY]);
  assert.deepEqual(await stage.sees(webhook()), [200, DELIVERY]);
  stage.time += 60_000;
  assert.deepEqual(await stage.sees(webhook()), [200, PATH, DELIVERY]);
});

test("a rotated secret works at once, and forged webhooks do not make it be asked for often", async () => {
  const stage = new Stage();
  await stage.sees(webhook());
  stage.sidecar = tenant(ROTATED_SECRET);
  stage.time += 5_000;
  assert.deepEqual(await stage.sees(webhook(ROTATED_SECRET)), [200, PATH, DELIVERY]);
  assert.deepEqual(await stage.sees(webhook("a secret that nobody has been given")), [401]);
});

test("a sidecar that is away lets a tenant go on that is known, and is told to the operator", async () => {
  const stage = new Stage();
  await stage.sees(webhook());
  stage.sidecar = undefined;
  stage.time += 60_000;
  const [status, ...asked] = await stage.sees(webhook());
  assert.equal(status, 200);
  assert.match(asked[1], /the look-up of a tenant got no whole answer/);
});

test("invariant 1: a host that fails in whatever way lets nothing through, and crashes nothing", async () => {
  const fails = () => {
    throw new Error("it failed");
  };
  const failsLater = async () => fails();
  for (const [name, status] of [
    ["now", 200],
    ["body", 400],
    ["deliver", 503],
    ["lookUp", 503],
    ["kept", 200],
    ["keep", 200],
    ["report", 200],
  ]) {
    for (const wrong of name === "now" || name === "report" ? [fails, () => "7"] : [failsLater, fails, async () => "7"]) {
      const stage = new Stage();
      stage[name] = wrong;
      const [answered, ...asked] = await stage.sees(webhook());
      assert.ok(answered === status || (name === "body" && answered === 401), `${name}: ${answered}`);
      assert.equal(asked.includes(DELIVERY), status === 200, name);
    }
  }
});
