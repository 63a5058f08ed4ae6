#include "mef3/red_block_header.h"

#include <gtest/gtest.h>

#include <limits>

#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using test::BlockA;
using test::Bytes;
using test::Put;

Status Parse(const Bytes& block) {
  RedBlockHeader header;
  return ParseRedBlockHeader(block, header);
}

// Block A with one field replaced.
template <typename T>
Bytes With(std::size_t offset, T value) {
  Bytes block = BlockA();
  Put(block, offset, value);
  return block;
}

TEST(ParseRedBlockHeader, ReadsVectorA) {
  RedBlockHeader header;
  ASSERT_EQ(ParseRedBlockHeader(BlockA(), header), Status::kOk);
  EXPECT_EQ(header.crc, 0x16E9FB04U);
  EXPECT_EQ(header.flags, kFlagDiscontinuity);
  EXPECT_EQ(header.difference_bytes, 32U);
  EXPECT_EQ(header.number_of_samples, 20U);
  EXPECT_EQ(header.block_bytes, 320U);
  EXPECT_EQ(header.start_time, 1577836800000000);
  EXPECT_EQ(header.lossy.scale_factor, 1.0F);
  EXPECT_EQ(header.lossy.slope, 0.0F);
  EXPECT_EQ(header.lossy.intercept, 0.0F);
  EXPECT_EQ(header.EncryptionLevel(), 0);
}

TEST(ParseRedBlockHeader, ReadsTheLossyFieldsOfVectorC) {
  RedBlockHeader header;
  ASSERT_EQ(ParseRedBlockHeader(test::BlockC(), header), Status::kOk);
  EXPECT_EQ(header.lossy.slope, 0.5F);
  EXPECT_EQ(header.lossy.intercept, -3.25F);
  EXPECT_EQ(header.lossy.scale_factor, 2.5F);
}

TEST(ParseRedBlockHeader, KnowsTheEncryptionLevels) {
  RedBlockHeader header;
  ASSERT_EQ(ParseRedBlockHeader(test::BlockBLevel1(), header), Status::kOk);
  EXPECT_EQ(header.EncryptionLevel(), 1);
  ASSERT_EQ(ParseRedBlockHeader(test::BlockBLevel2(), header), Status::kOk);
  EXPECT_EQ(header.EncryptionLevel(), 2);
  EXPECT_EQ(Parse(With(4, std::uint8_t{0x06})), Status::kBadHeader);
}

TEST(ParseRedBlockHeader, RefusesAnythingShorterThanAHeader) {
  const Bytes block = BlockA();
  RedBlockHeader header;
  EXPECT_EQ(ParseRedBlockHeader({}, header), Status::kTruncated);
  EXPECT_EQ(ParseRedBlockHeader(std::span(block).first(303), header), Status::kTruncated);
}

TEST(ParseRedBlockHeader, RefusesALengthThatIsNotTheBlocks) {
  EXPECT_EQ(Parse(With(36, 312U)), Status::kBadHeader);
  EXPECT_EQ(Parse(With(36, 328U)), Status::kBadHeader);
  EXPECT_EQ(Parse(With(36, 0xFFFFFFFFU)), Status::kBadHeader);
}

TEST(ParseRedBlockHeader, BoundsTheStreamBySampleCount) {
  const auto with = [](std::uint32_t n, std::uint32_t d) {
    Bytes block = BlockA();
    Put(block, 28, d);
    Put(block, 32, n);
    return Parse(block);
  };
  EXPECT_EQ(with(20, 24), Status::kOk);
  EXPECT_EQ(with(20, 23), Status::kBadHeader);
  EXPECT_EQ(with(20, 100), Status::kOk);
  EXPECT_EQ(with(20, 101), Status::kBadHeader);
  EXPECT_EQ(with(20, 0), Status::kBadHeader);
  EXPECT_EQ(with(1, 5), Status::kOk);
  EXPECT_EQ(with(1, 4), Status::kBadHeader);
  EXPECT_EQ(with(1, 6), Status::kBadHeader);
  EXPECT_EQ(with(1U << 22, (1U << 22) + 4), Status::kOk);
  EXPECT_EQ(with((1U << 22) + 1, (1U << 22) + 5), Status::kLimitExceeded);
  // 5 n in 32 bits would wrap around to something small.
  EXPECT_EQ(with(0xFFFFFFFF, 0xFFFFFFFF), Status::kLimitExceeded);
}

TEST(ParseRedBlockHeader, RefusesABlockMuchLongerThanItsStream) {
  // 304 + 32 + 4 + 64 bytes at most.
  Bytes block = BlockA();
  block.resize(404);
  Put(block, 36, 404U);
  EXPECT_EQ(Parse(block), Status::kOk);
  block.resize(405);
  Put(block, 36, 405U);
  EXPECT_EQ(Parse(block), Status::kBadHeader);
}

TEST(ParseRedBlockHeader, AcceptsAnEmptyBlock) {
  Bytes block(304, 0);
  Put(block, 24, 1.0F);
  Put(block, 36, 304U);
  EXPECT_EQ(Parse(block), Status::kOk);
  Put(block, 28, 5U);
  EXPECT_EQ(Parse(block), Status::kBadHeader);
}

TEST(ParseRedBlockHeader, RefusesSamplesWithoutAPayload) {
  Bytes block = BlockA();
  block.resize(304);
  Put(block, 36, 304U);
  EXPECT_EQ(Parse(block), Status::kTruncated);
}

TEST(ParseRedBlockHeader, RefusesLossyParametersThatAreNotFinite) {
  for (const std::size_t offset : {16UL, 20UL, 24UL}) {
    EXPECT_EQ(Parse(With(offset, std::numeric_limits<float>::infinity())), Status::kBadHeader);
    EXPECT_EQ(Parse(With(offset, -std::numeric_limits<float>::infinity())), Status::kBadHeader);
    EXPECT_EQ(Parse(With(offset, std::numeric_limits<float>::quiet_NaN())), Status::kBadHeader);
  }
}

TEST(BlockCrcMatches, CoversAllButItself) {
  Bytes block = BlockA();
  RedBlockHeader header;
  ASSERT_EQ(ParseRedBlockHeader(block, header), Status::kOk);
  EXPECT_TRUE(BlockCrcMatches(block, header));
  for (std::size_t at = 4; at < block.size(); ++at) {
    block[at] ^= 0x10;
    ASSERT_FALSE(BlockCrcMatches(block, header)) << at;
    block[at] ^= 0x10;
  }
  block[319] ^= 1;
  header.crc = 0;
  EXPECT_TRUE(BlockCrcMatches(block, header));
}

}  // namespace
}  // namespace mef3
