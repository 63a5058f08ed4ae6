#!/usr/bin/env bash
# Makes sure that GoogleTest, which the C++ tests are written with, is there:
# installs Debian's package if it is not and this user may.
set -u

has_googletest() {
  local scratch
  scratch=$(mktemp -d)
  printf '#include <gtest/gtest.h>\nTEST(A, B) {}\n' |
    "${CXX:-c++}" -std=c++20 -x c++ - -o "$scratch/probe" -lgtest -lgtest_main -pthread 2>/dev/null
  local outcome=$?
  rm -rf "$scratch"
  return "$outcome"
}

has_googletest && exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "missing: GoogleTest, for the C++ tests (Debian: apt-get install libgtest-dev)" >&2
  exit 1
fi

echo "installing libgtest-dev ..."
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libgtest-dev >/dev/null
}
# Package lists may be missing or out of date; asking for them is the slow part.
install 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install; } || {
  echo "missing: GoogleTest, and apt-get could not install libgtest-dev" >&2
  exit 1
}
has_googletest || {
  echo "missing: GoogleTest, libgtest-dev is installed but does not link with ${CXX:-c++}" >&2
  exit 1
}
