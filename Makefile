# farmzone: what one does with a checkout. `make help` lists the targets.
# Each step says in one line what it does, and how long it took.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIND ?= 127.0.0.1:8080
DEMO ?= demo
LOGS := target/test-logs
# Real data for tests, where there is some.
ifneq ($(wildcard ../shared/data),)
export FARMZONE_TEST_DATA ?= $(abspath ../shared)
endif

# What the program links against and what builds it; what the tests look at it with.
BUILD_PACKAGES := build-essential pkg-config clang libclang-dev gdal-bin libgdal-dev libproj-dev proj-data libsqlite3-dev
TEST_PACKAGES := chromium sqlite3
# What the desktop viewer is built with (docs/viewer.md), what a window needs, and Vulkan without a graphics card.
VIEWER_PACKAGES := protobuf-compiler libwayland-dev libxkbcommon-dev libx11-dev libx11-xcb1 libxcursor1 libxi6 libxrandr2 mesa-vulkan-drivers

# $(call step,what is being done,command)
define step
@printf '▸ %s\n' '$(1)'; began=$$SECONDS; { $(2); } || { status=$$?; printf '✗ %s: failed after %s s\n' '$(1)' "$$((SECONDS - began))"; exit $$status; }; printf '✓ %s: %s s\n' '$(1)' "$$((SECONDS - began))"
endef

# $(call apt,packages): installs those that are missing, with sudo when not root.
define apt
missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' "$$p" 2>/dev/null | grep -q 'ok installed' || echo "$$p"; done); \
if [ -n "$$missing" ]; then \
  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
  echo "  installing" $$missing; \
  $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

.PHONY: help setup setup-build setup-test setup-viewer web build release viewer viewer-test demo serve test check bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: setup-build setup-test ## install what building and testing need (apt, npm), nothing else

setup-build:
	$(call step,installing system libraries,$(call apt,$(BUILD_PACKAGES)); \
	command -v cargo >/dev/null || { echo 'cargo is missing: install a Rust toolchain first (https://rustup.rs)'; exit 1; }; \
	command -v npm >/dev/null || { $(call apt,nodejs npm); })
	@if [ ! -e assets/node_modules/.package-lock.json ] || [ assets/package-lock.json -nt assets/node_modules/.package-lock.json ]; then $(MAKE) assets-packages; fi

.PHONY: assets-packages
assets-packages:
	$(call step,installing the web app’s packages from its lock file,assets/with-node npm --prefix assets ci --no-audit --no-fund --loglevel=error)

setup-test:
	$(call step,installing what the tests need,$(call apt,$(TEST_PACKAGES)))

web: setup-build assets/dist/index.html ## build the web app into assets/dist

WEB_SOURCES := $(shell find assets/src assets/public assets/scripts assets/*.html assets/*.json assets/*.ts assets/*.js -type f 2>/dev/null)

# The compiler sees when embedded files change, but not when the folder comes into being: hence the touch.
assets/dist/index.html: $(WEB_SOURCES)
	@[ -d assets/dist ] || touch src/http/web_app.rs
	$(call step,building the web app,assets/with-node npm --prefix assets run --silent build >/dev/null)

build: web ## build the program for testing
	$(call step,building the program for testing,cargo build --quiet --locked)

release: web ## build the program for use: target/release/farmzone
	$(call step,building the program,cargo build --quiet --locked --release)

setup-viewer: setup-build
	$(call step,installing what the desktop viewer needs,$(call apt,$(VIEWER_PACKAGES)))

viewer: setup-viewer web ## build the program with the desktop viewer: farmzone view WORKSPACE
	$(call step,building the program with the desktop viewer,cargo build --quiet --locked --release --features native-viewer)

viewer-test: setup-viewer ## check the desktop viewer: clippy, and its pictures by their pixels
	$(call step,checking the Rust sources with the desktop viewer,cargo clippy --quiet --locked --all-targets --features native-viewer -- -D warnings)
	$(call step,testing the desktop viewer,cargo test --quiet --locked --features native-viewer viewer)

demo: release ## simulated Hanoi: made if absent, detected, served
	@exec target/release/farmzone demo --dir $(DEMO) --bind $(BIND)

serve: release ## serve a workspace: make serve WORKSPACE=city.gpkg
	@[ -n "$(WORKSPACE)" ] || { echo 'name the workspace: make serve WORKSPACE=city.gpkg'; exit 2; }
	@exec target/release/farmzone serve "$(WORKSPACE)" --bind $(BIND)

check: setup-build ## format, clippy, types, lint
	$(call step,checking the format of the Rust sources,cargo fmt --check)
	$(call step,checking the Rust sources with clippy,cargo clippy --quiet --locked --all-targets -- -D warnings)
	$(call step,checking the web app,assets/with-node npm --prefix assets run --silent check)

test: ## run every test: Rust, web unit, browser; all of them, also when one is red
	@tests/run-suites $(LOGS) \
	  build 'make setup build' 'setting up and building' \
	  rust 'cargo test --locked --no-fail-fast' 'testing the Rust sources' \
	  web-unit 'assets/with-node npm --prefix assets run --silent test' 'testing the web app’s units' \
	  browser 'FARMZONE_BIN=$(CURDIR)/target/debug/farmzone FARMZONE_DEMO=$(CURDIR)/target/test-demo assets/with-node npm --prefix assets run --silent test:web' 'testing the page in a browser'

bench: release ## measure the hot paths, beside other engines where they are installed
	$(call step,measuring,cargo bench --locked)
	@command -v python3 >/dev/null || { echo 'python3 is missing: other engines are not measured'; exit 0; }
	$(call step,measuring beside other engines,python3 benches/peers/overlay.py m || true; python3 benches/peers/raster.py || true; python3 benches/peers/landscape.py target/release/farmzone || true; python3 benches/peers/tiles.py m || true)

clean: ## remove what was built
	cargo clean && rm -rf assets/dist assets/node_modules assets/node/node_modules
