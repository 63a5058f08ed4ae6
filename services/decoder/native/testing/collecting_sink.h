#ifndef MEF3_TESTING_COLLECTING_SINK_H_
#define MEF3_TESTING_COLLECTING_SINK_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "mef3/block_decoder.h"
#include "testing/red_vectors.h"

namespace mef3::test {

// What became of a block.
struct Decoded {
  std::uint32_t first = 0;
  Samples samples;
  std::optional<ResumePoint> stopped;
  std::optional<Status> status;
};

// Collects samples per block, and holds the decoder to SampleSink's promises.
class CollectingSink final : public SampleSink {
 public:
  explicit CollectingSink(std::size_t n_blocks) : blocks(n_blocks) {}

  void OnSamples(std::size_t block, std::uint32_t first,
                 std::span<const std::int32_t> samples) override {
    ASSERT_LT(block, blocks.size());
    ASSERT_FALSE(blocks[block].status.has_value()) << "samples after the end of a block";
    // A resumed block starts somewhere within.
    if (blocks[block].samples.empty()) blocks[block].first = first;
    ASSERT_EQ(first, blocks[block].first + blocks[block].samples.size()) << "out of order";
    blocks[block].samples.insert(blocks[block].samples.end(), samples.begin(), samples.end());
  }

  void OnStopped(std::size_t block, const ResumePoint& point) override {
    ASSERT_LT(block, blocks.size());
    ASSERT_FALSE(blocks[block].status.has_value()) << "stopped after the end of a block";
    blocks[block].stopped = point;
  }

  void OnDone(std::size_t block, Status status) override {
    ASSERT_LT(block, blocks.size());
    ASSERT_FALSE(blocks[block].status.has_value()) << "a block ends twice";
    blocks[block].status = status;
  }

  std::vector<Decoded> blocks;
};

// A request for the whole of a block that agrees with its index entry.
inline BlockRequest RequestFor(const Bytes& block) {
  std::uint32_t n = 0;
  std::int64_t stored = 0;
  std::memcpy(&n, &block[32], 4);
  std::memcpy(&stored, &block[40], 8);
  return {.bytes = block,
          .number_of_samples = n,
          .start_time = stored < 0 ? -stored : stored,
          .recording_time_offset = 0,
          .wanted = n};
}

inline std::vector<Decoded> DecodeAll(BlockDecoder& decoder,
                                      const std::vector<BlockRequest>& requests) {
  CollectingSink sink(requests.size());
  decoder.Decode(requests, sink);
  for (const Decoded& decoded : sink.blocks) EXPECT_TRUE(decoded.status.has_value());
  return std::move(sink.blocks);
}

inline Decoded DecodeOne(const BlockRequest& request) {
  BlockDecoder decoder;
  return DecodeAll(decoder, {request})[0];
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_COLLECTING_SINK_H_
