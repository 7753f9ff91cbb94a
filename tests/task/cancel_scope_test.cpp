#include "duet/task/cancel_scope.hpp"

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

using Notice = CancelNode::Notice;

struct RecordingWait : CancelNode {
  RecordingWait() : CancelNode(notify) {}
  static void notify(CancelNode& node, Notice notice) {
    auto& wait = static_cast<RecordingWait&>(node);
    wait.notices.push_back(notice);
    if (wait.action) wait.action();
  }
  void begin_idle(CancelScope& scope, TimePoint now) {
    idle_since_ = now;
    scope.add(*this);
  }
  std::vector<Notice> notices;
  std::function<void()> action;
};

const std::vector<Notice> cancelled_once = {Notice::cancel};

TEST(CancelScope, tells_each_wait_once) {
  CancelScope scope(nullptr);
  RecordingWait first, second;
  scope.add(first);
  scope.add(second);
  scope.cancel(CancelReason::requested);
  scope.cancel(CancelReason::deadline);
  EXPECT_EQ(first.notices, cancelled_once);
  EXPECT_EQ(second.notices, cancelled_once);
}

TEST(CancelScope, keeps_the_first_reason) {
  CancelScope scope(nullptr);
  EXPECT_FALSE(scope.is_cancelled());
  scope.cancel(CancelReason::failure);
  scope.cancel(CancelReason::deadline);
  EXPECT_TRUE(scope.is_cancelled());
  EXPECT_EQ(scope.reason(), CancelReason::failure);
}

TEST(CancelScope, flows_down_and_not_up_or_sideways) {
  CancelScope top(nullptr);
  CancelScope middle(&top), sibling(&top);
  CancelScope bottom(&middle);
  RecordingWait at_top, at_bottom, at_sibling;
  top.add(at_top);
  bottom.add(at_bottom);
  sibling.add(at_sibling);
  middle.cancel(CancelReason::deadline);
  EXPECT_EQ(bottom.reason(), CancelReason::deadline);
  EXPECT_EQ(at_bottom.notices, cancelled_once);
  EXPECT_FALSE(top.is_cancelled());
  EXPECT_FALSE(sibling.is_cancelled());
  EXPECT_TRUE(at_top.notices.empty());
  EXPECT_TRUE(at_sibling.notices.empty());
}

TEST(CancelScope, a_child_with_a_reason_of_its_own_keeps_it) {
  CancelScope top(nullptr);
  CancelScope child(&top);
  child.cancel(CancelReason::deadline);
  top.cancel(CancelReason::requested);
  EXPECT_EQ(child.reason(), CancelReason::deadline);
}

const TimePoint start = past + std::chrono::hours(1);
constexpr Duration step = std::chrono::seconds(1);

TEST(CancelScope, makes_room_by_the_wait_that_is_idle_longest) {
  CancelScope top(nullptr);
  CancelScope child(&top);
  RecordingWait busy, first, second, third;
  top.add(busy);
  top.make_room(start);
  first.begin_idle(child, start);
  second.begin_idle(top, start + step);
  third.begin_idle(child, start + 2 * step);
  auto made = [&] {
    return std::array{busy.notices.size(), first.notices.size(), second.notices.size(),
                      third.notices.size()};
  };
  top.make_room(start + 3 * step);
  EXPECT_EQ(made(), (std::array<std::size_t, 4>{0, 1, 0, 0}));
  top.make_room(start + 3 * step);
  EXPECT_EQ(made(), (std::array<std::size_t, 4>{0, 1, 1, 0}));
  top.make_room(start + 3 * step);
  top.make_room(start + 3 * step);
  EXPECT_EQ(made(), (std::array<std::size_t, 4>{0, 1, 1, 1}));
  EXPECT_EQ(first.notices.front(), Notice::make_room);
  EXPECT_FALSE(top.is_cancelled());
}

TEST(CancelScope, makes_no_room_by_a_wait_that_has_just_begun) {
  CancelScope scope(nullptr);
  RecordingWait wait;
  wait.begin_idle(scope, start);
  scope.make_room(start - step);
  EXPECT_TRUE(wait.notices.empty());
  scope.make_room(start);
  EXPECT_EQ(wait.notices.size(), 1U);
}

TEST(CancelScope, is_born_cancelled_below_a_cancelled_parent) {
  CancelScope top(nullptr);
  top.cancel(CancelReason::failure);
  CancelScope child(&top);
  CancelScope grandchild(&child);
  EXPECT_EQ(child.reason(), CancelReason::failure);
  EXPECT_EQ(grandchild.reason(), CancelReason::failure);
}

TEST(CancelScope, forgets_a_child_and_a_wait_that_are_gone) {
  CancelScope top(nullptr);
  {
    CancelScope child(&top);
    RecordingWait wait;
    top.add(wait);
    child.cancel(CancelReason::requested);
  }
  top.cancel(CancelReason::requested);
}

TEST(CancelScope, may_end_before_what_is_inside_of_it) {
  auto top = std::make_unique<CancelScope>(nullptr);
  CancelScope child(top.get());
  RecordingWait wait;
  top->add(wait);
  top.reset();
  EXPECT_FALSE(child.is_cancelled());
  EXPECT_FALSE(wait.is_linked());
}

TEST(CancelScope, a_wait_may_leave_while_it_is_told) {
  CancelScope scope(nullptr);
  RecordingWait first, second;
  scope.add(first);
  scope.add(second);
  first.action = [&] { first.unlink(); };
  scope.cancel(CancelReason::requested);
  EXPECT_FALSE(first.is_linked());
  EXPECT_EQ(second.notices, cancelled_once);
}

TEST(CancelScope, a_wait_may_end_another_one_while_it_is_told) {
  CancelScope top(nullptr);
  CancelScope child(&top);
  RecordingWait first, second, inner;
  top.add(first);
  top.add(second);
  child.add(inner);
  first.action = [&] {
    second.unlink();
    inner.unlink();
  };
  top.cancel(CancelReason::requested);
  EXPECT_TRUE(second.notices.empty());
  EXPECT_TRUE(inner.notices.empty());
}

TEST(CancelScope, a_wait_may_cancel_its_parents_scope_while_it_is_told) {
  CancelScope top(nullptr);
  CancelScope child(&top);
  RecordingWait first, second, above;
  child.add(first);
  child.add(second);
  top.add(above);
  first.action = [&] { top.cancel(CancelReason::failure); };
  child.cancel(CancelReason::requested);
  EXPECT_EQ(first.notices, cancelled_once);
  EXPECT_EQ(second.notices, cancelled_once);
  EXPECT_EQ(above.notices, cancelled_once);
}

TEST(CancelScope, a_drain_lets_waits_know_and_cancels_nothing) {
  CancelScope top(nullptr);
  CancelScope child(&top);
  RecordingWait wait;
  child.add(wait);
  top.drain(std::chrono::milliseconds(5));
  top.drain(std::chrono::milliseconds(9));
  EXPECT_EQ(wait.notices, std::vector{Notice::drain});
  EXPECT_FALSE(child.is_cancelled());
  EXPECT_TRUE(child.is_draining());
  EXPECT_EQ(child.quiet(), std::chrono::milliseconds(5));
}

TEST(CancelScope, is_born_draining_below_a_draining_parent) {
  CancelScope top(nullptr);
  top.drain(std::chrono::milliseconds(5));
  CancelScope child(&top);
  EXPECT_TRUE(child.is_draining());
  EXPECT_EQ(child.quiet(), std::chrono::milliseconds(5));
}

TEST(CancelScope, is_cancelled_after_a_drain_but_not_drained_after_a_cancel) {
  CancelScope scope(nullptr);
  RecordingWait wait;
  scope.add(wait);
  scope.drain(Duration(1));
  scope.cancel(CancelReason::requested);
  scope.drain(Duration(1));
  EXPECT_EQ(wait.notices, (std::vector{Notice::drain, Notice::cancel}));
}

}  // namespace
}  // namespace duet
