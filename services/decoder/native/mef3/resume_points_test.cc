#include "mef3/resume_points.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mef3/block_decoder.h"
#include "mef3/red_encoder.h"
#include "mef3/run_decoder.h"
#include "testing/collecting_sink.h"
#include "testing/run_harness.h"
#include "testing/signals.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Decoded;
using test::Samples;

ResumePoint PointAt(std::uint32_t next_sample) { return {.next_sample = next_sample}; }

TEST(ResumePoints, FindsThePointOfABlock) {
  ResumePoints points(4);
  points.Put({1, 7}, PointAt(100));
  ASSERT_TRUE(points.Find({1, 7}, 100).has_value());
  EXPECT_EQ(points.Find({1, 7}, 100)->next_sample, 100U);
  EXPECT_FALSE(points.Find({2, 7}, 100).has_value());
  EXPECT_FALSE(points.Find({1, 8}, 100).has_value());
}

TEST(ResumePoints, HidesAPointBeyondWhatIsWanted) {
  ResumePoints points(4);
  points.Put({1, 7}, PointAt(100));
  EXPECT_FALSE(points.Find({1, 7}, 99).has_value());
}

TEST(ResumePoints, KeepsTheLatestPoint) {
  ResumePoints points(4);
  points.Put({1, 7}, PointAt(100));
  points.Put({1, 7}, PointAt(50));
  EXPECT_EQ(points.Find({1, 7}, 60)->next_sample, 50U);
}

TEST(ResumePoints, ForgetsWhatWasTouchedLongestAgo) {
  ResumePoints points(2);
  points.Put({1, 1}, PointAt(1));
  points.Put({1, 2}, PointAt(1));
  ASSERT_TRUE(points.Find({1, 1}, 1).has_value());
  points.Put({1, 3}, PointAt(1));
  EXPECT_TRUE(points.Find({1, 1}, 1).has_value());
  EXPECT_FALSE(points.Find({1, 2}, 1).has_value());
  EXPECT_TRUE(points.Find({1, 3}, 1).has_value());
}

// Decodes a block in as many calls as there are cuts, each taking up where the
// one before stopped.
Samples DecodeInPieces(const Bytes& block, const std::vector<std::uint32_t>& cuts) {
  BlockDecoder decoder;
  Samples joined;
  std::optional<ResumePoint> point;
  for (const std::uint32_t cut : cuts) {
    // What a call gives may reach beyond what was wanted of it.
    if (cut <= joined.size()) continue;
    BlockRequest request = test::RequestFor(block);
    request.wanted = cut;
    request.resume = point;
    const Decoded piece = test::DecodeAll(decoder, {request}).front();
    EXPECT_EQ(piece.status, Status::kOk);
    EXPECT_EQ(piece.first, joined.size()) << "samples are given twice or left out";
    joined.insert(joined.end(), piece.samples.begin(), piece.samples.end());
    point = piece.stopped;
    if (!point) break;
    EXPECT_EQ(point->next_sample, joined.size());
  }
  return joined;
}

TEST(BlockDecoder, TakesABlockUpWhereItStopped) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const std::size_t n = 1 + random() % 5000;
    const Samples samples = test::AnySignal(n, random);
    const Bytes block = EncodeRedBlock(samples, 0, false);
    std::vector<std::uint32_t> cuts;
    for (std::uint32_t cut = 0; cut < n;) {
      cut = std::min<std::uint32_t>(static_cast<std::uint32_t>(n),
                                    cut + 1 + static_cast<std::uint32_t>(random() % 700));
      cuts.push_back(cut);
    }
    ASSERT_EQ(DecodeInPieces(block, cuts), samples);
  }
}

TEST(BlockDecoder, TakesABlockUpAfterPiecesThatFillItsBuffers) {
  // Far more than a thousand symbols per call, so that the block's end is copied
  // again and again before decoding stops within it.
  std::mt19937_64 random(12);
  for (int round = 0; round < 20 * test::kEffort; ++round) {
    const std::size_t n = 4000 + random() % 4000;
    const Samples samples = test::RandomWalk(n, 5.0, random);
    const Bytes block = EncodeRedBlock(samples, 0, false);
    const auto cut = static_cast<std::uint32_t>(n - 1 - random() % 1500);
    ASSERT_EQ(DecodeInPieces(block, {cut, static_cast<std::uint32_t>(n)}), samples);
  }
}

TEST(BlockDecoder, IgnoresAResumePointOfAnotherBlock) {
  const Bytes one = EncodeRedBlock(Samples(3000, 7), 0, false);
  const Bytes other = EncodeRedBlock(Samples(3000, 8), 0, false);
  BlockDecoder decoder;
  BlockRequest request = test::RequestFor(one);
  request.wanted = 1500;
  const auto point = test::DecodeAll(decoder, {request}).front().stopped;
  ASSERT_TRUE(point.has_value());
  request = test::RequestFor(other);
  request.resume = point;
  EXPECT_EQ(test::DecodeAll(decoder, {request}).front().samples, Samples(3000, 8));
}

TEST(BlockDecoder, NeitherStopsNorResumesWithoutACrc) {
  Bytes block = EncodeRedBlock(Samples(3000, 7), 0, false);
  std::fill_n(block.begin(), 4, std::uint8_t{0});
  BlockDecoder decoder;
  BlockRequest request = test::RequestFor(block);
  request.wanted = 10;
  const Decoded decoded = test::DecodeAll(decoder, {request}).front();
  EXPECT_FALSE(decoded.stopped.has_value());
  EXPECT_EQ(decoded.samples.size(), 3000U);
}

TEST(RunDecoder, GivesTheSameSamplesInWhateverOrderTilesAreRead) {
  std::mt19937_64 random(13);
  test::TestSegment segment;
  segment.start_time = 0;
  Samples all;
  for (int i = 0; i < 4; ++i) {
    const Samples samples = test::Rough(5000, random);
    segment.files.AddBlock(1000 * static_cast<std::int64_t>(all.size()), samples);
    all.insert(all.end(), samples.begin(), samples.end());
  }
  const test::TestChannel channel({segment}, 1000.0);
  ResumePoints resume_points(2);
  RunDecoder decoder(resume_points);
  test::AlwaysContinue checkpoint;
  for (int i = 0; i < 60 * test::kEffort; ++i) {
    const auto first = static_cast<std::int64_t>(random() % 19000);
    const test::TestTiles tiles(channel, SampleKind::kCounts, first, 1000, 1);
    RunOutcome outcome;
    DecodeStatistics statistics;
    ASSERT_EQ(decoder.Decode({&tiles.run, 1}, checkpoint, {&outcome, 1}, statistics), Status::kOk);
    for (std::int64_t slot = first; slot < first + 1000; ++slot) {
      ASSERT_EQ(tiles.Count(slot), all[static_cast<std::size_t>(slot)]) << i << " " << slot;
    }
  }
}

}  // namespace
}  // namespace mef3
