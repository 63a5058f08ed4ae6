#include "mef3/universal_header.h"

#include <algorithm>

#include "mef3/byte_order.h"
#include "mef3/crc32.h"

namespace mef3 {

Status ParseUniversalHeader(std::span<const std::uint8_t> file, FileType expected,
                            UniversalHeader& header) {
  if (file.size() < kUniversalHeaderBytes) return Status::kTruncated;
  const auto bytes = file.first(kUniversalHeaderBytes);
  if (Field<std::uint32_t>(bytes, 8) != static_cast<std::uint32_t>(expected)) {
    return Status::kBadHeader;
  }
  const std::uint8_t version_major = bytes[13];
  const std::uint8_t byte_order = bytes[15];
  if (version_major != 3 || byte_order != 1) return Status::kUnsupportedVersion;
  const auto crc = Field<std::uint32_t>(bytes, 0);
  if (crc != 0 && crc != Crc32(bytes.subspan(4))) return Status::kCrcMismatch;

  header.body_crc = Field<std::uint32_t>(bytes, 4);
  header.start_time = Field<std::int64_t>(bytes, 16);
  header.end_time = Field<std::int64_t>(bytes, 24);
  header.segment_number = Field<std::int32_t>(bytes, 48);
  std::copy_n(bytes.begin() + 868, 16, header.level_1_validation.begin());
  std::copy_n(bytes.begin() + 884, 16, header.level_2_validation.begin());
  return Status::kOk;
}

bool BodyCrcMatches(std::span<const std::uint8_t> file, const UniversalHeader& header) {
  if (header.body_crc == 0) return true;
  return header.body_crc == Crc32(file.subspan(kUniversalHeaderBytes));
}

}  // namespace mef3
