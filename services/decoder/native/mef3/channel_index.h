#ifndef MEF3_CHANNEL_INDEX_H_
#define MEF3_CHANNEL_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mef3/damage.h"
#include "mef3/sample_grid.h"
#include "mef3/slot_assignment.h"
#include "mef3/status.h"

namespace mef3 {

// What is known of one segment of a channel before its blocks are read.
struct SegmentInput {
  // The whole `.tidx` file; empty when the segment could not be opened.
  std::span<const std::uint8_t> index_file;
  std::uint64_t data_bytes = 0;            // size of the `.tdat`
  std::int64_t recording_time_offset = 0;  // µs
  double units_conversion_factor = 1.0;    // native units per count
  std::optional<std::int64_t> start_time;  // µs since 1970, of the metadata's header
  std::optional<std::int64_t> end_time;    // exclusive
  std::int64_t number_of_samples = -1;     // the metadata's promise; -1 unknown
};

// A block as a reader needs it: 32 bytes instead of the file's 56.
struct BlockEntry {
  std::int64_t start_time;    // µs since 1970
  std::uint64_t file_offset;  // from the start of the `.tdat`
  std::uint32_t block_bytes;
  std::uint32_t number_of_samples;
  std::uint32_t segment;  // position among the segments given
  std::uint32_t rank;     // place in file order
};

// What became of one segment's index.
struct SegmentSummary {
  Status status = Status::kOk;  // why the `.tidx` was refused
  // Slots [first_slot, end_slot) within which all its blocks lie; empty if none.
  std::int64_t first_slot = 0;
  std::int64_t end_slot = 0;
  std::int64_t number_of_samples = 0;  // in usable entries
  std::uint32_t n_dropped = 0;         // entries that are impossible
  bool has_remainder = false;          // the file ends within an entry
  std::int64_t last_block_slot = 0;    // where the last entry in file order starts
};

// All blocks of a channel, sorted by time, with what is lost among them.
//
// Immutable once built, and safe to read from many threads.
class ChannelIndex {
 public:
  // Reads the segments' indexes, in segment order.
  //
  // kBadHeader when no segment gives a start time, kLimitExceeded when times or
  // the grid's length pass the caps. A refused index is not an error: its
  // segment becomes damage.
  static Status Build(std::span<const SegmentInput> segments, double sampling_rate,
                      ChannelIndex& index);

  // Differs between all indexes of this process.
  std::uint64_t id() const { return id_; }
  const SampleGrid& grid() const { return grid_; }
  // µs since 1970, exclusive, as the files state it.
  std::int64_t end_time() const { return end_time_; }
  // Slots up to the last sample or the stated end, whichever is later.
  std::int64_t n_slots() const { return n_slots_; }
  std::int64_t n_samples() const { return n_samples_; }
  // Samples that lose their slot to a later block.
  std::int64_t n_overlapped() const { return n_overlapped_; }
  std::span<const BlockEntry> entries() const { return entries_; }
  std::span<const SegmentSummary> segments() const { return segments_; }
  double factor(std::uint32_t segment) const { return factors_[segment]; }
  std::int64_t recording_time_offset(std::uint32_t segment) const { return offsets_[segment]; }
  // Covered slots, neighbours joined, and damage known without decoding; both in
  // slot order.
  std::span<const SlotPiece> coverage() const { return coverage_; }
  std::span<const DamagedSpan> damage() const { return damage_; }

  // The blocks that touch slots [first, end), as positions in entries(), in slot
  // order. O(log n + answer).
  std::vector<std::uint32_t> BlocksIn(std::int64_t first, std::int64_t end) const;

  BlockSlots SlotsOf(const BlockEntry& entry) const;

  std::size_t MemoryBytes() const;

 private:
  class Builder;

  std::uint64_t id_ = 0;
  SampleGrid grid_{0, 1.0};
  std::int64_t end_time_ = 0;
  std::int64_t n_slots_ = 0;
  std::int64_t n_samples_ = 0;
  std::int64_t n_overlapped_ = 0;
  std::vector<BlockEntry> entries_;
  // Largest end slot among entries 0..i; empty when that is entry i's own end.
  std::vector<std::int64_t> reach_;
  std::vector<SegmentSummary> segments_;
  std::vector<double> factors_;
  std::vector<std::int64_t> offsets_;
  std::vector<SlotPiece> coverage_;
  std::vector<DamagedSpan> damage_;
};

}  // namespace mef3

#endif  // MEF3_CHANNEL_INDEX_H_
