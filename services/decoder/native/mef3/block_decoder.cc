#include "mef3/block_decoder.h"

#include <algorithm>
#include <cstring>

#include "mef3/differences.h"
#include "mef3/range_decoder.h"
#include "mef3/stored_time.h"
#include "mef3/symbol_model.h"

namespace mef3 {
namespace {

// Symbols decoded per stream before they are expanded. Chosen so that a lane's
// buffers and part of its model stay in the first-level cache.
constexpr std::size_t kChunkSymbols = 1024;
constexpr std::size_t kTailBytes = kChunkSymbols * kMaxBytesPerSymbol + kReadAhead;

Status CheckAgainstIndex(const BlockRequest& request, const RedBlockHeader& header) {
  if (header.number_of_samples != request.number_of_samples) return Status::kIndexMismatch;
  const auto start = TrueTime(header.start_time, request.recording_time_offset);
  if (!start || *start != request.start_time) return Status::kIndexMismatch;
  return Status::kOk;
}

}  // namespace

// One of the streams that are decoded together.
struct BlockDecoder::Lane {
  SymbolModel model;
  RangeDecoderState state;
  RedBlockHeader header;
  std::size_t block;
  std::uint32_t wanted;
  std::uint32_t samples_made;
  std::uint32_t symbols_left;  // of the stream, not decoded yet
  std::uint32_t previous;      // last sample, as unsigned
  std::size_t pending;         // symbols in front of the buffer that wait for more
  const std::uint8_t* payload;
  const std::uint8_t* payload_end;
  bool in_tail;
  std::size_t tail_offset;  // of the tail's first byte in the payload
  std::size_t tail_data;    // bytes of the tail that are payload; zeros follow
  std::array<std::uint8_t, kTailBytes> tail;
  std::array<std::uint8_t, kKeysampleBytes + kChunkSymbols> symbols;
  std::array<std::int32_t, kKeysampleBytes + kChunkSymbols> samples;

  Status Start(std::size_t number, const BlockRequest& request);
  void StartStream(const std::optional<ResumePoint>& resume);
  ResumePoint Stopped() const;
  std::size_t SymbolsUseful() const;
  void MakeReadable(std::size_t n_symbols);
  bool Expand(std::size_t n_symbols, SampleSink& sink, Status& status);
};

// Checks a block and prepares its stream.
Status BlockDecoder::Lane::Start(std::size_t number, const BlockRequest& request) {
  if (Status s = ParseRedBlockHeader(request.bytes, header); s != Status::kOk) return s;
  if (!BlockCrcMatches(request.bytes, header)) return Status::kCrcMismatch;
  if (Status s = CheckAgainstIndex(request, header); s != Status::kOk) return s;
  block = number;
  samples_made = 0;
  symbols_left = 0;
  wanted = header.crc == 0 ? header.number_of_samples
                           : std::min(request.wanted, header.number_of_samples);
  pending = 0;
  if (header.number_of_samples == 0) return Status::kOk;

  std::array<std::uint8_t, 256> statistics;
  std::copy_n(request.bytes.begin() + kStatisticsOffset, statistics.size(), statistics.begin());
  if (header.EncryptionLevel() != 0) {
    if (request.plain_statistics == nullptr) return Status::kEncrypted;
    std::copy(request.plain_statistics->begin(), request.plain_statistics->end(),
              statistics.begin());
  }
  if (Status s = BuildSymbolModel(statistics, model); s != Status::kOk) return s;
  payload = request.bytes.data() + kRedHeaderBytes;
  payload_end = request.bytes.data() + request.bytes.size();
  const auto payload_bytes = static_cast<std::size_t>(payload_end - payload);
  const bool resumes = request.resume && header.crc != 0 && request.resume->crc == header.crc &&
                       request.resume->payload_offset <= payload_bytes;
  StartStream(resumes ? request.resume : std::nullopt);
  return Status::kOk;
}

void BlockDecoder::Lane::StartStream(const std::optional<ResumePoint>& resume) {
  in_tail = false;
  if (resume) {
    samples_made = resume->next_sample;
    symbols_left = resume->symbols_left;
    previous = resume->previous;
    pending = 0;
    state = {resume->low, resume->range, payload + resume->payload_offset, &model};
    return;
  }
  symbols_left = header.difference_bytes - 1;
  previous = 0;
  // The stream's first sample is a keysample whose flag is not coded.
  symbols[0] = kKeysampleFlag;
  pending = 1;
  state = StartRangeDecoder(payload, model);
}

ResumePoint BlockDecoder::Lane::Stopped() const {
  const auto payload_bytes = static_cast<std::size_t>(payload_end - payload);
  const std::size_t offset = in_tail
                                 ? tail_offset + static_cast<std::size_t>(state.next - tail.data())
                                 : static_cast<std::size_t>(state.next - payload);
  return {.crc = header.crc,
          .next_sample = samples_made,
          .symbols_left = symbols_left,
          .previous = previous,
          .low = state.low,
          .range = state.range,
          // Beyond the end there are only zeros, wherever one reads them.
          .payload_offset = static_cast<std::uint32_t>(std::min(offset, payload_bytes))};
}

// Symbols that may be decoded before it is known whether more are wanted: a
// sample takes at least one, a started keysample what is missing of it.
std::size_t BlockDecoder::Lane::SymbolsUseful() const {
  const std::size_t samples_missing = wanted - samples_made;
  const std::size_t extra = pending > 0 ? kKeysampleBytes - pending - 1 : 0;
  // To the end of the block all that is left is read, so that its length is checked.
  const std::size_t useful =
      wanted == header.number_of_samples ? symbols_left : samples_missing + extra;
  return std::min({useful, std::size_t{symbols_left}, kChunkSymbols});
}

// Provides enough readable bytes from state.next: the coder may look past the
// payload's end and finds zeros there, so the end is decoded from a copy.
void BlockDecoder::Lane::MakeReadable(std::size_t n_symbols) {
  const std::size_t needed = n_symbols * kMaxBytesPerSymbol + kReadAhead;
  const std::uint8_t* from = state.next;
  std::size_t left = 0;
  if (in_tail) {
    const auto used = static_cast<std::size_t>(from - tail.data());
    if (used + needed <= tail.size()) return;
    left = used < tail_data ? tail_data - used : 0;
    tail_offset += used;
  } else {
    left = static_cast<std::size_t>(payload_end - from);
    if (left >= needed) return;
    tail_offset = static_cast<std::size_t>(from - payload);
  }
  std::memmove(tail.data(), from, left);
  std::memset(tail.data() + left, 0, tail.size() - left);
  state.next = tail.data();
  tail_data = left;
  in_tail = true;
}

// Turns decoded symbols into samples and hands them on. True when the block is
// done, with its status.
bool BlockDecoder::Lane::Expand(std::size_t n_symbols, SampleSink& sink, Status& status) {
  const std::span<const std::uint8_t> available(symbols.data(), pending + n_symbols);
  const std::size_t room =
      std::min<std::size_t>(samples.size(), header.number_of_samples - samples_made);
  const auto [used, made] = ExpandDifferences(available, previous, {samples.data(), room});
  symbols_left -= static_cast<std::uint32_t>(n_symbols);
  pending = available.size() - used;
  const bool all_made = samples_made + made == header.number_of_samples;
  // The stream holds symbols beyond the last sample, or ends before it.
  if ((all_made && (pending != 0 || symbols_left != 0)) || (!all_made && symbols_left == 0)) {
    status = Status::kCorruptStream;
    return true;
  }
  std::memmove(symbols.data(), symbols.data() + used, pending);
  const std::span<std::int32_t> fresh(samples.data(), made);
  RestoreLossy(header.lossy, samples_made, fresh);
  sink.OnSamples(block, samples_made, fresh);
  samples_made += static_cast<std::uint32_t>(made);
  status = Status::kOk;
  return samples_made >= wanted;
}

BlockDecoder::BlockDecoder() : lanes_(std::make_unique_for_overwrite<Lane[]>(kMaxLockstep)) {}

BlockDecoder::~BlockDecoder() = default;

// The state of one Decode call: which lanes are busy, and which block is next.
class BlockDecoder::Session {
 public:
  Session(std::span<const BlockRequest> blocks, SampleSink& sink, Lane* lanes)
      : blocks_(blocks), sink_(sink) {
    for (std::size_t i = 0; i < kMaxLockstep; ++i) {
      if (Refill(lanes[i])) active_[n_active_++] = &lanes[i];
    }
  }

  bool Active() const { return n_active_ > 0; }

  // Decodes one chunk of every active stream.
  void Advance() {
    std::size_t n_symbols = kChunkSymbols;
    for (std::size_t i = 0; i < n_active_; ++i) {
      n_symbols = std::min(n_symbols, active_[i]->SymbolsUseful());
    }
    std::array<RangeDecoderState, kMaxLockstep> states;
    std::array<std::uint8_t*, kMaxLockstep> outputs;
    for (std::size_t i = 0; i < n_active_; ++i) {
      active_[i]->MakeReadable(n_symbols);
      states[i] = active_[i]->state;
      outputs[i] = active_[i]->symbols.data() + active_[i]->pending;
    }
    DecodeSymbols({states.data(), n_active_}, {outputs.data(), n_active_}, n_symbols);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n_active_; ++i) {
      Lane* const lane = active_[i];
      lane->state = states[i];
      Status status;
      bool busy = true;
      if (lane->Expand(n_symbols, sink_, status)) {
        if (status == Status::kOk && lane->symbols_left > 0) {
          sink_.OnStopped(lane->block, lane->Stopped());
        }
        sink_.OnDone(lane->block, status);
        busy = Refill(*lane);
      }
      if (busy) active_[kept++] = lane;
    }
    n_active_ = kept;
  }

 private:
  // Gives a lane the next block that has anything to decode; false when none is left.
  bool Refill(Lane& lane) {
    while (next_ < blocks_.size()) {
      const std::size_t block = next_++;
      const Status status = lane.Start(block, blocks_[block]);
      if (status == Status::kOk && lane.wanted > 0) return true;
      sink_.OnDone(block, status);
    }
    return false;
  }

  std::span<const BlockRequest> blocks_;
  SampleSink& sink_;
  std::size_t next_ = 0;
  std::array<Lane*, kMaxLockstep> active_{};
  std::size_t n_active_ = 0;
};

void BlockDecoder::Decode(std::span<const BlockRequest> blocks, SampleSink& sink) {
  for (Session session(blocks, sink, lanes_.get()); session.Active();) session.Advance();
}

}  // namespace mef3
