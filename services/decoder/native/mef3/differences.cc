#include "mef3/differences.h"

#include <bit>
#include <cstring>

#include "mef3/byte_order.h"

namespace mef3 {
namespace {

// True if one of the eight bytes is the keysample flag.
bool HasKeysampleFlag(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t difference = eight ^ (kOnes * kKeysampleFlag);
  return ((difference - kOnes) & ~difference & (kOnes * 0x80U)) != 0;
}

std::uint32_t SignExtend(std::uint8_t byte) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(byte)));
}

}  // namespace

Expansion ExpandDifferences(std::span<const std::uint8_t> symbols, std::uint32_t& previous,
                            std::span<std::int32_t> samples) {
  const std::uint8_t* const in = symbols.data();
  std::int32_t* const out = samples.data();
  std::size_t used = 0;
  std::size_t made = 0;
  std::uint32_t value = previous;
  while (made < samples.size() && used < symbols.size()) {
    // Eight plain differences at a time, as long as there are any.
    while (used + 8 <= symbols.size() && made + 8 <= samples.size() &&
           !HasKeysampleFlag(LoadLittleEndian<std::uint64_t>(in + used))) {
      for (std::size_t i = 0; i < 8; ++i) {
        value += SignExtend(in[used + i]);
        out[made + i] = std::bit_cast<std::int32_t>(value);
      }
      used += 8;
      made += 8;
    }
    // Then one group that has a keysample (or the end), without branches on
    // which symbol it is: rough signals mix them at random.
    for (std::size_t i = 0; i < 8; ++i) {
      if (made == samples.size() || used + kKeysampleBytes > symbols.size()) break;
      const bool is_keysample = in[used] == kKeysampleFlag;
      const std::uint32_t key = LoadLittleEndian<std::uint32_t>(in + used + 1);
      const std::uint32_t sum = value + SignExtend(in[used]);
      value = is_keysample ? key : sum;
      used += is_keysample ? kKeysampleBytes : 1;
      out[made++] = std::bit_cast<std::int32_t>(value);
    }
    if (made < samples.size() && used < symbols.size() && used + kKeysampleBytes > symbols.size()) {
      if (in[used] == kKeysampleFlag) break;
      value += SignExtend(in[used++]);
      out[made++] = std::bit_cast<std::int32_t>(value);
    }
  }
  previous = value;
  return {used, made};
}

}  // namespace mef3
