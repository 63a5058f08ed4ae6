#include "mef3/differences.h"

#include <bit>
#include <cstring>

#include "mef3/byte_order.h"

namespace mef3 {
namespace {

// Samples made between two looks at the symbols: at most 60 of the 64 looked at.
constexpr std::size_t kGroup = 12;

// True if one of the eight bytes is the keysample flag.
bool HasKeysampleFlag(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const std::uint64_t difference = eight ^ (kOnes * kKeysampleFlag);
  return ((difference - kOnes) & ~difference & (kOnes * 0x80U)) != 0;
}

// One bit per byte of bytes[0..64): whether it is the keysample flag.
std::uint64_t FlagsAmong64(const std::uint8_t* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kSevens = kOnes * 0x7FU;
  std::uint64_t flags = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint64_t x =
        LoadLittleEndian<std::uint64_t>(bytes + 8 * i) ^ (kOnes * kKeysampleFlag);
    // The upper bit of every byte of x that is zero; no carry crosses a byte.
    const std::uint64_t zeros = ~(((x & kSevens) + kSevens) | x | kSevens);
    // Gathers those eight bits in the topmost byte.
    flags |= ((zeros >> 7) * 0x0102040810204080U >> 56) << (8 * i);
  }
  return flags;
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
    // Then a group that has keysamples, without branches on which symbol it is:
    // rough signals mix them at random. Where the next sample starts follows from
    // bits in a register; asking memory for every symbol in turn takes longer.
    if (used + 64 + kKeysampleBytes <= symbols.size() && made + kGroup <= samples.size()) {
      std::uint64_t flags = FlagsAmong64(in + used);
      for (std::size_t i = 0; i < kGroup; ++i) {
        const bool is_keysample = (flags & 1) != 0;
        const std::uint32_t key = LoadLittleEndian<std::uint32_t>(in + used + 1);
        const std::uint32_t sum = value + SignExtend(in[used]);
        value = is_keysample ? key : sum;
        const std::size_t step = 1 + (kKeysampleBytes - 1) * (flags & 1);
        flags >>= step;
        used += step;
        out[made++] = std::bit_cast<std::int32_t>(value);
      }
      continue;
    }
    // And the same, carefully, near an end.
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
