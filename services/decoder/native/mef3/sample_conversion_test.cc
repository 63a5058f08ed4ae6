#include "mef3/sample_conversion.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "testing/signals.h"

namespace mef3 {
namespace {

using test::Samples;

std::vector<float> Scaled(const Samples& counts, double factor) {
  std::vector<float> values(counts.size());
  ScaleCounts(counts, factor, values.data());
  return values;
}

TEST(ScaleCounts, RoundsTheDoubleProductOnce) {
  std::mt19937_64 random(61);
  for (const double factor : {1.0, 0.0488, -0.0488, 0.001, 1e-30, 1e300, -3.0, 0.1}) {
    Samples counts = test::Uniform(5003, random);
    counts[0] = 2147483647;
    counts[1] = -2147483647;
    counts[2] = 0;
    const auto values = Scaled(counts, factor);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto expected = static_cast<float>(static_cast<double>(counts[i]) * factor);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::bit_cast<std::uint32_t>(expected))
          << counts[i] << " * " << factor;
    }
  }
}

TEST(ScaleCounts, MakesTheNanCountNan) {
  const auto values = Scaled({kNanCount, 1, kNanCount}, 0.5);
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], 0.5F);
  EXPECT_TRUE(std::isnan(values[2]));
}

TEST(ScaleCounts, LeavesTheOtherReservedCountsNumeric) {
  const auto values = Scaled({2147483647, -2147483647}, 1.0);
  EXPECT_EQ(values[0], 2147483648.0F);
  EXPECT_EQ(values[1], -2147483648.0F);
}

TEST(ScaleCounts, WritesNothingBeyondTheCounts) {
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<float> values(n + 1, -7.0F);
    const Samples counts(n, 3);
    ScaleCounts(counts, 2.0, values.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(values[i], 6.0F);
    ASSERT_EQ(values[n], -7.0F);
  }
}

}  // namespace
}  // namespace mef3
