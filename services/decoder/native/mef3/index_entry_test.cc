#include "mef3/index_entry.h"

#include <gtest/gtest.h>

#include <limits>

#include "testing/in_memory_recording.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::IndexRow;
using test::IndexRowBytes;

constexpr std::uint64_t kDataBytes = 1024 + 6608;

std::span<const std::uint8_t, 56> View(const Bytes& bytes) { return std::span(bytes).first<56>(); }

// A row that is right, to be spoilt.
IndexRow GoodRow() { return {1024, -1577836800000000, 2000, 6608}; }

Status Parse(const IndexRow& row, std::uint64_t data_bytes = kDataBytes) {
  IndexEntry entry;
  return ParseIndexEntry(View(IndexRowBytes(row)), data_bytes, entry);
}

TEST(ParseIndexEntry, ReadsTheDocumentsExample) {
  const Bytes bytes = test::Hex(
      "00 04 00 00 00 00 00 00 00 c0 05 3e f7 64 fa ff"
      "00 00 00 00 00 00 00 00 d0 07 00 00 d0 19 00 00"
      "17 0b 01 00 7d ea fe ff 00 00 00 00 01 00 00 00"
      "00 00 00 00 00 00 00 00");
  IndexEntry entry;
  ASSERT_EQ(ParseIndexEntry(View(bytes), kDataBytes, entry), Status::kOk);
  EXPECT_EQ(entry.file_offset, 1024U);
  EXPECT_EQ(entry.start_time, -1577836800000000);
  EXPECT_EQ(entry.number_of_samples, 2000U);
  EXPECT_EQ(entry.block_bytes, 6608U);
  EXPECT_EQ(entry.flags, 1);
}

TEST(ParseIndexEntry, AcceptsTheLastPlaceInTheDataFile) {
  EXPECT_EQ(Parse(GoodRow()), Status::kOk);
  EXPECT_EQ(Parse(GoodRow(), kDataBytes - 1), Status::kTruncated);
}

TEST(ParseIndexEntry, RefusesOffsetsOutsideTheBlocks) {
  for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{1023}, std::int64_t{-1},
                                    std::numeric_limits<std::int64_t>::min()}) {
    IndexRow row = GoodRow();
    row.file_offset = offset;
    EXPECT_EQ(Parse(row), Status::kBadHeader) << offset;
  }
  for (const std::int64_t offset : {std::int64_t{1032}, std::numeric_limits<std::int64_t>::max(),
                                    std::numeric_limits<std::int64_t>::max() - 6608}) {
    IndexRow row = GoodRow();
    row.file_offset = offset;
    EXPECT_EQ(Parse(row), Status::kTruncated) << offset;
  }
}

TEST(ParseIndexEntry, BoundsTheBlockLength) {
  IndexRow row = GoodRow();
  row.block_bytes = 303;
  EXPECT_EQ(Parse(row), Status::kBadHeader);
  row.block_bytes = 304;
  EXPECT_EQ(Parse(row), Status::kOk);
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 40;
  row.block_bytes = 32U << 20;
  EXPECT_EQ(Parse(row, kHuge), Status::kOk);
  row.block_bytes = (32U << 20) + 1;
  EXPECT_EQ(Parse(row, kHuge), Status::kLimitExceeded);
  row.block_bytes = 0xFFFFFFFF;
  EXPECT_EQ(Parse(row, kHuge), Status::kLimitExceeded);
}

TEST(ParseIndexEntry, BoundsTheSampleCount) {
  IndexRow row = GoodRow();
  row.number_of_samples = 1U << 22;
  EXPECT_EQ(Parse(row), Status::kOk);
  row.number_of_samples = (1U << 22) + 1;
  EXPECT_EQ(Parse(row), Status::kLimitExceeded);
  row.number_of_samples = 0xFFFFFFFF;
  EXPECT_EQ(Parse(row), Status::kLimitExceeded);
}

TEST(ParseIndexEntry, RefusesAnEntryWithoutATime) {
  IndexRow row = GoodRow();
  row.stored_time = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Parse(row), Status::kBadHeader);
}

TEST(ParseIndexEntry, NeedsRoomForAHeaderInTheDataFile) {
  IndexRow row = GoodRow();
  row.block_bytes = 304;
  EXPECT_EQ(Parse(row, 0), Status::kTruncated);
  EXPECT_EQ(Parse(row, 303), Status::kTruncated);
}

TEST(ParseIndexEntry, FillsARefusedEntryToo) {
  IndexRow row = GoodRow();
  row.block_bytes = 0;
  IndexEntry entry;
  EXPECT_EQ(ParseIndexEntry(View(IndexRowBytes(row)), kDataBytes, entry), Status::kBadHeader);
  EXPECT_EQ(entry.start_time, -1577836800000000);
  EXPECT_EQ(entry.number_of_samples, 2000U);
}

}  // namespace
}  // namespace mef3
