#!/usr/bin/env bash
# Cross-compiles the codec for arm64 and runs its tests under emulation. Installs
# the compiler, the emulator and GoogleTest's sources by apt-get where they are
# missing and that is allowed.
set -eu -o pipefail
cd "$(dirname "$0")/.."

needed=(g++-aarch64-linux-gnu qemu-user libgtest-dev)
missing=()
for package in "${needed[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "test-arm64: needs ${missing[*]} (Debian: sudo apt-get install ${missing[*]})" >&2
    exit 1
  fi
  echo "installing ${missing[*]} ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi

build=services/decoder/native/build-arm64
cmake -S services/decoder/native -B "$build" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu" \
  -DMEF3_GTEST_SOURCE=/usr/src/googletest/googletest >/dev/null
cmake --build "$build" --target mef3_tests --parallel "$(nproc)"
qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/mef3_tests" --gtest_brief=1
