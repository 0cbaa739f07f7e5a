// The Worker on workerd, before an upstream on loopback.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import {
  CREDENTIAL,
  ENVIRONMENT,
  LOOK_UP_CREDENTIAL,
  SECRET,
  WEBHOOK_PATH,
  cases,
  configuration,
  signature,
} from "./corpus.mjs";
import { PACKAGE, Upstream, Worker } from "./workerd.mjs";

const BODY = Buffer.from('{"type":"Text","text":"hello"}');

/** The head of a webhook that is signed with this secret. */
function webhook(secret = SECRET, path = WEBHOOK_PATH) {
  return { method: "POST", path, headers: [["x-hub-signature-256", signature(secret, BODY)]] };
}

/** The cases by their configuration: a Worker has one. */
const byConfiguration = cases.reduce((groups, one) => {
  const key = JSON.stringify(one.changes);
  return groups.set(key, [...(groups.get(key) ?? []), one]);
}, new Map());

for (const [changes, group] of byConfiguration) {
  describe(`the corpus with the configuration ${changes}`, () => {
    let upstream, worker;
    before(async () => {
      upstream = await Upstream.start();
      worker = await Worker.start(configuration(JSON.parse(changes)), upstream.url);
    });
    after(async () => {
      await worker?.stop();
      upstream.stop();
    });
    for (const { name, head, body, expect, delivery } of group) {
      test(`invariant 1: the Worker judges as the corpus says: ${name}`, async () => {
        const headsBefore = upstream.heads;
        const answer = await worker.send(head, body);
        const seen = upstream.take();
        if (delivery) {
          assert.equal(answer.status, 200);
          assert.equal(seen.length, 1);
          assert.equal(seen[0].body.toString(), delivery.toString());
          assert.equal(seen[0].path, "/internal/v1/deliveries");
          assert.equal(seen[0].headers["content-type"], "application/cloudevents+json");
          assert.equal(seen[0].headers.authorization, `Bearer ${CREDENTIAL}`);
          assert.equal(seen[0].headers["x-hub-signature-256"], undefined);
          assert.equal(seen[0].headers["x-api-key"], undefined);
        } else {
          assert.equal(answer.status, expect === "pass" ? 404 : expect.refuse.status);
          assert.equal(upstream.heads, headsBefore, "the upstream saw it");
          if (head.method !== "HEAD") assert.equal(answer.headers["content-type"], "application/problem+json");
        }
      });
    }
  });
}

describe("the Worker and its upstream", () => {
  let upstream, worker;
  before(async () => {
    upstream = await Upstream.start();
    worker = await Worker.start(configuration(), upstream.url);
  });
  after(async () => {
    await worker?.stop();
    upstream.stop();
  });

  test("invariant 1: a forged webhook whose body comes late reaches no upstream", async () => {
    const forged = webhook("a secret that nobody has been given");
    const sending = worker.send(forged, BODY.subarray(0, 9), BODY.subarray(9));
    assert.equal((await sending).status, 401);
    assert.equal(upstream.heads, 0);
  });

  test("invariant 1: a webhook that breaks off reaches no upstream", async () => {
    await worker.breakOff(webhook(), BODY, BODY.length - 1);
    assert.equal((await worker.send(webhook(), BODY)).status, 200);
    assert.equal(upstream.take().length, 1);
    assert.equal(upstream.heads, 1);
  });

  test("a body that does not say how long it is, and is too long, is refused", async () => {
    const head = webhook();
    head.headers.push(["transfer-encoding", "chunked"]);
    const part = Buffer.alloc(100_000, " ");
    assert.equal((await worker.send(head, part, part, part, part, part, part)).status, 413);
    assert.deepEqual(upstream.take(), []);
  });

  test("the upstream's answer is the caller's, or 503 for what is none", async () => {
    for (const [answer, status] of [
      [{ status: 202, body: "taken" }, 202],
      [{ status: 204 }, 204],
      [{ status: 302, headers: { location: `${upstream.url}/elsewhere` } }, 503],
      [{ status: 401 }, 503],
      [{ status: 500 }, 503],
      [{ status: 200, body: "a".repeat(64 * 1024 + 1) }, 503],
      [undefined, 503],
    ]) {
      upstream.answer = () => answer;
      const got = await worker.send(webhook(), BODY);
      assert.equal(got.status, status);
      assert.equal(upstream.take().length, 1);
      if (status === 202) assert.equal(got.body, "taken");
      if (status === 503) assert.equal(got.headers["retry-after"], "5");
    }
    assert.match(worker.log, /baton: the upstream answered a delivery 500/);
    assert.match(worker.log, /baton: the upstream gave no whole answer/);
    upstream.answer = () => ({ status: 200, body: "" });
  });

  test("many webhooks at once are all delivered, also while the upstream is slow", async () => {
    upstream.answer = async ({ body }) => {
      await sleep(20);
      return { status: 200, body };
    };
    const answers = await Promise.all(Array.from({ length: 40 }, () => worker.send(webhook(), BODY)));
    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.equal(JSON.parse(body).data.events[0].payload.text, "hello");
    }
    assert.equal(upstream.take().length, 40);
    upstream.answer = () => ({ status: 200, body: "" });
  });

  test("what traces a webhook goes up with it, and nothing that speaks to the upstream", async () => {
    const head = webhook();
    head.headers.push(["x-request-id", "r-1"], ["cookie", "a=b"], ["authorization", "Bearer forged"]);
    await worker.send(head, BODY);
    const [{ headers }] = upstream.take();
    assert.equal(headers["x-request-id"], "r-1");
    assert.equal(headers.cookie, undefined);
    assert.equal(headers.authorization, `Bearer ${CREDENTIAL}`);
  });

  test("invariant 10: the log holds no secret and no text", () => {
    for (const secret of [...Object.values(ENVIRONMENT), "hello"]) {
      assert.ok(!worker.log.includes(secret));
    }
  });
});

describe("tenants that are looked up", () => {
  const changes = {
    tenants: [],
    unlisted_tenants: "look_up",
    look_up: { credential: { env: "BATON_LOOK_UP_CREDENTIAL" } },
  };
  const [account_id, project_id, client_env] = ["acme", "support", "live"];
  let upstream, worker, found;
  /** That there is no such tenant, in the sidecar's words. */
  const unknown = (path) => {
    const [account_id, project_id, client_env] = path.split("/").slice(4);
    return { status: 404, body: JSON.stringify({ account_id, project_id, client_env, known: false }) };
  };
  before(async () => {
    upstream = await Upstream.start();
    const answer = (path) => (found === unknown ? unknown(path) : found);
    upstream.answer = ({ path }) => (path.endsWith("/edge") ? answer(path) : { status: 200 });
    worker = await Worker.start(configuration(changes), upstream.url);
  });
  after(async () => {
    await worker?.stop();
    upstream.stop();
  });

  /** The paths of what the upstream saw of one webhook, and the webhook's status. */
  async function sent(secret, path) {
    const { status } = await worker.send(webhook(secret, path), BODY);
    const seen = upstream.take();
    for (const { path, headers } of seen) {
      const credential = path.endsWith("/edge") ? LOOK_UP_CREDENTIAL : CREDENTIAL;
      assert.equal(headers.authorization, `Bearer ${credential}`);
    }
    return [status, ...seen.map(({ path }) => path)];
  }

  const LOOK_UP = "/internal/v1/tenants/acme/support/live/edge";
  const DELIVERY = "/internal/v1/deliveries";

  test("a sidecar that is away is 503, and what it answered later is kept", async () => {
    found = undefined;
    assert.deepEqual(await sent(SECRET), [503, LOOK_UP]);
    assert.match(worker.log, /baton: the look-up of a tenant got no whole answer/);
    const tenant = { account_id, project_id, client_env, signature_secrets: [SECRET] };
    found = { status: 200, body: JSON.stringify(tenant) };
    assert.deepEqual(await sent(SECRET), [200, LOOK_UP, DELIVERY]);
    assert.deepEqual(await sent(SECRET), [200, DELIVERY]);
    assert.deepEqual(await sent("a secret that nobody has been given"), [401]);
  });

  test("that there is no such tenant is kept, too", async () => {
    found = unknown;
    const path = "/webhooks/genesys/acme/support/other/events";
    assert.deepEqual(await sent(SECRET, path), [401, LOOK_UP.replace("live", "other")]);
    assert.deepEqual(await sent(SECRET, path), [401]);
  });

  test("invariant 11: a thousand names that callers made up push no tenant out that is known", async () => {
    found = unknown;
    const forged = (number) => `/webhooks/genesys/made/up/name-${number}/events`;
    for (let number = 0; number < 1_000; number += 50) {
      const paths = Array.from({ length: 50 }, (_, place) => forged(number + place));
      const answers = await Promise.all(paths.map((path) => worker.send(webhook(SECRET, path), BODY)));
      for (const { status } of answers) assert.ok(status === 401 || status === 503, String(status));
    }
    upstream.take();
    found = undefined;
    assert.deepEqual(await sent(SECRET), [200, DELIVERY]);
  });
});

test("the shipped configuration of workerd names the bindings of one tenant, and runs as it is", async () => {
  const shipped = readFileSync(new URL("workerd.capnp", `file://${PACKAGE}`), "utf8");
  assert.deepEqual([...shipped.matchAll(/fromEnvironment = "(\w+)"/g)].map(([, name]) => name), [
    "BATON_EDGE_CONFIGURATION",
    "BATON_UPSTREAM",
    "BATON_DELIVERY_CREDENTIAL",
    "BATON_LOOK_UP_CREDENTIAL",
    "GENESYS_WEBHOOK_SECRET",
  ]);
  const signature_secrets = [{ env: "GENESYS_WEBHOOK_SECRET" }];
  const tenants = [{ account_id: "acme", project_id: "support", client_env: "live", signature_secrets }];
  const upstream = await Upstream.start();
  const worker = await Worker.start(configuration({ tenants }), upstream.url, PACKAGE);
  assert.equal((await worker.send(webhook(), BODY)).status, 200);
  assert.equal(upstream.take().length, 1);
  await worker.stop();
  upstream.stop();
});

test("with wrong settings every request is 503, and the log says why", async () => {
  const upstream = await Upstream.start();
  for (const [document, address, why] of [
    ["{}", upstream.url, /baton: edge configuration: upstream: /],
    [configuration(), "nowhere", /baton: the binding BATON_UPSTREAM has to be an address/],
    [configuration(), "http://", /baton: the binding BATON_UPSTREAM has to be an address/],
  ]) {
    const worker = await Worker.start(document, address);
    for (const path of [WEBHOOK_PATH, "/elsewhere"]) {
      assert.equal((await worker.send(webhook(SECRET, path), BODY)).status, 503);
    }
    assert.match(worker.log, why);
    for (const secret of Object.values(ENVIRONMENT)) assert.ok(!worker.log.includes(secret));
    await worker?.stop();
  }
  assert.equal(upstream.heads, 0);
  upstream.stop();
});
