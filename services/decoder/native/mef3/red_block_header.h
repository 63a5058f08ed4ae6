#ifndef MEF3_RED_BLOCK_HEADER_H_
#define MEF3_RED_BLOCK_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mef3/lossy.h"
#include "mef3/status.h"

namespace mef3 {

inline constexpr std::size_t kRedHeaderBytes = 304;
inline constexpr std::size_t kStatisticsOffset = 48;
// Encryption covers this many of the 256 statistics bytes.
inline constexpr std::size_t kEncryptedStatisticsBytes = 16;

inline constexpr std::uint8_t kFlagDiscontinuity = 1U << 0;
inline constexpr std::uint8_t kFlagLevel1Encrypted = 1U << 1;
inline constexpr std::uint8_t kFlagLevel2Encrypted = 1U << 2;

// The header of one RED block.
struct RedBlockHeader {
  std::uint32_t crc;  // 0: not recorded
  std::uint8_t flags;
  LossyParameters lossy;
  // Symbols in the difference stream, plus one for its uncoded leading flag.
  std::uint32_t difference_bytes;
  std::uint32_t number_of_samples;
  std::uint32_t block_bytes;
  std::int64_t start_time;  // stored form

  // At which level the statistics are encrypted; 0 when they are plain.
  int EncryptionLevel() const {
    if ((flags & kFlagLevel1Encrypted) != 0) return 1;
    return (flags & kFlagLevel2Encrypted) != 0 ? 2 : 0;
  }
};

// Reads and checks a header against the caps and against itself.
//
//   block  the whole block as the index gives it; its size must be block_bytes
//
// kTruncated, kBadHeader, kLimitExceeded.
Status ParseRedBlockHeader(std::span<const std::uint8_t> block, RedBlockHeader& header);

// Whether the bytes match the header's CRC; true when none was recorded.
bool BlockCrcMatches(std::span<const std::uint8_t> block, const RedBlockHeader& header);

}  // namespace mef3

#endif  // MEF3_RED_BLOCK_HEADER_H_
