#ifndef MEF3_DAMAGE_H_
#define MEF3_DAMAGE_H_

#include <cstdint>

#include "mef3/status.h"

namespace mef3 {

// Why samples that should exist could not be had. The numbering is that of
// DAMAGE_REASONS in the contracts package: append-only.
enum class DamageReason : std::uint8_t {
  kBlockCrc = 0,
  kBlockCorrupt = 1,
  kBlockTruncated = 2,
  kBlockEncrypted = 3,
  kBlockUnreadable = 4,
  kIndexEntry = 5,
  kIndexTruncated = 6,
  kSegmentUnreadable = 7,
};

// Slots [first, end) of a channel's grid whose samples are lost.
struct DamagedSpan {
  std::int64_t first;
  std::int64_t end;
  DamageReason reason;
};

// What a refused block means to the one who wanted its samples.
constexpr DamageReason DamageOf(Status status) {
  switch (status) {
    case Status::kCrcMismatch: return DamageReason::kBlockCrc;
    case Status::kTruncated: return DamageReason::kBlockTruncated;
    case Status::kEncrypted: return DamageReason::kBlockEncrypted;
    case Status::kReadError: return DamageReason::kBlockUnreadable;
    default: return DamageReason::kBlockCorrupt;
  }
}

}  // namespace mef3

#endif  // MEF3_DAMAGE_H_
