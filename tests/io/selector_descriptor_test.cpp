// A Selector and descriptors that are closed, used again, copied and inherited; and what ready
// means.

#include <netinet/in.h>
#include <sys/wait.h>

#include <set>

#include "base/rounds.hpp"
#include "io/selector_fixture.hpp"
#include "support/process_facts.hpp"

namespace duet::test {
namespace {

using SelectorDescriptor = SelectorTest;
using SelectorReadiness = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorDescriptor, ::testing::ValuesIn(every_mechanism()),
                         mechanism_name);
INSTANTIATE_TEST_SUITE_P(, SelectorReadiness, ::testing::ValuesIn(every_mechanism()),
                         mechanism_name);

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

TEST_P(SelectorDescriptor, a_forked_child_takes_nothing_away) {
  selector_.add(pair_.fd(), readable, "ours");
  pid_t child = ::fork();
  if (child == 0) {
    pair_.ours.close();
    ::_exit(0);
  }
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  pair_.write_to_us();
  EXPECT_EQ(look(long_time), Found{"ours"});
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

TEST_P(SelectorReadiness, a_socket_has_room_and_is_not_readable_at_first) {
  selector_.add(pair_.fd(), both);
  EXPECT_EQ(look_at_one(), writable);
}

TEST_P(SelectorReadiness, is_told_for_as_long_as_it_lasts) {
  selector_.add(pair_.fd(), readable, "ours");
  pair_.write_to_us();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(look(long_time), Found{"ours"});
  pair_.read();
  EXPECT_TRUE(look().empty());
}

TEST_P(SelectorReadiness, a_socket_that_is_full_has_room_when_its_peer_has_read) {
  std::array<char, 65536> block{};
  while (::send(pair_.fd(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
  selector_.add(pair_.fd(), writable, "ours");
  EXPECT_TRUE(look().empty());
  while (::recv(pair_.peer.get(), block.data(), block.size(), 0) > 0) {
  }
  EXPECT_EQ(look(long_time), Found{"ours"});
}

TEST_P(SelectorReadiness, the_end_of_the_peers_side_is_readable_after_its_data) {
  selector_.add(pair_.fd(), readable);
  pair_.write_to_us("last");
  ::shutdown(pair_.peer.get(), SHUT_WR);
  EXPECT_TRUE(look_at_one(long_time).readable);
  EXPECT_EQ(pair_.read(), "last");
  EXPECT_TRUE(look_at_one(long_time).readable);
  EXPECT_EQ(pair_.read(), "");
  EXPECT_EQ(::send(pair_.fd(), "x", 1, MSG_NOSIGNAL), 1) << "our side is open";
}

TEST_P(SelectorReadiness, an_end_is_exceptional_though_nobody_asked) {
  selector_.add(pair_.fd(), writable);
  pair_.peer.close();
  Events seen = look_at_one(long_time);
  EXPECT_TRUE(seen.writable);
  EXPECT_EQ(seen.exceptional, !is("select")) << "select cannot tell";
}

TEST_P(SelectorReadiness, urgent_data_is_exceptional) {
  sys::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), name, length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), name, &length), 0);
  sys::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), name, length), 0);
  sys::Fd server(::accept(listener.get(), nullptr, nullptr));
  selector_.add(server.get(), {.exceptional = true}, "server");
  EXPECT_TRUE(look().empty());
  ASSERT_EQ(::send(client.get(), "!", 1, MSG_OOB), 1);
  EXPECT_TRUE(look_at_one(long_time).exceptional);
}

TEST_P(SelectorReadiness, under_trigger_once_it_is_told_again_after_rearm_only) {
  if (is("spin")) return;  // tells of what it does not know; see selector_mechanism.hpp
  selector_.close();       // a thread has one that takes signals
  Words selector(GetParam(), Trigger::once);
  selector.add(pair_.fd(), readable, "ours");
  pair_.write_to_us();
  EXPECT_FALSE(selector.wait(long_time).empty());
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  pair_.read();
  selector.rearm(pair_.fd(), Direction::read);
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  pair_.write_to_us();
  EXPECT_FALSE(selector.wait(long_time).empty());
}

TEST_P(SelectorReadiness, all_of_many_are_told) {
  std::vector<SocketPair> pairs(300);
  std::set<std::string> expected, seen;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    selector_.add(pairs[i], readable, std::to_string(i));
    pairs[i].write_to_us();
    expected.insert(std::to_string(i));
  }
  for (int wait = 0; wait < 10 && seen.size() < expected.size(); ++wait)
    for (const std::string& data : look(long_time)) seen.insert(data);
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace duet::test
