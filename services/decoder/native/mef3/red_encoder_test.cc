#include "mef3/red_encoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "mef3/red_block_header.h"
#include "testing/red_vectors.h"
#include "testing/reference_codec.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Samples;

TEST(EncodeRedBlock, WritesTheDocumentsVectors) {
  EXPECT_EQ(EncodeRedBlock(test::SamplesOfA(), test::kStartOfA, true), test::BlockA());
  EXPECT_EQ(EncodeRedBlock(Samples{5}, 0, true), test::BlockD());
  EXPECT_EQ(EncodeRedBlock(test::SamplesOfE(), 0, false), test::BlockE());
  EXPECT_EQ(EncodeRedBlock(Samples(1000, 7), 0, false), test::BlockF());
}

TEST(EncodeRedBlock, TakesAThousandBytesForAMillionEqualSamples) {
  EXPECT_EQ(EncodeRedBlock(Samples(1'000'000, 42), 0, false).size(), 1016U);
}

TEST(EncodeRedBlock, WritesAHeaderAloneForNoSamples) {
  const Bytes block = EncodeRedBlock({}, -5, false);
  RedBlockHeader header;
  ASSERT_EQ(block.size(), 304U);
  ASSERT_EQ(ParseRedBlockHeader(block, header), Status::kOk);
  EXPECT_TRUE(BlockCrcMatches(block, header));
  EXPECT_EQ(header.number_of_samples, 0U);
  EXPECT_EQ(header.difference_bytes, 0U);
  EXPECT_EQ(header.start_time, -5);
}

TEST(EncodeRedBlock, WritesDifferencesUpTo127AsOneByte) {
  const auto difference_bytes = [](std::int32_t from, std::int32_t to) {
    const Bytes block = EncodeRedBlock(Samples{from, to}, 0, false);
    std::uint32_t d = 0;
    std::memcpy(&d, &block[28], 4);
    return d;
  };
  constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr auto kHighest = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(difference_bytes(0, 127), 6U);
  EXPECT_EQ(difference_bytes(0, -127), 6U);
  EXPECT_EQ(difference_bytes(0, 128), 10U);
  EXPECT_EQ(difference_bytes(0, -128), 10U);
  // In 64 bits: these differences would wrap to 1 and -1.
  EXPECT_EQ(difference_bytes(kHighest, kLowest), 10U);
  EXPECT_EQ(difference_bytes(kLowest, kHighest), 10U);
}

TEST(EncodeRedBlock, MakesSoundBlocksOfAnySignal) {
  std::mt19937_64 random(41);
  for (int i = 0; i < 20 * test::kEffort; ++i) {
    const Samples samples = test::AnySignal(1 + random() % 2500, random);
    const Bytes block = EncodeRedBlock(samples, -1234, i % 2 == 0);
    RedBlockHeader header;
    ASSERT_EQ(ParseRedBlockHeader(block, header), Status::kOk);
    ASSERT_TRUE(BlockCrcMatches(block, header));
    ASSERT_EQ(block.size() % 8, 0U);
    ASSERT_EQ(header.start_time, -1234);
    ASSERT_EQ(header.flags, i % 2 == 0 ? kFlagDiscontinuity : 0);
    ASSERT_EQ(test::ReferenceDecode(block), samples);
  }
}

}  // namespace
}  // namespace mef3
