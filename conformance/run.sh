#!/bin/sh
# Runs the conformance suite; arguments go to pytest.
#
#   conformance/run.sh                              everything
#   conformance/run.sh test_golden.py -k segment    some of it
set -eu

here=$(cd "$(dirname "$0")" && pwd)
"$here/prepare.sh"
cd "$here"
exec "$here/.venv/bin/python" -m pytest "$@"
