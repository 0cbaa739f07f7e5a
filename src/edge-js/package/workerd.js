// For Cloudflare Workers and workerd, where a module is imported compiled.

import module from "./baton_edge_bg.wasm";

import { initSync } from "./baton_edge.js";

initSync({ module });

export { Gate, answered, inspect, sign, translate, upstreamAddress, verify } from "./gate.js";
