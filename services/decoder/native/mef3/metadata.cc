#include "mef3/metadata.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mef3/byte_order.h"
#include "mef3/limits.h"

namespace mef3 {
namespace {

// Text of a fixed field: up to the first NUL or the field's end.
std::string Text(std::span<const std::uint8_t> section, std::size_t offset, std::size_t size) {
  const auto field = section.subspan(offset, size);
  return {field.begin(), std::find(field.begin(), field.end(), std::uint8_t{0})};
}

bool IsLevelCode(std::int8_t code) { return code == -128 || (code >= -2 && code <= 2); }

int LevelOf(std::int8_t code) { return code > 0 ? code : 0; }

}  // namespace

Status ParseSectionLevels(std::span<const std::uint8_t> file, SectionLevels& levels) {
  if (file.size() < kMetadataFileBytes) return Status::kTruncated;
  const auto section_2 = Field<std::int8_t>(file, 1024);
  const auto section_3 = Field<std::int8_t>(file, 1025);
  if (!IsLevelCode(section_2) || !IsLevelCode(section_3)) return Status::kBadHeader;
  levels = {LevelOf(section_2), LevelOf(section_3)};
  return Status::kOk;
}

Status ParseSection2(std::span<const std::uint8_t> plain, Section2& section) {
  if (plain.size() < kSection2Bytes) return Status::kTruncated;
  const auto rate = Field<double>(plain, 6160);
  // Written so that NaN fails, too.
  if (!(rate >= kMinSamplingRate && rate <= kMaxSamplingRate)) return Status::kBadHeader;
  const auto factor = Field<double>(plain, 6200);
  section.sampling_frequency = rate;
  section.low_frequency_filter = Field<double>(plain, 6168);
  section.high_frequency_filter = Field<double>(plain, 6176);
  section.notch_filter = Field<double>(plain, 6184);
  section.ac_line_frequency = Field<double>(plain, 6192);
  // Zero is the format's "no entry", and the specification presumes 1 then.
  section.units_known = std::isfinite(factor) && factor != 0.0;
  section.units_conversion_factor = section.units_known ? factor : 1.0;
  section.number_of_samples = Field<std::int64_t>(plain, 6360);
  section.number_of_blocks = Field<std::int64_t>(plain, 6368);
  section.units_description = section.units_known ? Text(plain, 6208, 128) : std::string{};
  section.channel_description = Text(plain, 0, 2048);
  section.session_description = Text(plain, 2048, 2048);
  return Status::kOk;
}

Status ParseSection3(std::span<const std::uint8_t> plain, Section3& section) {
  if (plain.size() < kSection3Bytes) return Status::kTruncated;
  auto offset = Field<std::int64_t>(plain, 0);
  if (offset == std::numeric_limits<std::int64_t>::min()) offset = 0;
  if (offset > kMaxTime || offset < -kMaxTime) return Status::kBadHeader;
  section.recording_time_offset = offset;
  const auto gmt_offset = Field<std::int32_t>(plain, 24);
  const bool known = gmt_offset >= -86400 && gmt_offset <= 86400;
  section.gmt_offset = known ? std::optional{gmt_offset} : std::nullopt;
  section.subject_name_1 = Text(plain, 28, 128);
  section.subject_name_2 = Text(plain, 156, 128);
  section.subject_id = Text(plain, 284, 128);
  section.recording_location = Text(plain, 412, 512);
  return Status::kOk;
}

}  // namespace mef3
