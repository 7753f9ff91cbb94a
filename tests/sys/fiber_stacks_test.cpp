// Stacks of fibers: bounded, guarded, and given back.

#include "duet/sys/fiber_stacks.hpp"

#include <unistd.h>

#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "duet/base/error.hpp"

namespace duet::sys {
namespace {

const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

void use(FiberStack& stack, std::size_t bytes) {
  std::memset(stack.lowest + stack.size_bytes - bytes, 1, bytes);
}

TEST(FiberStacks, are_distinct_and_of_whole_pages) {
  FiberStacks stacks({10 * page - 1});
  EXPECT_EQ(stacks.stack_bytes(), 10 * page);
  std::set<FiberStack*> taken;
  for (int i = 0; i < 200; ++i) {
    FiberStack& stack = stacks.take();
    use(stack, stack.size_bytes);
    EXPECT_TRUE(taken.insert(&stack).second);
  }
  EXPECT_EQ(stacks.in_use(), 200U);
  for (FiberStack* stack : taken) stacks.give_back(*stack);
  EXPECT_EQ(stacks.in_use(), 0U);
}

TEST(FiberStacks, more_than_may_be_are_refused_until_one_is_given_back) {
  FiberStacks stacks({4 * page, 2});
  FiberStack& first = stacks.take();
  FiberStack& second = stacks.take();
  try {
    stacks.take();
    ADD_FAILURE() << "a third was given";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), Errc::queue_full);
  }
  stacks.give_back(first);
  EXPECT_EQ(&stacks.take(), &first);
  stacks.give_back(first);
  stacks.give_back(second);
}

TEST(FiberStacks, the_high_water_mark_is_the_deepest_use_in_pages) {
  FiberStacks stacks({8 * page});
  FiberStack& stack = stacks.take();
  FiberStack& other = stacks.take();
  use(other, 1);
  use(stack, 3 * page - 10);
  EXPECT_EQ(stacks.high_water_bytes(), 3 * page);
  EXPECT_EQ(stacks.resident_bytes(), 4 * page);
  stacks.give_back(stack);
  stacks.give_back(other);
}

TEST(FiberStacks, pages_of_many_free_stacks_are_given_back_and_their_use_is_remembered) {
  FiberStacks stacks({8 * page});
  std::vector<FiberStack*> taken;
  for (int i = 0; i < 100; ++i) use(*taken.emplace_back(&stacks.take()), 5 * page);
  EXPECT_EQ(stacks.resident_bytes(), 100 * 5 * page);
  for (FiberStack* stack : taken) stacks.give_back(*stack);
  EXPECT_LE(stacks.resident_bytes(), 16 * 5 * page);
  EXPECT_EQ(stacks.high_water_bytes(), 5 * page);
}

TEST(FiberStacks, an_idle_one_gives_back_what_lies_below_its_use) {
  FiberStacks stacks({8 * page});
  FiberStack& stack = stacks.take();
  use(stack, 8 * page);
  stacks.trim(stack, stack.lowest + stack.size_bytes - 10);
  EXPECT_EQ(stacks.resident_bytes(), page);
  EXPECT_EQ(stacks.high_water_bytes(), 8 * page);
  EXPECT_EQ(*(stack.lowest + stack.size_bytes - 10), std::byte(1));
  stacks.give_back(stack);
}

TEST(FiberStacksDeathTest, a_write_below_a_stack_hits_the_guard) {
  FiberStacks stacks({4 * page});
  FiberStack& stack = stacks.take();
  EXPECT_DEATH(std::memset(stack.lowest - 1, 1, 1), "");
  EXPECT_DEATH(std::memset(stack.lowest - stack.size_bytes, 1, 1), "");
  stacks.give_back(stack);
}

}  // namespace
}  // namespace duet::sys
