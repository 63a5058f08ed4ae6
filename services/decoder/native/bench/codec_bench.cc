// How many samples a core decodes per second, step by step.
//
//   mef3_bench [repetitions]
//
// Prints medians over interleaved repetitions (default 9): all steps run once on
// all signals, then again, so that a noisy minute falls on all of them alike.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "mef3/block_decoder.h"
#include "mef3/crc32.h"
#include "mef3/range_decoder.h"
#include "mef3/red_encoder.h"
#include "mef3/run_decoder.h"
#include "testing/in_memory_recording.h"
#include "testing/signals.h"

namespace mef3 {
namespace {

using test::Bytes;
using test::Samples;

// A class of signals; `step` is the standard deviation of its differences.
struct SignalClass {
  const char* name;
  double sampling_rate;
  std::size_t samples_per_block;
  double step;
  std::size_t n_blocks;
};

// Some four million samples each, so that neither fits the caches.
constexpr std::array<SignalClass, 3> kClasses{{{"quiet, 256 Hz", 256, 2560, 50.0, 1600},
                                               {"quiet, 2048 Hz", 2048, 20480, 20.0, 200},
                                               {"rough, 2048 Hz", 2048, 20480, 131.0, 200}}};
constexpr std::int64_t kStart = 1577836800000000;
constexpr std::int64_t kSlotsPerTile = 32768;

class NoCheckpoint final : public Checkpoint {
 public:
  bool MayContinue() override { return true; }
};

// Takes samples as a reader of counts would: a copy into its own memory.
class Copying final : public SampleSink {
 public:
  explicit Copying(std::size_t samples_per_block) : block_(samples_per_block) {}
  void OnSamples(std::size_t, std::uint32_t first, std::span<const std::int32_t> samples) override {
    std::copy(samples.begin(), samples.end(), block_.begin() + first);
  }
  void OnStopped(std::size_t, const ResumePoint&) override {}
  void OnDone(std::size_t, Status status) override {
    if (status != Status::kOk) ++n_refused;
  }
  std::size_t n_refused = 0;

 private:
  Samples block_;
};

// A recording of one class, and what the steps need of it.
class Workload {
 public:
  explicit Workload(const SignalClass& signal) : signal_(signal), sink_(signal.samples_per_block) {
    std::mt19937_64 random(1);
    const double block_us =
        1e6 * static_cast<double>(signal.samples_per_block) / signal.sampling_rate;
    for (std::size_t i = 0; i < signal.n_blocks; ++i) {
      const Samples samples = test::RandomWalk(signal.samples_per_block, signal.step, random);
      segment_.files.AddBlock(kStart + std::llround(static_cast<double>(i) * block_us), samples);
      CountKeysamples(samples);
    }
    segment_.start_time = kStart;
    segment_.factor = 0.0488;
    if (test::BuildIndex({segment_}, signal.sampling_rate, index_) != Status::kOk) return;
    source_ = std::make_unique<test::MemorySource>(segment_.files.data());
    PrepareRequests();
    PrepareSymbols();
    PrepareTiles();
  }
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  double n_samples() const { return static_cast<double>(index_.n_samples()); }
  double bytes_per_sample() const {
    return static_cast<double>(segment_.files.data().size()) / n_samples();
  }
  double keysample_share() const { return static_cast<double>(n_keysamples_) / n_samples(); }
  std::size_t n_failures() const { return n_failures_ + sink_.n_refused; }

  void Crc() {
    for (const BlockRequest& request : requests_) {
      std::uint32_t stored;
      std::memcpy(&stored, request.bytes.data(), sizeof stored);
      if (Crc32(request.bytes.subspan(4)) != stored) ++n_failures_;
    }
  }

  // The range decoder alone, over a few blocks again and again: models built,
  // nothing expanded.
  void Symbols() {
    for (std::size_t done = 0; done < requests_.size(); done += kMaxLockstep) {
      std::array<RangeDecoderState, kMaxLockstep> states;
      std::array<std::uint8_t*, kMaxLockstep> outputs;
      for (std::size_t i = 0; i < kMaxLockstep; ++i) {
        states[i] = StartRangeDecoder(payloads_[i].data(), models_[i]);
        outputs[i] = symbols_[i].data();
      }
      DecodeSymbols(states, outputs, n_symbols_);
    }
  }
  double SymbolSamples() const {
    const std::size_t rounds = (requests_.size() + kMaxLockstep - 1) / kMaxLockstep;
    return static_cast<double>(rounds * kMaxLockstep * n_symbols_) / symbols_per_sample_;
  }

  void Counts() { blocks_.Decode(requests_, sink_); }

  void Floats() {
    RunOutcome outcome;
    DecodeStatistics statistics;
    NoCheckpoint checkpoint;
    const Status status = runs_.Decode({&run_, 1}, checkpoint, {&outcome, 1}, statistics);
    if (status != Status::kOk || !outcome.damage.empty()) ++n_failures_;
  }

 private:
  void CountKeysamples(const Samples& samples) {
    for (std::size_t i = 1; i < samples.size(); ++i) {
      if (std::abs(samples[i] - samples[i - 1]) > 127) ++n_keysamples_;
    }
  }

  void PrepareRequests() {
    for (const BlockEntry& entry : index_.entries()) {
      const std::span<const std::uint8_t> data(segment_.files.data());
      requests_.push_back({.bytes = data.subspan(entry.file_offset, entry.block_bytes),
                           .number_of_samples = entry.number_of_samples,
                           .start_time = entry.start_time,
                           .recording_time_offset = 0,
                           .wanted = entry.number_of_samples});
    }
  }

  void PrepareSymbols() {
    models_ = std::make_unique<SymbolModel[]>(kMaxLockstep);
    n_symbols_ = SIZE_MAX;
    for (std::size_t i = 0; i < kMaxLockstep; ++i) {
      const auto block = requests_[i].bytes;
      std::uint32_t difference_bytes;
      std::memcpy(&difference_bytes, &block[28], sizeof difference_bytes);
      n_symbols_ = std::min<std::size_t>(n_symbols_, difference_bytes - 1);
      if (BuildSymbolModel(block.subspan<48, 256>(), models_[i]) != Status::kOk) ++n_failures_;
      payloads_[i].assign(block.begin() + kRedHeaderBytes, block.end());
    }
    for (std::size_t i = 0; i < kMaxLockstep; ++i) {
      payloads_[i].resize(n_symbols_ * kMaxBytesPerSymbol + kReadAhead);
      symbols_[i].resize(n_symbols_);
    }
    symbols_per_sample_ =
        static_cast<double>(n_symbols_) / static_cast<double>(signal_.samples_per_block);
  }

  void PrepareTiles() {
    const auto n_tiles =
        static_cast<std::size_t>((index_.n_slots() + kSlotsPerTile - 1) / kSlotsPerTile);
    tiles_.assign(n_tiles, std::vector<float>(kSlotsPerTile));
    for (auto& tile : tiles_) pointers_.push_back(reinterpret_cast<std::uint8_t*>(tile.data()));
    sources_.push_back(source_.get());
    run_.index = &index_;
    run_.sources = sources_;
    run_.slots_per_tile = kSlotsPerTile;
    run_.tiles = pointers_;
  }

  const SignalClass& signal_;
  test::TestSegment segment_;
  ChannelIndex index_;
  std::unique_ptr<test::MemorySource> source_;
  std::vector<BlockRequest> requests_;
  std::size_t n_keysamples_ = 0;
  std::size_t n_failures_ = 0;

  std::unique_ptr<SymbolModel[]> models_;
  std::array<Bytes, kMaxLockstep> payloads_;
  std::array<Bytes, kMaxLockstep> symbols_;
  std::size_t n_symbols_ = 0;
  double symbols_per_sample_ = 1.0;

  Copying sink_;
  BlockDecoder blocks_;
  ResumePoints resume_points_{1024};
  RunDecoder runs_{resume_points_};
  std::vector<std::vector<float>> tiles_;
  std::vector<std::uint8_t*> pointers_;
  std::vector<const ByteSource*> sources_;
  TileRun run_;
};

// One figure of the table.
struct Measurement {
  std::function<void()> step;
  double n_samples;
  std::vector<double> rates;  // million samples per second

  void Repeat() {
    const auto begin = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    rates.push_back(n_samples / took.count() / 1e6);
  }

  double Median() {
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
  }
};

int Run(int repetitions) {
  std::vector<std::unique_ptr<Workload>> workloads;
  std::vector<std::array<Measurement, 4>> rows;
  for (const SignalClass& signal : kClasses) {
    workloads.push_back(std::make_unique<Workload>(signal));
    Workload& w = *workloads.back();
    rows.push_back({{{[&w] { w.Crc(); }, w.n_samples(), {}},
                     {[&w] { w.Symbols(); }, w.SymbolSamples(), {}},
                     {[&w] { w.Counts(); }, w.n_samples(), {}},
                     {[&w] { w.Floats(); }, w.n_samples(), {}}}});
  }
  // Once to fault memory in; not counted.
  for (auto& row : rows) {
    for (Measurement& measurement : row) measurement.step();
  }
  for (int i = 0; i < repetitions; ++i) {
    for (auto& row : rows) {
      for (Measurement& measurement : row) measurement.Repeat();
    }
  }
  std::printf("million samples per second, one core, median of %d\n", repetitions);
  std::printf("%-16s %8s %6s %8s %8s %8s %8s\n", "signal", "B/sample", "keys", "crc", "symbols",
              "int32", "float32");
  std::size_t n_failures = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::printf("%-16s %8.2f %5.0f%% %8.0f %8.0f %8.0f %8.0f\n", kClasses[i].name,
                workloads[i]->bytes_per_sample(), 100.0 * workloads[i]->keysample_share(),
                rows[i][0].Median(), rows[i][1].Median(), rows[i][2].Median(), rows[i][3].Median());
    n_failures += workloads[i]->n_failures();
  }
  if (n_failures > 0) std::fprintf(stderr, "%zu blocks were refused\n", n_failures);
  return n_failures > 0 ? 1 : 0;
}

}  // namespace
}  // namespace mef3

int main(int argc, char** argv) {
  int repetitions = 9;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), repetitions);
    if (error != std::errc{} || end != text.data() + text.size() || repetitions < 1) {
      std::fprintf(stderr, "usage: mef3_bench [repetitions]\n");
      return 2;
    }
  }
  return mef3::Run(repetitions);
}
