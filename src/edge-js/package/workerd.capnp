# The Worker on workerd: `workerd serve workerd.capnp`, in this folder. What is named
# `fromEnvironment` comes from the environment of the process.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    # Where the upstream is: by itself, workerd reaches public addresses only.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "edge")],
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
    # One for each {"env": "NAME"} in the configuration.
    (name = "BATON_DELIVERY_CREDENTIAL", fromEnvironment = "BATON_DELIVERY_CREDENTIAL"),
    (name = "BATON_LOOK_UP_CREDENTIAL", fromEnvironment = "BATON_LOOK_UP_CREDENTIAL"),
    (name = "GENESYS_WEBHOOK_SECRET", fromEnvironment = "GENESYS_WEBHOOK_SECRET"),
  ],
);
