#include "mef3/universal_header.h"

#include <gtest/gtest.h>

#include <limits>

#include "testing/in_memory_recording.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::MakeFile;
using test::Put;

void FixHeaderCrc(Bytes& file) {
  Put(file, 0, test::ReferenceCrc(std::span<const std::uint8_t>(file).subspan(4, 1020)));
}

Bytes FileWithFields() {
  Bytes file = MakeFile("tmet", {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Put(file, 16, std::int64_t{-1577836800000000});
  Put(file, 24, std::int64_t{1577836807812500});
  Put(file, 48, std::int32_t{-2});
  for (std::size_t i = 0; i < 16; ++i) {
    file[868 + i] = static_cast<std::uint8_t>(0x10 + i);
    file[884 + i] = static_cast<std::uint8_t>(0x20 + i);
  }
  FixHeaderCrc(file);
  return file;
}

TEST(ParseUniversalHeader, ReadsTheFieldsAtTheirOffsets) {
  const Bytes file = FileWithFields();
  UniversalHeader header;
  ASSERT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kOk);
  EXPECT_EQ(header.start_time, -1577836800000000);
  EXPECT_EQ(header.end_time, 1577836807812500);
  EXPECT_EQ(header.segment_number, -2);
  EXPECT_EQ(header.body_crc, test::ReferenceCrc(std::span(file).subspan(1024)));
  EXPECT_EQ(header.level_1_validation[0], 0x10);
  EXPECT_EQ(header.level_1_validation[15], 0x1F);
  EXPECT_EQ(header.level_2_validation[0], 0x20);
  EXPECT_EQ(header.level_2_validation[15], 0x2F);
}

TEST(ParseUniversalHeader, KnowsEveryFileType) {
  UniversalHeader header;
  EXPECT_EQ(ParseUniversalHeader(MakeFile("tmet", {}), FileType::kMetadata, header), Status::kOk);
  EXPECT_EQ(ParseUniversalHeader(MakeFile("tidx", {}), FileType::kIndex, header), Status::kOk);
  EXPECT_EQ(ParseUniversalHeader(MakeFile("tdat", {}), FileType::kData, header), Status::kOk);
  EXPECT_EQ(ParseUniversalHeader(MakeFile("rdat", {}), FileType::kRecordData, header), Status::kOk);
  EXPECT_EQ(ParseUniversalHeader(MakeFile("ridx", {}), FileType::kRecordIndex, header),
            Status::kOk);
  EXPECT_EQ(ParseUniversalHeader(MakeFile("tdat", {}), FileType::kIndex, header),
            Status::kBadHeader);
}

TEST(ParseUniversalHeader, RefusesEveryShorterFile) {
  const Bytes file = FileWithFields();
  UniversalHeader header;
  for (const std::size_t size : {0UL, 1UL, 16UL, 1023UL}) {
    EXPECT_EQ(ParseUniversalHeader(std::span(file).first(size), FileType::kMetadata, header),
              Status::kTruncated);
  }
}

TEST(ParseUniversalHeader, RefusesOtherVersionsAndByteOrders) {
  UniversalHeader header;
  for (const auto& [offset, value] : {std::pair{13, 2}, {13, 4}, {13, 0xFF}, {15, 0}, {15, 0xFF}}) {
    Bytes file = FileWithFields();
    file[static_cast<std::size_t>(offset)] = static_cast<std::uint8_t>(value);
    FixHeaderCrc(file);
    EXPECT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kUnsupportedVersion);
  }
}

TEST(ParseUniversalHeader, AcceptsAnyMinorVersion) {
  Bytes file = FileWithFields();
  file[14] = 7;
  FixHeaderCrc(file);
  UniversalHeader header;
  EXPECT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kOk);
}

TEST(ParseUniversalHeader, SeesAFlippedBitAnywhereUnderItsCrc) {
  UniversalHeader header;
  for (const std::size_t at : {0UL, 3UL, 4UL, 16UL, 48UL, 52UL, 600UL, 868UL, 1023UL}) {
    Bytes file = FileWithFields();
    file[at] ^= 0x40;
    EXPECT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kCrcMismatch) << at;
  }
}

TEST(ParseUniversalHeader, TakesACrcOfZeroForNotRecorded) {
  Bytes file = FileWithFields();
  Put(file, 0, 0U);
  file[600] ^= 1;
  UniversalHeader header;
  EXPECT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kOk);
}

TEST(BodyCrcMatches, CoversTheBodyToItsLastByte) {
  Bytes file = FileWithFields();
  UniversalHeader header;
  ASSERT_EQ(ParseUniversalHeader(file, FileType::kMetadata, header), Status::kOk);
  EXPECT_TRUE(BodyCrcMatches(file, header));
  file.back() ^= 1;
  EXPECT_FALSE(BodyCrcMatches(file, header));
  header.body_crc = 0;
  EXPECT_TRUE(BodyCrcMatches(file, header));
}

}  // namespace
}  // namespace mef3
