// Every mechanism under both triggers: what is changed, removed and refused. The rows are those of
// selector_mechanism_test.cpp.

#include <fcntl.h>
#include <sys/select.h>

#include <span>

#include "io/mechanism_fixture.hpp"
#include "sys/event_fd.hpp"

namespace duet::io {
namespace {

TEST_P(MechanismLevelTest, modify_changes_interest_and_token) {
  selector_->add(ours_.get(), writable, 1);
  selector_->modify(ours_.get(), readable, 7);
  EXPECT_FALSE(look().writable);
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, is_silent_about_what_was_removed) {
  add(readable);
  write_to_us("x");
  selector_->remove(ours_.get());
  EXPECT_TRUE(selector_->wait(past).empty());
  add(readable);
  EXPECT_TRUE(look().readable) << "it may be added again";
}

TEST_P(MechanismTest, removing_one_keeps_the_others) {
  sys::EventFd first, second;
  selector_->add(first.get(), readable, 1);
  add(readable);
  selector_->add(second.get(), readable, 2);
  selector_->remove(first.get());
  selector_->remove(second.get());
  first.signal();
  second.signal();
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, a_descriptor_may_be_closed_before_it_is_removed) {
  add(readable);
  int number = ours_.get();
  ours_.close();
  selector_->remove(number);
  EXPECT_TRUE(selector_->wait(past).empty());
}

TEST_P(MechanismTest, refuses_to_add_twice) {
  add(readable);
  EXPECT_EQ(errno_of([&] { selector_->add(ours_.get(), both, 8); }), EEXIST);
  write_to_us("x");
  EXPECT_TRUE(look().readable) << "the selector is as it was";
}

TEST_P(MechanismTest, refuses_to_modify_what_it_does_not_know) {
  EXPECT_EQ(errno_of([&] { selector_->modify(ours_.get(), readable, 7); }), ENOENT);
}

TEST_P(MechanismTest, removing_what_it_does_not_know_changes_nothing) {
  selector_->remove(ours_.get());
  add(readable);
  selector_->remove(peer_.get());
  write_to_us("x");
  EXPECT_TRUE(look().readable);
}

TEST_P(MechanismTest, refuses_a_descriptor_that_is_closed) {
  int number = ours_.get();
  ours_.close();
  EXPECT_EQ(errno_of([&] { selector_->add(number, readable, 7); }), EBADF);
  EXPECT_EQ(errno_of([&] { selector_->add(-1, readable, 7); }), EBADF);
  EXPECT_TRUE(selector_->wait(past).empty());
}

TEST_P(MechanismTest, is_silent_about_a_descriptor_that_was_closed) {
  sys::EventFd event;
  add(readable);
  selector_->add(event.get(), readable, 7);
  look();
  ours_.close();
  peer_.close();
  EXPECT_FALSE(look().any());
  event.signal();
  if (is_once()) selector_->rearm(event.get(), Direction::read);
  EXPECT_TRUE(look().readable) << "the others are reported as before";
}

TEST_P(MechanismTest, refuses_no_interest_at_all) {
  EXPECT_EQ(errno_of([&] { selector_->add(ours_.get(), {}, 7); }), EINVAL);
  add(readable);
  EXPECT_EQ(errno_of([&] { selector_->modify(ours_.get(), {}, 7); }), EINVAL);
  write_to_us("x");
  EXPECT_TRUE(look().readable) << "the selector is as it was";
}

TEST(SelectMechanismTest, refuses_descriptors_that_select_cannot_wait_for) {
  for (Trigger trigger : {Trigger::level, Trigger::once}) {
    std::unique_ptr<SelectorMechanism> selector = make_select_mechanism(trigger);
    sys::EventFd event;
    sys::Fd low(::fcntl(event.get(), F_DUPFD_CLOEXEC, FD_SETSIZE - 1));
    sys::Fd high(::fcntl(event.get(), F_DUPFD_CLOEXEC, FD_SETSIZE));
    ASSERT_EQ(low.get(), FD_SETSIZE - 1);
    selector->add(low.get(), readable, 1);
    try {
      selector->add(high.get(), readable, 2);
      ADD_FAILURE() << "not refused";
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), Errc::descriptor_too_high);
      EXPECT_STREQ(error.what(),
                   "select: select(2) cannot wait for descriptors from number 1024 (FD_SETSIZE) "
                   "on; poll, epoll and uring can");
    }
    event.signal();
    if (trigger == Trigger::once) selector->rearm(low.get(), Direction::read);
    std::span<const Report> reports = selector->wait(past);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].token, 1U);
    selector->remove(high.get());
    EXPECT_THROW(selector->modify(high.get(), readable, 2), IoError);
  }
}

}  // namespace
}  // namespace duet::io
