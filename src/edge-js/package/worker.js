// A Cloudflare Worker that is a complete edge: it takes Genesys' webhooks, checks and translates
// them, and posts the deliveries. Nothing lies behind it: what is no webhook gets 404.
//
// What it is told are bindings of text: the configuration, the upstream, and a secret for each
// {"env": "NAME"} in the configuration.

import { LONGEST_BODY, LONGEST_DELIVERY, LONGEST_LOOK_UP, MOST_ANSWER_BYTES } from "./limits.js";
import { Gate, answered, upstreamAddress } from "./workerd.js";

// What was looked up. It holds secrets, and so it stays in this instance's memory. The gate has few
// names for what callers make up.
const kept = new Map();

// Read with the first request, since an instance has one environment; and anew after a failure,
// for a gate whose module has trapped is of no more use.
let settings;

export default {
  async fetch(request, environment) {
    try {
      settings ??= read(environment);
      const { gate, upstream } = settings;
      const { method, url, headers } = request;
      const head = { method, path: path(url), headers };
      return response(await gate.exchange(head, host(request, upstream)));
    } catch (error) {
      settings = undefined;
      console.error(`baton: ${error.message}`);
      return response(answered(0));
    }
  },
};

/** The settings. Throws an error that says what is wrong with them. */
function read(environment) {
  const texts = Object.entries(environment).filter(([, value]) => typeof value === "string");
  const { BATON_EDGE_CONFIGURATION, BATON_UPSTREAM, ...secrets } = Object.fromEntries(texts);
  const gate = new Gate(BATON_EDGE_CONFIGURATION ?? "", secrets);
  return { gate, upstream: upstreamAddress("the binding BATON_UPSTREAM", BATON_UPSTREAM) };
}

/**
 * The path with its query, as the platform gives it: workerd as it was sent, and Cloudflare, unless
 * its URL normalisation is turned off, without `..` and with fewer escapes.
 */
function path(url) {
  return url.replace(/^[^:]+:\/\/[^/?#]*/, "");
}

/** What the gate asks for while it sees a request through. */
function host(request, upstream) {
  return {
    now: () => Date.now(),
    body: (most) => within(LONGEST_BODY, bytes(request.body, most)),
    async deliver({ path, headers, body }) {
      const signal = AbortSignal.timeout(LONGEST_DELIVERY);
      return answer(upstream + path, { method: "POST", headers, body, signal });
    },
    async lookUp({ path, authorization }) {
      const signal = AbortSignal.timeout(LONGEST_LOOK_UP);
      return answer(upstream + path, { headers: { authorization }, signal });
    },
    async kept(name) {
      return kept.get(name);
    },
    async keep(name, bytes) {
      kept.set(name, bytes);
    },
    report: (line) => console.error(`baton: ${line}`),
  };
}

/** A whole answer; `undefined`, if it is too long. */
async function answer(url, options) {
  // A redirect is no answer of the upstream, and the credential goes nowhere else.
  const { status, body } = await fetch(url, { redirect: "manual", ...options });
  const whole = await bytes(body, MOST_ANSWER_BYTES);
  return whole.length > MOST_ANSWER_BYTES ? undefined : { status, body: whole };
}

/** The bytes of a stream; of one with more than `most`, some that are more. */
async function bytes(stream, most) {
  const chunks = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  const whole = new Uint8Array(length);
  let place = 0;
  for (const chunk of chunks) {
    whole.set(chunk, place);
    place += chunk.length;
  }
  return whole;
}

/** What is promised, unless it takes longer than so many milliseconds. */
function within(longest, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("it took too long")), longest);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function response({ status, headers, body }) {
  return new Response(body.length > 0 ? body : null, { status, headers });
}
