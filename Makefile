# `make` lists what there is. Every target sets up what it needs, once.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

native := services/decoder/native
jobs := $(shell nproc 2>/dev/null || echo 2)

# A stamp says that a step was done with the files it depends on as they are.
packages_stamp := node_modules/.packages-installed
typescript_stamp := build/stamps/typescript
native_stamp := build/stamps/native
linters_stamp := tools/.venv/.linters-installed

typescript_sources := $(shell find packages services loadtest -name node_modules -prune -o \
  -name dist -prune -o -name native -prune -o -type f \( -path '*/src/*.ts' -o -name 'tsconfig.json' \) -print)
native_sources := $(shell find $(native) -path '$(native)/build*' -prune -o -type f -print 2>/dev/null)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: export DATA := $(DATA)
run: export PORT := $(PORT)
run: export ADMIN_PORT := $(ADMIN_PORT)
run: build ## Serve the recordings below DATA=/path (a sample without it); PORT=50051 ADMIN_PORT=9464
	@[ -n "$$DATA" ] || node tools/write-sample-recording.js sample-data
	@node services/gateway/dist/demo/run-demo.js

.PHONY: cluster
cluster: ## Run the cluster shape on this machine
	@echo "The cluster mode is not there yet: make run serves in embedded mode." >&2; exit 1

.PHONY: test
test: ## Run every test, linter and format check
	@tools/check-machine.sh --with-python || { echo "0 passed, 1 failed"; exit 1; }
	@node tools/run-tests.js

.PHONY: test-arm64
test-arm64: ## Run the C++ tests as arm64 programs, under emulation
	@tools/test-arm64.sh

.PHONY: bench
bench: build ## Compare decoding speed with the reference implementation
	@loadtest/bench.sh

.PHONY: lint
lint: $(typescript_stamp) $(linters_stamp) ## Check style, types, import boundaries and formatting
	@node_modules/.bin/eslint . --max-warnings 0
	@node_modules/.bin/prettier --check --log-level warn .
	@tools/format-cpp.sh --check
	@node tools/write-docs.js --check

.PHONY: format
format: $(packages_stamp) $(linters_stamp) ## Format all sources
	@node_modules/.bin/prettier --write --log-level warn .
	@tools/format-cpp.sh

.PHONY: tidy
tidy: $(native_stamp) $(linters_stamp) ## Look for defects in the C++ sources with clang-tidy
	@tools/tidy-cpp.sh

.PHONY: build
build: $(typescript_stamp) $(native_stamp) ## Build everything that make run needs

.PHONY: native
native: $(native_stamp) ## Build the native decoder

.PHONY: packages
packages: $(packages_stamp) ## Install the npm packages

.PHONY: linters
linters: $(linters_stamp) ## Install the C++ formatter and linter

.PHONY: clean
clean: ## Remove what was built; installed packages and sample data stay
	@rm -rf build test-results $(native)/build $(native)/build-*
	@rm -rf packages/*/dist services/*/dist loadtest/dist
	@rm -f packages/*/*.tsbuildinfo services/*/*.tsbuildinfo loadtest/*.tsbuildinfo

.PHONY: check-machine
check-machine:
	@tools/check-machine.sh

$(packages_stamp): package-lock.json | check-machine
	@echo "installing npm packages ..."
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(typescript_stamp): $(typescript_sources) tsconfig.json tsconfig.base.json $(packages_stamp)
	@echo "compiling TypeScript ..."
	@node_modules/.bin/tsc --build
	@mkdir -p $(@D) && touch $@

$(native_stamp): $(native_sources) $(packages_stamp)
	@echo "building the native decoder ..."
	@cmake -S $(native) -B $(native)/build -DCMAKE_BUILD_TYPE=Release \
	  -DCMAKE_EXPORT_COMPILE_COMMANDS=ON --log-level=WARNING >/dev/null
	@cmake --build $(native)/build --target mef3_addon --parallel $(jobs)
	@mkdir -p $(@D) && touch $@

$(linters_stamp): tools/requirements-lint.txt
	@echo "installing the C++ formatter and linter ..."
	@python3 -m venv --clear tools/.venv
	@tools/.venv/bin/pip install --quiet --disable-pip-version-check -r tools/requirements-lint.txt
	@touch $@
