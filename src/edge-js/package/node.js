// For Node, from 20 on.

import { readFileSync } from "node:fs";

import { initSync } from "./baton_edge.js";

initSync({ module: readFileSync(new URL("baton_edge_bg.wasm", import.meta.url)) });

export { Gate, answered, inspect, sign, translate, upstreamAddress, verify } from "./gate.js";
