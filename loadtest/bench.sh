#!/usr/bin/env bash
# Runs the benchmarks: loadtest/bench.sh [group ...], all groups by default.
# Needs what `make build` makes; prepares the Python environment of the control.
set -eu
cd "$(dirname "$0")/.."
conformance/prepare.sh
exec node loadtest/dist/bench.js "$@"
