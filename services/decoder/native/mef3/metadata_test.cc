#include "mef3/metadata.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Put;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void PutText(Bytes& bytes, std::size_t offset, const char* text) {
  std::memcpy(bytes.data() + offset, text, std::strlen(text));
}

// Offsets from the start of the file, as the document's tables give them.
Bytes MetadataFile() {
  Bytes file(16384, 0);
  file[1024] = 0xFF;
  file[1025] = 0xFE;
  PutText(file, 2560, "left hippocampus");
  PutText(file, 4608, "night two");
  Put(file, 8720, 399.5);
  Put(file, 8728, 0.1);
  Put(file, 8736, 120.0);
  Put(file, 8744, 50.0);
  Put(file, 8752, 60.0);
  Put(file, 8760, -0.0488);
  PutText(file, 8768, "uV");
  Put(file, 8920, std::int64_t{123456});
  Put(file, 8928, std::int64_t{12});
  Put(file, 13312, std::int64_t{1577818800000000});
  Put(file, 13336, std::int32_t{-18000});
  PutText(file, 13340, "first");
  PutText(file, 13468, "last");
  PutText(file, 13596, "id 7");
  PutText(file, 13724, "somewhere");
  return file;
}

std::span<const std::uint8_t> Section2Of(const Bytes& file) {
  return std::span(file).subspan(2560, 10752);
}

std::span<const std::uint8_t> Section3Of(const Bytes& file) {
  return std::span(file).subspan(13312, 3072);
}

TEST(Metadata, SectionsFillTheFile) {
  EXPECT_EQ(kMetadataFileBytes, 16384U);
  EXPECT_EQ(kSection2Offset, 2560U);
  EXPECT_EQ(kSection2Offset + kSection2Bytes, kSection3Offset);
  EXPECT_EQ(kSection3Offset + kSection3Bytes, kMetadataFileBytes);
}

TEST(ParseSectionLevels, TakesOnlyOneAndTwoForCiphertext) {
  Bytes file = MetadataFile();
  SectionLevels levels;
  for (const int code : {-128, -2, -1, 0, 1, 2}) {
    file[1024] = static_cast<std::uint8_t>(code);
    file[1025] = static_cast<std::uint8_t>(code);
    ASSERT_EQ(ParseSectionLevels(file, levels), Status::kOk) << code;
    EXPECT_EQ(levels.section_2, code > 0 ? code : 0);
    EXPECT_EQ(levels.section_3, code > 0 ? code : 0);
  }
}

TEST(ParseSectionLevels, ReadsTheSectionsSeparately) {
  Bytes file = MetadataFile();
  file[1024] = 1;
  SectionLevels levels;
  ASSERT_EQ(ParseSectionLevels(file, levels), Status::kOk);
  EXPECT_EQ(levels.section_2, 1);
  EXPECT_EQ(levels.section_3, 0);
}

TEST(ParseSectionLevels, RefusesUnknownCodesAndShortFiles) {
  SectionLevels levels;
  for (const int code : {-127, -3, 3, 127}) {
    for (const std::size_t at : {1024UL, 1025UL}) {
      Bytes file = MetadataFile();
      file[at] = static_cast<std::uint8_t>(code);
      EXPECT_EQ(ParseSectionLevels(file, levels), Status::kBadHeader) << code;
    }
  }
  const Bytes file = MetadataFile();
  EXPECT_EQ(ParseSectionLevels(std::span(file).first(16383), levels), Status::kTruncated);
}

TEST(ParseSection2, ReadsTheFieldsAtTheirOffsets) {
  const Bytes file = MetadataFile();
  Section2 section;
  ASSERT_EQ(ParseSection2(Section2Of(file), section), Status::kOk);
  EXPECT_EQ(section.sampling_frequency, 399.5);
  EXPECT_EQ(section.low_frequency_filter, 0.1);
  EXPECT_EQ(section.high_frequency_filter, 120.0);
  EXPECT_EQ(section.notch_filter, 50.0);
  EXPECT_EQ(section.ac_line_frequency, 60.0);
  EXPECT_EQ(section.units_conversion_factor, -0.0488);
  EXPECT_TRUE(section.units_known);
  EXPECT_EQ(section.number_of_samples, 123456);
  EXPECT_EQ(section.number_of_blocks, 12);
  EXPECT_EQ(section.units_description, "uV");
  EXPECT_EQ(section.channel_description, "left hippocampus");
  EXPECT_EQ(section.session_description, "night two");
}

TEST(ParseSection2, AcceptsSamplingRatesWithinTheCapsOnly) {
  Section2 section;
  for (const double rate : {1e-4, 255.99966850705994, 1e7}) {
    Bytes file = MetadataFile();
    Put(file, 8720, rate);
    EXPECT_EQ(ParseSection2(Section2Of(file), section), Status::kOk) << rate;
  }
  for (const double rate : {-1.0, 0.0, -256.0, 9.9e-5, 1.0000001e7, kInfinity, -kInfinity, kNan}) {
    Bytes file = MetadataFile();
    Put(file, 8720, rate);
    EXPECT_EQ(ParseSection2(Section2Of(file), section), Status::kBadHeader) << rate;
  }
}

TEST(ParseSection2, PresumesOneWhereTheFactorIsUnusable) {
  for (const double factor : {0.0, -0.0, kInfinity, -kInfinity, kNan}) {
    Bytes file = MetadataFile();
    Put(file, 8760, factor);
    Section2 section;
    ASSERT_EQ(ParseSection2(Section2Of(file), section), Status::kOk);
    EXPECT_EQ(section.units_conversion_factor, 1.0);
    EXPECT_FALSE(section.units_known);
  }
}

TEST(ParseSection2, ReadsTextThatFillsItsField) {
  Bytes file = MetadataFile();
  std::fill_n(file.begin() + 8768, 128, std::uint8_t{'x'});
  Section2 section;
  ASSERT_EQ(ParseSection2(Section2Of(file), section), Status::kOk);
  EXPECT_EQ(section.units_description, std::string(128, 'x'));
}

TEST(ParseSection2, RefusesAShortSection) {
  const Bytes file = MetadataFile();
  Section2 section;
  EXPECT_EQ(ParseSection2(Section2Of(file).first(10751), section), Status::kTruncated);
}

TEST(ParseSection3, ReadsTheFieldsAtTheirOffsets) {
  const Bytes file = MetadataFile();
  Section3 section;
  ASSERT_EQ(ParseSection3(Section3Of(file), section), Status::kOk);
  EXPECT_EQ(section.recording_time_offset, 1577818800000000);
  EXPECT_EQ(section.gmt_offset, -18000);
  EXPECT_EQ(section.subject_name_1, "first");
  EXPECT_EQ(section.subject_name_2, "last");
  EXPECT_EQ(section.subject_id, "id 7");
  EXPECT_EQ(section.recording_location, "somewhere");
}

TEST(ParseSection3, TakesNoEntryForNoOffset) {
  Bytes file = MetadataFile();
  Put(file, 13312, std::numeric_limits<std::int64_t>::min());
  Section3 section;
  ASSERT_EQ(ParseSection3(Section3Of(file), section), Status::kOk);
  EXPECT_EQ(section.recording_time_offset, 0);
}

TEST(ParseSection3, BoundsTheOffset) {
  constexpr std::int64_t kBound = std::int64_t{1} << 53;
  Section3 section;
  for (const std::int64_t offset : {kBound, -kBound}) {
    Bytes file = MetadataFile();
    Put(file, 13312, offset);
    EXPECT_EQ(ParseSection3(Section3Of(file), section), Status::kOk);
  }
  for (const std::int64_t offset :
       {kBound + 1, -kBound - 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min() + 1}) {
    Bytes file = MetadataFile();
    Put(file, 13312, offset);
    EXPECT_EQ(ParseSection3(Section3Of(file), section), Status::kBadHeader);
  }
}

TEST(ParseSection3, DoesNotKnowImpossibleTimeZones) {
  for (const std::int32_t gmt : {-86401, 86401, std::numeric_limits<std::int32_t>::min()}) {
    Bytes file = MetadataFile();
    Put(file, 13336, gmt);
    Section3 section;
    ASSERT_EQ(ParseSection3(Section3Of(file), section), Status::kOk);
    EXPECT_EQ(section.gmt_offset, std::nullopt);
  }
}

TEST(ParseSection3, RefusesAShortSection) {
  const Bytes file = MetadataFile();
  Section3 section;
  EXPECT_EQ(ParseSection3(Section3Of(file).first(3071), section), Status::kTruncated);
}

}  // namespace
}  // namespace mef3
