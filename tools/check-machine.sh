#!/usr/bin/env bash
# Says, one line each, what this machine lacks to build mef3-cluster, and fails
# if that is anything.
#
#   tools/check-machine.sh                 what building and running need
#   tools/check-machine.sh --with-python   also what the tests and linters need
set -u

missing=0

lacks() {
  echo "missing: $1" >&2
  missing=$((missing + 1))
}

# at_least 20.11.1 20 → true; compares dotted numbers.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# First dotted number that a command prints, e.g. 3.25.1.
version_of() {
  "$@" 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1
}

check_node() {
  local how="Debian 13: apt-get install nodejs npm; elsewhere: https://nodejs.org"
  local version
  version=$(version_of node --version)
  if [ -z "$version" ]; then
    lacks "Node.js 20.15 or newer ($how)"
  elif ! at_least "$version" 20.15; then
    lacks "Node.js 20.15 or newer, found $version ($how)"
  fi
  [ -n "$(version_of npm --version)" ] || lacks "npm, the package manager of Node.js ($how)"
}

check_compiler() {
  local compiler
  for compiler in "${CXX:-c++}" g++ clang++; do
    if printf '#include <bit>\n#include <concepts>\n#include <span>\nint main() {}\n' |
      "$compiler" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null; then
      return
    fi
  done
  lacks "a C++20 compiler (Debian: apt-get install g++)"
}

check_cmake() {
  local version
  version=$(version_of cmake --version)
  if [ -z "$version" ]; then
    lacks "CMake 3.20 or newer (Debian: apt-get install cmake)"
  elif ! at_least "$version" 3.20; then
    lacks "CMake 3.20 or newer, found $version (Debian: apt-get install cmake)"
  fi
  [ -n "$(version_of make --version)" ] || lacks "make (Debian: apt-get install make)"
}

check_python() {
  local how="for the tests; Debian: apt-get install python3 python3-venv"
  local version
  version=$(version_of python3 --version)
  if [ -z "$version" ]; then
    lacks "Python 3.11 or newer ($how)"
  elif ! at_least "$version" 3.11; then
    lacks "Python 3.11 or newer, found $version ($how)"
  elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    lacks "Python's venv module ($how)"
  fi
}

check_node
check_compiler
check_cmake
[ "${1:-}" != "--with-python" ] || check_python
[ "$missing" -eq 0 ]
