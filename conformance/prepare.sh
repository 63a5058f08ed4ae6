#!/bin/sh
# Makes the Python environment of the tests and benchmarks, conformance/.venv,
# once, and again when requirements.txt changes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv="$here/.venv"
stamp="$venv/requirements.sha256"
wanted=$(sha256sum "$here/requirements.txt" | cut -d ' ' -f 1)

command -v python3 >/dev/null || {
  echo "conformance: python3 (3.11 or newer) is needed and was not found" >&2
  exit 1
}

if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  echo "conformance: preparing the Python environment (about half a minute, once)" >&2
  python3 -m venv --clear "$venv" || {
    echo "conformance: python3 cannot make a virtual environment (Debian: apt-get install python3-venv)" >&2
    exit 1
  }
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt"
  echo "$wanted" >"$stamp"
fi
