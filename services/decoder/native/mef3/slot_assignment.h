#ifndef MEF3_SLOT_ASSIGNMENT_H_
#define MEF3_SLOT_ASSIGNMENT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mef3 {

// The slots [first, end) that a block covers.
struct BlockSlots {
  std::int64_t first;
  std::int64_t end;
  std::uint32_t rank;  // place in file order: segment number, then index entry
};

// Slots [first, end) that belong to one block.
struct SlotPiece {
  std::int64_t first;
  std::int64_t end;
  std::size_t block;  // position in the blocks given
};

// Decides for every covered slot which block gives its sample: where blocks
// overlap, the later one in file order wins.
//
//   blocks  sorted by `first`
//
// Returns disjoint pieces in slot order. O(n) without overlaps, O(n log n) with.
std::vector<SlotPiece> AssignSlots(std::span<const BlockSlots> blocks);

}  // namespace mef3

#endif  // MEF3_SLOT_ASSIGNMENT_H_
