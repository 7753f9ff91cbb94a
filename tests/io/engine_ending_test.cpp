// What every engine owes: each operation completes exactly once, with its own result or the ending
// it was asked to have.

#include <fcntl.h>

#include <array>
#include <thread>

#include "io/engine_test.hpp"

namespace duet::io {
namespace {

using test::Counted;
using test::EngineTest;
using EngineEnding = EngineTest;

INSTANTIATE_TEST_SUITE_P(engines, EngineEnding, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineEnding, release_ends_both_directions_exactly_once) {
  Pair pair = make_pair();
  fill(pair.descriptor);
  std::array<std::byte, 16> buffer;
  std::array<std::byte, 16> bytes{};
  Counted<Receive> receive(pair.handle, buffer, false);
  Counted<Send> send(pair.handle, bytes, true);
  ASSERT_TRUE(submit(receive));
  ASSERT_TRUE(submit(send));
  settle();
  engine_->release(pair.handle);
  complete(receive, send);
  settle();
  for (const Operation* operation : std::initializer_list<const Operation*>{&receive, &send}) {
    EXPECT_EQ(operation->ending, Ending::closed);
    EXPECT_EQ(operation->result, -ECANCELED);
  }
  EXPECT_EQ(receive.completions, 1);
  EXPECT_EQ(send.completions, 1);
  EXPECT_EQ(::fcntl(pair.descriptor, F_GETFD), -1) << "the descriptor is closed";
}

TEST_P(EngineEnding, release_before_the_first_reap_ends_what_was_submitted) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  complete(receive);
  EXPECT_EQ(receive.ending, Ending::closed);
}

TEST_P(EngineEnding, release_twice_is_release_once) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  engine_->release(pair.handle);
  complete(receive);
  engine_->release(pair.handle);
  EXPECT_EQ(receive.completions, 1);
}

// Two handles of one description, as after dup(2).
TEST_P(EngineEnding, release_leaves_other_handles_of_the_same_description_alone) {
  Pair pair = make_pair();
  io::Handle other = engine_->adopt(::dup(pair.descriptor), HandleKind::local_stream);
  std::array<std::byte, 16> buffer, other_buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  Counted<Receive> other_receive(other, other_buffer, false);
  ASSERT_TRUE(submit(other_receive));
  settle();
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  complete(receive);
  settle();
  EXPECT_EQ(other_receive.completions, 0);
  write_to(pair.peer, "x");
  complete(other_receive);
  EXPECT_EQ(other_receive.result, 1);
  release(other);
}

TEST_P(EngineEnding, a_stale_handle_is_closed_even_when_its_slot_and_number_are_used_again) {
  Pair old = make_pair();
  Handle stale = old.handle;
  release(stale);
  Pair fresh = make_pair();
  EXPECT_NE(fresh.handle, stale);
  write_to(fresh.peer, "not for you");
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(stale, buffer, false);
  EXPECT_FALSE(submit(receive));
  EXPECT_EQ(receive.ending, Ending::closed);
  Counted<LocalName> name(stale);
  EXPECT_FALSE(submit(name));
  EXPECT_EQ(name.ending, Ending::closed);
  engine_->release(stale);
  Counted<Receive> fresh_receive(fresh.handle, buffer, false);
  submit(fresh_receive);
  complete(fresh_receive);
  EXPECT_EQ(fresh_receive.result, 11);
  release(fresh.handle);
}

TEST_P(EngineEnding, a_second_operation_of_the_same_direction_is_busy) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> first(pair.handle, buffer, false), second(pair.handle, buffer, false);
  ASSERT_TRUE(submit(first));
  EXPECT_FALSE(submit(second));
  EXPECT_EQ(second.result, -EBUSY);
  write_to(pair.peer, "x");
  complete(first);
  EXPECT_EQ(first.result, 1);
  Counted<Receive> third(pair.handle, buffer, false);
  write_to(pair.peer, "y");
  submit(third);
  complete(third);
  EXPECT_EQ(third.result, 1) << "the direction is free again";
  release(pair.handle);
}

TEST_P(EngineEnding, cancel_ends_a_pending_operation_for_the_reason_given) {
  for (Ending why : {Ending::cancelled, Ending::timed_out, Ending::drained}) {
    Pair pair = make_pair();
    std::array<std::byte, 16> buffer;
    Counted<Receive> receive(pair.handle, buffer, false);
    ASSERT_TRUE(submit(receive));
    engine_->cancel(receive, why);
    EXPECT_EQ(receive.completions, 0) << "completions are queued";
    complete(receive);
    EXPECT_EQ(receive.ending, why);
    EXPECT_EQ(receive.completions, 1);
    release(pair.handle);
  }
}

TEST_P(EngineEnding, of_two_cancels_the_first_counts) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->cancel(receive, Ending::timed_out);
  engine_->cancel(receive, Ending::cancelled);
  complete(receive);
  settle();
  EXPECT_EQ(receive.ending, Ending::timed_out);
  EXPECT_EQ(receive.completions, 1);
  release(pair.handle);
}

TEST_P(EngineEnding, cancel_after_completion_takes_nothing_back) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  write_to(pair.peer, "abc");
  reap_until([&] {
    if (receive.completions == 0) engine_->reap(past);
    return !completed_.empty() || receive.completions > 0;
  });
  engine_->cancel(receive, Ending::cancelled);
  complete(receive);
  settle();
  EXPECT_EQ(receive.ending, Ending::none);
  EXPECT_EQ(receive.result, 3);
  EXPECT_EQ(receive.completions, 1);
  release(pair.handle);
}

TEST_P(EngineEnding, a_handle_works_after_a_cancel) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> first(pair.handle, buffer, false);
  ASSERT_TRUE(submit(first));
  engine_->cancel(first, Ending::cancelled);
  complete(first);
  Counted<Receive> second(pair.handle, buffer, false);
  ASSERT_TRUE(submit(second));
  write_to(pair.peer, "again");
  complete(second);
  EXPECT_EQ(second.result, 5);
  release(pair.handle);
}

TEST_P(EngineEnding, cancel_and_release_together_end_an_operation_once) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->cancel(receive, Ending::cancelled);
  engine_->release(pair.handle);
  complete(receive);
  settle();
  EXPECT_EQ(receive.completions, 1);
  EXPECT_EQ(receive.ending, Ending::cancelled);
}

TEST_P(EngineEnding, an_operation_on_a_handle_under_release_is_closed) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false), late(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->release(pair.handle);
  EXPECT_FALSE(submit(late));
  EXPECT_EQ(late.ending, Ending::closed);
  complete(receive);
}

// More operations and more cancels in one turn than a small ring has entries.
TEST_P(EngineEnding, many_operations_are_submitted_and_cancelled_in_one_turn) {
  const int count = 500;
  std::vector<Pair> pairs;
  std::vector<std::array<std::byte, 8>> buffers(count);
  std::vector<std::unique_ptr<Counted<Receive>>> receives;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(make_pair());
    receives.push_back(std::make_unique<Counted<Receive>>(pairs[i].handle, buffers[i], false));
    ASSERT_TRUE(submit(*receives.back()));
  }
  for (auto& receive : receives) engine_->cancel(*receive, Ending::cancelled);
  reap_until([&] { return engine_->census().operations == 0; });
  for (auto& receive : receives) {
    EXPECT_EQ(receive->completions, 1);
    EXPECT_EQ(receive->ending, Ending::cancelled);
  }
  for (Pair& pair : pairs) engine_->release(pair.handle);
}

// More completions between two reaps than a small ring has room for.
TEST_P(EngineEnding, many_operations_complete_in_one_turn) {
  const int count = 500;
  std::vector<Pair> pairs;
  std::vector<std::array<std::byte, 8>> buffers(count);
  std::vector<std::unique_ptr<Counted<Receive>>> receives;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(make_pair());
    receives.push_back(std::make_unique<Counted<Receive>>(pairs[i].handle, buffers[i], false));
    ASSERT_TRUE(submit(*receives.back()));
  }
  settle();
  for (Pair& pair : pairs) write_to(pair.peer, "x");
  reap_until([&] { return engine_->census().operations == 0; });
  for (auto& receive : receives) {
    EXPECT_EQ(receive->completions, 1);
    EXPECT_EQ(receive->result, 1);
  }
  for (Pair& pair : pairs) engine_->release(pair.handle);
}

// A cancel that comes at the same time as bytes: the operation has either taken them or left them.
TEST_P(EngineEnding, no_byte_is_lost_when_cancel_and_completion_race) {
  Pair pair = make_pair();
  const int rounds = test::rounds(100'000);
  std::atomic<int> written = 0, begun = 0;
  std::thread writer([&] {
    for (int i = 0; i < rounds; ++i) {
      while (begun.load(std::memory_order_acquire) <= i - 8) std::this_thread::yield();
      if (::send(pair.peer.get(), "x", 1, MSG_NOSIGNAL) != 1) return;
      ++written;
    }
    ::shutdown(pair.peer.get(), SHUT_WR);
  });
  std::array<std::byte, 4> buffer;
  std::int64_t received = 0;
  int cancelled = 0;
  for (bool is_ended = false; !is_ended;) {
    begun.fetch_add(1, std::memory_order_release);
    Counted<Receive> receive(pair.handle, buffer, false);
    if (submit(receive)) {
      engine_->reap(past);
      if (receive.completions == 0) engine_->cancel(receive, Ending::cancelled);
      complete(receive);
    }
    ASSERT_EQ(receive.completions, 1);
    if (receive.ending == Ending::cancelled) ++cancelled;
    if (receive.ending == Ending::none) received += receive.result;
    is_ended = receive.ending == Ending::none && receive.result == 0;
  }
  writer.join();
  EXPECT_EQ(received, rounds);
  RecordProperty("cancelled", cancelled);
  release(pair.handle);
}

}  // namespace
}  // namespace duet::io
