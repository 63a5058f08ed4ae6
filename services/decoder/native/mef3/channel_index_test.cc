#include "mef3/channel_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "testing/in_memory_recording.h"

namespace mef3 {
namespace {

using test::BuildIndex;
using test::Bytes;
using test::TestSegment;

constexpr std::int64_t kStart = 1577836800000000;

// At 1000 Hz a slot is a millisecond.
constexpr double kRate = 1000.0;
constexpr std::int64_t At(std::int64_t slot) { return kStart + 1000 * slot; }

// A segment whose blocks cover the slots given as [first, n] pairs.
TestSegment SegmentOf(const std::vector<std::pair<std::int64_t, std::uint32_t>>& blocks) {
  TestSegment segment;
  for (const auto& [first, n] : blocks) segment.files.AddEntry(At(first), n);
  return segment;
}

// The same, with metadata that agrees.
TestSegment CompleteSegment(const std::vector<std::pair<std::int64_t, std::uint32_t>>& blocks) {
  TestSegment segment = SegmentOf(blocks);
  segment.start_time = At(blocks.front().first);
  segment.end_time = At(blocks.back().first + blocks.back().second);
  segment.promised_samples = 0;
  for (const auto& block : blocks) segment.promised_samples += block.second;
  return segment;
}

ChannelIndex Index(const std::vector<TestSegment>& segments,
                   const std::function<void(std::size_t, Bytes&)>& spoil = {}) {
  ChannelIndex index;
  EXPECT_EQ(BuildIndex(segments, kRate, index, spoil), Status::kOk);
  return index;
}

std::vector<std::pair<std::int64_t, std::int64_t>> Coverage(const ChannelIndex& index) {
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
  for (const SlotPiece& piece : index.coverage()) spans.emplace_back(piece.first, piece.end);
  return spans;
}

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST(ChannelIndex, PlacesBlocksOnTheGridOfTheChannelsStart) {
  const ChannelIndex index =
      Index({CompleteSegment({{0, 100}, {100, 50}}), CompleteSegment({{400, 100}})});
  EXPECT_EQ(index.grid().start, kStart);
  EXPECT_EQ(index.n_slots(), 500);
  EXPECT_EQ(index.n_samples(), 250);
  EXPECT_EQ(index.n_overlapped(), 0);
  EXPECT_EQ(index.end_time(), At(500));
  EXPECT_EQ(Coverage(index), (Pairs{{0, 150}, {400, 500}}));
  EXPECT_TRUE(index.damage().empty());
  ASSERT_EQ(index.entries().size(), 3U);
  EXPECT_EQ(index.entries()[2].segment, 1U);
  EXPECT_EQ(index.entries()[2].rank, 2U);
  EXPECT_EQ(index.entries()[1].file_offset, 1024U + 304U);
}

TEST(ChannelIndex, HoldsTheDocumentsTwoSegments) {
  TestSegment first;
  TestSegment second;
  first.files.AddEntry(kStart, 2000);
  second.files.AddEntry(kStart + 8812500, 2000);
  first.start_time = kStart;
  second.start_time = kStart + 8812500;
  second.end_time = kStart + 8812500 + 7812500;
  ChannelIndex index;
  ASSERT_EQ(BuildIndex({first, second}, 256.0, index), Status::kOk);
  EXPECT_EQ(Coverage(index), (Pairs{{0, 2000}, {2256, 4256}}));
  EXPECT_EQ(index.n_slots(), 4256);
}

TEST(ChannelIndex, CountsTheSamplesThatLoseTheirSlot) {
  const ChannelIndex index = Index({CompleteSegment({{0, 100}, {99, 100}, {150, 10}})});
  EXPECT_EQ(index.n_overlapped(), 11);
  EXPECT_EQ(Coverage(index), (Pairs{{0, 199}}));
}

TEST(ChannelIndex, SortsAnIndexThatIsOutOfOrderAndKeepsFileOrder) {
  const ChannelIndex index = Index({SegmentOf({{200, 50}, {0, 50}, {100, 50}})});
  ASSERT_EQ(index.entries().size(), 3U);
  EXPECT_EQ(index.entries()[0].rank, 1U);
  EXPECT_EQ(index.entries()[1].rank, 2U);
  EXPECT_EQ(index.entries()[2].rank, 0U);
  EXPECT_EQ(index.segments()[0].first_slot, 0);
  EXPECT_EQ(index.segments()[0].end_slot, 250);
  EXPECT_EQ(index.segments()[0].last_block_slot, 100);
}

TEST(ChannelIndex, StartsAtTheEarliestBlockOfASegmentWithoutTimes) {
  const ChannelIndex index = Index({SegmentOf({{50, 10}, {20, 10}}), CompleteSegment({{90, 10}})});
  EXPECT_EQ(index.grid().start, At(20));
  EXPECT_EQ(index.n_slots(), 80);
}

TEST(ChannelIndex, EndsWithItsLastSampleWhereTheStatedEndIsStale) {
  TestSegment segment = CompleteSegment({{0, 100}, {100, 100}});
  segment.end_time = At(100);
  EXPECT_EQ(Index({segment}).n_slots(), 200);
  segment.end_time = At(900);
  EXPECT_EQ(Index({segment}).n_slots(), 900);
}

TEST(ChannelIndex, SkipsEmptyBlocks) {
  const ChannelIndex index = Index({CompleteSegment({{0, 100}, {100, 0}, {100, 50}})});
  EXPECT_EQ(index.entries().size(), 2U);
  EXPECT_EQ(index.entries()[1].rank, 2U);
  EXPECT_TRUE(index.damage().empty());
}

TEST(ChannelIndex, IsEmptyForASegmentWithoutBlocks) {
  TestSegment segment;
  segment.start_time = kStart;
  segment.end_time = kStart;
  const ChannelIndex index = Index({segment});
  EXPECT_EQ(index.n_slots(), 0);
  EXPECT_TRUE(index.BlocksIn(-1000, 1000).empty());
}

TEST(ChannelIndex, NeedsAStartTime) {
  ChannelIndex index;
  EXPECT_EQ(BuildIndex({TestSegment{}}, kRate, index), Status::kBadHeader);
  EXPECT_EQ(BuildIndex({}, kRate, index), Status::kBadHeader);
}

TEST(ChannelIndex, RefusesTimesNoRecordingHas) {
  ChannelIndex index;
  TestSegment segment = CompleteSegment({{0, 100}});
  segment.end_time = kStart - 1;
  EXPECT_EQ(BuildIndex({segment}, kRate, index), Status::kLimitExceeded);
  segment.end_time = kStart + 3'200'000'000'000'001;
  EXPECT_EQ(BuildIndex({segment}, kRate, index), Status::kLimitExceeded);
  segment.end_time = kStart + 3'200'000'000'000'000;
  EXPECT_EQ(BuildIndex({segment}, kRate, index), Status::kOk);
  // A hundred years at 10 MHz are more than 2^42 slots.
  EXPECT_EQ(BuildIndex({segment}, 1e7, index), Status::kLimitExceeded);
}

TEST(ChannelIndex, RefusesTimesBeyondExactDoubles) {
  ChannelIndex index;
  TestSegment segment = CompleteSegment({{0, 100}});
  segment.start_time = std::numeric_limits<std::int64_t>::min() + 1;
  EXPECT_EQ(BuildIndex({segment}, kRate, index), Status::kLimitExceeded);
  segment = CompleteSegment({{0, 100}});
  segment.end_time = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(BuildIndex({segment}, kRate, index), Status::kLimitExceeded);
}

TEST(ChannelIndex, AppliesEachSegmentsTimeOffset) {
  TestSegment segment;
  constexpr std::int64_t kOffset = 1577818800000000;
  segment.recording_time_offset = kOffset;
  segment.files.AddEntry(kStart - kOffset, 100);
  EXPECT_EQ(Index({segment}).grid().start, kStart);
}

TEST(ChannelIndex, DropsSlotsBeforeTheChannelsStart) {
  TestSegment segment = CompleteSegment({{-10, 30}, {20, 10}});
  segment.start_time = At(0);
  const ChannelIndex index = Index({segment});
  EXPECT_EQ(Coverage(index), (Pairs{{0, 30}}));
  EXPECT_EQ(index.n_slots(), 30);
  EXPECT_EQ(index.n_overlapped(), 0);
}

// BlocksIn, held against a scan of all entries.
void ExpectBlocksAsByScan(const ChannelIndex& index, std::int64_t first, std::int64_t end) {
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < index.entries().size(); ++i) {
    const BlockSlots slots = index.SlotsOf(index.entries()[i]);
    if (slots.first < end && slots.end > first) expected.push_back(i);
  }
  ASSERT_EQ(index.BlocksIn(first, end), expected) << first << " to " << end;
}

TEST(BlocksIn, FindsWhatAScanFinds) {
  std::mt19937_64 random(71);
  for (int round = 0; round < 30 * test::kEffort; ++round) {
    TestSegment segment;
    segment.start_time = kStart;
    const std::size_t n = 1 + random() % 40;
    for (std::size_t i = 0; i < n; ++i) {
      // A few long blocks reach over many short ones that start later.
      const auto length = random() % 6 == 0 ? 1 + random() % 600 : 1 + random() % 20;
      segment.files.AddEntry(At(static_cast<std::int64_t>(random() % 500)),
                             static_cast<std::uint32_t>(length));
    }
    const ChannelIndex index = Index({segment});
    for (int i = 0; i < 30; ++i) {
      const auto first = static_cast<std::int64_t>(random() % 1200) - 50;
      ExpectBlocksAsByScan(index, first, first + 1 + static_cast<std::int64_t>(random() % 100));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(BlocksIn, TouchesNoNeighbours) {
  const ChannelIndex index = Index({CompleteSegment({{0, 100}, {100, 100}, {200, 100}})});
  EXPECT_EQ(index.BlocksIn(100, 200), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(index.BlocksIn(99, 101), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_TRUE(index.BlocksIn(-100, 0).empty());
  EXPECT_TRUE(index.BlocksIn(300, 400).empty());
}

TEST(ChannelIndex, ReachesTheFarEndOfALongRecording) {
  // 30 days at 32 kHz, one block a day.
  TestSegment segment;
  segment.start_time = kStart;
  for (std::int64_t day = 0; day < 30; ++day) {
    segment.files.AddEntry(kStart + day * 86'400'000'000, 32000);
  }
  ChannelIndex index;
  ASSERT_EQ(BuildIndex({segment}, 32000.0, index), Status::kOk);
  constexpr std::int64_t kLast = 29LL * 86'400 * 32'000;
  EXPECT_EQ(index.n_slots(), kLast + 32000);
  EXPECT_EQ(index.BlocksIn(kLast + 31999, kLast + 32000), (std::vector<std::uint32_t>{29}));
}

}  // namespace
}  // namespace mef3
