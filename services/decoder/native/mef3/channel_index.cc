#include "mef3/channel_index.h"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "mef3/index_entry.h"
#include "mef3/limits.h"
#include "mef3/stored_time.h"
#include "mef3/universal_header.h"

namespace mef3 {

// Collects entries per segment first, because the grid's origin is the earliest
// start of all segments, then places them.
class ChannelIndex::Builder {
 public:
  Builder(std::span<const SegmentInput> inputs, ChannelIndex& index)
      : inputs_(inputs), index_(index) {}

  Status Build(double sampling_rate) {
    static std::atomic<std::uint64_t> last_id = 0;
    index_ = ChannelIndex{};
    index_.id_ = ++last_id;
    index_.segments_.resize(inputs_.size());
    for (std::size_t s = 0; s < inputs_.size(); ++s) {
      index_.factors_.push_back(inputs_[s].units_conversion_factor);
      index_.offsets_.push_back(inputs_[s].recording_time_offset);
      ReadSegment(s);
    }
    if (Status status = FixGrid(sampling_rate); status != Status::kOk) return status;
    Sort();
    Cover();
    SummariseSegments();
    PlaceDamage();
    return FixLength();
  }

 private:
  // An entry that cannot be used. Its neighbours bound the damage unless it says
  // itself where it belongs.
  struct Dropped {
    std::size_t segment;
    std::uint32_t rank;
    std::optional<std::int64_t> start_time;
    std::uint32_t number_of_samples;  // 0: not known
  };

  // What the dropped entries of a segment account for.
  struct Lost {
    std::int64_t n_slots = 0;
    std::int64_t end_slot = INT64_MIN;
  };

  void ReadSegment(std::size_t s) {
    SegmentSummary& summary = index_.segments_[s];
    const SegmentInput& input = inputs_[s];
    UniversalHeader header;
    summary.status = ParseUniversalHeader(input.index_file, FileType::kIndex, header);
    if (summary.status != Status::kOk) return;
    const std::size_t body = input.index_file.size() - kUniversalHeaderBytes;
    summary.has_remainder = body % kIndexEntryBytes != 0;
    // An index cut within an entry cannot match its CRC; its whole entries are used.
    if (!summary.has_remainder && !BodyCrcMatches(input.index_file, header)) {
      summary.status = Status::kCrcMismatch;
      return;
    }
    const std::size_t n_entries = body / kIndexEntryBytes;
    if (n_entries > kMaxIndexEntries) {
      summary.status = Status::kLimitExceeded;
      return;
    }
    in_file_order_.reserve(in_file_order_.size() + n_entries);
    for (std::size_t i = 0; i < n_entries; ++i) {
      ReadEntry(s, input.index_file.subspan(kUniversalHeaderBytes + i * kIndexEntryBytes)
                       .first<kIndexEntryBytes>());
    }
  }

  void ReadEntry(std::size_t s, std::span<const std::uint8_t, kIndexEntryBytes> bytes) {
    IndexEntry entry;
    const Status status = ParseIndexEntry(bytes, inputs_[s].data_bytes, entry);
    const auto start = TrueTime(entry.start_time, inputs_[s].recording_time_offset);
    const std::uint32_t rank = next_rank_++;
    if (status == Status::kOk && start) {
      if (entry.number_of_samples == 0) return;
      in_file_order_.push_back({*start, entry.file_offset, entry.block_bytes,
                                entry.number_of_samples, static_cast<std::uint32_t>(s), rank});
      return;
    }
    ++index_.segments_[s].n_dropped;
    const bool count_is_possible = entry.number_of_samples <= kMaxBlockSamples;
    dropped_.push_back({s, rank, start, count_is_possible ? entry.number_of_samples : 0});
  }

  static bool IsBeyondDoubles(std::optional<std::int64_t> time) {
    return time && (*time > kMaxTime || *time < -kMaxTime);
  }

  // Finds the grid's origin and refuses times that no recording has.
  Status FixGrid(double sampling_rate) {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;
    for (const SegmentInput& input : inputs_) {
      if (IsBeyondDoubles(input.start_time) || IsBeyondDoubles(input.end_time)) {
        return Status::kLimitExceeded;
      }
      if (input.start_time) start = std::min(start.value_or(*input.start_time), *input.start_time);
      if (input.end_time) end = std::max(end.value_or(*input.end_time), *input.end_time);
    }
    for (const BlockEntry& entry : in_file_order_) {
      if (inputs_[entry.segment].start_time) continue;
      start = std::min(start.value_or(entry.start_time), entry.start_time);
    }
    if (!start) return Status::kBadHeader;
    if (end && (*end < *start || *end - *start > kMaxSpan)) return Status::kLimitExceeded;
    index_.grid_ = {*start, sampling_rate};
    stated_end_ = end;
    // Entries whose time lies off the grid were read from damaged bytes.
    const auto off_grid = [this](const BlockEntry& entry) {
      return !index_.grid_.Slot(entry.start_time) ||
             entry.start_time - index_.grid_.start > kMaxSpan ||
             index_.grid_.start - entry.start_time > kMaxSpan;
    };
    if (std::any_of(in_file_order_.begin(), in_file_order_.end(), off_grid)) DropOffGrid(off_grid);
    return Status::kOk;
  }

  template <typename Predicate>
  void DropOffGrid(Predicate off_grid) {
    for (const BlockEntry& entry : in_file_order_) {
      if (!off_grid(entry)) continue;
      ++index_.segments_[entry.segment].n_dropped;
      dropped_.push_back({entry.segment, entry.rank, std::nullopt, 0});
    }
    std::erase_if(in_file_order_, off_grid);
  }

  void Sort() {
    index_.entries_ = in_file_order_;
    const auto earlier = [](const BlockEntry& a, const BlockEntry& b) {
      return a.start_time != b.start_time ? a.start_time < b.start_time : a.rank < b.rank;
    };
    auto& entries = index_.entries_;
    if (!std::is_sorted(entries.begin(), entries.end(), earlier)) {
      std::sort(entries.begin(), entries.end(), earlier);
    }
    std::int64_t reach = INT64_MIN;
    bool own_end_is_last = true;
    std::vector<std::int64_t> reaches;
    reaches.reserve(entries.size());
    for (const BlockEntry& entry : entries) {
      const std::int64_t end = index_.SlotsOf(entry).end;
      own_end_is_last = own_end_is_last && end >= reach;
      reach = std::max(reach, end);
      reaches.push_back(reach);
    }
    if (!own_end_is_last) index_.reach_ = std::move(reaches);
  }

  void Cover() {
    std::vector<BlockSlots> slots;
    slots.reserve(index_.entries_.size());
    std::int64_t n_covered = 0;
    for (const BlockEntry& entry : index_.entries_) {
      slots.push_back(index_.SlotsOf(entry));
      index_.n_samples_ += entry.number_of_samples;
    }
    for (const SlotPiece& piece : AssignSlots(slots)) {
      n_covered += piece.end - piece.first;
      // The channel starts at slot 0; what lies before it belongs to no answer.
      const std::int64_t first = std::max<std::int64_t>(piece.first, 0);
      auto& coverage = index_.coverage_;
      if (first >= piece.end) continue;
      if (!coverage.empty() && coverage.back().end == first) {
        coverage.back().end = piece.end;
      } else {
        coverage.push_back({first, piece.end, 0});
      }
    }
    index_.n_overlapped_ = index_.n_samples_ - n_covered;
  }

  void SummariseSegments() {
    std::vector<bool> seen(inputs_.size(), false);
    for (const BlockEntry& entry : in_file_order_) {
      const BlockSlots slots = index_.SlotsOf(entry);
      SegmentSummary& summary = index_.segments_[entry.segment];
      summary.number_of_samples += entry.number_of_samples;
      summary.last_block_slot = slots.first;
      if (!seen[entry.segment]) {
        seen[entry.segment] = true;
        summary.first_slot = slots.first;
        summary.end_slot = slots.end;
      } else {
        summary.first_slot = std::min(summary.first_slot, slots.first);
        summary.end_slot = std::max(summary.end_slot, slots.end);
      }
    }
  }

  void PlaceDamage() {
    std::vector<Lost> lost(inputs_.size());
    for (const Dropped& drop : dropped_) PlaceDropped(drop, lost[drop.segment]);
    PlaceUnreadable();
    for (std::size_t s = 0; s < inputs_.size(); ++s) {
      if (index_.segments_[s].status == Status::kOk) PlaceMissingTail(s, lost[s]);
    }
    auto& damage = index_.damage_;
    std::sort(damage.begin(), damage.end(),
              [](const DamagedSpan& a, const DamagedSpan& b) { return a.first < b.first; });
  }

  void AddDamage(std::int64_t first, std::int64_t end, DamageReason reason) {
    first = std::max<std::int64_t>(first, 0);
    if (first < end) index_.damage_.push_back({first, end, reason});
  }

  std::optional<std::int64_t> SlotOf(std::optional<std::int64_t> time) const {
    return time ? index_.grid_.Slot(*time) : std::nullopt;
  }

  // An entry is lost where it says it belongs; where it does not say, between
  // its usable neighbours in the file, or to the ends of its segment.
  void PlaceDropped(const Dropped& drop, Lost& lost) {
    const SegmentInput& input = inputs_[drop.segment];
    auto first = SlotOf(drop.start_time);
    std::int64_t end = 0;
    if (first && drop.number_of_samples > 0) {
      end = *first + drop.number_of_samples;
    } else {
      const auto next = std::lower_bound(
          in_file_order_.begin(), in_file_order_.end(), drop.rank,
          [](const BlockEntry& entry, std::uint32_t rank) { return entry.rank < rank; });
      const auto is_neighbour = [&](auto entry) { return entry->segment == drop.segment; };
      first = next != in_file_order_.begin() && is_neighbour(std::prev(next))
                  ? index_.SlotsOf(*std::prev(next)).end
                  : SlotOf(input.start_time).value_or(0);
      end = next != in_file_order_.end() && is_neighbour(next)
                ? index_.SlotsOf(*next).first
                : SlotOf(input.end_time).value_or(index_.segments_[drop.segment].end_slot);
    }
    AddDamage(*first, end, DamageReason::kIndexEntry);
    lost.n_slots += std::max<std::int64_t>(end - *first, 0);
    lost.end_slot = std::max(lost.end_slot, end);
  }

  // A segment without a usable index is lost from its start to its end; where
  // not even those are known, between its neighbours.
  void PlaceUnreadable() {
    const std::size_t n = inputs_.size();
    std::vector<std::optional<std::int64_t>> start_after(n);
    for (std::size_t s = n; s-- > 1;) {
      const SegmentSummary& summary = index_.segments_[s];
      start_after[s - 1] = summary.status == Status::kOk
                               ? SlotOf(inputs_[s].start_time).value_or(summary.first_slot)
                               : start_after[s];
    }
    std::int64_t end_before = 0;
    for (std::size_t s = 0; s < n; ++s) {
      const SegmentSummary& summary = index_.segments_[s];
      const auto stated_end = SlotOf(inputs_[s].end_time);
      if (summary.status == Status::kOk) {
        end_before = std::max(summary.end_slot, stated_end.value_or(INT64_MIN));
        continue;
      }
      const std::int64_t first = SlotOf(inputs_[s].start_time).value_or(end_before);
      const std::int64_t end = stated_end.value_or(start_after[s].value_or(first));
      AddDamage(first, end, DamageReason::kSegmentUnreadable);
    }
  }

  // The index ends before what the metadata promises, by count and by time.
  void PlaceMissingTail(std::size_t s, const Lost& lost) {
    const SegmentSummary& summary = index_.segments_[s];
    const auto promised_end = SlotOf(inputs_[s].end_time);
    if (!promised_end) return;
    if (summary.number_of_samples + lost.n_slots >= inputs_[s].number_of_samples) return;
    const std::int64_t last = summary.number_of_samples > 0
                                  ? summary.end_slot
                                  : SlotOf(inputs_[s].start_time).value_or(0);
    AddDamage(std::max(last, lost.end_slot), *promised_end, DamageReason::kIndexTruncated);
  }

  Status FixLength() {
    const SampleGrid& grid = index_.grid_;
    std::int64_t length = 0;
    for (const SlotPiece& piece : index_.coverage_) length = std::max(length, piece.end);
    const std::int64_t from_blocks =
        grid.start +
        static_cast<std::int64_t>(static_cast<double>(length) * 1e6 / grid.sampling_rate);
    index_.end_time_ = stated_end_.value_or(from_blocks);
    const auto stated_slots = grid.Slot(index_.end_time_);
    if (!stated_slots || length > kMaxGridSlots) return Status::kLimitExceeded;
    index_.n_slots_ = std::max(length, *stated_slots);
    return Status::kOk;
  }

  std::span<const SegmentInput> inputs_;
  ChannelIndex& index_;
  std::vector<BlockEntry> in_file_order_;
  std::vector<Dropped> dropped_;
  std::uint32_t next_rank_ = 0;
  std::optional<std::int64_t> stated_end_;
};

Status ChannelIndex::Build(std::span<const SegmentInput> segments, double sampling_rate,
                           ChannelIndex& index) {
  return Builder(segments, index).Build(sampling_rate);
}

BlockSlots ChannelIndex::SlotsOf(const BlockEntry& entry) const {
  // Entries off the grid were dropped when the index was built.
  const std::int64_t first = grid_.Slot(entry.start_time).value_or(0);
  return {first, first + entry.number_of_samples, entry.rank};
}

std::vector<std::uint32_t> ChannelIndex::BlocksIn(std::int64_t first, std::int64_t end) const {
  // The first entry up to which some block reaches beyond `first`: reaches grow.
  std::size_t low = 0;
  std::size_t high = entries_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::int64_t reach = reach_.empty() ? SlotsOf(entries_[middle]).end : reach_[middle];
    if (reach > first) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  std::vector<std::uint32_t> found;
  for (std::size_t i = low; i < entries_.size(); ++i) {
    const BlockSlots slots = SlotsOf(entries_[i]);
    if (slots.first >= end) break;
    if (slots.end > first) found.push_back(static_cast<std::uint32_t>(i));
  }
  return found;
}

std::size_t ChannelIndex::MemoryBytes() const {
  return sizeof *this + entries_.capacity() * sizeof(BlockEntry) +
         reach_.capacity() * sizeof(std::int64_t) + coverage_.capacity() * sizeof(SlotPiece) +
         damage_.capacity() * sizeof(DamagedSpan) +
         segments_.capacity() * (sizeof(SegmentSummary) + sizeof(double) + sizeof(std::int64_t));
}

}  // namespace mef3
