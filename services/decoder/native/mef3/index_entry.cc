#include "mef3/index_entry.h"

#include "mef3/byte_order.h"
#include "mef3/limits.h"
#include "mef3/red_block_header.h"
#include "mef3/stored_time.h"
#include "mef3/universal_header.h"

namespace mef3 {

Status ParseIndexEntry(std::span<const std::uint8_t, kIndexEntryBytes> bytes,
                       std::uint64_t data_bytes, IndexEntry& entry) {
  const auto offset = Field<std::int64_t>(bytes, 0);
  entry.file_offset = static_cast<std::uint64_t>(offset);
  entry.start_time = Field<std::int64_t>(bytes, 8);
  entry.number_of_samples = Field<std::uint32_t>(bytes, 24);
  entry.block_bytes = Field<std::uint32_t>(bytes, 28);
  entry.flags = bytes[44];

  if (entry.start_time == kNoTime) return Status::kBadHeader;
  if (entry.number_of_samples > kMaxBlockSamples) return Status::kLimitExceeded;
  if (entry.block_bytes < kRedHeaderBytes) return Status::kBadHeader;
  if (entry.block_bytes > kMaxBlockBytes) return Status::kLimitExceeded;
  if (offset < static_cast<std::int64_t>(kUniversalHeaderBytes)) return Status::kBadHeader;
  if (data_bytes < entry.block_bytes || entry.file_offset > data_bytes - entry.block_bytes) {
    return Status::kTruncated;
  }
  return Status::kOk;
}

}  // namespace mef3
