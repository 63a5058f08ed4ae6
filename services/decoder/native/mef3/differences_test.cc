#include "mef3/differences.h"

#include <gtest/gtest.h>

#include <limits>

#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Hex;
using test::Samples;

// Section 8.2, one symbol at a time; a keysample that is cut off ends it.
Samples Naive(const Bytes& symbols, std::uint32_t previous) {
  Samples samples;
  for (std::size_t i = 0; i < symbols.size();) {
    if (symbols[i] == 0x80) {
      if (i + 5 > symbols.size()) break;
      previous = 0;
      for (std::size_t b = 0; b < 4; ++b) previous |= std::uint32_t{symbols[i + 1 + b]} << (8 * b);
      i += 5;
    } else {
      const int d = symbols[i] < 128 ? symbols[i] : symbols[i] - 256;
      previous += static_cast<std::uint32_t>(d);
      ++i;
    }
    samples.push_back(static_cast<std::int32_t>(previous));
  }
  return samples;
}

Bytes RandomSymbols(std::size_t n, std::uint64_t one_flag_in, std::mt19937_64& random) {
  Bytes symbols = test::RandomBytes(n, random);
  for (auto& symbol : symbols) {
    if (random() % one_flag_in == 0) symbol = 0x80;
  }
  return symbols;
}

TEST(ExpandDifferences, ExpandsVectorA) {
  Bytes symbols = test::StreamOfA();
  symbols.insert(symbols.begin(), 0x80);
  Samples samples(20);
  std::uint32_t previous = 0;
  const Expansion expansion = ExpandDifferences(symbols, previous, samples);
  EXPECT_EQ(samples, test::SamplesOfA());
  EXPECT_EQ(expansion.symbols_used, symbols.size());
  EXPECT_EQ(expansion.samples_made, 20U);
  EXPECT_EQ(previous, static_cast<std::uint32_t>(-69985));
}

TEST(ExpandDifferences, WrapsAroundAtBothEnds) {
  Samples samples(1);
  std::uint32_t previous = 0x7FFFFFFF;
  (void)ExpandDifferences(Hex("01"), previous, samples);
  EXPECT_EQ(samples[0], std::numeric_limits<std::int32_t>::min());
  (void)ExpandDifferences(Hex("ff"), previous, samples);
  EXPECT_EQ(samples[0], std::numeric_limits<std::int32_t>::max());
}

TEST(ExpandDifferences, LeavesAKeysampleThatIsCutOff) {
  for (std::size_t cut = 1; cut < kKeysampleBytes; ++cut) {
    Bytes symbols = Hex("01 02 80 2a 00 00 00");
    symbols.resize(2 + cut);
    Samples samples(10);
    std::uint32_t previous = 5;
    const Expansion expansion = ExpandDifferences(symbols, previous, samples);
    EXPECT_EQ(expansion.symbols_used, 2U);
    EXPECT_EQ(expansion.samples_made, 2U);
    EXPECT_EQ(previous, 8U);
  }
}

TEST(ExpandDifferences, StopsWhereThereIsNoRoom) {
  std::mt19937_64 random(9);
  const Bytes symbols = RandomSymbols(400, 6, random);
  const Samples all = Naive(symbols, 77);
  for (std::size_t room = 0; room <= all.size(); ++room) {
    // One sample more than may be written, to see that it is not.
    Samples samples(room + 1, -1234567);
    std::uint32_t previous = 77;
    const Expansion expansion = ExpandDifferences(symbols, previous, {samples.data(), room});
    ASSERT_EQ(expansion.samples_made, room);
    ASSERT_TRUE(
        std::equal(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(room), samples.begin()));
    ASSERT_EQ(samples.back(), -1234567);
  }
}

TEST(ExpandDifferences, AgreesWithTheNaiveExpansionHoweverTheStreamIsCut) {
  std::mt19937_64 random(10);
  for (int i = 0; i < 100 * test::kEffort; ++i) {
    const Bytes symbols = RandomSymbols(1 + random() % 600, 2 + random() % 60, random);
    const Samples expected = Naive(symbols, 1);
    Samples made;
    std::uint32_t previous = 1;
    Bytes waiting;
    for (std::size_t at = 0; at < symbols.size();) {
      const std::size_t n = std::min<std::size_t>(1 + random() % 40, symbols.size() - at);
      const auto begin = symbols.begin() + static_cast<std::ptrdiff_t>(at);
      waiting.insert(waiting.end(), begin, begin + static_cast<std::ptrdiff_t>(n));
      at += n;
      Samples piece(waiting.size());
      const auto [used, n_made] = ExpandDifferences(waiting, previous, piece);
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(used));
      made.insert(made.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n_made));
    }
    ASSERT_EQ(made, expected) << i;
    ASSERT_LT(waiting.size(), kKeysampleBytes);
  }
}

}  // namespace
}  // namespace mef3
