#include "duet/io/shared_selector.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/base/error.hpp"
#include "sys/fd.hpp"

namespace duet::io {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ours = sys::Fd(ends[0]);
    peers = sys::Fd(ends[1]);
  }
  void write() { EXPECT_EQ(::write(peers.get(), "x", 1), 1); }
  sys::Fd ours;
  sys::Fd peers;
};

class SharedSelectorTest : public ::testing::Test {
 protected:
  // What a new share waits for, and parks with.
  void await_bytes(Pair& pair) {
    share_.add(pair.ours.get(), {.readable = true, .writable = true}, 7);
    share_.rearm(pair.ours.get(), Direction::read);
  }

  SharedSelector selector_;
  SharedSelector::Share share_{selector_, this};
};

TEST_F(SharedSelectorTest, gives_a_share_to_who_takes_it_when_a_descriptor_is_ready) {
  Pair pair;
  await_bytes(pair);
  ASSERT_TRUE(share_.park(never));
  pair.write();
  ASSERT_EQ(selector_.take(), &share_);
  std::span<const Report> reports = share_.wait(past);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].token, 7U);
  EXPECT_TRUE(reports[0].events.readable);
  EXPECT_FALSE(reports[0].events.writable);
  share_.remove(pair.ours.get());
}

TEST_F(SharedSelectorTest, reports_once_until_it_is_rearmed) {
  Pair pair;
  await_bytes(pair);
  pair.write();
  ASSERT_TRUE(share_.park(never));
  ASSERT_EQ(selector_.take(), &share_);
  EXPECT_EQ(share_.wait(past).size(), 1U);
  ASSERT_TRUE(share_.park(Clock::now() + 10ms));
  ASSERT_EQ(selector_.take(), &share_) << "its deadline";
  EXPECT_TRUE(share_.wait(past).empty());
  share_.rearm(pair.ours.get(), Direction::read);
  ASSERT_TRUE(share_.park(never));
  ASSERT_EQ(selector_.take(), &share_);
  EXPECT_EQ(share_.wait(past).size(), 1U);
  share_.remove(pair.ours.get());
}

TEST_F(SharedSelectorTest, waits_for_both_directions_of_a_descriptor_one_after_the_other) {
  Pair pair;
  await_bytes(pair);
  share_.rearm(pair.ours.get(), Direction::write);
  ASSERT_TRUE(share_.park(never));
  ASSERT_EQ(selector_.take(), &share_);
  std::span<const Report> first = share_.wait(past);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(first[0].events.writable);
  EXPECT_FALSE(first[0].events.readable);
  pair.write();
  ASSERT_TRUE(share_.park(never));
  ASSERT_EQ(selector_.take(), &share_);
  EXPECT_TRUE(share_.wait(past)[0].events.readable);
  share_.remove(pair.ours.get());
}

TEST_F(SharedSelectorTest, does_not_park_what_was_woken_meanwhile) {
  share_.wake();
  EXPECT_FALSE(share_.park(never));
  EXPECT_TRUE(share_.wait(past).empty());
  EXPECT_TRUE(share_.park(past));
  EXPECT_EQ(selector_.take(), &share_);
}

TEST_F(SharedSelectorTest, forgets_a_descriptor_that_was_removed) {
  Pair pair;
  await_bytes(pair);
  share_.remove(pair.ours.get());
  pair.write();
  ASSERT_TRUE(share_.park(Clock::now() + 5ms));
  ASSERT_EQ(selector_.take(), &share_);
  EXPECT_TRUE(share_.wait(past).empty());
}

TEST_F(SharedSelectorTest, keeps_the_order_of_deadlines) {
  SharedSelector::Share other(selector_, nullptr);
  TimePoint start = Clock::now();
  ASSERT_TRUE(share_.park(start + 20ms));
  ASSERT_TRUE(other.park(start + 10ms));
  EXPECT_EQ(selector_.take(), &other);
  EXPECT_GE(Clock::now() - start, 10ms);
  EXPECT_EQ(selector_.take(), &share_);
  EXPECT_GE(Clock::now() - start, 20ms);
}

TEST_F(SharedSelectorTest, errors_leave_it_as_it_was) {
  Pair pair;
  SharedSelector::Share other(selector_, nullptr);
  EXPECT_THROW(share_.rearm(pair.ours.get(), Direction::read), IoError);
  EXPECT_THROW(share_.add(-1, {.readable = true}, 1), IoError);
  EXPECT_THROW(share_.add(pair.ours.get(), {}, 1), IoError);
  await_bytes(pair);
  EXPECT_THROW(other.add(pair.ours.get(), {.readable = true}, 1), IoError);
  EXPECT_THROW(other.modify(pair.ours.get(), {.readable = true}, 1), IoError);
  other.remove(pair.ours.get());  // not its own
  pair.write();
  ASSERT_TRUE(share_.park(never));
  EXPECT_EQ(selector_.take(), &share_);
  share_.remove(pair.ours.get());
}

TEST_F(SharedSelectorTest, an_end_ends_every_take) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_EQ(selector_.take(), nullptr); });
  selector_.end();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(selector_.take(), nullptr);
}

// Each share counts its claims; a claim by two threads at once would be seen, a lost wake hangs.
TEST_F(SharedSelectorTest, loses_no_wake_and_gives_no_share_to_two_threads) {
  struct Counting {
    explicit Counting(SharedSelector& of) : share(of, this) {}
    SharedSelector::Share share;
    std::atomic<bool> is_claimed = false;
    std::atomic<int> wakes = 0;
    std::atomic<int> seen = 0;
  };
  std::vector<std::unique_ptr<Counting>> shares;
  for (int i = 0; i < 8; ++i) shares.push_back(std::make_unique<Counting>(selector_));
  for (auto& each : shares) ASSERT_TRUE(each->share.park(never));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (SharedSelector::Share* taken = selector_.take()) {
        auto& self = *static_cast<Counting*>(taken->owner());
        EXPECT_FALSE(self.is_claimed.exchange(true));
        do {
          taken->wait(past);
          self.seen = self.wakes.load();
          self.is_claimed = false;
        } while (!taken->park(never) && !self.is_claimed.exchange(true));
      }
    });
  }
  for (int round = 0; round < test::rounds(20'000); ++round) {
    Counting& woken = *shares[static_cast<std::size_t>(round) % shares.size()];
    int wakes = ++woken.wakes;
    woken.share.wake();
    if (round % 5 == 0)
      while (woken.seen < wakes) std::this_thread::yield();
  }
  selector_.end();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace duet::io
