#include "mef3/run_decoder.h"

#include <algorithm>
#include <optional>

#include "mef3/slot_assignment.h"
#include "mef3/tile_writer.h"

namespace mef3 {
namespace {

// Bytes of blocks that are read before they are decoded together: enough blocks
// to fill the lockstep lanes, few enough to stay in the second-level cache.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
// Samples after which a batch ends whatever its bytes: a block of a few hundred
// bytes may hold millions. Chosen as some milliseconds of work.
constexpr std::uint64_t kBatchSamples = std::uint64_t{1} << 20;
// Blocks this close in the file are read with one call.
constexpr std::uint64_t kJoinBytes = 16 << 10;

// Slots [first, end) that a block gives.
struct Share {
  std::int64_t first;
  std::int64_t end;
};

// A block that gives at least one sample to a run.
struct Work {
  std::size_t run;
  const BlockEntry* entry;
  std::int64_t first_slot;  // of the block's sample 0
  std::uint32_t wanted;     // samples up to the last one needed
  std::vector<Share> shares;
  Status read = Status::kOk;
  const std::uint8_t* bytes = nullptr;
};

}  // namespace

// One Decode call.
class RunDecoder::Job final : public SampleSink {
 public:
  Job(RunDecoder& owner, std::span<const TileRun> runs, std::span<RunOutcome> outcomes,
      DecodeStatistics& statistics)
      : owner_(owner), runs_(runs), outcomes_(outcomes), statistics_(statistics) {}

  Status Run(Checkpoint& checkpoint) {
    for (std::size_t r = 0; r < runs_.size(); ++r) Plan(r);
    for (std::size_t begin = 0; begin < work_.size();) {
      if (!checkpoint.MayContinue()) return Status::kCancelled;
      const std::size_t end = BatchEnd(begin);
      ReadBatch(begin, end);
      DecodeBatch(begin, end);
      begin = end;
    }
    for (RunOutcome& outcome : outcomes_) Order(outcome);
    return Status::kOk;
  }

  void OnSamples(std::size_t block, std::uint32_t first,
                 std::span<const std::int32_t> samples) override {
    const Work& work = work_[decoding_[block]];
    statistics_.samples_decoded += samples.size();
    const std::int64_t from = work.first_slot + first;
    const std::int64_t to = from + static_cast<std::int64_t>(samples.size());
    const TileRun& run = runs_[work.run];
    for (const Share& share : work.shares) {
      const std::int64_t a = std::max(from, share.first);
      const std::int64_t b = std::min(to, share.end);
      if (a >= b) continue;
      WriteSamples(
          run, a,
          samples.subspan(static_cast<std::size_t>(a - from), static_cast<std::size_t>(b - a)),
          run.index->factor(work.entry->segment));
    }
  }

  void OnStopped(std::size_t block, const ResumePoint& point) override {
    owner_.resume_points_.Put(NameOf(work_[decoding_[block]]), point);
  }

  void OnDone(std::size_t block, Status status) override {
    const Work& work = work_[decoding_[block]];
    ++statistics_.n_blocks;
    if (status == Status::kEncrypted) NoteEncrypted(work);
    Finish(work, status);
  }

 private:
  // Finds the blocks of a run and writes "no sample" where there is none.
  void Plan(std::size_t r) {
    const TileRun& run = runs_[r];
    const std::int64_t first = run.first_slot;
    const std::int64_t end = run.end_slot();
    const std::vector<std::uint32_t> found = run.index->BlocksIn(first, end);
    std::vector<BlockSlots> slots;
    slots.reserve(found.size());
    for (const std::uint32_t i : found) {
      slots.push_back(run.index->SlotsOf(run.index->entries()[i]));
    }
    std::vector<Work> work(found.size());
    std::int64_t at = first;
    for (const SlotPiece& piece : AssignSlots(slots)) {
      // Slots before the channel's start hold no samples, whatever blocks claim.
      const Share share{std::max({piece.first, first, std::int64_t{0}}), std::min(piece.end, end)};
      if (share.first >= share.end) continue;
      if (at < share.first) WriteNothing(run, at, share.first);
      at = share.end;
      work[piece.block].shares.push_back(share);
    }
    if (at < end) WriteNothing(run, at, end);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (work[i].shares.empty()) continue;
      work[i].run = r;
      work[i].entry = &run.index->entries()[found[i]];
      work[i].first_slot = slots[i].first;
      work[i].wanted = static_cast<std::uint32_t>(work[i].shares.back().end - slots[i].first);
      work_.push_back(std::move(work[i]));
    }
    for (const DamagedSpan& span : run.index->damage()) {
      AddDamage(r, std::max(span.first, first), std::min(span.end, end), span.reason);
    }
  }

  std::size_t BatchEnd(std::size_t begin) const {
    std::size_t bytes = BytesToRead(begin, begin);
    std::uint64_t samples = work_[begin].wanted;
    std::size_t end = begin + 1;
    for (; end < work_.size(); ++end) {
      bytes += BytesToRead(begin, end);
      samples += work_[end].wanted;
      if (bytes > kBatchBytes || samples > kBatchSamples) break;
    }
    return end;
  }

  // What block `i` adds to the bytes of a batch, a gap that is read along included.
  std::size_t BytesToRead(std::size_t begin, std::size_t i) const {
    const BlockEntry& entry = *work_[i].entry;
    if (i == begin || !Joins(work_[i - 1], work_[i])) return entry.block_bytes;
    const BlockEntry& previous = *work_[i - 1].entry;
    const std::uint64_t previous_end = previous.file_offset + previous.block_bytes;
    return static_cast<std::size_t>(entry.file_offset + entry.block_bytes - previous_end);
  }

  // Whether `next` follows `previous` closely enough to be read in one go.
  bool Joins(const Work& previous, const Work& next) const {
    const std::uint64_t previous_end = previous.entry->file_offset + previous.entry->block_bytes;
    return previous.run == next.run && previous.entry->segment == next.entry->segment &&
           next.entry->file_offset >= previous_end &&
           next.entry->file_offset - previous_end <= kJoinBytes;
  }

  void ReadBatch(std::size_t begin, std::size_t end) {
    std::size_t needed = 0;
    for (std::size_t i = begin; i < end; ++i) needed += BytesToRead(begin, i);
    if (owner_.buffer_bytes_ < needed) {
      owner_.buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
      owner_.buffer_bytes_ = needed;
    }
    std::uint8_t* at = owner_.buffer_.get();
    for (std::size_t i = begin; i < end;) {
      std::size_t last = i;
      while (last + 1 < end && Joins(work_[last], work_[last + 1])) ++last;
      at += ReadJoined(i, last, at);
      i = last + 1;
    }
  }

  // Reads the blocks from `begin` to `last` inclusive, and returns their extent.
  std::size_t ReadJoined(std::size_t begin, std::size_t last, std::uint8_t* at) {
    const Work& first = work_[begin];
    const std::uint64_t offset = first.entry->file_offset;
    const std::uint64_t extent =
        work_[last].entry->file_offset + work_[last].entry->block_bytes - offset;
    const auto sources = runs_[first.run].sources;
    const ByteSource* const source =
        first.entry->segment < sources.size() ? sources[first.entry->segment] : nullptr;
    std::size_t n_read = 0;
    const Status status =
        source == nullptr ? Status::kReadError
                          : source->Read(offset, {at, static_cast<std::size_t>(extent)}, n_read);
    statistics_.bytes_read += n_read;
    for (std::size_t i = begin; i <= last; ++i) {
      Work& work = work_[i];
      const std::uint64_t in_extent = work.entry->file_offset - offset;
      work.bytes = at + in_extent;
      work.read = status;
      if (status == Status::kOk && in_extent + work.entry->block_bytes > n_read) {
        work.read = Status::kTruncated;
      }
    }
    return static_cast<std::size_t>(extent);
  }

  void DecodeBatch(std::size_t begin, std::size_t end) {
    requests_.clear();
    decoding_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      const Work& work = work_[i];
      if (work.read != Status::kOk) {
        Finish(work, work.read);
        continue;
      }
      const TileRun& run = runs_[work.run];
      requests_.push_back(
          {.bytes = {work.bytes, work.entry->block_bytes},
           .number_of_samples = work.entry->number_of_samples,
           .start_time = work.entry->start_time,
           .recording_time_offset = run.index->recording_time_offset(work.entry->segment),
           .wanted = work.wanted,
           .plain_statistics = FindStatistics(run, work.entry->rank),
           .resume = owner_.resume_points_.Find(NameOf(work), FirstWanted(work))});
      decoding_.push_back(i);
    }
    owner_.blocks_.Decode(requests_, *this);
  }

  ResumePoints::Block NameOf(const Work& work) const {
    return {runs_[work.run].index->id(), work.entry->rank};
  }

  static std::uint32_t FirstWanted(const Work& work) {
    return static_cast<std::uint32_t>(work.shares.front().first - work.first_slot);
  }

  static const std::array<std::uint8_t, kEncryptedStatisticsBytes>* FindStatistics(
      const TileRun& run, std::uint32_t rank) {
    const auto found = std::lower_bound(
        run.plain_statistics.begin(), run.plain_statistics.end(), rank,
        [](const PlainStatistics& s, std::uint32_t wanted) { return s.rank < wanted; });
    if (found == run.plain_statistics.end() || found->rank != rank) return nullptr;
    return &found->bytes;
  }

  void NoteEncrypted(const Work& work) {
    RedBlockHeader header;
    const std::span<const std::uint8_t> block(work.bytes, work.entry->block_bytes);
    if (ParseRedBlockHeader(block, header) != Status::kOk) return;
    EncryptedBlock note{work.entry->rank, header.EncryptionLevel(), {}};
    std::copy_n(work.bytes + kStatisticsOffset, note.ciphertext.size(), note.ciphertext.begin());
    outcomes_[work.run].encrypted.push_back(note);
  }

  void Finish(const Work& work, Status status) {
    const TileRun& run = runs_[work.run];
    for (const Share& share : work.shares) {
      if (status != Status::kOk) {
        WriteNothing(run, share.first, share.end);
        AddDamage(work.run, share.first, share.end, DamageOf(status));
        continue;
      }
      statistics_.samples_placed += static_cast<std::uint64_t>(share.end - share.first);
      if (run.kind == SampleKind::kCounts) {
        outcomes_[work.run].factors.push_back(
            {share.first, share.end, run.index->factor(work.entry->segment)});
      }
    }
  }

  void AddDamage(std::size_t r, std::int64_t first, std::int64_t end, DamageReason reason) {
    if (first < end) outcomes_[r].damage.push_back({first, end, reason});
  }

  // Sorts by slot and joins neighbours that say the same.
  static void Order(RunOutcome& outcome) {
    const auto by_slot = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::sort(outcome.damage.begin(), outcome.damage.end(), by_slot);
    std::sort(outcome.factors.begin(), outcome.factors.end(), by_slot);
    Join(outcome.damage, [](const DamagedSpan& a, const DamagedSpan& b) {
      return a.end == b.first && a.reason == b.reason;
    });
    // A gap between two spans of one factor holds no counts, so they may be joined.
    Join(outcome.factors,
         [](const FactorSpan& a, const FactorSpan& b) { return a.factor == b.factor; });
  }

  template <typename Span, typename Same>
  static void Join(std::vector<Span>& spans, Same same) {
    std::size_t kept = 0;
    for (const Span& span : spans) {
      if (kept > 0 && same(spans[kept - 1], span)) {
        spans[kept - 1].end = span.end;
      } else {
        spans[kept++] = span;
      }
    }
    spans.resize(kept);
  }

  RunDecoder& owner_;
  std::span<const TileRun> runs_;
  std::span<RunOutcome> outcomes_;
  DecodeStatistics& statistics_;
  std::vector<Work> work_;
  std::vector<BlockRequest> requests_;
  std::vector<std::size_t> decoding_;  // position in work_ of each request
};

Status RunDecoder::Decode(std::span<const TileRun> runs, Checkpoint& checkpoint,
                          std::span<RunOutcome> outcomes, DecodeStatistics& statistics) {
  return Job(*this, runs, outcomes, statistics).Run(checkpoint);
}

}  // namespace mef3
