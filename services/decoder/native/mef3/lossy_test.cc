#include "mef3/lossy.h"

#include <gtest/gtest.h>

#include <limits>

#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using test::Samples;

constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kHighest = std::numeric_limits<std::int32_t>::max();

Samples Restored(Samples samples, LossyParameters parameters) {
  RestoreLossy(parameters, 0, samples);
  return samples;
}

TEST(RestoreLossy, RestoresVectorC) {
  EXPECT_EQ(Restored(test::SamplesOfA(), {2.5F, 0.5F, -3.25F}), test::SamplesOfC());
}

TEST(RestoreLossy, LeavesLosslessSamplesAlone) {
  const Samples samples{0, 1, -1, kLowest, kHighest};
  EXPECT_EQ(Restored(samples, {1.0F, 0.0F, 0.0F}), samples);
}

TEST(RestoreLossy, TakesScalesUpToOneForNotScaled) {
  for (const float scale : {1.0F, 0.99F, 0.0F, -3.0F}) {
    EXPECT_EQ(Restored({7, -9}, {scale, 0.0F, 0.0F}), (Samples{7, -9})) << scale;
  }
  EXPECT_EQ(Restored({1 << 24}, {1.0000001F, 0.0F, 0.0F}), (Samples{(1 << 24) + 2}));
}

TEST(RestoreLossy, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(Restored({1, -1, 3, -3}, {1.5F, 0.0F, 0.0F}), (Samples{2, -2, 5, -5}));
  EXPECT_EQ(Restored({0, 0}, {1.0F, 0.0F, 0.5F}), (Samples{1, 1}));
  EXPECT_EQ(Restored({0, 0}, {1.0F, 0.0F, -0.5F}), (Samples{-1, -1}));
  EXPECT_EQ(Restored({0, 0}, {1.0F, 0.0F, 0.25F}), (Samples{0, 0}));
}

TEST(RestoreLossy, CountsTheTrendFromOne) {
  EXPECT_EQ(Restored({0, 0, 0}, {1.0F, 2.0F, 0.0F}), (Samples{2, 4, 6}));
  EXPECT_EQ(Restored({0, 0, 0}, {1.0F, 2.0F, 10.0F}), (Samples{12, 14, 16}));
}

TEST(RestoreLossy, RoundsAfterScalingAndAgainAfterTheTrend) {
  // 1 * 1.5 rounds to 2 before 0.6 is added; unrounded it would give 2.
  EXPECT_EQ(Restored({1}, {1.5F, 0.0F, 0.6F}), (Samples{3}));
}

TEST(RestoreLossy, SaturatesShortOfTheNanCount) {
  EXPECT_EQ(Restored({kHighest, kLowest}, {2.0F, 0.0F, 0.0F}), (Samples{kHighest, -kHighest}));
  EXPECT_EQ(Restored({kLowest}, {1.0F, 0.0F, -1.0F}), (Samples{-kHighest}));
  constexpr float kMost = std::numeric_limits<float>::max();
  EXPECT_EQ(Restored({1, -1}, {kMost, 0.0F, 0.0F}), (Samples{kHighest, -kHighest}));
  EXPECT_EQ(Restored({0, 0}, {1.0F, kMost, -kMost}), (Samples{0, kHighest}));
}

TEST(RestoreLossy, ContinuesATrendAcrossPieces) {
  std::mt19937_64 random(11);
  const Samples samples = test::Quiet(1000, random);
  const LossyParameters parameters{1.7F, -0.31F, 12.5F};
  const Samples whole = Restored(samples, parameters);
  Samples pieces = samples;
  for (std::size_t at = 0; at < pieces.size(); at += 137) {
    const std::size_t n = std::min<std::size_t>(137, pieces.size() - at);
    RestoreLossy(parameters, static_cast<std::uint32_t>(at), {pieces.data() + at, n});
  }
  EXPECT_EQ(pieces, whole);
}

}  // namespace
}  // namespace mef3
