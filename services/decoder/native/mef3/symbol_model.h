#ifndef MEF3_SYMBOL_MODEL_H_
#define MEF3_SYMBOL_MODEL_H_

#include <cstdint>
#include <span>

#include "mef3/status.h"

namespace mef3 {

// A count is one byte, so the total of all 256 is at most this.
inline constexpr std::uint32_t kMaxModelTotal = 255 * 256;

// Owners are stored in groups of this many, the last of them possibly too far.
inline constexpr std::uint32_t kOwnersPerStore = 16;

// The frequencies of the 256 byte values in one block's difference stream, laid
// out for the range decoder: symbol s owns count[s] consecutive positions of
// [0, total), in symbol order.
struct SymbolModel {
  // What narrows the interval to a symbol, in one load.
  struct Share {
    std::uint16_t below;  // positions owned by smaller symbols
    // Positions owned by this one; 0 for symbol 255, which instead owns all that
    // is left of the range: `rest_mask` is all ones there and zero elsewhere.
    std::uint16_t own;
    std::uint32_t rest_mask;
  };

  std::uint32_t total;
  // floor((2^64 - 1) / total) + 1. The upper half of the 128-bit product `reciprocal * range` is
  // range / total, exactly: with e = reciprocal * total - 2^64 we have 0 <= e <= total, and the
  // product is range / total + range * e / (total * 2^64). For range <= 2^31 and
  // total < 2^16 the second term is below 1 / total, too little to reach the next
  // integer.
  std::uint64_t reciprocal;
  Share share[256];
  // The owner of each position. A direct table costs one pass over `total` bytes
  // per block and saves a search, with its mispredicted branches, per symbol.
  // Entries from `total` on are undefined.
  std::uint8_t owner[kMaxModelTotal + kOwnersPerStore];
};

// Builds the model from a block's statistics (plain, i.e. after decryption).
// kBadHeader if all are zero.
Status BuildSymbolModel(std::span<const std::uint8_t, 256> statistics, SymbolModel& model);

}  // namespace mef3

#endif  // MEF3_SYMBOL_MODEL_H_
