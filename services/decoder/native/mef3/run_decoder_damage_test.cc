// What RunDecoder makes of blocks that cannot be had.

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "mef3/run_decoder.h"
#include "mef3/sample_conversion.h"
#include "testing/run_harness.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Decode;
using test::RunResult;
using test::Samples;
using test::TestChannel;
using test::TestSegment;
using test::TestTiles;

constexpr std::int64_t kStart = 1577836800000000;
constexpr double kRate = 1000.0;
constexpr std::int64_t At(std::int64_t slot) { return kStart + 1000 * slot; }

using Spans = std::vector<std::tuple<std::int64_t, std::int64_t, DamageReason>>;

Spans Damage(const RunOutcome& outcome) {
  Spans spans;
  for (const DamagedSpan& span : outcome.damage) {
    spans.emplace_back(span.first, span.end, span.reason);
  }
  return spans;
}

// Five blocks of 100 slots, each holding its own number.
TestSegment FiveBlocks() {
  TestSegment segment;
  segment.start_time = kStart;
  for (std::int64_t i = 0; i < 5; ++i) {
    segment.files.AddBlock(At(100 * i), Samples(100, static_cast<std::int32_t>(i)));
  }
  return segment;
}

// Every slot holds its block's number, but those of block `lost` hold nothing.
void ExpectAllButBlock(const TestTiles& tiles, std::int64_t lost) {
  for (std::int64_t slot = 0; slot < 500; ++slot) {
    ASSERT_EQ(tiles.Count(slot), slot / 100 == lost ? kNanCount : slot / 100) << slot;
  }
}

void ExpectBlockTwoLost(const TestSegment& segment, DamageReason reason) {
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 50, 10);
  const RunResult result = Decode(tiles);
  EXPECT_EQ(result.status, Status::kOk);
  EXPECT_EQ(Damage(result.outcome), (Spans{{200, 300, reason}}));
  EXPECT_EQ(result.statistics.samples_placed, 400U);
  ExpectAllButBlock(tiles, 2);
}

std::size_t OffsetOf(TestSegment& segment, std::size_t block) {
  return static_cast<std::size_t>(segment.files.rows()[block].file_offset);
}

TEST(RunDecoderDamage, NamesABlockWhoseCrcIsWrong) {
  TestSegment segment = FiveBlocks();
  segment.files.data()[OffsetOf(segment, 2) + 305] ^= 1;
  ExpectBlockTwoLost(segment, DamageReason::kBlockCrc);
}

TEST(RunDecoderDamage, NamesABlockThatContradictsItsIndexEntry) {
  TestSegment segment = FiveBlocks();
  segment.files.rows()[2].number_of_samples = 99;
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 500, 1);
  EXPECT_EQ(Damage(Decode(tiles).outcome), (Spans{{200, 299, DamageReason::kBlockCorrupt}}));
}

TEST(RunDecoderDamage, NamesACorruptStream) {
  TestSegment segment = FiveBlocks();
  const std::size_t at = OffsetOf(segment, 2);
  Bytes block(segment.files.data().begin() + static_cast<std::ptrdiff_t>(at),
              segment.files.data().begin() + static_cast<std::ptrdiff_t>(at + 312));
  test::Put(block, 28, 105U);
  test::FixCrc(block);
  std::copy(block.begin(), block.end(),
            segment.files.data().begin() + static_cast<std::ptrdiff_t>(at));
  ExpectBlockTwoLost(segment, DamageReason::kBlockCorrupt);
}

TEST(RunDecoderDamage, NamesADroppedIndexEntry) {
  TestSegment segment = FiveBlocks();
  segment.files.rows()[2].block_bytes = 0;
  ExpectBlockTwoLost(segment, DamageReason::kIndexEntry);
}

TEST(RunDecoderDamage, NamesABlockThatADataFileNoLongerHolds) {
  const TestSegment segment = FiveBlocks();
  TestChannel channel({segment}, kRate);
  // The file became shorter after its index was read: the last block is cut.
  const Bytes& data = segment.files.data();
  const test::MemorySource cut({data.data(), data.size() - 8});
  channel.sources[0] = &cut;
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 500, 1);
  const RunResult result = Decode(tiles);
  EXPECT_EQ(Damage(result.outcome), (Spans{{400, 500, DamageReason::kBlockTruncated}}));
  ExpectAllButBlock(tiles, 4);
}

TEST(RunDecoderDamage, NamesBlocksThatCannotBeRead) {
  class Refusing final : public ByteSource {
   public:
    Status Read(std::uint64_t, std::span<std::uint8_t>, std::size_t& n_read) const override {
      n_read = 0;
      return Status::kReadError;
    }
  };
  TestChannel channel({FiveBlocks()}, kRate);
  const Refusing refusing;
  const std::vector<const ByteSource*> no_sources;
  for (const ByteSource* source :
       {static_cast<const ByteSource*>(&refusing), static_cast<const ByteSource*>(nullptr)}) {
    channel.sources[0] = source;
    const TestTiles tiles(channel, SampleKind::kFloat32, 50, 100, 1);
    EXPECT_EQ(Damage(Decode(tiles).outcome), (Spans{{50, 150, DamageReason::kBlockUnreadable}}));
    EXPECT_TRUE(std::isnan(tiles.Value(50)));
  }
  TestTiles tiles(channel, SampleKind::kFloat32, 0, 500, 1);
  tiles.run.sources = no_sources;
  EXPECT_EQ(Damage(Decode(tiles).outcome), (Spans{{0, 500, DamageReason::kBlockUnreadable}}));
}

TEST(RunDecoderDamage, LeavesDamageOutsideTheRunAlone) {
  TestSegment segment = FiveBlocks();
  segment.files.data()[OffsetOf(segment, 2) + 305] ^= 1;
  segment.files.rows()[4].block_bytes = 0;
  const TestChannel channel({segment}, kRate);
  const TestTiles before(channel, SampleKind::kCounts, 0, 200, 1);
  EXPECT_TRUE(Decode(before).outcome.damage.empty());
  const TestTiles within(channel, SampleKind::kCounts, 250, 170, 1);
  EXPECT_EQ(Damage(Decode(within).outcome),
            (Spans{{250, 300, DamageReason::kBlockCrc}, {400, 420, DamageReason::kIndexEntry}}));
}

TEST(RunDecoderDamage, IsWhatALaterBlockThatIsDamagedMakesOfItsSlots) {
  // The block that would win is lost; the earlier one does not stand in for it.
  TestSegment segment;
  segment.start_time = kStart;
  segment.files.AddBlock(At(0), Samples(100, 1));
  segment.files.AddBlock(At(60), Samples(100, 2));
  segment.files.data()[OffsetOf(segment, 1) + 305] ^= 1;
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 160, 1);
  EXPECT_EQ(Damage(Decode(tiles).outcome), (Spans{{60, 160, DamageReason::kBlockCrc}}));
  EXPECT_EQ(tiles.Count(59), 1);
  EXPECT_EQ(tiles.Count(60), kNanCount);
}

TEST(RunDecoderDamage, DoesNotSpreadFromAnEarlierBlockToALaterOne) {
  TestSegment segment;
  segment.start_time = kStart;
  segment.files.AddBlock(At(0), Samples(100, 1));
  segment.files.AddBlock(At(60), Samples(100, 2));
  segment.files.data()[OffsetOf(segment, 0) + 305] ^= 1;
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 160, 1);
  EXPECT_EQ(Damage(Decode(tiles).outcome), (Spans{{0, 60, DamageReason::kBlockCrc}}));
  EXPECT_EQ(tiles.Count(60), 2);
}

TEST(RunDecoderDamage, JoinsNeighboursThatSayTheSame) {
  TestSegment segment = FiveBlocks();
  for (const std::size_t block : {1UL, 2UL, 4UL}) {
    segment.files.data()[OffsetOf(segment, block) + 305] ^= 1;
  }
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 500, 1);
  EXPECT_EQ(Damage(Decode(tiles).outcome),
            (Spans{{100, 300, DamageReason::kBlockCrc}, {400, 500, DamageReason::kBlockCrc}}));
}

// Vector B as the only block of a channel.
TestSegment EncryptedSegment(const Bytes& block) {
  TestSegment segment;
  segment.files.AddEncoded(test::kStartOfA, block, 20);
  return segment;
}

TEST(RunDecoderDamage, HandsOutTheCiphertextOfEncryptedStatistics) {
  for (const int level : {1, 2}) {
    const Bytes block = level == 1 ? test::BlockBLevel1() : test::BlockBLevel2();
    const TestChannel channel({EncryptedSegment(block)}, kRate);
    const TestTiles tiles(channel, SampleKind::kCounts, 0, 20, 1);
    const RunOutcome outcome = Decode(tiles).outcome;
    EXPECT_EQ(Damage(outcome), (Spans{{0, 20, DamageReason::kBlockEncrypted}}));
    ASSERT_EQ(outcome.encrypted.size(), 1U);
    EXPECT_EQ(outcome.encrypted[0].rank, 0U);
    EXPECT_EQ(outcome.encrypted[0].level, level);
    EXPECT_TRUE(std::equal(outcome.encrypted[0].ciphertext.begin(),
                           outcome.encrypted[0].ciphertext.end(), block.begin() + 48));
  }
}

TEST(RunDecoderDamage, IsNoneOnceTheStatisticsAreKnown) {
  const TestChannel channel({EncryptedSegment(test::BlockBLevel1())}, kRate);
  TestTiles tiles(channel, SampleKind::kCounts, 0, 20, 1);
  const std::vector<PlainStatistics> plain{{0, test::PlainStatisticsOfA()}, {7, {}}};
  tiles.run.plain_statistics = plain;
  const RunOutcome outcome = Decode(tiles).outcome;
  EXPECT_TRUE(outcome.damage.empty());
  EXPECT_TRUE(outcome.encrypted.empty());
  for (std::int64_t slot = 0; slot < 20; ++slot) {
    EXPECT_EQ(tiles.Count(slot), test::SamplesOfA()[static_cast<std::size_t>(slot)]);
  }
}

}  // namespace
}  // namespace mef3
