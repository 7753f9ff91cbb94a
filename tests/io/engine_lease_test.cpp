// What every engine owes to a handler that receives leases, one after the other: the same bytes in
// the same order, however else it reads between them, and whether or not the engine has received
// ahead of it.

#include <array>

#include "io/engine_test.hpp"

namespace duet::io {
namespace {

using test::Counted;

class EngineLease : public test::EngineTest {
 protected:
  // As many leases, each of one letter, as let an engine receive ahead.
  void receive_some(const Pair& pair, int count = 5) {
    for (int i = 0; i < count; ++i) {
      Counted<ReceiveLease> receive(pair.handle, pool_);
      ASSERT_TRUE(submit(receive));
      settle();
      ASSERT_EQ(receive.completions, 0);
      write_to(pair.peer, "x");
      complete(receive);
      ASSERT_EQ(text_of(receive), "x");
    }
  }

  std::string next_lease(const Pair& pair) {
    Counted<ReceiveLease> receive(pair.handle, pool_);
    submit(receive);
    complete(receive);
    EXPECT_EQ(receive.completions, 1);
    return text_of(receive);
  }

  std::string next_bytes(const Pair& pair, std::size_t count, bool whole) {
    std::string text(count, ' ');
    Counted<Receive> receive(pair.handle, std::as_writable_bytes(std::span(text)), whole);
    submit(receive);
    complete(receive);
    EXPECT_EQ(receive.completions, 1);
    return receive.result < 0 ? "error" : text.substr(0, receive.transferred);
  }

  static std::string text_of(const ReceiveLease& receive) {
    if (receive.result < 0) return "error";
    EXPECT_EQ(receive.result > 0, static_cast<bool>(receive.lease));
    std::span<const std::byte> bytes = receive.lease.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void TearDown() override {
    if (engine_) {
      EXPECT_EQ(engine_->census().leases, 0U);
    }
    EXPECT_EQ(pool_.leased(), 0U);
    EngineTest::TearDown();
  }

  BufferPool pool_;
};
INSTANTIATE_TEST_SUITE_P(engines, EngineLease, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineLease, what_comes_unasked_is_there_when_it_is_asked_for) {
  Pair pair = make_pair();
  receive_some(pair);
  std::string text;
  for (std::string_view piece : {"one ", "two ", "three "}) {
    write_to(pair.peer, piece);
    settle();
  }
  while (text.size() < 14) text += next_lease(pair);
  EXPECT_EQ(text, "one two three ");
  release(pair.handle);
}

TEST_P(EngineLease, between_them_a_part_may_be_received_into_a_buffer) {
  Pair pair = make_pair();
  for (int round = 0; round < 3; ++round) {
    receive_some(pair);
    write_to(pair.peer, "abcdefgh");
    settle();
    EXPECT_EQ(next_bytes(pair, 1, false), "a");
    EXPECT_EQ(next_bytes(pair, 2, true), "bc");
    EXPECT_EQ(next_lease(pair), "defgh");
  }
  release(pair.handle);
}

TEST_P(EngineLease, a_whole_receive_takes_what_has_come_and_what_comes) {
  Pair pair = make_pair();
  receive_some(pair);
  write_to(pair.peer, "what has come ");
  settle();
  std::string text(27, ' ');
  Counted<Receive> receive(pair.handle, std::as_writable_bytes(std::span(text)), true);
  ASSERT_TRUE(submit(receive));
  settle();
  EXPECT_EQ(receive.completions, 0);
  write_to(pair.peer, "and what comes and more");
  complete(receive);
  EXPECT_EQ(text, "what has come and what come");
  EXPECT_EQ(receive.result, 27);
  EXPECT_EQ(next_lease(pair), "s and more");
  release(pair.handle);
}

TEST_P(EngineLease, a_receive_that_waits_gets_what_comes) {
  Pair pair = make_pair();
  receive_some(pair);
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  EXPECT_EQ(receive.completions, 0);
  write_to(pair.peer, "bytes");
  complete(receive);
  EXPECT_EQ(receive.result, 5);
  receive_some(pair);
  release(pair.handle);
}

TEST_P(EngineLease, the_end_stands_behind_what_has_come) {
  Pair pair = make_pair();
  receive_some(pair);
  write_to(pair.peer, "last");
  settle();
  pair.peer.close();
  settle();
  EXPECT_EQ(next_lease(pair), "last");
  EXPECT_EQ(next_lease(pair), "");
  EXPECT_EQ(next_bytes(pair, 8, false), "");
  EXPECT_EQ(next_lease(pair), "");
  release(pair.handle);
}

TEST_P(EngineLease, one_that_is_cancelled_takes_no_byte) {
  Pair pair = make_pair();
  for (int round = 0; round < 3; ++round) {
    receive_some(pair);
    Counted<ReceiveLease> receive(pair.handle, pool_);
    ASSERT_TRUE(submit(receive));
    settle();
    engine_->cancel(receive, Ending::timed_out);
    engine_->cancel(receive, Ending::cancelled);
    complete(receive);
    EXPECT_EQ(receive.ending, Ending::timed_out);
    EXPECT_EQ(receive.completions, 1);
    write_to(pair.peer, "kept");
    settle();
    EXPECT_EQ(next_lease(pair), "kept");
  }
  release(pair.handle);
}

TEST_P(EngineLease, it_is_readable_while_there_is_what_has_come) {
  Pair pair = make_pair();
  receive_some(pair);
  write_to(pair.peer, "news");
  settle();
  for (int i = 0; i < 2; ++i) {
    Counted<Operation> at_once(Kind::await_readable, pair.handle);
    submit(at_once);
    complete(at_once);
    EXPECT_EQ(at_once.result, 0);
  }
  EXPECT_EQ(next_lease(pair), "news");
  Counted<Operation> readable(Kind::await_readable, pair.handle);
  ASSERT_TRUE(submit(readable));
  settle();
  EXPECT_EQ(readable.completions, 0);
  write_to(pair.peer, "more");
  complete(readable);
  EXPECT_EQ(next_lease(pair), "more");
  release(pair.handle);
}

TEST_P(EngineLease, a_release_ends_the_one_that_waits) {
  Pair pair = make_pair();
  receive_some(pair);
  Counted<ReceiveLease> receive(pair.handle, pool_);
  ASSERT_TRUE(submit(receive));
  settle();
  release(pair.handle);
  EXPECT_EQ(receive.ending, Ending::closed);
  EXPECT_EQ(receive.completions, 1);
}

TEST_P(EngineLease, a_release_throws_away_what_has_come) {
  Pair pair = make_pair();
  receive_some(pair);
  write_to(pair.peer, "nobody asks");
  settle();
  release(pair.handle);
  char byte = 0;
  EXPECT_LE(::recv(pair.peer.get(), &byte, 1, MSG_DONTWAIT), 0);
}

// Otherwise one peer could fill the memory of the server.
TEST_P(EngineLease, a_peer_that_is_not_read_from_is_held_back) {
  constexpr std::size_t ahead_max = std::size_t{8} << 20;
  Pair pair = make_pair();
  receive_some(pair);
  std::size_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    std::size_t more = fill(pair.peer.get());
    sent += more;
    ASSERT_LT(sent, ahead_max);
    settle();
  }
  EXPECT_EQ(fill(pair.peer.get()), 0U);
  std::size_t received = 0;
  while (received < sent) {
    std::string text = next_lease(pair);
    ASSERT_FALSE(text.empty());
    received += text.size();
  }
  EXPECT_EQ(received, sent);
  receive_some(pair);
  release(pair.handle);
}

// Of an engine's own buffers there are not as many.
TEST_P(EngineLease, many_that_are_not_asked_for_do_not_hold_up_others) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 100; ++i) {
    pairs.push_back(make_pair());
    receive_some(pairs.back());
  }
  for (const Pair& pair : pairs) {
    write_to(pair.peer, "for later");
    settle();
  }
  Pair other = make_pair();
  receive_some(other);
  release(other.handle);
  for (const Pair& pair : pairs) EXPECT_EQ(next_lease(pair), "for later");
  for (const Pair& pair : pairs) release(pair.handle);
}

}  // namespace
}  // namespace duet::io
