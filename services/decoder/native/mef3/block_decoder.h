#ifndef MEF3_BLOCK_DECODER_H_
#define MEF3_BLOCK_DECODER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "mef3/red_block_header.h"
#include "mef3/resume_points.h"
#include "mef3/status.h"

namespace mef3 {

// One RED block to decode, and what its index entry says of it.
struct BlockRequest {
  // Exactly the block_bytes bytes of the index entry; borrowed.
  std::span<const std::uint8_t> bytes;
  std::uint32_t number_of_samples;
  // µs since 1970; what the block's own start time must come to.
  std::int64_t start_time;
  std::int64_t recording_time_offset;
  // Samples [0, wanted) are decoded, at least; the rest may be skipped.
  std::uint32_t wanted;
  // The first 16 statistics bytes in plain, for a block that has them encrypted;
  // null when they are not known.
  const std::array<std::uint8_t, kEncryptedStatisticsBytes>* plain_statistics = nullptr;
  // Where an earlier call stopped; samples before it are not given again. Ignored
  // if it is another block's.
  std::optional<ResumePoint> resume = std::nullopt;
};

// Receives what a BlockDecoder makes. `block` numbers the requests from 0.
class SampleSink {
 public:
  virtual ~SampleSink() = default;

  // Consecutive samples of a block, in ADC counts, the first one being number
  // `first` of its block. Called in sample order per block, from its start or
  // resume point on; blocks interleave.
  virtual void OnSamples(std::size_t block, std::uint32_t first,
                         std::span<const std::int32_t> samples) = 0;

  // Decoding of a block stopped early, and can be taken up at `point`. Comes
  // before OnDone.
  virtual void OnStopped(std::size_t block, const ResumePoint& point) = 0;

  // A block is done. On any status but kOk the samples already given are void.
  virtual void OnDone(std::size_t block, Status status) = 0;
};

// Decodes many blocks, several of them in lockstep (see range_decoder.h), in
// small pieces that stay in the processor's cache.
//
// Holds about 300 kB of scratch memory, whatever the blocks claim; keep one per
// thread. Reads nothing but its arguments.
class BlockDecoder {
 public:
  BlockDecoder();
  ~BlockDecoder();

  // Decodes the blocks and reports to `sink`, once per block with OnDone: kOk,
  // kTruncated, kBadHeader, kLimitExceeded, kCrcMismatch, kIndexMismatch,
  // kEncrypted, or kCorruptStream.
  //
  // Decoding stops early at `wanted` only where the block's CRC vouches for the
  // bytes that are not looked at.
  void Decode(std::span<const BlockRequest> blocks, SampleSink& sink);

 private:
  struct Lane;
  class Session;
  std::unique_ptr<Lane[]> lanes_;
};

}  // namespace mef3

#endif  // MEF3_BLOCK_DECODER_H_
