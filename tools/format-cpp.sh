#!/usr/bin/env bash
# Formats the C++ sources, or with --check fails if one is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[ "${1:-}" != "--check" ] || mode=(--dry-run -Werror)

find services -path '*/node_modules' -prune -o -path '*/build*' -prune -o \
  -type f \( -name '*.cc' -o -name '*.h' \) -print0 |
  xargs -0 -r tools/.venv/bin/clang-format "${mode[@]}"
