#include "io/slot_table.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace duet::io {
namespace {

TEST(SlotTable, finds_what_was_added) {
  SlotTable<BasicSlot> slots;
  Handle handle = slots.add(5, HandleKind::tcp);
  ASSERT_NE(slots.find(handle), nullptr);
  EXPECT_EQ(slots.find(handle)->descriptor, 5);
  EXPECT_EQ(slots.find(handle)->kind, HandleKind::tcp);
}

TEST(SlotTable, does_not_find_a_handle_whose_slot_was_used_again) {
  SlotTable<BasicSlot> slots;
  Handle old = slots.add(5, HandleKind::tcp);
  slots.remove(old);
  EXPECT_EQ(slots.find(old), nullptr);
  Handle fresh = slots.add(5, HandleKind::tcp);
  EXPECT_EQ(fresh.slot, old.slot);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(slots.find(old), nullptr);
  EXPECT_NE(slots.find(fresh), nullptr);
}

TEST(SlotTable, does_not_find_what_never_was) {
  SlotTable<BasicSlot> slots;
  EXPECT_EQ(slots.find(Handle()), nullptr);
  EXPECT_EQ(slots.find(Handle{.slot = 3, .generation = 0}), nullptr);
  EXPECT_FALSE(Handle());
}

// A stream that is used on the wrong loop must not reach what that loop has at the same place.
TEST(SlotTable, does_not_find_the_handles_of_another_table) {
  std::array<SlotTable<BasicSlot>, 64> tables;
  std::vector<Handle> handles;
  for (SlotTable<BasicSlot>& table : tables) {
    for (int reused = 0; reused < 100; ++reused) table.remove(table.add(5, HandleKind::tcp));
    handles.push_back(table.add(5, HandleKind::tcp));
  }
  for (std::size_t i = 0; i < tables.size(); ++i)
    for (std::size_t j = 0; j < tables.size(); ++j)
      EXPECT_EQ(tables.at(i).find(handles.at(j)) != nullptr, i == j);
}

}  // namespace
}  // namespace duet::io
