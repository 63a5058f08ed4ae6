#include "mef3/symbol_model.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>

#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using Statistics = std::array<std::uint8_t, 256>;

// On the heap: a model is 66 kB.
std::unique_ptr<SymbolModel> Build(const Statistics& statistics) {
  auto model = std::make_unique<SymbolModel>();
  EXPECT_EQ(BuildSymbolModel(statistics, *model), Status::kOk);
  return model;
}

void ExpectOwnersAsInTheDocument(const Statistics& statistics) {
  const auto model = Build(statistics);
  std::uint32_t cumulative = 0;
  for (std::size_t s = 0; s < 256; ++s) {
    ASSERT_EQ(model->share[s].below, cumulative) << s;
    // Symbol 255 owns what is left of the range instead.
    if (s != 255) {
      ASSERT_EQ(model->share[s].own, statistics[s]) << s;
    }
    for (std::uint32_t i = 0; i < statistics[s]; ++i) ASSERT_EQ(model->owner[cumulative + i], s);
    cumulative += statistics[s];
  }
  ASSERT_EQ(model->total, cumulative);
}

TEST(BuildSymbolModel, GivesEachSymbolItsCountInSymbolOrder) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20; ++i) {
    Statistics statistics;
    for (auto& count : statistics) {
      count = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : std::uint8_t{0};
    }
    statistics[random() % 256] = 1;
    ExpectOwnersAsInTheDocument(statistics);
  }
}

TEST(BuildSymbolModel, HoldsTheLargestTotal) {
  Statistics statistics;
  statistics.fill(255);
  ExpectOwnersAsInTheDocument(statistics);
  EXPECT_EQ(Build(statistics)->total, 65280U);
}

TEST(BuildSymbolModel, CountsVectorA) {
  Statistics statistics;
  const auto block = test::BlockA();
  std::copy_n(block.begin() + 48, 256, statistics.begin());
  EXPECT_EQ(Build(statistics)->total, 31U);
}

TEST(BuildSymbolModel, RefusesStatisticsWithoutASymbol) {
  SymbolModel model;
  EXPECT_EQ(BuildSymbolModel(Statistics{}, model), Status::kBadHeader);
}

// Source of the claim: the comment at SymbolModel::reciprocal.
TEST(BuildSymbolModel, MakesAReciprocalThatDividesExactly) {
  __extension__ using Product = unsigned __int128;
  std::mt19937_64 random(4);
  for (std::uint32_t total = 2; total <= kMaxModelTotal; total += total < 700 ? 1 : 97) {
    Statistics statistics{};
    std::uint32_t left = total;
    for (auto& count : statistics) {
      count = static_cast<std::uint8_t>(std::min(left, 255U));
      left -= count;
    }
    const auto model = Build(statistics);
    ASSERT_EQ(model->total, total);
    const auto expect_exact = [&](std::uint32_t range) {
      const auto quotient = static_cast<std::uint32_t>((Product{model->reciprocal} * range) >> 64);
      ASSERT_EQ(quotient, range / total) << range << " / " << total;
    };
    for (int i = 0; i < 20; ++i) {
      // Where a quotient steps is where an inexact one shows first.
      const auto range = static_cast<std::uint32_t>(0x00800001 + random() % 0x7F7FFFFF);
      const std::uint32_t step = range / total * total;
      expect_exact(range);
      expect_exact(step);
      expect_exact(step - 1);
    }
    expect_exact(0x80000000);
    expect_exact(0x7FFFFFFF);
    expect_exact(0x00800001);
  }
}

}  // namespace
}  // namespace mef3
