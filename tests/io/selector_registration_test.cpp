// What a Selector knows: keys that are added, changed, found and removed, and its refusals.

#include <ranges>
#include <set>

#include "io/selector_fixture.hpp"

namespace duet::test {
namespace {

using SelectorRegistration = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorRegistration, ::testing::ValuesIn(every_mechanism()),
                         mechanism_name);

TEST_P(SelectorRegistration, adding_returns_a_key_with_descriptor_events_and_data) {
  const Words::Key& key = selector_.add(pair_.fd(), both, "ours");
  EXPECT_EQ(key.fd, pair_.fd());
  EXPECT_EQ(key.events, both);
  EXPECT_EQ(key.data, "ours");
  EXPECT_EQ(selector_.mechanism(), GetParam());
}

TEST_P(SelectorRegistration, takes_anything_that_has_a_descriptor) {
  selector_.add(pair_, readable, "pair");
  pair_.write_to_us();
  EXPECT_EQ(look(), Found{"pair"});
  EXPECT_EQ(selector_.find(pair_), selector_.find(pair_.fd()));
  EXPECT_EQ(selector_.remove(pair_).data, "pair");
}

TEST_P(SelectorRegistration, refuses_to_add_twice_and_keeps_the_first) {
  selector_.add(pair_.fd(), readable, "first");
  EXPECT_EQ(errno_of([&] { selector_.add(pair_.fd(), both, "second"); }), EEXIST);
  EXPECT_EQ(errno_of([&] { selector_.add(pair_, both, "by another object"); }), EEXIST);
  pair_.write_to_us();
  EXPECT_EQ(look(), Found{"first"});
  EXPECT_EQ(look_at_one(), readable);
}

TEST_P(SelectorRegistration, refuses_to_add_a_descriptor_again_that_something_else_has_too) {
  struct Other {
    int number;
    int fd() const { return number; }
  };
  selector_.add(pair_, readable, "first");
  EXPECT_EQ(errno_of([&] { selector_.add(Other{pair_.fd()}, readable, "second"); }), EEXIST);
  EXPECT_EQ(selector_.find(Other{pair_.fd()})->data, "first");
}

TEST_P(SelectorRegistration, a_refusal_names_the_descriptor) {
  try {
    selector_.remove(pair_);
    ADD_FAILURE() << "not refused";
  } catch (const IoError& refused) {
    EXPECT_EQ(refused.subject(), std::to_string(pair_.fd()));
  }
}

TEST_P(SelectorRegistration, refuses_a_negative_descriptor_and_one_that_is_closed) {
  int number = pair_.fd();
  pair_.ours.close();
  EXPECT_EQ(errno_of([&] { selector_.add(number, readable); }), EBADF);
  EXPECT_EQ(errno_of([&] { selector_.add(-1, readable); }), EBADF);
  EXPECT_EQ(selector_.size(), 0U);
  EXPECT_EQ(selector_.find(number), nullptr);
}

TEST_P(SelectorRegistration, refuses_no_events_at_all) {
  EXPECT_EQ(errno_of([&] { selector_.add(pair_.fd(), {}); }), EINVAL);
  EXPECT_EQ(errno_of([&] { selector_.add(-1, {}); }), EINVAL);
  EXPECT_EQ(selector_.size(), 0U);
  selector_.add(pair_.fd(), readable, "kept");
  EXPECT_EQ(errno_of([&] { selector_.add(pair_.fd(), {}); }), EINVAL);
  EXPECT_EQ(errno_of([&] { selector_.modify(pair_.fd(), Events{}); }), EINVAL);
  pair_.write_to_us();
  EXPECT_EQ(look(), Found{"kept"});
}

TEST_P(SelectorRegistration, refuses_to_change_or_remove_what_was_not_added) {
  EXPECT_EQ(errno_of([&] { selector_.modify(pair_.fd(), readable); }), ENOENT);
  EXPECT_EQ(errno_of([&] { selector_.modify_data(pair_.fd(), "x"); }), ENOENT);
  EXPECT_EQ(errno_of([&] { selector_.remove(pair_.fd()); }), ENOENT);
  selector_.add(pair_.fd(), readable);
  selector_.remove(pair_.fd());
  EXPECT_EQ(errno_of([&] { selector_.remove(pair_.fd()); }), ENOENT) << "twice";
}

TEST_P(SelectorRegistration, waits_for_other_events_from_the_next_wait_on) {
  selector_.add(pair_.fd(), writable);
  EXPECT_EQ(look_at_one(), writable);
  selector_.modify(pair_.fd(), readable);
  EXPECT_FALSE(look_at_one().any());
  pair_.write_to_us();
  EXPECT_EQ(look_at_one(), readable);
  selector_.modify(pair_.fd(), both, "and data");
  EXPECT_EQ(look_at_one(), both);
  EXPECT_EQ(look(), Found{"and data"});
}

TEST_P(SelectorRegistration, other_data_is_reported_at_once) {
  selector_.add(pair_.fd(), writable, "old");
  selector_.modify_data(pair_.fd(), "new");
  EXPECT_EQ(look(), Found{"new"});
}

// epoll_ctl(2) would refuse a closed descriptor.
TEST_P(SelectorRegistration, changing_the_data_alone_does_not_ask_the_system) {
  selector_.add(pair_.fd(), writable, "old");
  int number = pair_.fd();
  pair_.ours.close();
  selector_.modify_data(number, "new");
  EXPECT_EQ(selector_.find(number)->data, "new");
  selector_.modify(number, writable, "newer");
  EXPECT_EQ(selector_.remove(number).data, "newer");
}

TEST_P(SelectorRegistration, removing_returns_the_key) {
  selector_.add(pair_.fd(), both, "ours");
  Words::Key key = selector_.remove(pair_.fd());
  EXPECT_EQ(key.fd, pair_.fd());
  EXPECT_EQ(key.events, both);
  EXPECT_EQ(key.data, "ours");
}

TEST_P(SelectorRegistration, finds_what_was_added_and_nothing_else) {
  EXPECT_EQ(selector_.find(pair_.fd()), nullptr);
  selector_.add(pair_.fd(), readable, "ours");
  ASSERT_NE(selector_.find(pair_.fd()), nullptr);
  EXPECT_EQ(selector_.find(pair_.fd())->data, "ours");
  EXPECT_EQ(selector_.find(pair_.peer.get()), nullptr);
}

TEST_P(SelectorRegistration, keys_are_a_view_that_lives) {
  auto keys = selector_.keys();
  auto data = [&] {
    std::set<std::string> found;
    for (const Words::Key& key : keys) found.insert(key.data);
    return found;
  };
  EXPECT_TRUE(data().empty());
  selector_.add(pair_.fd(), readable, "ours");
  selector_.add(pair_.peer.get(), readable, "peer's");
  EXPECT_EQ(data(), (std::set<std::string>{"ours", "peer's"}));
  selector_.remove(pair_.fd());
  EXPECT_EQ(data(), std::set<std::string>{"peer's"});
  static_assert(std::is_const_v<std::remove_reference_t<decltype(*keys.begin())>>);
}

TEST_P(SelectorRegistration, what_was_removed_may_be_added_again_with_other_data) {
  selector_.add(pair_.fd(), readable, "before");
  selector_.remove(pair_.fd());
  selector_.add(pair_.fd(), readable, "after");
  pair_.write_to_us();
  EXPECT_EQ(look(), Found{"after"});
}

TEST_P(SelectorRegistration, data_may_be_of_a_type_that_only_moves) {
  selector_.close();  // a thread has one that takes signals
  Selector<std::unique_ptr<int>> selector(GetParam());
  selector.add(pair_.fd(), writable, std::make_unique<int>(1));
  for (auto [key, events] : selector.wait(Duration::zero())) EXPECT_EQ((*key.data)++, 1);
  EXPECT_EQ(*selector.remove(pair_.fd()).data, 2);
}

TEST_P(SelectorRegistration, closed_it_refuses_all_but_a_second_close) {
  selector_.add(pair_.fd(), readable);
  selector_.close();
  selector_.close();
  EXPECT_EQ(selector_.size(), 0U);
  EXPECT_EQ(selector_.find(pair_.fd()), nullptr);
  EXPECT_TRUE(selector_.keys().empty());
  EXPECT_EQ(error_of_call([&] { selector_.add(pair_.fd(), readable); }), Errc::closed);
  EXPECT_EQ(error_of_call([&] { selector_.remove(pair_.fd()); }), Errc::closed);
  EXPECT_EQ(error_of_call([&] { selector_.wait(Duration::zero()); }), Errc::closed);
}

// What only some mechanisms refuse, and the refusals.
using SelectorWithoutFiles = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorWithoutFiles, ::testing::Values("epoll", "signal"),
                         mechanism_name);
using SelectorWithoutDescriptor = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorWithoutDescriptor,
                         ::testing::Values("poll", "select", "signal", "spin"), mechanism_name);
using SelectSelector = SelectorTest;

TEST_P(SelectorRegistration, a_regular_file_is_always_ready) {
  if (is("epoll") || is("signal"))
    GTEST_SKIP() << refused("epoll(7) and signals know no readiness of regular files",
                            "SelectorWithoutFiles.refuses_a_regular_file");
  sys::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  selector_.add(file.get(), readable, "file");
  EXPECT_EQ(look(), Found{"file"});
}

TEST_P(SelectorWithoutFiles, refuses_a_regular_file) {
  sys::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(errno_of([&] { selector_.add(file.get(), readable); }), EPERM);
  EXPECT_EQ(selector_.size(), 0U);
}

TEST_P(SelectorRegistration, waits_for_descriptors_from_1024_on) {
  if (is("select"))
    GTEST_SKIP() << refused("select(2) waits for descriptors below 1024",
                            "SelectSelector.refuses_descriptors_from_1024_on");
  sys::Fd high(::fcntl(pair_.fd(), F_DUPFD_CLOEXEC, 1024));
  selector_.add(high.get(), readable, "high");
  pair_.write_to_us();
  EXPECT_EQ(look(long_time), Found{"high"});
}

TEST_P(SelectSelector, refuses_descriptors_from_1024_on) {
  sys::Fd high(::fcntl(pair_.fd(), F_DUPFD_CLOEXEC, 1024));
  EXPECT_EQ(error_of_call([&] { selector_.add(high.get(), readable); }), Errc::descriptor_too_high);
  EXPECT_EQ(selector_.size(), 0U);
}

TEST_P(SelectorRegistration, can_be_waited_for_in_another) {
  if (!is("epoll"))
    GTEST_SKIP() << refused("only epoll has a descriptor that is readable when a wait would report",
                            "SelectorWithoutDescriptor.refuses_to_be_waited_for_in_another");
  Words around("poll");
  around.add(selector_, readable, "inner");
  selector_.add(pair_, readable, "ours");
  EXPECT_TRUE(around.wait(Duration::zero()).empty());
  pair_.write_to_us();
  EXPECT_FALSE(around.wait(long_time).empty());
}

TEST_P(SelectorWithoutDescriptor, refuses_to_be_waited_for_in_another) {
  Words around("epoll");
  EXPECT_EQ(error_of_call([&] { around.add(selector_, readable, "inner"); }), Errc::no_descriptor);
  EXPECT_EQ(error_of_call([&] { static_cast<void>(selector_.fd()); }), Errc::no_descriptor);
}

// Only epoll makes a system call then; the others learn of it in the wait.
TEST(EpollSelector, a_change_that_the_system_refuses_removes_the_descriptor) {
  Selector<> selector("epoll");
  SocketPair pair;
  selector.add(pair.fd(), readable);
  int number = pair.fd();
  pair.ours.close();
  EXPECT_EQ(errno_of([&] { selector.modify(number, both); }), EBADF);
  EXPECT_EQ(selector.find(number), nullptr);
  EXPECT_EQ(errno_of([&] { selector.modify(number, both); }), ENOENT);
}

TEST(DefaultSelector, is_the_best_that_works) {
  EXPECT_EQ(default_selector().mechanism(), "epoll");
  EXPECT_EQ(Selector<>().mechanism(), "epoll");
}

TEST(DefaultSelector, a_mechanism_that_nobody_knows_is_refused) {
  EXPECT_THROW(Selector<>("kqueue"), std::invalid_argument);
}

}  // namespace
}  // namespace duet::test
