#include "mef3/stored_time.h"

#include <gtest/gtest.h>

namespace mef3 {
namespace {

constexpr std::int64_t kBound = std::int64_t{1} << 53;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(TrueTime, AppliesTheOffsetToNegativeTimesOnly) {
  EXPECT_EQ(TrueTime(-18000000123, 1577818800000000), 1577836800000123);
  EXPECT_EQ(TrueTime(1577836800000123, 1577818800000000), 1577836800000123);
}

TEST(TrueTime, NegatesEvenWithoutAnOffset) {
  EXPECT_EQ(TrueTime(-1577836800000000, 0), 1577836800000000);
  EXPECT_EQ(TrueTime(0, 0), 0);
  EXPECT_EQ(TrueTime(0, 99), 0);
}

TEST(TrueTime, IsNothingWithoutAnEntry) {
  EXPECT_EQ(TrueTime(kLowest, 0), std::nullopt);
  EXPECT_EQ(TrueTime(kLowest, 5), std::nullopt);
}

TEST(TrueTime, StaysWithinExactDoubles) {
  EXPECT_EQ(TrueTime(kBound, 0), kBound);
  EXPECT_EQ(TrueTime(kBound + 1, 0), std::nullopt);
  EXPECT_EQ(TrueTime(-kBound, 0), kBound);
  EXPECT_EQ(TrueTime(-kBound, 1), std::nullopt);
  EXPECT_EQ(TrueTime(-1, -kBound), 1 - kBound);
  EXPECT_EQ(TrueTime(kHighest, 0), std::nullopt);
  EXPECT_EQ(TrueTime(kLowest + 1, kHighest), std::nullopt);
}

}  // namespace
}  // namespace mef3
