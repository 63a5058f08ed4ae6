#ifndef MEF3_INDEX_ENTRY_H_
#define MEF3_INDEX_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "mef3/status.h"

namespace mef3 {

inline constexpr std::size_t kIndexEntryBytes = 56;

// One row of a `.tidx`: where a block lies and what it holds.
//
// The entry's start_sample is not read: writers disagree whether it counts from
// the segment's or the channel's start. Blocks are placed by time.
struct IndexEntry {
  std::uint64_t file_offset;  // from the start of the `.tdat`
  std::int64_t start_time;    // stored form
  std::uint32_t number_of_samples;
  std::uint32_t block_bytes;
  std::uint8_t flags;
};

// Reads an entry and checks it against the caps and the data file's size.
//
//   bytes       the 56 bytes of the entry
//   data_bytes  size of the `.tdat`
//
// kBadHeader when a field is impossible, kLimitExceeded when it passes a cap,
// kTruncated when the block lies beyond the data file. `entry` is filled in any
// case, so that the damage can be placed.
Status ParseIndexEntry(std::span<const std::uint8_t, kIndexEntryBytes> bytes,
                       std::uint64_t data_bytes, IndexEntry& entry);

}  // namespace mef3

#endif  // MEF3_INDEX_ENTRY_H_
