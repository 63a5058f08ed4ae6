#include "mef3/block_decoder.h"

#include <gtest/gtest.h>

#include <limits>

#include "mef3/limits.h"
#include "mef3/red_encoder.h"
#include "testing/collecting_sink.h"
#include "testing/red_vectors.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Decoded;
using test::DecodeOne;
using test::FixCrc;
using test::Put;
using test::RequestFor;
using test::Samples;

void ExpectSamples(const Decoded& decoded, const Samples& expected) {
  EXPECT_EQ(decoded.status, Status::kOk);
  EXPECT_EQ(decoded.samples, expected);
}

Status StatusOf(const Bytes& block) { return DecodeOne(RequestFor(block)).status.value(); }

TEST(BlockDecoder, DecodesTheDocumentsVectors) {
  ExpectSamples(DecodeOne(RequestFor(test::BlockA())), test::SamplesOfA());
  ExpectSamples(DecodeOne(RequestFor(test::BlockC())), test::SamplesOfC());
  ExpectSamples(DecodeOne(RequestFor(test::BlockD())), {5});
  ExpectSamples(DecodeOne(RequestFor(test::BlockE())), test::SamplesOfE());
  ExpectSamples(DecodeOne(RequestFor(test::BlockF())), Samples(1000, 7));
}

TEST(BlockDecoder, DecodesEncryptedBlocksWithTheirPlainStatistics) {
  const auto plain = test::PlainStatisticsOfA();
  for (const Bytes& block : {test::BlockBLevel1(), test::BlockBLevel2()}) {
    BlockRequest request = RequestFor(block);
    request.plain_statistics = &plain;
    ExpectSamples(DecodeOne(request), test::SamplesOfA());
  }
}

TEST(BlockDecoder, RefusesEncryptedBlocksWithoutThem) {
  EXPECT_EQ(StatusOf(test::BlockBLevel1()), Status::kEncrypted);
  EXPECT_EQ(StatusOf(test::BlockBLevel2()), Status::kEncrypted);
}

TEST(BlockDecoder, ChecksTheCrcBeforeTheKey) {
  Bytes block = test::BlockBLevel1();
  block[310] ^= 1;
  EXPECT_EQ(StatusOf(block), Status::kCrcMismatch);
}

TEST(BlockDecoder, IgnoresPlainStatisticsOfAPlainBlock) {
  const std::array<std::uint8_t, 16> other{9, 9, 9};
  const Bytes block = test::BlockA();
  BlockRequest request = RequestFor(block);
  request.plain_statistics = &other;
  ExpectSamples(DecodeOne(request), test::SamplesOfA());
}

TEST(BlockDecoder, RefusesAKeyThatIsWrong) {
  std::array<std::uint8_t, 16> plain = test::PlainStatisticsOfA();
  plain[0] = 200;
  const Bytes block = test::BlockBLevel1();
  BlockRequest request = RequestFor(block);
  request.plain_statistics = &plain;
  EXPECT_EQ(DecodeOne(request).status, Status::kCorruptStream);
}

TEST(BlockDecoder, SeesAFlippedBitInEveryByte) {
  for (std::size_t at = 0; at < 320; ++at) {
    Bytes block = test::BlockA();
    const BlockRequest sound = RequestFor(block);
    block[at] ^= 0x20;
    BlockRequest request = sound;
    request.bytes = block;
    const auto status = DecodeOne(request).status;
    ASSERT_NE(status, Status::kOk) << at;
    // The payload, the statistics and the time contradict nothing but the CRC.
    if (at >= 40 || at < 4) {
      ASSERT_EQ(status, Status::kCrcMismatch) << at;
    }
  }
}

TEST(BlockDecoder, TakesACrcOfZeroForNotRecorded) {
  Bytes block = test::BlockA();
  Put(block, 0, 0U);
  ExpectSamples(DecodeOne(RequestFor(block)), test::SamplesOfA());
}

TEST(BlockDecoder, RefusesTruncatedBlocks) {
  const Bytes block = test::BlockA();
  BlockRequest request = RequestFor(block);
  request.bytes = std::span(block).first(312);
  EXPECT_EQ(DecodeOne(request).status, Status::kBadHeader);
  request.bytes = std::span(block).first(303);
  EXPECT_EQ(DecodeOne(request).status, Status::kTruncated);
  request.bytes = {};
  EXPECT_EQ(DecodeOne(request).status, Status::kTruncated);
}

TEST(BlockDecoder, RefusesAPayloadThatEndsEarly) {
  std::mt19937_64 random(21);
  // What follows decodes as if it were zeros, and holds too few keysamples.
  Bytes block = EncodeRedBlock(test::Rough(2000, random), 0, false);
  block.resize(block.size() / 2 / 8 * 8);
  Put(block, 36, static_cast<std::uint32_t>(block.size()));
  FixCrc(block);
  EXPECT_EQ(StatusOf(block), Status::kCorruptStream);
}

TEST(BlockDecoder, RefusesAStreamLengthThatIsNotUsedUp) {
  // Vector E takes 17 symbols for its 6 samples; any other D is a lie.
  for (std::uint32_t d = 10; d <= 30; ++d) {
    Bytes block = test::BlockE();
    Put(block, 28, d);
    FixCrc(block);
    EXPECT_EQ(StatusOf(block), d == 18 ? Status::kOk : Status::kCorruptStream) << d;
  }
  for (const std::uint32_t d : {0U, 9U, 31U, 0xFFFFFFFFU}) {
    Bytes block = test::BlockE();
    Put(block, 28, d);
    FixCrc(block);
    EXPECT_EQ(StatusOf(block), Status::kBadHeader) << d;
  }
}

TEST(BlockDecoder, RefusesStatisticsWithoutASymbol) {
  Bytes block = test::BlockA();
  std::fill_n(block.begin() + 48, 256, std::uint8_t{0});
  FixCrc(block);
  EXPECT_EQ(StatusOf(block), Status::kBadHeader);
}

TEST(BlockDecoder, HoldsABlockAgainstItsIndexEntry) {
  const Bytes block = test::BlockA();
  BlockRequest request = RequestFor(block);
  request.number_of_samples = 19;
  EXPECT_EQ(DecodeOne(request).status, Status::kIndexMismatch);
  request = RequestFor(block);
  request.start_time += 1;
  EXPECT_EQ(DecodeOne(request).status, Status::kIndexMismatch);
}

TEST(BlockDecoder, ComparesTimesAfterConversion) {
  // The vector of section 6.2, stored in offset form.
  Bytes block = test::BlockA();
  Put(block, 40, std::int64_t{-18000000123});
  FixCrc(block);
  BlockRequest request = RequestFor(block);
  request.start_time = 1577836800000123;
  request.recording_time_offset = 1577818800000000;
  ExpectSamples(DecodeOne(request), test::SamplesOfA());
}

TEST(BlockDecoder, RefusesABlockWithoutATime) {
  Bytes block = test::BlockA();
  Put(block, 40, std::numeric_limits<std::int64_t>::min());
  FixCrc(block);
  BlockRequest request = RequestFor(test::BlockA());
  request.bytes = block;
  EXPECT_EQ(DecodeOne(request).status, Status::kIndexMismatch);
}

TEST(BlockDecoder, MakesNothingOfAnEmptyBlock) {
  const Bytes block = EncodeRedBlock({}, 0, true);
  ExpectSamples(DecodeOne(RequestFor(block)), {});
}

TEST(BlockDecoder, DecodesABombInSmallPieces) {
  // 312 bytes that claim four million samples: all differences cost nothing.
  constexpr std::uint32_t kSamples = kMaxBlockSamples;
  Bytes block = test::SmallBlock(0, 0, kSamples, kSamples + 4, {{0, 1}}, "00 00 00 00 00 00 00 00");
  FixCrc(block);

  class Counting final : public SampleSink {
   public:
    void OnSamples(std::size_t, std::uint32_t first,
                   std::span<const std::int32_t> samples) override {
      EXPECT_EQ(first, total);
      largest = std::max(largest, samples.size());
      total += static_cast<std::uint32_t>(samples.size());
    }
    void OnStopped(std::size_t, const ResumePoint&) override { FAIL() << "nothing is left"; }
    void OnDone(std::size_t, Status s) override { status = s; }
    std::uint32_t total = 0;
    std::size_t largest = 0;
    Status status = Status::kCancelled;
  } counting;
  BlockDecoder decoder;
  const BlockRequest request = RequestFor(block);
  decoder.Decode({&request, 1}, counting);
  EXPECT_EQ(counting.status, Status::kOk);
  EXPECT_EQ(counting.total, kSamples);
  EXPECT_LE(counting.largest, 64U << 10);
}

TEST(BlockDecoder, RefusesMoreSamplesThanTheCap) {
  constexpr std::uint32_t kSamples = kMaxBlockSamples + 1;
  Bytes block = test::SmallBlock(0, 0, kSamples, kSamples + 4, {{0, 1}}, "00 00 00 00 00 00 00 00");
  EXPECT_EQ(StatusOf(block), Status::kLimitExceeded);
}

TEST(BlockDecoder, StopsEarlyWithTheSamePrefix) {
  std::mt19937_64 random(22);
  const Samples samples = test::Rough(5000, random);
  const Bytes block = EncodeRedBlock(samples, 0, false);
  for (const std::uint32_t wanted :
       {0U, 1U, 2U, 5U, 255U, 256U, 1023U, 1024U, 1025U, 4999U, 5000U}) {
    BlockRequest request = RequestFor(block);
    request.wanted = wanted;
    const Decoded decoded = DecodeOne(request);
    EXPECT_EQ(decoded.status, Status::kOk);
    ASSERT_GE(decoded.samples.size(), wanted);
    ASSERT_LE(decoded.samples.size(), samples.size());
    EXPECT_TRUE(std::equal(decoded.samples.begin(), decoded.samples.end(), samples.begin()));
  }
}

TEST(BlockDecoder, LooksAtTheWholeStreamWhereNoCrcVouchesForIt) {
  Bytes block = test::BlockE();
  Put(block, 28, 19U);
  Put(block, 0, 0U);
  BlockRequest request = RequestFor(block);
  request.wanted = 1;
  EXPECT_EQ(DecodeOne(request).status, Status::kCorruptStream);
}

TEST(BlockDecoder, KeepsRefusedBlocksFromTouchingTheirNeighbours) {
  std::mt19937_64 random(23);
  std::vector<Bytes> blocks;
  std::vector<Samples> signals;
  for (int i = 0; i < 40; ++i) {
    signals.push_back(test::AnySignal(1 + random() % 3000, random));
    blocks.push_back(EncodeRedBlock(signals.back(), 0, false));
    if (i % 3 == 1) blocks.back().back() ^= 1;
  }
  std::vector<BlockRequest> requests;
  for (const Bytes& block : blocks) requests.push_back(RequestFor(block));
  BlockDecoder decoder;
  const auto decoded = test::DecodeAll(decoder, requests);
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    if (i % 3 == 1) {
      EXPECT_EQ(decoded[i].status, Status::kCrcMismatch);
    } else {
      ExpectSamples(decoded[i], signals[i]);
    }
  }
}

}  // namespace
}  // namespace mef3
