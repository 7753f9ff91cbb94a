// What ready means to a Selector: room, data, ends, errors, and how often it is told.

#include <netinet/in.h>

#include <set>

#include "io/selector_fixture.hpp"

namespace duet::test {
namespace {

// Connected TCP sockets: they know resets and urgent data.
struct TcpPair {
  TcpPair() {
    sys::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* name = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.get(), name, length), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), name, &length), 0);
    peer = sys::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(peer.get(), name, length), 0);
    ours = sys::Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }
  void finish() { ::shutdown(peer.get(), SHUT_WR); }
  void reset() {
    linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer.close();
  }

  sys::Fd ours, peer;
};

constexpr Events exceptional = {.exceptional = true};

class SelectorReadiness : public SelectorTest {
 protected:
  TcpPair tcp_;
};
INSTANTIATE_TEST_SUITE_P(, SelectorReadiness, ::testing::ValuesIn(every_mechanism()),
                         mechanism_name);

using SelectSelector = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectSelector, ::testing::Values("select"), mechanism_name);
using SpinSelector = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SpinSelector, ::testing::Values("spin"), mechanism_name);

const std::string no_ends = refused("select(2) tells an end by nothing but readability",
                                    "SelectSelector.tells_no_end_as_exceptional");

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
  pair_.fill();
  selector_.add(pair_.fd(), writable, "ours");
  EXPECT_TRUE(look().empty());
  pair_.let_peer_read();
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

// What lasts must not end each wait of who waits for something else.
TEST_P(SelectorReadiness, who_waits_for_room_is_not_told_that_the_peer_has_ended_its_side) {
  pair_.fill();
  selector_.add(pair_.fd(), writable);
  ::shutdown(pair_.peer.get(), SHUT_WR);
  EXPECT_FALSE(look_at_one().any());
  pair_.let_peer_read();
  EXPECT_EQ(look_at_one(long_time), writable);
}

TEST_P(SelectorReadiness, the_end_of_the_peers_side_is_exceptional_for_who_waits_to_read) {
  if (is("select")) GTEST_SKIP() << no_ends;
  selector_.add(pair_.fd(), readable);
  ::shutdown(pair_.peer.get(), SHUT_WR);
  EXPECT_EQ(look_at_one(long_time), (Events{.readable = true, .exceptional = true}));
}

TEST_P(SelectorReadiness, the_end_of_the_peers_side_is_told_to_who_waits_for_nothing_else) {
  if (is("select")) GTEST_SKIP() << no_ends;
  for (auto [ours, peer] :
       {std::pair(&pair_.ours, &pair_.peer), std::pair(&tcp_.ours, &tcp_.peer)}) {
    selector_.add(ours->get(), exceptional);
    EXPECT_FALSE(look_at_one().any());
    ::shutdown(peer->get(), SHUT_WR);
    EXPECT_EQ(look_at_one(long_time), exceptional);
    selector_.remove(ours->get());
  }
}

TEST_P(SelectorReadiness, a_hang_up_is_exceptional_though_nobody_asked) {
  if (is("select")) GTEST_SKIP() << no_ends;
  selector_.add(pair_.fd(), writable);
  pair_.peer.close();
  EXPECT_EQ(look_at_one(long_time), (Events{.writable = true, .exceptional = true}));
}

TEST_P(SelectorReadiness, a_reset_is_readable_or_writable_as_was_asked_for) {
  selector_.add(tcp_.ours.get(), readable);
  EXPECT_FALSE(look_at_one().any());
  tcp_.reset();
  EXPECT_TRUE(look_at_one(long_time).readable);
  selector_.modify(tcp_.ours.get(), writable);
  EXPECT_TRUE(look_at_one(long_time).writable);
}

TEST_P(SelectorReadiness, a_reset_is_exceptional_whatever_was_asked_for) {
  if (is("select")) GTEST_SKIP() << no_ends;
  for (Events asked : {readable, writable, exceptional}) {
    TcpPair tcp;
    selector_.add(tcp.ours.get(), asked);
    tcp.reset();
    Events expected = asked;
    expected.exceptional = true;
    EXPECT_EQ(look_at_one(long_time), expected);
    selector_.remove(tcp.ours.get());
  }
}

TEST_P(SelectSelector, tells_no_end_as_exceptional) {
  for (auto end : {&TcpPair::finish, &TcpPair::reset}) {
    TcpPair tcp;
    selector_.add(tcp.ours.get(), exceptional);
    (tcp.*end)();
    EXPECT_FALSE(look_at_one(std::chrono::milliseconds(20)).any());
    selector_.modify(tcp.ours.get(), {.readable = true, .exceptional = true});
    EXPECT_EQ(look_at_one(long_time), readable);
    selector_.remove(tcp.ours.get());
  }
}

TEST_P(SelectorReadiness, urgent_data_is_exceptional) {
  TcpPair tcp;
  selector_.add(tcp.ours.get(), exceptional, "ours");
  EXPECT_TRUE(look().empty());
  ASSERT_EQ(::send(tcp.peer.get(), "!", 1, MSG_OOB), 1);
  EXPECT_TRUE(look_at_one(long_time).exceptional);
}

TEST_P(SelectorReadiness, under_trigger_once_it_is_told_again_after_rearm_only) {
  if (is("spin"))
    GTEST_SKIP() << refused("spin tells of what it does not know",
                            "SpinSelector.tells_all_that_is_armed_under_trigger_once");
  selector_.close();  // a thread has one that takes signals
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

TEST_P(SpinSelector, tells_all_that_is_armed_under_trigger_once) {
  Words selector(GetParam(), Trigger::once);
  selector.add(pair_.fd(), readable, "ours");
  EXPECT_FALSE(selector.wait(Duration::zero()).empty()) << "though it is not ready";
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  selector.rearm(pair_.fd(), Direction::read);
  EXPECT_FALSE(selector.wait(Duration::zero()).empty());
}

TEST_P(SpinSelector, tells_nothing_as_exceptional_under_trigger_once) {
  Words selector(GetParam(), Trigger::once);
  pair_.peer.close();
  selector.add(pair_.fd(), exceptional, "ours");
  EXPECT_TRUE(selector.wait(Duration::zero()).empty());
  selector.modify(pair_.fd(), {.readable = true, .exceptional = true});
  for (auto [key, events] : selector.wait(Duration::zero())) EXPECT_EQ(events, readable);
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
