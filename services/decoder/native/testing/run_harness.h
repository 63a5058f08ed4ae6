#ifndef MEF3_TESTING_RUN_HARNESS_H_
#define MEF3_TESTING_RUN_HARNESS_H_

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "mef3/run_decoder.h"
#include "testing/in_memory_recording.h"

namespace mef3::test {

class AlwaysContinue final : public Checkpoint {
 public:
  bool MayContinue() override { return true; }
};

// Allows `n_left` batches, then reports that nobody waits any more.
class ContinueTimes final : public Checkpoint {
 public:
  explicit ContinueTimes(int n) : n_left(n) {}
  bool MayContinue() override { return n_left-- > 0; }
  int n_left;
};

// A channel in memory, ready to be read.
class TestChannel {
 public:
  TestChannel(std::vector<TestSegment> segments, double sampling_rate)
      : segments_(std::move(segments)) {
    EXPECT_EQ(BuildIndex(segments_, sampling_rate, index), Status::kOk);
    for (const TestSegment& segment : segments_) {
      owned_.push_back(std::make_unique<MemorySource>(segment.files.data()));
      sources.push_back(owned_.back().get());
    }
  }
  TestChannel(const TestChannel&) = delete;
  TestChannel& operator=(const TestChannel&) = delete;

  TestSegment& segment(std::size_t s) { return segments_[s]; }

  ChannelIndex index;
  std::vector<const ByteSource*> sources;

 private:
  std::vector<TestSegment> segments_;
  std::vector<std::unique_ptr<MemorySource>> owned_;
};

// The tiles of one run, filled with a pattern that no decoder writes.
class TestTiles {
 public:
  static constexpr std::uint32_t kUnwritten = 0xABABABAB;

  TestTiles(const TestChannel& channel, SampleKind kind, std::int64_t first_slot,
            std::int64_t slots_per_tile, std::size_t n_tiles)
      : slots_per_tile_(static_cast<std::size_t>(slots_per_tile)), values_(n_tiles) {
    for (auto& tile : values_) {
      tile.assign(slots_per_tile_, kUnwritten);
      pointers_.push_back(reinterpret_cast<std::uint8_t*>(tile.data()));
    }
    run.index = &channel.index;
    run.sources = channel.sources;
    run.kind = kind;
    run.first_slot = first_slot;
    run.slots_per_tile = slots_per_tile;
    run.tiles = pointers_;
  }
  TestTiles(const TestTiles&) = delete;
  TestTiles& operator=(const TestTiles&) = delete;

  std::uint32_t Bits(std::int64_t slot) const {
    const auto i = static_cast<std::size_t>(slot - run.first_slot);
    return values_[i / slots_per_tile_][i % slots_per_tile_];
  }
  std::int32_t Count(std::int64_t slot) const { return std::bit_cast<std::int32_t>(Bits(slot)); }
  float Value(std::int64_t slot) const { return std::bit_cast<float>(Bits(slot)); }

  TileRun run;

 private:
  std::size_t slots_per_tile_;
  std::vector<std::vector<std::uint32_t>> values_;
  std::vector<std::uint8_t*> pointers_;
};

struct RunResult {
  Status status = Status::kOk;
  RunOutcome outcome;
  DecodeStatistics statistics;
};

inline RunResult Decode(const TestTiles& tiles) {
  ResumePoints resume_points(1024);
  RunDecoder decoder(resume_points);
  AlwaysContinue checkpoint;
  RunResult result;
  result.status =
      decoder.Decode({&tiles.run, 1}, checkpoint, {&result.outcome, 1}, result.statistics);
  return result;
}

}  // namespace mef3::test

#endif  // MEF3_TESTING_RUN_HARNESS_H_
