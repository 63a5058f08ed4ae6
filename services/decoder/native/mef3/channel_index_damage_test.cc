// What ChannelIndex says of samples that should exist and cannot be had.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "mef3/channel_index.h"
#include "testing/in_memory_recording.h"

namespace mef3 {
namespace {

using test::BuildIndex;
using test::Bytes;
using test::TestSegment;

constexpr std::int64_t kStart = 1577836800000000;
constexpr double kRate = 1000.0;
constexpr std::int64_t At(std::int64_t slot) { return kStart + 1000 * slot; }

// Blocks of 100 slots each, back to back from `first` on, with metadata.
TestSegment Contiguous(std::int64_t first, std::int64_t n_blocks) {
  TestSegment segment;
  for (std::int64_t i = 0; i < n_blocks; ++i) segment.files.AddEntry(At(first + 100 * i), 100);
  segment.start_time = At(first);
  segment.end_time = At(first + 100 * n_blocks);
  segment.promised_samples = 100 * n_blocks;
  return segment;
}

using Spans = std::vector<std::tuple<std::int64_t, std::int64_t, DamageReason>>;

Spans Damage(const ChannelIndex& index) {
  Spans spans;
  for (const DamagedSpan& span : index.damage()) {
    spans.emplace_back(span.first, span.end, span.reason);
  }
  return spans;
}

ChannelIndex Index(const std::vector<TestSegment>& segments,
                   const std::function<void(std::size_t, Bytes&)>& spoil = {}) {
  ChannelIndex index;
  EXPECT_EQ(BuildIndex(segments, kRate, index, spoil), Status::kOk);
  return index;
}

TEST(ChannelIndexDamage, KnowsWhereADroppedEntryBelongs) {
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows()[2].file_offset = 1 << 30;
  const ChannelIndex index = Index({segment});
  EXPECT_EQ(index.segments()[0].n_dropped, 1U);
  EXPECT_EQ(index.entries().size(), 4U);
  // File order counts dropped entries, too.
  EXPECT_EQ(index.entries()[2].rank, 3U);
  EXPECT_EQ(Damage(index), (Spans{{200, 300, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, BoundsAnEntryWithoutATimeByItsNeighbours) {
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows()[2].stored_time = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Damage(Index({segment})), (Spans{{200, 300, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, BoundsAnEntryWithoutACountByItsNeighbours) {
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows()[2].number_of_samples = 0xFFFFFFFF;
  EXPECT_EQ(Damage(Index({segment})), (Spans{{200, 300, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, BoundsTheFirstAndTheLastEntryByTheSegment) {
  for (const std::size_t which : {0UL, 4UL}) {
    TestSegment segment = Contiguous(0, 5);
    segment.files.rows()[which].stored_time = std::numeric_limits<std::int64_t>::min();
    const auto first = static_cast<std::int64_t>(which) * 100;
    EXPECT_EQ(Damage(Index({segment})), (Spans{{first, first + 100, DamageReason::kIndexEntry}}));
  }
}

TEST(ChannelIndexDamage, KeepsNeighbouringSegmentsOutOfIt) {
  TestSegment first = Contiguous(0, 2);
  TestSegment second = Contiguous(500, 2);
  first.files.rows()[1].stored_time = std::numeric_limits<std::int64_t>::min();
  second.files.rows()[0].stored_time = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Damage(Index({first, second})),
            (Spans{{100, 200, DamageReason::kIndexEntry}, {500, 600, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, BoundsATimeOffTheGridByItsNeighbours) {
  // Two hundred years later: within exact doubles, not within a recording.
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows()[2].stored_time = -(kStart + 6'400'000'000'000'000);
  const ChannelIndex index = Index({segment});
  EXPECT_EQ(index.segments()[0].n_dropped, 1U);
  EXPECT_EQ(index.entries().size(), 4U);
  EXPECT_EQ(Damage(index), (Spans{{200, 300, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, KeepsOtherDroppedEntriesInPlaceBesideATimeOffTheGrid) {
  TestSegment segment = Contiguous(0, 7);
  segment.files.rows()[1].stored_time = -(kStart + 6'400'000'000'000'000);
  segment.files.rows()[4].number_of_samples = 0xFFFFFFFF;
  EXPECT_EQ(Damage(Index({segment})),
            (Spans{{100, 200, DamageReason::kIndexEntry}, {400, 500, DamageReason::kIndexEntry}}));
}

TEST(ChannelIndexDamage, UsesTheWholeEntriesOfATruncatedIndex) {
  const ChannelIndex index =
      Index({Contiguous(0, 5)}, [](std::size_t, Bytes& file) { file.resize(file.size() - 60); });
  EXPECT_TRUE(index.segments()[0].has_remainder);
  EXPECT_EQ(index.segments()[0].status, Status::kOk);
  EXPECT_EQ(index.entries().size(), 3U);
  EXPECT_EQ(Damage(index), (Spans{{300, 500, DamageReason::kIndexTruncated}}));
}

TEST(ChannelIndexDamage, SeesAMissingTailThatIsCutBetweenEntries) {
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows().resize(3);
  const ChannelIndex index = Index({segment});
  EXPECT_FALSE(index.segments()[0].has_remainder);
  EXPECT_EQ(Damage(index), (Spans{{300, 500, DamageReason::kIndexTruncated}}));
  EXPECT_EQ(index.n_slots(), 500);
}

TEST(ChannelIndexDamage, SeesAMissingTailBesideADroppedEntry) {
  TestSegment segment = Contiguous(0, 7);
  segment.files.rows()[1].file_offset = 0;
  segment.files.rows().resize(5);
  EXPECT_EQ(Damage(Index({segment})), (Spans{{100, 200, DamageReason::kIndexEntry},
                                             {500, 700, DamageReason::kIndexTruncated}}));
}

TEST(ChannelIndexDamage, LosesAllOfASegmentWithoutEntries) {
  TestSegment segment = Contiguous(0, 5);
  segment.files.rows().clear();
  EXPECT_EQ(Damage(Index({segment})), (Spans{{0, 500, DamageReason::kIndexTruncated}}));
}

TEST(ChannelIndexDamage, TakesALateEndForAGapIfAllPromisedSamplesAreThere) {
  TestSegment segment = Contiguous(0, 5);
  segment.end_time = At(900);
  EXPECT_TRUE(Index({segment}).damage().empty());
}

TEST(ChannelIndexDamage, LosesASegmentWhoseIndexIsRefused) {
  struct Spoiled {
    Status status;
    std::function<void(Bytes&)> spoil;
  };
  const std::vector<Spoiled> cases{
      {Status::kTruncated, [](Bytes& file) { file.clear(); }},
      {Status::kTruncated, [](Bytes& file) { file.resize(1000); }},
      {Status::kBadHeader, [](Bytes& file) { file[11] = 't'; }},
      {Status::kUnsupportedVersion, [](Bytes& file) { file[13] = 2; }},
      {Status::kCrcMismatch, [](Bytes& file) { file[600] ^= 1; }},
      {Status::kCrcMismatch, [](Bytes& file) { file.back() ^= 1; }},
      // Cut between entries: the body is shorter than its CRC says.
      {Status::kCrcMismatch, [](Bytes& file) { file.resize(file.size() - 56); }},
  };
  for (const Spoiled& spoiled : cases) {
    const ChannelIndex index = Index({Contiguous(0, 2), Contiguous(200, 3), Contiguous(500, 2)},
                                     [&](std::size_t s, Bytes& file) {
                                       if (s == 1) spoiled.spoil(file);
                                     });
    EXPECT_EQ(index.segments()[1].status, spoiled.status);
    EXPECT_EQ(Damage(index), (Spans{{200, 500, DamageReason::kSegmentUnreadable}}));
    EXPECT_EQ(index.entries().size(), 4U);
    EXPECT_EQ(index.entries()[2].segment, 2U);
  }
}

TEST(ChannelIndexDamage, BoundsASegmentWithoutTimesByItsNeighbours) {
  std::vector<TestSegment> segments{Contiguous(0, 2), Contiguous(200, 3), Contiguous(600, 2)};
  segments[1].start_time.reset();
  segments[1].end_time.reset();
  const ChannelIndex index = Index(segments, [](std::size_t s, Bytes& file) {
    if (s == 1) file.clear();
  });
  EXPECT_EQ(Damage(index), (Spans{{200, 600, DamageReason::kSegmentUnreadable}}));
}

TEST(ChannelIndexDamage, IsInSlotOrder) {
  std::vector<TestSegment> segments{Contiguous(0, 5), Contiguous(700, 5), Contiguous(1400, 5)};
  segments[0].files.rows().resize(4);
  segments[1].files.rows()[1].file_offset = 0;
  const ChannelIndex index = Index(segments, [](std::size_t s, Bytes& file) {
    if (s == 2) file.clear();
  });
  EXPECT_EQ(Damage(index), (Spans{{400, 500, DamageReason::kIndexTruncated},
                                  {800, 900, DamageReason::kIndexEntry},
                                  {1400, 1900, DamageReason::kSegmentUnreadable}}));
}

TEST(ChannelIndexDamage, IncludesABlockBeyondTheDataFile) {
  // The data file ends within the last block.
  TestSegment segment = Contiguous(0, 5);
  segment.files.data().resize(segment.files.data().size() - 8);
  EXPECT_EQ(Damage(Index({segment})), (Spans{{400, 500, DamageReason::kIndexEntry}}));
}

}  // namespace
}  // namespace mef3
