// For browsers and bundlers: the module is fetched from beside this file.

import initialize from "./baton_edge.js";

await initialize({ module_or_path: new URL("baton_edge_bg.wasm", import.meta.url) });

export { Gate, answered, inspect, sign, translate, upstreamAddress, verify } from "./gate.js";
