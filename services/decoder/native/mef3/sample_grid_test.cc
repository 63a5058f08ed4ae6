#include "mef3/sample_grid.h"

#include <gtest/gtest.h>

namespace mef3 {
namespace {

constexpr std::int64_t kStart = 1577836800000000;

struct Placement {
  std::int64_t offset_us;
  double sampling_rate;
  std::int64_t slot;
};

class GridTable : public ::testing::TestWithParam<Placement> {};

TEST_P(GridTable, RoundsHalvesAwayFromZero) {
  const Placement& p = GetParam();
  const SampleGrid grid{kStart, p.sampling_rate};
  EXPECT_EQ(grid.Slot(kStart + p.offset_us), p.slot);
}

INSTANTIATE_TEST_SUITE_P(SampleGrid, GridTable,
                         ::testing::Values(Placement{500, 1000, 1}, Placement{-500, 1000, -1},
                                           Placement{499, 1000, 0}, Placement{1500, 1000, 2},
                                           Placement{2503128, 399.5, 1000},
                                           Placement{15018147, 399.5, 6000},
                                           Placement{3902439, 512.5, 2000},
                                           Placement{8812500, 256, 2256}, Placement{0, 256, 0},
                                           // 1954 µs at 256 Hz lie just past half a slot.
                                           Placement{1954, 256, 1}, Placement{1953, 256, 0}));

TEST(SampleGrid, SubtractsBeforeItConverts) {
  // Near 2^53 doubles are 1 µs apart, but the difference is small and exact.
  const std::int64_t start = (std::int64_t{1} << 53) - 10;
  EXPECT_EQ((SampleGrid{start, 1e6}.Slot(start + 3)), 3);
}

TEST(SampleGrid, MultipliesBeforeItDivides) {
  // sampling_rate / 1e6 as one factor puts these a slot to the side.
  EXPECT_EQ((SampleGrid{0, 31999.7}.Slot(2'294'311'000'025)), 73'417'263'708);
  EXPECT_EQ((SampleGrid{0, 32556.25}.Slot(1'523'413'340'311)), 49'596'625'560);
}

TEST(SampleGrid, PassesThirtyTwoBits) {
  // 30 days at 32 kHz.
  EXPECT_EQ((SampleGrid{kStart, 32000.0}.Slot(kStart + 2'592'000'000'000)), 82'944'000'000);
}

TEST(SampleGrid, IsMonotone) {
  const SampleGrid grid{kStart, 255.99966850705994};
  std::int64_t previous = -1;
  for (std::int64_t t = 0; t < 100'000; t += 7) {
    const auto slot = grid.Slot(kStart + t);
    ASSERT_TRUE(slot.has_value());
    ASSERT_GE(*slot, previous);
    previous = *slot;
  }
}

TEST(SampleGrid, EndsAtItsCap) {
  constexpr std::int64_t kCap = std::int64_t{1} << 42;
  const SampleGrid grid{0, 1e6};
  EXPECT_EQ(grid.Slot(kCap), kCap);
  EXPECT_EQ(grid.Slot(-kCap), -kCap);
  EXPECT_EQ(grid.Slot(kCap + 1), std::nullopt);
  EXPECT_EQ(grid.Slot(-kCap - 1), std::nullopt);
  EXPECT_EQ((SampleGrid{0, 1e7}.Slot(std::int64_t{1} << 53)), std::nullopt);
}

}  // namespace
}  // namespace mef3
