#ifndef MEF3_DIFFERENCES_H_
#define MEF3_DIFFERENCES_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace mef3 {

// The byte that says "the next four bytes are a sample, not a difference".
inline constexpr std::uint8_t kKeysampleFlag = 0x80;
// A flag and a little-endian 32-bit sample.
inline constexpr std::size_t kKeysampleBytes = 5;

// How much of its input and output an expansion used.
struct Expansion {
  std::size_t symbols_used;
  std::size_t samples_made;
};

// Expands a difference stream into samples: each symbol is a signed difference
// to the previous sample, or a keysample flag followed by a whole sample.
//
//   symbols   a piece of the stream; a keysample cut off at its end is left for
//             the next call, together with what follows
//   previous  the sample before the first one made; the last one made afterwards
//   samples   at most this many samples are made
//
// Additions wrap modulo 2^32, as the encoders' do.
Expansion ExpandDifferences(std::span<const std::uint8_t> symbols, std::uint32_t& previous,
                            std::span<std::int32_t> samples);

}  // namespace mef3

#endif  // MEF3_DIFFERENCES_H_
