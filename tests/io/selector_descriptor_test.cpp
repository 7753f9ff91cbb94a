// A Selector and descriptors that are closed, used again, copied, inherited, and many.

#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <ranges>

#include "base/rounds.hpp"
#include "io/selector_fixture.hpp"
#include "support/process_facts.hpp"
#include "support/sanitizer.hpp"
#include "sys/limits.hpp"

namespace duet::test {
namespace {

using SelectorDescriptor = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorDescriptor, ::testing::ValuesIn(every_mechanism()),
                         mechanism_name);

// Whether the function is true in a forked child, which ends then.
bool in_child(const std::function<bool()>& function) {
  pid_t child = ::fork();
  if (child == 0) ::_exit(function() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_P(SelectorDescriptor, is_silent_about_what_was_removed_though_it_was_ready) {
  selector_.add(pair_.fd(), readable);
  pair_.write_to_us();
  selector_.remove(pair_.fd());
  EXPECT_TRUE(look().empty());
}

TEST_P(SelectorDescriptor, removes_what_is_closed_already) {
  selector_.add(pair_.fd(), readable);
  int number = pair_.fd();
  pair_.ours.close();
  EXPECT_EQ(selector_.remove(number).fd, number);
  EXPECT_TRUE(look().empty());
}

TEST_P(SelectorDescriptor, removing_a_number_that_was_used_again_leaves_its_new_owner_alone) {
  SocketPair other;
  selector_.add(pair_.fd(), readable, "ours");
  int number = pair_.fd();
  ASSERT_EQ(::dup2(other.fd(), number), number);
  int flags = ::fcntl(number, F_GETFL);
  selector_.remove(number);
  EXPECT_EQ(::fcntl(number, F_GETFL), flags);
  selector_.add(other.fd(), readable, "other");
  other.write_to_us();
  EXPECT_EQ(look(long_time), Found{"other"});
}

TEST_P(SelectorDescriptor, what_a_handler_removes_drops_out_of_the_list) {
  SocketPair other;
  for (const SocketPair* pair : {&pair_, &other}) {
    selector_.add(*pair, readable);
    pair->write_to_us();
  }
  int handled = 0;
  auto ready = selector_.wait(long_time);
  for ([[maybe_unused]] auto [key, events] : ready) {
    ++handled;
    selector_.remove(pair_);
    selector_.remove(other);
    break;
  }
  EXPECT_EQ(handled, 1);
  EXPECT_TRUE(ready.empty());
}

TEST_P(SelectorDescriptor, a_handler_may_remove_what_it_handles) {
  selector_.add(pair_.fd(), readable, "ours");
  pair_.write_to_us();
  for (auto [key, events] : selector_.wait(long_time)) selector_.remove(key.fd);
  EXPECT_EQ(selector_.size(), 0U);
}

TEST_P(SelectorDescriptor, a_number_used_again_within_a_list_is_not_taken_for_the_former) {
  selector_.add(pair_.fd(), readable, "former");
  pair_.write_to_us();
  auto ready = selector_.wait(long_time);
  SocketPair other;
  selector_.remove(pair_.fd());
  ASSERT_EQ(::dup2(other.fd(), pair_.fd()), pair_.fd());
  selector_.add(pair_.fd(), readable, "latter");
  EXPECT_TRUE(ready.empty());
}

TEST_P(SelectorDescriptor, a_handler_may_close_the_selector) {
  selector_.add(pair_.fd(), readable);
  pair_.write_to_us();
  for ([[maybe_unused]] auto [key, events] : selector_.wait(long_time)) {
    selector_.close();
    break;
  }
  EXPECT_EQ(selector_.size(), 0U);
}

// epoll(7) keeps what was registered for as long as a copy is open, and has no way to remove it.
TEST_P(SelectorDescriptor, a_copy_of_what_was_closed_and_removed_leaves_no_ghost) {
  SocketPair other;
  sys::Fd copy(::fcntl(pair_.fd(), F_DUPFD_CLOEXEC, 0));
  selector_.add(pair_.fd(), readable, "gone");
  selector_.add(other.fd(), readable, "other");
  int number = pair_.fd();
  pair_.ours.close();
  selector_.remove(number);
  pair_.write_to_us();
  EXPECT_TRUE(look(std::chrono::milliseconds(2)).empty());
  other.write_to_us();
  EXPECT_EQ(look(long_time), Found{"other"});
}

// The end of the child's copies of descriptors, too, is nothing to the parent's selector.
TEST_P(SelectorDescriptor, a_forked_child_takes_nothing_away) {
  selector_.add(pair_.fd(), readable, "ours");
  EXPECT_TRUE(in_child([&] {
    pair_.ours.close();
    return true;
  }));
  pair_.write_to_us();
  EXPECT_EQ(look(long_time), Found{"ours"});
}

// epoll(7) and what signals are shared with a forked child: what it changed there used to be
// changed for the parent.
TEST_P(SelectorDescriptor, a_forked_child_uses_and_destroys_its_copy_unnoticed) {
  SocketPair other;
  selector_.add(pair_.fd(), readable, "ours");
  // Whether the sanitizer allows it or not, a thread is what a selector by signals has for room.
  if (!has_thread_sanitizer) selector_.add(pair_.peer.get(), writable, "peer's");
  EXPECT_TRUE(in_child([&] {
    bool is_right = selector_.remove(pair_.fd()).data == "ours";
    selector_.add(other.fd(), readable, "the child's");
    other.write_to_us();
    Found found = look(long_time);
    is_right &=
        std::ranges::count(found, "the child's") == 1 && std::ranges::count(found, "ours") == 0;
    other.read();
    selector_.close();
    return is_right;
  }));
  if (!has_thread_sanitizer) {
    EXPECT_EQ(selector_.remove(pair_.peer.get()).data, "peer's");
  }
  EXPECT_TRUE(look().empty());
  pair_.write_to_us();
  EXPECT_EQ(look(long_time), Found{"ours"});
  pair_.read();
  other.write_to_us();
  EXPECT_TRUE(look().empty()) << "the child's";
}

TEST_P(SelectorDescriptor, memory_is_flat_over_many_that_come_and_go) {
  auto come_and_go = [&](int times) {
    for (int i = 0; i < times; ++i) {
      sys::Fd copy(::fcntl(pair_.fd(), F_DUPFD_CLOEXEC, 0));
      selector_.add(copy.get(), readable);
      if (i % 16 == 0) {
        EXPECT_TRUE(look().empty());
      }
      if (i % 2 == 0) selector_.remove(copy.get());
      int number = copy.get();
      copy.close();
      if (i % 2 != 0) selector_.remove(number);
    }
  };
  come_and_go(test::rounds(10'000));
  std::size_t before = resident_bytes_of(::getpid());
  come_and_go(test::rounds(100'000));
  expect_growth_below(::getpid(), before, 1U << 20);
}

TEST_P(SelectorDescriptor, many_that_come_and_go_leave_no_descriptor) {
  selector_.close();
  std::size_t before = descriptors_of(::getpid()).size();
  Words first(GetParam());
  for (int i = 0; i < test::rounds(100'000); ++i) {
    sys::Fd copy(::fcntl(pair_.fd(), F_DUPFD_CLOEXEC, 0));
    int number = copy.get();
    first.add(number, i % 2 == 0 ? readable : both);
    copy.close();
    first.remove(number);
  }
  EXPECT_TRUE(first.wait(Duration::zero()).empty());
  first.close();
  EXPECT_EQ(descriptors_of(::getpid()).size(), before);
  for (int i = 0; i < test::rounds(1'000); ++i) {
    Words selector(GetParam());
    selector.add(pair_.fd(), both);
  }
  EXPECT_EQ(descriptors_of(::getpid()).size(), before);
}

// Thousands of descriptors, of which select takes the first 1024 numbers.
class SelectorCrowd : public SelectorTest {
 protected:
  static constexpr std::size_t many = 4000;

  void SetUp() override {
    if (is("select"))
      GTEST_SKIP() << refused("select(2) waits for descriptors below 1024",
                              "SelectSelector.refuses_descriptors_from_1024_on");
    sys::raise_descriptor_limit();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * many + 100) GTEST_SKIP() << not_here("too few descriptors");
    selector_.close();  // a thread has one that takes signals
    pairs_ = std::vector<SocketPair>(many);
  }

  void add_all(Selector<std::size_t>& selector) {
    for (std::size_t i = 0; i < many; ++i) selector.add(pairs_[i], readable, i);
  }

  // How often each is told until so many have been.
  static std::vector<int> told_by(Selector<std::size_t>& selector, std::size_t missing) {
    std::vector<int> times(many);
    while (missing > 0) {
      auto ready = selector.wait(long_time);
      if (ready.empty()) break;
      for (auto [key, events] : ready)
        if (times[key.data]++ == 0) --missing;
    }
    return times;
  }

  std::vector<SocketPair> pairs_;
};
INSTANTIATE_TEST_SUITE_P(, SelectorCrowd, ::testing::ValuesIn(every_mechanism()), mechanism_name);

TEST_P(SelectorCrowd, each_of_thousands_that_is_ready_is_told_until_it_is_read) {
  Selector<std::size_t> selector(GetParam());
  add_all(selector);
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  for (const SocketPair& pair : pairs_) pair.write_to_us();
  EXPECT_EQ(std::ranges::count(told_by(selector, many), 0), 0);
  for (std::size_t i = 0; i < many; i += 2) EXPECT_EQ(pairs_[i].read(), "x");
  std::vector<int> again = told_by(selector, many / 2);
  for (std::size_t i = 0; i < many; ++i) EXPECT_EQ(again[i] == 0, i % 2 == 0) << i;
}

TEST_P(SelectorCrowd, each_of_thousands_is_told_once_under_trigger_once) {
  if (is("spin"))
    GTEST_SKIP() << refused("spin tells of what it does not know",
                            "SpinSelector.tells_all_that_is_armed_under_trigger_once");
  Selector<std::size_t> selector(GetParam(), Trigger::once);
  add_all(selector);
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  for (const SocketPair& pair : pairs_) pair.write_to_us();
  EXPECT_EQ(told_by(selector, many), std::vector<int>(many, 1));
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
}

}  // namespace
}  // namespace duet::test
