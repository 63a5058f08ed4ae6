#ifndef MEF3_RUN_DECODER_H_
#define MEF3_RUN_DECODER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mef3/block_decoder.h"
#include "mef3/byte_source.h"
#include "mef3/channel_index.h"
#include "mef3/damage.h"
#include "mef3/resume_points.h"

namespace mef3 {

// What the values of a tile are.
enum class SampleKind : std::uint8_t {
  kFloat32 = 0,  // native units, NaN where there is no sample
  kCounts = 1,   // int32 counts, kNanCount where there is no sample
};

// The first statistics bytes of a block in plain, found out by the caller.
struct PlainStatistics {
  std::uint32_t rank;  // the block's place in file order
  std::array<std::uint8_t, kEncryptedStatisticsBytes> bytes;
};

// A run of consecutive tiles of one channel.
struct TileRun {
  const ChannelIndex* index = nullptr;
  // The data file of each segment, by position in the index; null where the run
  // needs no block of it. A block without a source is damage.
  std::span<const ByteSource* const> sources;
  SampleKind kind = SampleKind::kFloat32;
  std::int64_t first_slot = 0;
  std::int64_t slots_per_tile = 0;
  // Tile i receives slots_per_tile 4-byte values for the slots from
  // first_slot + i * slots_per_tile on.
  std::span<std::uint8_t* const> tiles;
  // Sorted by rank; for blocks whose statistics are encrypted.
  std::span<const PlainStatistics> plain_statistics;

  std::int64_t end_slot() const {
    return first_slot + slots_per_tile * static_cast<std::int64_t>(tiles.size());
  }
};

// Slots [first, end) whose counts are scaled by `factor`.
struct FactorSpan {
  std::int64_t first;
  std::int64_t end;
  double factor;
};

// A block that could not be decoded because its statistics are encrypted.
struct EncryptedBlock {
  std::uint32_t rank;
  int level;
  std::array<std::uint8_t, kEncryptedStatisticsBytes> ciphertext;
};

struct RunOutcome {
  std::vector<DamagedSpan> damage;        // within the run, in slot order
  std::vector<FactorSpan> factors;        // for SampleKind::kCounts, in slot order
  std::vector<EncryptedBlock> encrypted;  // also counted as damage
};

struct DecodeStatistics {
  std::uint64_t n_blocks = 0;
  std::uint64_t samples_decoded = 0;
  std::uint64_t samples_placed = 0;
  std::uint64_t bytes_read = 0;
};

// Asked between batches of blocks, every few milliseconds.
class Checkpoint {
 public:
  virtual ~Checkpoint() = default;

  // May wait while more urgent work needs the processor. False: nobody wants the
  // result any more.
  virtual bool MayContinue() = 0;
};

// Decodes runs of tiles: finds the blocks, reads neighbouring ones together,
// decodes each once, and writes every sample straight to its slot. Where blocks
// overlap, the later one in file order gives the sample. A block that reaches
// beyond a run is taken up where it was left when the next run comes.
//
// Keeps scratch memory between calls (about 3 MB); keep one per thread.
class RunDecoder {
 public:
  // `resume_points` may be shared with other decoders, and outlives them all.
  explicit RunDecoder(ResumePoints& resume_points) : resume_points_(resume_points) {}

  // Every slot of every tile is written, `outcomes[i]` belongs to `runs[i]`.
  // kCancelled if `checkpoint` says so: then all output is void.
  Status Decode(std::span<const TileRun> runs, Checkpoint& checkpoint,
                std::span<RunOutcome> outcomes, DecodeStatistics& statistics);

 private:
  class Job;
  ResumePoints& resume_points_;
  BlockDecoder blocks_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t buffer_bytes_ = 0;
};

}  // namespace mef3

#endif  // MEF3_RUN_DECODER_H_
