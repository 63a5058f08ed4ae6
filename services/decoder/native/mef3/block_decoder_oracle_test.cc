// Holds BlockDecoder and EncodeRedBlock against the document's algorithm, one
// block and one symbol at a time.

#include <gtest/gtest.h>

#include "mef3/block_decoder.h"
#include "mef3/limits.h"
#include "mef3/lossy.h"
#include "mef3/red_encoder.h"
#include "testing/collecting_sink.h"
#include "testing/red_vectors.h"
#include "testing/reference_codec.h"
#include "testing/signals.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Decoded;
using test::kEffort;
using test::ReferenceDecode;
using test::RequestFor;
using test::Samples;

// The decoder works in pieces of 1024 symbols and starts blocks together.
std::size_t LengthNearAPieceEdge(std::mt19937_64& random) {
  const std::size_t edge = 1024 * (1 + random() % 4);
  return edge - 6 + random() % 15;
}

std::size_t AnyLength(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0: return 1 + random() % 8;
    case 1: return LengthNearAPieceEdge(random);
    case 2: return 1 + random() % 300;
    default: return 1 + random() % 6000;
  }
}

std::vector<Decoded> Decode(const std::vector<Bytes>& blocks) {
  static BlockDecoder decoder;
  std::vector<BlockRequest> requests;
  for (const Bytes& block : blocks) requests.push_back(RequestFor(block));
  return test::DecodeAll(decoder, requests);
}

void ExpectAsReference(const Bytes& block, const Decoded& decoded) {
  const auto expected = ReferenceDecode(block);
  if (!expected) {
    ASSERT_EQ(decoded.status, Status::kCorruptStream);
    return;
  }
  ASSERT_EQ(decoded.status, Status::kOk);
  ASSERT_EQ(decoded.samples, *expected);
}

TEST(ReferenceDecode, DecodesTheDocumentsVectors) {
  EXPECT_EQ(ReferenceDecode(test::BlockA()), test::SamplesOfA());
  EXPECT_EQ(ReferenceDecode(test::BlockD()), Samples{5});
  EXPECT_EQ(ReferenceDecode(test::BlockE()), test::SamplesOfE());
  EXPECT_EQ(ReferenceDecode(test::BlockF()), Samples(1000, 7));
}

TEST(BlockDecoderOracle, RoundTripsBatchesOfMixedLengths) {
  std::mt19937_64 random(31);
  for (int round = 0; round < 8 * kEffort; ++round) {
    std::vector<Samples> signals;
    std::vector<Bytes> blocks;
    const std::size_t n_blocks = 1 + random() % 30;
    for (std::size_t i = 0; i < n_blocks; ++i) {
      signals.push_back(test::AnySignal(AnyLength(random), random));
      blocks.push_back(EncodeRedBlock(signals.back(), 0, false));
    }
    const auto decoded = Decode(blocks);
    for (std::size_t i = 0; i < n_blocks; ++i) {
      ASSERT_EQ(decoded[i].status, Status::kOk);
      ASSERT_EQ(decoded[i].samples, signals[i]) << round << " " << i;
      ASSERT_EQ(ReferenceDecode(blocks[i]), signals[i]);
    }
  }
}

TEST(BlockDecoderOracle, RoundTripsEveryLengthNearAPieceEdge) {
  std::mt19937_64 random(32);
  for (const std::size_t edge : {1024UL, 2048UL, 3072UL}) {
    std::vector<Samples> signals;
    std::vector<Bytes> blocks;
    for (std::size_t n = edge - 6; n <= edge + 8; ++n) {
      for (const auto make : {test::Quiet, test::Rough, test::Uniform}) {
        signals.push_back(make(n, random));
        blocks.push_back(EncodeRedBlock(signals.back(), 0, false));
      }
    }
    const auto decoded = Decode(blocks);
    for (std::size_t i = 0; i < blocks.size(); ++i) ASSERT_EQ(decoded[i].samples, signals[i]);
  }
}

TEST(BlockDecoderOracle, RoundTripsTheLargestBlock) {
  std::mt19937_64 random(33);
  const Samples samples = test::Quiet(kMaxBlockSamples, random);
  const Bytes block = EncodeRedBlock(samples, 0, false);
  const auto decoded = Decode({block});
  ASSERT_EQ(decoded[0].status, Status::kOk);
  EXPECT_EQ(decoded[0].samples, samples);
  EXPECT_EQ(ReferenceDecode(block), samples);
}

TEST(BlockDecoderOracle, WrapsDifferencesAsOtherEncodersMakeThem) {
  // -2^31 after 2^31 - 1 as the difference 01, which our encoder never writes.
  Bytes block =
      test::SmallBlock(0, 0, 2, 6, {{0x01, 1}, {0x7f, 1}, {0xff, 3}}, "00 00 00 00 00 00 00 00");
  std::mt19937_64 random(34);
  for (int found = 0; found < 20;) {
    const auto payload = test::RandomBytes(8, random);
    std::copy(payload.begin(), payload.end(), block.begin() + 304);
    const auto expected = ReferenceDecode(block);
    if (!expected || (*expected)[0] != 0x7FFFFFFF || (*expected)[1] >= 0) continue;
    ++found;
    EXPECT_EQ(Decode({block})[0].samples, *expected);
  }
}

// A sound header before statistics and payload of any bytes.
Bytes Garbage(std::mt19937_64& random) {
  Bytes block(304, 0);
  const std::size_t n = random() % 3 == 0 ? LengthNearAPieceEdge(random) : 1 + random() % 40;
  const std::size_t d = n + 4 + random() % (4 * n - 3);
  const std::size_t payload = 8 * (1 + random() % (d / 8 + 1));
  const auto shape = random() % 4;
  for (std::size_t s = 0; s < 256; ++s) {
    const auto any = static_cast<std::uint8_t>(random());
    block[48 + s] = shape == 0 ? any : shape == 1 ? std::uint8_t{255} : any < 12 ? any : 0;
  }
  if (shape == 3) block[48 + 0x80] = 255;
  block[48 + random() % 256] = 200;
  const auto bytes = test::RandomBytes(payload, random);
  block.insert(block.end(), bytes.begin(), bytes.end());
  if (random() % 4 == 0) std::fill(block.begin() + 304, block.end(), std::uint8_t{0xFF});
  test::Put(block, 24, 1.0F);
  test::Put(block, 28, static_cast<std::uint32_t>(d));
  test::Put(block, 32, static_cast<std::uint32_t>(n));
  test::Put(block, 36, static_cast<std::uint32_t>(block.size()));
  return block;
}

// Sets D to what the stream takes, so that the garbage decodes.
void MakeDecodable(Bytes& block) {
  std::uint32_t n = 0;
  std::memcpy(&n, &block[32], 4);
  const std::span<const std::uint8_t> bytes(block);
  test::ReferenceSymbols symbols{bytes.subspan(304), bytes.subspan<48, 256>()};
  std::uint32_t used = 4;
  for (int i = 0; i < 4; ++i) (void)symbols.Next();
  for (std::uint32_t k = 1; k < n; ++k) {
    ++used;
    if (symbols.Next() != 0x80) continue;
    used += 4;
    for (int i = 0; i < 4; ++i) (void)symbols.Next();
  }
  test::Put(block, 28, used + 1);
}

TEST(BlockDecoderOracle, AgreesOnGarbageThatNoCrcCovers) {
  std::mt19937_64 random(35);
  int n_decodable = 0;
  for (int round = 0; round < 60 * kEffort; ++round) {
    std::vector<Bytes> blocks;
    for (int i = 0; i < 12; ++i) {
      Bytes block = Garbage(random);
      if (random() % 2 == 0) MakeDecodable(block);
      std::uint32_t d = 0;
      std::memcpy(&d, &block[28], 4);
      // A shorter stream may no longer justify so long a payload.
      if (block.size() > 304 + d + d / 8 + 64) continue;
      blocks.push_back(std::move(block));
    }
    const auto decoded = Decode(blocks);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ExpectAsReference(blocks[i], decoded[i]);
      if (HasFatalFailure()) return;
      n_decodable += decoded[i].status == Status::kOk ? 1 : 0;
    }
  }
  EXPECT_GT(n_decodable, 200);
}

TEST(BlockDecoderOracle, AgreesOnDamagedBlocksThatNoCrcCovers) {
  std::mt19937_64 random(36);
  for (int round = 0; round < 40 * kEffort; ++round) {
    std::vector<Bytes> blocks;
    for (int i = 0; i < 8; ++i) {
      Bytes block = EncodeRedBlock(test::AnySignal(AnyLength(random), random), 0, false);
      test::Put(block, 0, 0U);
      // Anywhere in the statistics and the payload.
      block[48 + random() % (block.size() - 48)] ^= static_cast<std::uint8_t>(1U << (random() % 8));
      blocks.push_back(std::move(block));
    }
    const auto decoded = Decode(blocks);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ExpectAsReference(blocks[i], decoded[i]);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(BlockDecoderOracle, GivesTheSamePrefixWhereverItStops) {
  std::mt19937_64 random(37);
  static BlockDecoder decoder;
  for (int round = 0; round < 20 * kEffort; ++round) {
    std::vector<Samples> signals;
    std::vector<Bytes> blocks;
    for (int i = 0; i < 9; ++i) {
      signals.push_back(test::AnySignal(AnyLength(random), random));
      blocks.push_back(EncodeRedBlock(signals.back(), 0, false));
    }
    std::vector<BlockRequest> requests;
    for (const Bytes& block : blocks) {
      requests.push_back(RequestFor(block));
      requests.back().wanted = static_cast<std::uint32_t>(random() % (requests.back().wanted + 1));
    }
    const auto decoded = test::DecodeAll(decoder, requests);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const Samples& samples = decoded[i].samples;
      ASSERT_EQ(decoded[i].status, Status::kOk);
      ASSERT_GE(samples.size(), requests[i].wanted);
      ASSERT_LE(samples.size(), signals[i].size());
      ASSERT_TRUE(std::equal(samples.begin(), samples.end(), signals[i].begin()));
    }
  }
}

TEST(BlockDecoderOracle, TakesGarbageUpWhereItStopped) {
  // Such streams run far past their payload's end, into the zeros behind it.
  std::mt19937_64 random(39);
  static BlockDecoder decoder;
  int n_resumed = 0;
  for (int round = 0; round < 100 * kEffort; ++round) {
    Bytes block = Garbage(random);
    MakeDecodable(block);
    test::FixCrc(block);
    const auto expected = ReferenceDecode(block);
    BlockRequest request = RequestFor(block);
    if (!expected || test::DecodeAll(decoder, {request})[0].status != Status::kOk) continue;
    Samples joined;
    while (joined.size() < expected->size()) {
      request.wanted = static_cast<std::uint32_t>(
          std::min(expected->size(), joined.size() + 1 + random() % 400));
      const Decoded piece = test::DecodeAll(decoder, {request})[0];
      ASSERT_EQ(piece.status, Status::kOk);
      ASSERT_EQ(piece.first, joined.size());
      joined.insert(joined.end(), piece.samples.begin(), piece.samples.end());
      request.resume = piece.stopped;
      n_resumed += piece.stopped ? 1 : 0;
    }
    ASSERT_EQ(joined, *expected);
  }
  EXPECT_GT(n_resumed, 100);
}

TEST(BlockDecoderOracle, RestoresLossyBlocksAcrossPieces) {
  std::mt19937_64 random(38);
  for (int round = 0; round < 4 * kEffort; ++round) {
    Bytes block = EncodeRedBlock(test::Rough(3000 + random() % 3000, random), 0, false);
    const LossyParameters lossy{2.5F, 0.37F, -11.25F};
    test::Put(block, 16, lossy.slope);
    test::Put(block, 20, lossy.intercept);
    test::Put(block, 24, lossy.scale_factor);
    test::FixCrc(block);
    Samples expected = ReferenceDecode(block).value();
    RestoreLossy(lossy, 0, expected);
    EXPECT_EQ(Decode({block})[0].samples, expected);
  }
}

}  // namespace
}  // namespace mef3
