# The two Workers that are compared, each before the same upstream in the same process.

using Workerd = import "/workerd/workerd.capnp";

const baton :Workerd.Config = (
  services = [(name = "called", worker = .edge), (name = "internet", worker = .upstream)],
  sockets = [(name = "http", http = (), service = "called")],
);

const postsOn :Workerd.Config = (
  services = [(name = "called", worker = .relay), (name = "internet", worker = .upstream)],
  sockets = [(name = "http", http = (), service = "called")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "limits.js", esModule = embed "limits.js"),
    (name = "workerd.js", esModule = embed "workerd.js"),
    (name = "gate.js", esModule = embed "gate.js"),
    (name = "baton_edge.js", esModule = embed "baton_edge.js"),
    (name = "baton_edge_bg.wasm", wasm = embed "baton_edge_bg.wasm"),
  ],
  compatibilityDate = "2026-01-01",
  bindings = [
    (name = "BATON_EDGE_CONFIGURATION", fromEnvironment = "BATON_EDGE_CONFIGURATION"),
    (name = "BATON_UPSTREAM", fromEnvironment = "BATON_UPSTREAM"),
    (name = "BATON_DELIVERY_CREDENTIAL", fromEnvironment = "BATON_DELIVERY_CREDENTIAL"),
    (name = "GENESYS_WEBHOOK_SECRET", fromEnvironment = "GENESYS_WEBHOOK_SECRET"),
  ],
);

const relay :Workerd.Worker = (
  modules = [(name = "posts-on.js", esModule = embed "posts-on.js")],
  compatibilityDate = "2026-01-01",
);

const upstream :Workerd.Worker = (
  modules = [(name = "upstream.js", esModule = embed "upstream.js")],
  compatibilityDate = "2026-01-01",
);
