#ifndef MEF3_METADATA_H_
#define MEF3_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mef3/status.h"

namespace mef3 {

inline constexpr std::size_t kMetadataFileBytes = 16384;
inline constexpr std::size_t kSection2Offset = 2560;
inline constexpr std::size_t kSection2Bytes = 10752;
inline constexpr std::size_t kSection3Offset = 13312;
inline constexpr std::size_t kSection3Bytes = 3072;

// At which level a section's bytes are ciphertext; 0 when they are plain.
struct SectionLevels {
  int section_2;
  int section_3;
};

// Reads section 1 of a `.tmet` file of at least kMetadataFileBytes.
// kTruncated; kBadHeader for a code the format does not know.
Status ParseSectionLevels(std::span<const std::uint8_t> file, SectionLevels& levels);

// Technical metadata of a segment. Extrema, discontinuity counts and the like
// are not read: known writers fill them with something else.
struct Section2 {
  double sampling_frequency;       // Hz
  double low_frequency_filter;     // Hz, -1 unknown
  double high_frequency_filter;    // Hz, -1 unknown
  double notch_filter;             // Hz, -1 unknown
  double ac_line_frequency;        // Hz, -1 unknown
  double units_conversion_factor;  // native units per count; never 0 or non-finite
  bool units_known;                // false when the file has no usable factor
  std::int64_t number_of_samples;  // stored in the segment, -1 unknown; a hint
  std::int64_t number_of_blocks;   // -1 unknown; a hint
  std::string units_description;   // e.g. uV
  std::string channel_description;
  std::string session_description;
};

// Parses section 2 from its plain bytes. kTruncated; kBadHeader when the
// sampling frequency is not finite and within [1e-4, 1e7].
Status ParseSection2(std::span<const std::uint8_t> plain, Section2& section);

// Who was recorded, and when. Identifies a person: do not log.
struct Section3 {
  std::int64_t recording_time_offset;      // µs, 0 when the file has none
  std::optional<std::int32_t> gmt_offset;  // seconds east of GMT
  std::string subject_name_1;
  std::string subject_name_2;
  std::string subject_id;
  std::string recording_location;
};

// Parses section 3 from its plain bytes. kTruncated; kBadHeader when the
// recording time offset is beyond ±2^53.
Status ParseSection3(std::span<const std::uint8_t> plain, Section3& section);

}  // namespace mef3

#endif  // MEF3_METADATA_H_
