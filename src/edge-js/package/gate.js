// What the package exports: the calls into the module, and what becomes of them when it traps.
//
// A module that has trapped, for want of memory, is in a state that nobody knows. A new instance
// takes its place, and what was made in the one before is of no more use.

import * as module from "./baton_edge.js";

/** How many instances have trapped. */
let traps = 0;

function trapped(cause) {
  const what = "the WebAssembly module has trapped, most likely for want of memory";
  return new Error(`${what}; what was made before is of no more use: make a new Gate`, { cause });
}

/** What the call comes to. Throws an error that says so if the module traps. */
function called(call) {
  try {
    return call();
  } catch (error) {
    // The module itself throws neither.
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
    traps += 1;
    module.__wbg_reset_state();
    throw trapped(error);
  }
}

export const answered = (...given) => called(() => module.answered(...given));
export const inspect = (...given) => called(() => module.inspect(...given));
export const sign = (...given) => called(() => module.sign(...given));
export const translate = (...given) => called(() => module.translate(...given));
export const upstreamAddress = (...given) => called(() => module.upstreamAddress(...given));
export const verify = (...given) => called(() => module.verify(...given));

export class Gate extends module.Gate {
  #trapsBefore;

  constructor(configuration, environment) {
    called(() => super(configuration, environment));
    this.#trapsBefore = traps;
  }

  get warnings() {
    return this.#called(() => super.warnings);
  }

  begin(head) {
    return this.#called(() => super.begin(head));
  }

  judge(head, body, tenantAnswer) {
    return this.#called(() => super.judge(head, body, tenantAnswer));
  }

  exchange(head, host) {
    return this.#driven(this.#called(() => super.beginExchange(head, host)));
  }

  free() {
    // What was made in an instance that has trapped went with it.
    if (this.#trapsBefore === traps) super.free();
  }

  async #driven(exchange) {
    let settled;
    for (;;) {
      const reply = this.#called(() => exchange.resume(settled));
      if (reply) return reply;
      try {
        settled = await exchange.awaited();
      } catch {
        settled = undefined;
      }
    }
  }

  #called(call) {
    if (this.#trapsBefore !== traps) throw trapped();
    return called(call);
  }
}

if (Symbol.dispose) Gate.prototype[Symbol.dispose] = Gate.prototype.free;
