# The front door: every command of the project, each explained by `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The Node that npm brought comes before the machine's own; Debian keeps servers in sbin.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH):/usr/local/sbin:/usr/sbin:/sbin
export NX_DAEMON := false
export NX_NO_CLOUD := true
export NX_ISOLATE_PLUGINS := false

DEPS ?= run
ARGS ?=
TARGET ?=
MINUTES ?= 10
SPEC ?=
RUNS ?= 10

# A region for local work: it answers relays on this host alone, and what it boots is made up unless RW_ASSET_DIR is set.
define start-regional
export RW_STATE_DIR="$${RW_STATE_DIR:-.rackwright/$$RW_IDC}" RW_DHCP_MODE="$${RW_DHCP_MODE:-server}"
if [[ -z "$${RW_DHCP_INTERFACE:-}" ]]; then export RW_DHCP_RELAYS="$${RW_DHCP_RELAYS:-127.0.0.1}"; fi
if [[ -z "$${RW_ASSET_DIR:-}" ]]; then
  export RW_ASSET_DIR=.rackwright/assets
  node tools/demo/dist/prepare-assets.js "$$RW_ASSET_DIR"
fi
exec node apps/regional/dist/main.js $(ARGS)
endef

.PHONY: help deps modules build demo run run-regional run-regional-dc2 run-agent rackctl start-etcd stop-etcd start-nats stop-nats test shake check conformance fuzz bench clean

help: ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

deps: ## Install what is missing to run (DEPS=run), test (DEPS=test) or only build (DEPS=build)
	@bash tools/deps.sh $(DEPS)

modules:
	@bash tools/deps.sh build

build: modules ## Compile every package
	@npm run --silent build

demo: ## Start a whole world with 20 simulated machines; ARGS=--once ends when all are installed
	@bash tools/deps.sh run
	npm run --silent build
	exec node tools/demo/dist/main.js $(ARGS)

run: build ## Run the control plane on port 8080 (needs etcd and NATS: start-etcd, start-nats)
	@exec node apps/control-plane/dist/main.js $(ARGS)

run-regional: build ## Run the region dc1 on unprivileged ports: HTTP 8081, DHCP 6767 and 6711, TFTP 6969
	@export RW_IDC="$${RW_IDC:-dc1}" RW_HTTP_PORT="$${RW_HTTP_PORT:-8081}" RW_DHCP_PORT="$${RW_DHCP_PORT:-6767}" RW_DHCP_PXE_PORT="$${RW_DHCP_PXE_PORT:-6711}" RW_TFTP_PORT="$${RW_TFTP_PORT:-6969}"
	$(start-regional)

run-regional-dc2: build ## Run the region dc2 beside it: HTTP 8091, DHCP 6867 and 6811, TFTP 7069
	@export RW_IDC="$${RW_IDC:-dc2}" RW_HTTP_PORT="$${RW_HTTP_PORT:-8091}" RW_DHCP_PORT="$${RW_DHCP_PORT:-6867}" RW_DHCP_PXE_PORT="$${RW_DHCP_PXE_PORT:-6811}" RW_TFTP_PORT="$${RW_TFTP_PORT:-7069}"
	$(start-regional)

run-agent: build ## Power on one simulated machine against the region dc1 (ARGS=--help)
	@exec node tools/demo/dist/run-agent.js $(ARGS)

rackctl: build ## Run the command line, e.g. ARGS='boot explain --mac 52:54:00:aa:00:01'
	@exec node apps/cli/dist/main.js $(ARGS)

start-etcd: ## Start an etcd in the background, with its data under .rackwright
	@bash tools/deps.sh run
	bash tools/local-server.sh etcd start

stop-etcd: ## Stop the etcd that start-etcd started
	@bash tools/local-server.sh etcd stop

start-nats: ## Start a NATS with JetStream and MQTT in the background
	@bash tools/deps.sh run
	bash tools/local-server.sh nats start

stop-nats: ## Stop the NATS that start-nats started
	@bash tools/local-server.sh nats stop

test: ## Install what the tests need, then run all of them: unit, integration, e2e
	@bash tools/deps.sh test
	npm run --silent build
	node tools/test.mjs $(ARGS)

shake: build ## Run the test files SPEC=path RUNS=10 times on a machine made busy and halting
	@if [[ -z "$(SPEC)" ]]; then echo 'SPEC names the test files to run, e.g. make shake SPEC=libs/kernel' >&2; exit 2; fi
	exec node tools/shake.mjs --runs $(RUNS) -- vitest run $(SPEC)

check: modules ## Check format, lint, types, boundaries, unused code and references
	@npm run --silent check

conformance: build ## Play the protocol statements against TARGET=host:port (ARGS=--help), or against ours, Kea and dnsmasq
	@if [[ -n "$(TARGET)$(ARGS)" ]]; then exec node tools/conformance/dist/main.js $(ARGS) $(TARGET); fi
	exec node tools/conformance/dist/compare.js

fuzz: build ## Look for inputs that break the codecs and sessions, for MINUTES=10
	@exec nice -n 10 node tools/fuzz/dist/main.js --minutes $(MINUTES) $(ARGS)

bench: ## Run the benchmarks
	@bash tools/deps.sh bench
	npm run --silent build
	exec node bench/dist/main.js $(ARGS)

clean: ## Stop what start-etcd and start-nats started; remove builds, caches and local state
	@bash tools/local-server.sh etcd stop
	bash tools/local-server.sh nats stop
	rm -rf .rackwright .nx coverage node_modules/.cache
	find . -name node_modules -prune -o -type d -name dist -prune -exec rm -rf {} +
