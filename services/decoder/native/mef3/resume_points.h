#ifndef MEF3_RESUME_POINTS_H_
#define MEF3_RESUME_POINTS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace mef3 {

// Where decoding of a block stopped, so that it can go on from there: a block
// that straddles two tiles is then decoded once, although the tiles are not
// made together. Decoding stops on the last symbol of a sample, never within a
// keysample.
struct ResumePoint {
  std::uint32_t crc = 0;  // of the block it belongs to; a block without one has no points
  std::uint32_t next_sample = 0;
  std::uint32_t symbols_left = 0;
  std::uint32_t previous = 0;  // last sample, as unsigned
  std::uint32_t low = 0;
  std::uint32_t range = 0;
  std::uint32_t payload_offset = 0;  // of the byte whose lowest bit comes next
};

// The latest resume point of recently decoded blocks. Safe to use from many
// threads; holds at most `capacity` points, the least recently touched go first.
class ResumePoints {
 public:
  // Names a block: the index it was found by, and its place in file order.
  struct Block {
    std::uint64_t index_id;
    std::uint32_t rank;
    bool operator==(const Block&) const = default;
  };

  explicit ResumePoints(std::size_t capacity) : capacity_(capacity) {}

  // The block's point, unless it lies beyond the sample wanted next.
  std::optional<ResumePoint> Find(const Block& block, std::uint32_t first_wanted);

  void Put(const Block& block, const ResumePoint& point);

 private:
  struct Hash {
    std::size_t operator()(const Block& block) const {
      return static_cast<std::size_t>(block.index_id * 0x9E3779B97F4A7C15U + block.rank);
    }
  };
  struct Entry {
    Block block;
    ResumePoint point;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> by_use_;  // most recent first
  std::unordered_map<Block, std::list<Entry>::iterator, Hash> entries_;
};

}  // namespace mef3

#endif  // MEF3_RESUME_POINTS_H_
