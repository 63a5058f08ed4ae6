#!/usr/bin/env bash
# Runs clang-tidy over the C++ sources; needs a configured Release build.
set -euo pipefail
cd "$(dirname "$0")/.."

find services -path '*/node_modules' -prune -o -path '*/build*' -prune -o \
  -type f -name '*.cc' -print0 |
  xargs -0 -r -n 1 tools/.venv/bin/clang-tidy --quiet -p services/decoder/native/build
