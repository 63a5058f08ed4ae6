#include "mef3/run_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "mef3/limits.h"
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

// Samples that say which slot they belong to.
Samples Numbered(std::int64_t first, std::size_t n) {
  Samples samples(n);
  for (std::size_t i = 0; i < n; ++i) {
    samples[i] = static_cast<std::int32_t>(first + static_cast<std::int64_t>(i));
  }
  return samples;
}

TestSegment SegmentAt(std::int64_t slot, double factor = 1.0) {
  TestSegment segment;
  segment.start_time = At(slot);
  segment.factor = factor;
  return segment;
}

// Three segments: blocks of 100 slots from 0 to 500, from 700 to 900, from 900.
std::vector<TestSegment> NumberedSegments() {
  std::vector<TestSegment> segments{SegmentAt(0, 0.5), SegmentAt(700, 0.25), SegmentAt(900, 0.25)};
  for (std::int64_t slot = 0; slot < 1000; slot += 100) {
    if (slot >= 500 && slot < 700) continue;
    TestSegment& segment = segments[slot < 500 ? 0 : slot < 900 ? 1 : 2];
    segment.files.AddBlock(At(slot), Numbered(slot, 100));
  }
  return segments;
}

bool IsCovered(std::int64_t slot) {
  return (slot >= 0 && slot < 500) || (slot >= 700 && slot < 1000);
}

TEST(RunDecoder, PutsEverySampleInItsSlotWhereverTilesBlocksAndSegmentsEnd) {
  const TestChannel channel(NumberedSegments(), kRate);
  for (const auto& [first, tile, n_tiles] :
       {std::tuple<std::int64_t, std::int64_t, std::size_t>{-200, 130, 11},
        {-1, 1, 3},
        {0, 1000, 1},
        {99, 2, 1},
        {480, 57, 5},
        {500, 200, 1},
        {899, 1, 2},
        {999, 10, 2},
        {1000, 10, 1},
        {-300, 100, 3},
        {0, 7, 200}}) {
    const TestTiles counts(channel, SampleKind::kCounts, first, tile, n_tiles);
    const TestTiles floats(channel, SampleKind::kFloat32, first, tile, n_tiles);
    ASSERT_EQ(Decode(counts).status, Status::kOk);
    ASSERT_EQ(Decode(floats).status, Status::kOk);
    for (std::int64_t slot = first; slot < counts.run.end_slot(); ++slot) {
      if (IsCovered(slot)) {
        const double factor = slot < 500 ? 0.5 : 0.25;
        ASSERT_EQ(counts.Count(slot), slot);
        ASSERT_EQ(floats.Value(slot), static_cast<float>(static_cast<double>(slot) * factor));
      } else {
        ASSERT_EQ(counts.Count(slot), kNanCount) << slot;
        ASSERT_TRUE(std::isnan(floats.Value(slot))) << slot;
      }
    }
  }
}

TEST(RunDecoder, ReportsTheFactorOfEverySpanOfCounts) {
  const TestChannel channel(NumberedSegments(), kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 100, 850, 1);
  const auto factors = Decode(tiles).outcome.factors;
  ASSERT_EQ(factors.size(), 2U);
  EXPECT_EQ(factors[0].first, 100);
  EXPECT_EQ(factors[0].end, 500);
  EXPECT_EQ(factors[0].factor, 0.5);
  EXPECT_EQ(factors[1].first, 700);
  EXPECT_EQ(factors[1].end, 950);
  EXPECT_EQ(factors[1].factor, 0.25);
}

TEST(RunDecoder, DropsSlotsBeforeTheChannelsStart) {
  TestSegment segment = SegmentAt(0);
  segment.files.AddBlock(At(-10), Numbered(-10, 30));
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, -20, 25, 2);
  const RunResult result = Decode(tiles);
  for (std::int64_t slot = -20; slot < 30; ++slot) {
    EXPECT_EQ(tiles.Count(slot), slot >= 0 && slot < 20 ? slot : kNanCount);
  }
  EXPECT_EQ(result.statistics.samples_placed, 20U);
}

TEST(RunDecoder, MakesTheNanCountNan) {
  TestSegment segment = SegmentAt(0, 2.0);
  segment.files.AddBlock(At(0), {1, kNanCount, 2147483647, -2147483647});
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kFloat32, 0, 4, 1);
  const RunResult result = Decode(tiles);
  EXPECT_TRUE(result.outcome.damage.empty());
  EXPECT_EQ(tiles.Value(0), 2.0F);
  EXPECT_TRUE(std::isnan(tiles.Value(1)));
  EXPECT_EQ(tiles.Value(2), 4294967294.0F);
  EXPECT_EQ(tiles.Value(3), -4294967294.0F);
}

TEST(RunDecoder, LetsTheLaterBlockInFileOrderWin) {
  // A whole block inside another, an overlap by one, and one earlier in the file
  // but later in time; the second segment's blocks come last of all.
  TestSegment first = SegmentAt(0);
  first.files.AddBlock(At(150), Samples(100, 1));
  first.files.AddBlock(At(0), Samples(151, 2));
  first.files.AddBlock(At(20), Samples(10, 3));
  TestSegment second = SegmentAt(240);
  second.files.AddBlock(At(240), Samples(20, 4));
  const TestChannel channel({first, second}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 64, 5);
  const RunResult result = Decode(tiles);
  for (std::int64_t slot = 0; slot < 320; ++slot) {
    std::int32_t expected = kNanCount;
    if (slot >= 150 && slot < 250) expected = 1;
    if (slot < 151) expected = 2;
    if (slot >= 20 && slot < 30) expected = 3;
    if (slot >= 240 && slot < 260) expected = 4;
    ASSERT_EQ(tiles.Count(slot), expected) << slot;
  }
  EXPECT_EQ(result.statistics.samples_placed, 260U);
  EXPECT_EQ(channel.index.n_overlapped(), 1 + 10 + 10);
}

TEST(RunDecoder, AgreesWithAPlacementSlotBySlot) {
  std::mt19937_64 random(81);
  for (int round = 0; round < 20 * test::kEffort; ++round) {
    TestSegment segment = SegmentAt(0);
    std::map<std::int64_t, std::int32_t> expected;
    const std::size_t n_blocks = 1 + random() % 15;
    for (std::size_t i = 0; i < n_blocks; ++i) {
      const auto slot = static_cast<std::int64_t>(random() % 900);
      const Samples samples = test::Rough(1 + random() % 300, random);
      segment.files.AddBlock(At(slot), samples);
      for (std::size_t k = 0; k < samples.size(); ++k) {
        expected[slot + static_cast<std::int64_t>(k)] = samples[k];
      }
    }
    const TestChannel channel({segment}, kRate);
    const auto first = static_cast<std::int64_t>(random() % 1000) - 100;
    const TestTiles tiles(channel, SampleKind::kCounts, first,
                          1 + static_cast<std::int64_t>(random() % 90), 1 + random() % 12);
    ASSERT_EQ(Decode(tiles).status, Status::kOk);
    for (std::int64_t slot = first; slot < tiles.run.end_slot(); ++slot) {
      const auto found = expected.find(slot);
      ASSERT_EQ(tiles.Count(slot), found == expected.end() ? kNanCount : found->second);
    }
  }
}

TEST(RunDecoder, DecodesRunsOfSeveralChannelsInOneCall) {
  const TestChannel one(NumberedSegments(), kRate);
  TestSegment segment = SegmentAt(0);
  segment.files.AddBlock(At(0), Samples(50, 9));
  segment.files.AddBlock(At(50), Samples(50, 8));
  segment.files.data()[1024 + 310] ^= 1;
  const TestChannel other({segment}, kRate);
  const TestTiles a(one, SampleKind::kCounts, 0, 500, 2);
  const TestTiles b(other, SampleKind::kFloat32, 0, 100, 1);
  const TestTiles c(one, SampleKind::kCounts, 900, 50, 3);
  const std::vector<TileRun> runs{a.run, b.run, c.run};
  std::vector<RunOutcome> outcomes(3);
  DecodeStatistics statistics;
  test::AlwaysContinue checkpoint;
  ResumePoints resume_points(1024);
  RunDecoder decoder(resume_points);
  ASSERT_EQ(decoder.Decode(runs, checkpoint, outcomes, statistics), Status::kOk);
  EXPECT_EQ(a.Count(499), 499);
  EXPECT_EQ(a.Count(500), kNanCount);
  EXPECT_TRUE(std::isnan(b.Value(0)));
  EXPECT_EQ(b.Value(50), 8.0F);
  EXPECT_EQ(c.Count(901), 901);
  EXPECT_TRUE(outcomes[0].damage.empty());
  EXPECT_EQ(outcomes[1].damage.size(), 1U);
  EXPECT_TRUE(outcomes[2].damage.empty());
}

TEST(RunDecoder, CountsWhatItDecodesAndPlaces) {
  const TestChannel channel(NumberedSegments(), kRate);
  const TestTiles whole(channel, SampleKind::kFloat32, 0, 100, 10);
  const DecodeStatistics all = Decode(whole).statistics;
  EXPECT_EQ(all.n_blocks, 8U);
  EXPECT_EQ(all.samples_decoded, 800U);
  EXPECT_EQ(all.samples_placed, 800U);
  const TestTiles part(channel, SampleKind::kFloat32, 150, 10, 1);
  const DecodeStatistics some = Decode(part).statistics;
  EXPECT_EQ(some.n_blocks, 1U);
  EXPECT_EQ(some.samples_placed, 10U);
  EXPECT_EQ(some.samples_decoded, 60U);
}

TEST(RunDecoder, ReadsNeighbouringBlocksOnce) {
  const TestChannel channel(NumberedSegments(), kRate);
  const TestTiles tiles(channel, SampleKind::kFloat32, 0, 1000, 1);
  std::size_t all_blocks = 0;
  for (const BlockEntry& entry : channel.index.entries()) all_blocks += entry.block_bytes;
  EXPECT_EQ(Decode(tiles).statistics.bytes_read, all_blocks);
}

TEST(RunDecoder, DecodesMoreThanOneBatch) {
  // Some 3 MB of blocks: every sample takes about four bytes.
  std::mt19937_64 random(82);
  TestSegment segment = SegmentAt(0);
  Samples all;
  for (int i = 0; i < 80; ++i) {
    const Samples samples = test::Uniform(10'000, random);
    segment.files.AddBlock(At(static_cast<std::int64_t>(all.size())), samples);
    all.insert(all.end(), samples.begin(), samples.end());
  }
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 8192, 98);
  test::ContinueTimes checkpoint(1000);
  ResumePoints resume_points(1024);
  RunDecoder decoder(resume_points);
  RunOutcome outcome;
  DecodeStatistics statistics;
  ASSERT_EQ(decoder.Decode({&tiles.run, 1}, checkpoint, {&outcome, 1}, statistics), Status::kOk);
  EXPECT_LE(checkpoint.n_left, 997);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(tiles.Count(static_cast<std::int64_t>(i)), all[i]);
  }
}

TEST(RunDecoder, StopsAtACheckpoint) {
  const TestChannel channel(NumberedSegments(), kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 1000, 1);
  test::ContinueTimes checkpoint(0);
  ResumePoints resume_points(1024);
  RunDecoder decoder(resume_points);
  RunOutcome outcome;
  DecodeStatistics statistics;
  EXPECT_EQ(decoder.Decode({&tiles.run, 1}, checkpoint, {&outcome, 1}, statistics),
            Status::kCancelled);
  EXPECT_EQ(statistics.n_blocks, 0U);
}

TEST(RunDecoder, AsksAgainAfterAFewMillionSamplesHoweverSmallTheirBlocks) {
  // Blocks of 312 bytes that each claim four million samples. The later in the
  // file, the earlier it starts, so that each gives its last slot.
  Bytes bomb = test::SmallBlock(0, 0, kMaxBlockSamples, kMaxBlockSamples + 4, {{0, 1}},
                                "00 00 00 00 00 00 00 00");
  TestSegment segment = SegmentAt(0);
  for (std::int64_t i = 4; i-- > 0;) {
    test::Put(bomb, 40, -At(i));
    test::FixCrc(bomb);
    segment.files.AddEncoded(At(i), bomb, kMaxBlockSamples);
  }
  const TestChannel channel({segment}, kRate);
  const TestTiles tiles(channel, SampleKind::kCounts, kMaxBlockSamples - 1, 4, 1);
  test::ContinueTimes checkpoint(1000);
  ResumePoints resume_points(1024);
  RunDecoder decoder(resume_points);
  RunOutcome outcome;
  DecodeStatistics statistics;
  ASSERT_EQ(decoder.Decode({&tiles.run, 1}, checkpoint, {&outcome, 1}, statistics), Status::kOk);
  EXPECT_EQ(statistics.samples_decoded, 4ULL * kMaxBlockSamples);
  EXPECT_EQ(checkpoint.n_left, 1000 - 4);
}

TEST(RunDecoder, ReadsAboutAMegabyteAtATimeHoweverTheBlocksLie) {
  class Measuring final : public ByteSource {
   public:
    explicit Measuring(const ByteSource& source) : source_(source) {}
    Status Read(std::uint64_t offset, std::span<std::uint8_t> bytes,
                std::size_t& n_read) const override {
      largest = std::max(largest, bytes.size());
      return source_.Read(offset, bytes, n_read);
    }
    mutable std::size_t largest = 0;

   private:
    const ByteSource& source_;
  };
  // Small blocks with room between them that is worth reading along.
  TestSegment segment = SegmentAt(0);
  for (std::int64_t i = 0; i < 300; ++i) {
    segment.files.AddBlock(At(10 * i), Numbered(10 * i, 10));
    segment.files.data().resize(segment.files.data().size() + 16'000);
  }
  TestChannel channel({segment}, kRate);
  const Measuring measuring(*channel.sources[0]);
  channel.sources[0] = &measuring;
  const TestTiles tiles(channel, SampleKind::kCounts, 0, 3000, 1);
  EXPECT_TRUE(Decode(tiles).outcome.damage.empty());
  EXPECT_LE(measuring.largest, 2U << 20);
  for (std::int64_t slot = 0; slot < 3000; ++slot) ASSERT_EQ(tiles.Count(slot), slot);
}

}  // namespace
}  // namespace mef3
