#include "mef3/slot_assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "testing/signals.h"

namespace mef3 {
namespace {

// Which block owns each slot, decided slot by slot.
std::map<std::int64_t, std::size_t> OwnersBySlot(const std::vector<BlockSlots>& blocks) {
  std::map<std::int64_t, std::size_t> owners;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::int64_t slot = blocks[i].first; slot < blocks[i].end; ++slot) {
      const auto [at, is_new] = owners.try_emplace(slot, i);
      if (!is_new && blocks[at->second].rank < blocks[i].rank) at->second = i;
    }
  }
  return owners;
}

void ExpectAsSlotBySlot(const std::vector<BlockSlots>& blocks) {
  const std::vector<SlotPiece> pieces = AssignSlots(blocks);
  std::map<std::int64_t, std::size_t> owners;
  std::int64_t at = INT64_MIN;
  for (const SlotPiece& piece : pieces) {
    ASSERT_GE(piece.first, at);
    ASSERT_LT(piece.first, piece.end);
    at = piece.end;
    for (std::int64_t slot = piece.first; slot < piece.end; ++slot) owners[slot] = piece.block;
  }
  ASSERT_EQ(owners, OwnersBySlot(blocks));
}

TEST(AssignSlots, GivesNothingForNoBlocks) { EXPECT_TRUE(AssignSlots({}).empty()); }

TEST(AssignSlots, LeavesSeparateBlocksWhole) {
  const std::vector<BlockSlots> blocks{{-5, 0, 0}, {0, 10, 1}, {15, 20, 2}};
  const auto pieces = AssignSlots(blocks);
  ASSERT_EQ(pieces.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces[i].first, blocks[i].first);
    EXPECT_EQ(pieces[i].end, blocks[i].end);
    EXPECT_EQ(pieces[i].block, i);
  }
}

TEST(AssignSlots, LetsTheLaterBlockInFileOrderWin) {
  ExpectAsSlotBySlot({{0, 10, 0}, {9, 20, 1}});
  ExpectAsSlotBySlot({{0, 10, 1}, {9, 20, 0}});
  // Inside another one, before and after it in the file.
  ExpectAsSlotBySlot({{0, 30, 0}, {10, 20, 1}});
  ExpectAsSlotBySlot({{0, 30, 1}, {10, 20, 0}});
  ExpectAsSlotBySlot({{0, 10, 0}, {0, 10, 1}});
  ExpectAsSlotBySlot({{0, 10, 1}, {0, 10, 0}});
}

TEST(AssignSlots, IgnoresEmptyBlocks) {
  ExpectAsSlotBySlot({{0, 10, 0}, {5, 5, 9}, {8, 12, 1}, {12, 12, 3}});
}

TEST(AssignSlots, AgreesWithADecisionSlotBySlot) {
  std::mt19937_64 random(51);
  for (int i = 0; i < 300 * test::kEffort; ++i) {
    std::vector<BlockSlots> blocks(random() % 25);
    for (BlockSlots& block : blocks) {
      block.first = static_cast<std::int64_t>(random() % 200) - 50;
      const auto most = random() % 8 == 0 ? 150U : 20U;
      block.end = block.first + static_cast<std::int64_t>(random() % most);
    }
    std::vector<std::uint32_t> ranks(blocks.size());
    for (std::size_t k = 0; k < ranks.size(); ++k) ranks[k] = static_cast<std::uint32_t>(7 * k);
    std::shuffle(ranks.begin(), ranks.end(), random);
    for (std::size_t k = 0; k < ranks.size(); ++k) blocks[k].rank = ranks[k];
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const BlockSlots& a, const BlockSlots& b) { return a.first < b.first; });
    ExpectAsSlotBySlot(blocks);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace mef3
