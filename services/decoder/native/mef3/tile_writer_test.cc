#include "mef3/tile_writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "mef3/sample_conversion.h"
#include "testing/signals.h"

namespace mef3 {
namespace {

using test::Samples;

constexpr std::uint32_t kUntouched = 0xABABABAB;

// Three tiles of five slots from slot -7 on, each its own memory.
struct Fixture {
  explicit Fixture(SampleKind kind) {
    for (auto& tile : tiles) {
      tile.assign(5, kUntouched);
      pointers.push_back(reinterpret_cast<std::uint8_t*>(tile.data()));
    }
    run.kind = kind;
    run.first_slot = -7;
    run.slots_per_tile = 5;
    run.tiles = pointers;
  }

  std::uint32_t At(std::int64_t slot) const {
    const auto i = static_cast<std::size_t>(slot + 7);
    return tiles[i / 5][i % 5];
  }

  std::array<std::vector<std::uint32_t>, 3> tiles;
  std::vector<std::uint8_t*> pointers;
  TileRun run;
};

TEST(WriteSamples, PutsEverySampleInItsSlotWhereverTilesEnd) {
  for (std::int64_t first = -7; first < 8; ++first) {
    for (std::int64_t end = first; end <= 8; ++end) {
      Fixture fixture(SampleKind::kCounts);
      Samples counts(static_cast<std::size_t>(end - first));
      std::iota(counts.begin(), counts.end(), static_cast<std::int32_t>(first));
      WriteSamples(fixture.run, first, counts, 0.5);
      for (std::int64_t slot = -7; slot < 8; ++slot) {
        const bool is_written = slot >= first && slot < end;
        const auto count = static_cast<std::uint32_t>(slot);
        ASSERT_EQ(fixture.At(slot), is_written ? count : kUntouched);
      }
    }
  }
}

TEST(WriteSamples, ScalesIntoFloatTiles) {
  Fixture fixture(SampleKind::kFloat32);
  WriteSamples(fixture.run, -3, Samples{2, kNanCount, 4}, -0.25);
  EXPECT_EQ(std::bit_cast<float>(fixture.At(-3)), -0.5F);
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(fixture.At(-2))));
  EXPECT_EQ(std::bit_cast<float>(fixture.At(-1)), -1.0F);
  EXPECT_EQ(fixture.At(-4), kUntouched);
  EXPECT_EQ(fixture.At(0), kUntouched);
}

TEST(WriteNothing, MarksSlotsInTheTilesOwnWay) {
  Fixture counts(SampleKind::kCounts);
  Fixture floats(SampleKind::kFloat32);
  WriteNothing(counts.run, -3, 4);
  WriteNothing(floats.run, -3, 4);
  for (std::int64_t slot = -7; slot < 8; ++slot) {
    if (slot >= -3 && slot < 4) {
      EXPECT_EQ(counts.At(slot), 0x80000000U);
      EXPECT_TRUE(std::isnan(std::bit_cast<float>(floats.At(slot))));
    } else {
      EXPECT_EQ(counts.At(slot), kUntouched);
      EXPECT_EQ(floats.At(slot), kUntouched);
    }
  }
}

}  // namespace
}  // namespace mef3
