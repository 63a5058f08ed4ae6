#ifndef MEF3_UNIVERSAL_HEADER_H_
#define MEF3_UNIVERSAL_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mef3/status.h"

namespace mef3 {

inline constexpr std::size_t kUniversalHeaderBytes = 1024;

// File types as the little-endian number of their four characters.
enum class FileType : std::uint32_t {
  kMetadata = 0x74656D74,     // tmet
  kIndex = 0x78646974,        // tidx
  kData = 0x74616474,         // tdat
  kRecordData = 0x74616472,   // rdat
  kRecordIndex = 0x78646972,  // ridx
};

// The fields of a universal header that a reader may rely on. Names, UUIDs and
// entry counts in it are informational and not read.
struct UniversalHeader {
  std::uint32_t body_crc;   // of all bytes after the header, as stored; 0 = not recorded
  std::int64_t start_time;  // stored form
  std::int64_t end_time;    // stored form, exclusive
  std::int32_t segment_number;
  std::array<std::uint8_t, 16> level_1_validation;  // all zero: no password is set
  std::array<std::uint8_t, 16> level_2_validation;
};

// Checks and reads the first 1024 bytes of a file.
//
// kTruncated, kBadHeader (another file type, or a MEF 3 header that is not one),
// kUnsupportedVersion (not MEF 3, or big-endian), kCrcMismatch.
Status ParseUniversalHeader(std::span<const std::uint8_t> file, FileType expected,
                            UniversalHeader& header);

// Whether the body matches the header's CRC; true when none was recorded.
bool BodyCrcMatches(std::span<const std::uint8_t> file, const UniversalHeader& header);

}  // namespace mef3

#endif  // MEF3_UNIVERSAL_HEADER_H_
