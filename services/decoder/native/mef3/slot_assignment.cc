#include "mef3/slot_assignment.h"

#include <algorithm>
#include <queue>

namespace mef3 {
namespace {

void Append(std::vector<SlotPiece>& pieces, std::int64_t first, std::int64_t end,
            std::size_t block) {
  if (first >= end) return;
  if (!pieces.empty() && pieces.back().block == block && pieces.back().end == first) {
    pieces.back().end = end;
  } else {
    pieces.push_back({first, end, block});
  }
}

// Sweeps over the starts of blocks and keeps those that reach the current slot,
// latest in file order on top.
class Sweep {
 public:
  explicit Sweep(std::span<const BlockSlots> blocks) : blocks_(blocks) {}

  std::vector<SlotPiece> Run() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      GiveUpTo(blocks_[i].first);
      at_ = std::max(at_, blocks_[i].first);
      reaching_.push({blocks_[i].rank, i});
    }
    GiveUpTo(INT64_MAX);
    return std::move(pieces_);
  }

 private:
  struct Reaching {
    std::uint32_t rank;
    std::size_t block;
    bool operator<(const Reaching& other) const { return rank < other.rank; }
  };

  // Gives the slots before `limit` to whoever is on top.
  void GiveUpTo(std::int64_t limit) {
    while (!reaching_.empty() && at_ < limit) {
      const std::size_t block = reaching_.top().block;
      const std::int64_t end = std::min(blocks_[block].end, limit);
      if (end > at_) {
        Append(pieces_, at_, end, block);
        at_ = end;
      }
      if (blocks_[block].end <= at_) reaching_.pop();
    }
  }

  std::span<const BlockSlots> blocks_;
  std::priority_queue<Reaching> reaching_;
  std::int64_t at_ = INT64_MIN;
  std::vector<SlotPiece> pieces_;
};

bool AreDisjoint(std::span<const BlockSlots> blocks) {
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].first < blocks[i - 1].end) return false;
  }
  return true;
}

}  // namespace

std::vector<SlotPiece> AssignSlots(std::span<const BlockSlots> blocks) {
  if (!AreDisjoint(blocks)) return Sweep(blocks).Run();
  std::vector<SlotPiece> pieces;
  pieces.reserve(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    Append(pieces, blocks[i].first, blocks[i].end, i);
  }
  return pieces;
}

}  // namespace mef3
