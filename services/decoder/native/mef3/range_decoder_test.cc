#include "mef3/range_decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "testing/red_vectors.h"
#include "testing/reference_codec.h"

namespace mef3 {
namespace {

using test::Bytes;
using Statistics = std::array<std::uint8_t, 256>;

// A stream with its model, and the zeros that may be read past its end.
struct Stream {
  Statistics statistics{};
  Bytes payload;
  std::size_t payload_bytes = 0;
  std::unique_ptr<SymbolModel> model = std::make_unique<SymbolModel>();

  RangeDecoderState Start(std::size_t n_symbols) {
    payload_bytes = payload.size();
    payload.resize(payload_bytes + n_symbols * kMaxBytesPerSymbol + kReadAhead);
    EXPECT_EQ(BuildSymbolModel(statistics, *model), Status::kOk);
    return StartRangeDecoder(payload.data(), *model);
  }

  test::ReferenceSymbols Reference() const {
    return {std::span(payload).first(payload_bytes), statistics};
  }
};

Stream StreamOfBlock(const Bytes& block) {
  Stream stream;
  std::copy_n(block.begin() + 48, 256, stream.statistics.begin());
  stream.payload.assign(block.begin() + 304, block.end());
  return stream;
}

// Statistics of different shapes with a payload of random bytes.
Stream RandomStream(std::mt19937_64& random) {
  Stream stream;
  const auto kind = random() % 5;
  for (auto& count : stream.statistics) {
    const auto any = static_cast<std::uint8_t>(random());
    count = kind == 0 ? 255 : kind == 1 ? any : any < 16 ? any : 0;
  }
  if (kind == 3) stream.statistics = {};
  if (kind >= 3) stream.statistics[255] = static_cast<std::uint8_t>(1 + random() % 255);
  stream.statistics[random() % 256] = static_cast<std::uint8_t>(1 + random() % 255);
  stream.payload = test::RandomBytes(1 + random() % 900, random);
  // Long runs of ones push `low` past the last position.
  if (random() % 4 == 0) std::fill(stream.payload.begin(), stream.payload.end(), std::uint8_t{255});
  return stream;
}

TEST(DecodeSymbols, FollowsTheTraceOfVectorA) {
  struct Row {
    std::uint8_t symbol;
    std::uint32_t range;
    std::uint32_t low;
  };
  constexpr std::array<Row, 6> kTrace{{{0x64, 0x04210842, 0x00030BCA},
                                       {0x00, 0x00EEAF46, 0x00030BCA},
                                       {0x00, 0x0035E57E, 0x00030BCA},
                                       {0x00, 0x0C2B900C, 0x030BCA26},
                                       {0x01, 0x00C90108, 0x004C468A},
                                       {0x02, 0x001373B5, 0x0011EB6B}}};
  Stream stream = StreamOfBlock(test::BlockA());
  RangeDecoderState state = stream.Start(31);
  EXPECT_EQ(state.low, 61U);
  EXPECT_EQ(state.range, 128U);
  for (const Row& row : kTrace) {
    std::uint8_t symbol = 0;
    std::uint8_t* const out = &symbol;
    DecodeSymbols({&state, 1}, {&out, 1}, 1);
    EXPECT_EQ(symbol, row.symbol);
    EXPECT_EQ(state.range, row.range);
    EXPECT_EQ(state.low, row.low);
  }
}

TEST(DecodeSymbols, DecodesTheStreamOfVectorA) {
  Stream stream = StreamOfBlock(test::BlockA());
  RangeDecoderState state = stream.Start(31);
  Bytes symbols(31);
  std::uint8_t* const out = symbols.data();
  DecodeSymbols({&state, 1}, {&out, 1}, 31);
  EXPECT_EQ(symbols, test::StreamOfA());
}

TEST(DecodeSymbols, AgreesWithTheReferenceOnAnyBytes) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 150 * test::kEffort; ++i) {
    Stream stream = RandomStream(random);
    const std::size_t n = 1 + random() % 1200;
    RangeDecoderState state = stream.Start(n);
    Bytes symbols(n);
    std::uint8_t* const out = symbols.data();
    DecodeSymbols({&state, 1}, {&out, 1}, n);
    auto reference = stream.Reference();
    for (std::size_t k = 0; k < n; ++k) ASSERT_EQ(symbols[k], reference.Next()) << i << " " << k;
    ASSERT_EQ(state.low, reference.low());
    ASSERT_EQ(state.range, reference.range());
  }
}

TEST(DecodeSymbols, DecodesAModelOfOnePosition) {
  std::mt19937_64 random(12);
  for (const std::size_t symbol : {0UL, 5UL, 128UL, 255UL}) {
    Stream stream;
    stream.statistics[symbol] = 1;
    stream.payload = test::RandomBytes(200, random);
    RangeDecoderState state = stream.Start(300);
    Bytes symbols(300);
    std::uint8_t* const out = symbols.data();
    DecodeSymbols({&state, 1}, {&out, 1}, 300);
    EXPECT_EQ(symbols, Bytes(300, static_cast<std::uint8_t>(symbol)));
    EXPECT_EQ(state.range, 0x80000000U);
  }
}

TEST(DecodeSymbols, DecodesStreamsTogetherAsItDoesAlone) {
  std::mt19937_64 random(6);
  constexpr std::size_t kSymbols = 500;
  for (std::size_t n_streams = 1; n_streams <= kMaxLockstep; ++n_streams) {
    std::vector<Stream> streams(n_streams);
    std::vector<RangeDecoderState> states;
    std::vector<Bytes> symbols(n_streams, Bytes(kSymbols));
    std::vector<std::uint8_t*> outputs;
    for (std::size_t i = 0; i < n_streams; ++i) {
      streams[i] = RandomStream(random);
      states.push_back(streams[i].Start(kSymbols));
      outputs.push_back(symbols[i].data());
    }
    DecodeSymbols(states, outputs, 1);
    for (auto& output : outputs) ++output;
    DecodeSymbols(states, outputs, kSymbols - 1);
    for (std::size_t i = 0; i < n_streams; ++i) {
      auto reference = streams[i].Reference();
      for (std::size_t k = 0; k < kSymbols; ++k) ASSERT_EQ(symbols[i][k], reference.Next());
    }
  }
}

TEST(DecodeSymbols, ConsumesNoMoreThanItAsksToBeReadable) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100; ++i) {
    Stream stream = RandomStream(random);
    RangeDecoderState state = stream.Start(64);
    for (int k = 0; k < 64; ++k) {
      const std::uint8_t* const before = state.next;
      std::uint8_t symbol = 0;
      std::uint8_t* const out = &symbol;
      DecodeSymbols({&state, 1}, {&out, 1}, 1);
      ASSERT_LE(state.next - before, static_cast<std::ptrdiff_t>(kMaxBytesPerSymbol));
    }
  }
}

TEST(DecodeSymbols, NeverChoosesASymbolOfCountZero) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 100; ++i) {
    Stream stream = RandomStream(random);
    RangeDecoderState state = stream.Start(300);
    Bytes symbols(300);
    std::uint8_t* const out = symbols.data();
    DecodeSymbols({&state, 1}, {&out, 1}, 300);
    for (const std::uint8_t symbol : symbols) ASSERT_NE(stream.statistics[symbol], 0);
  }
}

}  // namespace
}  // namespace mef3
