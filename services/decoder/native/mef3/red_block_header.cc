#include "mef3/red_block_header.h"

#include <cmath>

#include "mef3/byte_order.h"
#include "mef3/crc32.h"
#include "mef3/limits.h"

namespace mef3 {
namespace {

// A stream holds a keysample and then 1 to 5 bytes per sample; an empty block none.
bool StreamLengthIsPossible(const RedBlockHeader& header) {
  const std::uint64_t n = header.number_of_samples;
  const std::uint64_t d = header.difference_bytes;
  if (n == 0) return d == 0;
  return d >= n + 4 && d <= 5 * n;
}

// No coder makes a payload this much longer than the stream it codes.
bool BlockLengthIsPossible(const RedBlockHeader& header) {
  const std::uint64_t d = header.difference_bytes;
  return header.block_bytes <= kRedHeaderBytes + d + d / 8 + 64;
}

}  // namespace

Status ParseRedBlockHeader(std::span<const std::uint8_t> block, RedBlockHeader& header) {
  if (block.size() < kRedHeaderBytes) return Status::kTruncated;
  header.crc = Field<std::uint32_t>(block, 0);
  header.flags = block[4];
  header.lossy = {.scale_factor = Field<float>(block, 24),
                  .slope = Field<float>(block, 16),
                  .intercept = Field<float>(block, 20)};
  header.difference_bytes = Field<std::uint32_t>(block, 28);
  header.number_of_samples = Field<std::uint32_t>(block, 32);
  header.block_bytes = Field<std::uint32_t>(block, 36);
  header.start_time = Field<std::int64_t>(block, 40);

  constexpr std::uint8_t kBothLevels = kFlagLevel1Encrypted | kFlagLevel2Encrypted;
  if ((header.flags & kBothLevels) == kBothLevels) return Status::kBadHeader;
  if (header.block_bytes != block.size()) return Status::kBadHeader;
  if (header.number_of_samples > kMaxBlockSamples) return Status::kLimitExceeded;
  if (!StreamLengthIsPossible(header) || !BlockLengthIsPossible(header)) return Status::kBadHeader;
  if (header.number_of_samples > 0 && block.size() == kRedHeaderBytes) return Status::kTruncated;
  if (!std::isfinite(header.lossy.scale_factor) || !std::isfinite(header.lossy.slope) ||
      !std::isfinite(header.lossy.intercept)) {
    return Status::kBadHeader;
  }
  return Status::kOk;
}

bool BlockCrcMatches(std::span<const std::uint8_t> block, const RedBlockHeader& header) {
  return header.crc == 0 || header.crc == Crc32(block.subspan(4));
}

}  // namespace mef3
