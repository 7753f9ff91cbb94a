#include "duet/loop/channel.hpp"

#include <atomic>
#include <numeric>
#include <thread>

#include "loop/overwritten.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ChannelTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, ChannelTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

Task<> send_numbers(Channel<int>& channel, int from, int to) {
  for (int i = from; i < to; ++i) {
    bool is_taken = co_await channel.send(i);
    EXPECT_TRUE(is_taken);
  }
}

Task<> receive_all(Channel<int>& channel, std::vector<int>& received) {
  for (;;) {
    std::optional<int> value = co_await channel.receive();
    if (!value) co_return;
    received.push_back(*value);
  }
}

Task<> send_and_close(Channel<int>& channel, int count) {
  co_await send_numbers(channel, 0, count);
  channel.close();
}

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST_P(ChannelTest, passes_values_on_in_order) {
  for (std::size_t capacity : {1U, 3U, 1000U}) {
    Channel<int> channel(capacity);
    std::vector<int> received;
    run([&]() -> Task<> {
      co_await all(send_and_close(channel, 100), receive_all(channel, received));
    });
    EXPECT_EQ(received, numbers(100));
  }
}

TEST_P(ChannelTest, that_is_full_makes_senders_wait) {
  Channel<int> channel(2);
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(2), send_numbers(channel, 0, 3));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(channel.size(), 2U);
    int extra = 9;
    EXPECT_FALSE(channel.try_send(extra));
  });
}

TEST_P(ChannelTest, a_cancelled_send_is_received_by_nobody) {
  Channel<int> channel(1);
  run([&]() -> Task<> {
    Task<> task = within(milliseconds(1), send_numbers(channel, 0, 2));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(channel.try_receive(), 0);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
  });
}

TEST_P(ChannelTest, a_cancelled_receive_takes_nothing) {
  Channel<int> channel(1);
  run([&]() -> Task<> {
    std::vector<int> received;
    Task<> task = within(milliseconds(1), receive_all(channel, received));
    co_await expect_outcome(std::move(task), "timed out");
    co_await send_numbers(channel, 5, 6);
    EXPECT_EQ(channel.try_receive(), 5);
  });
}

TEST_P(ChannelTest, that_is_closed_gives_what_it_has_and_takes_no_more) {
  Channel<std::string> channel(2);
  run([&]() -> Task<> {
    bool is_taken = co_await channel.send("last");
    EXPECT_TRUE(is_taken);
    channel.close();
    is_taken = co_await channel.send("later");
    EXPECT_FALSE(is_taken);
    std::optional<std::string> value = co_await channel.receive();
    EXPECT_EQ(value, "last");
    value = co_await channel.receive();
    EXPECT_EQ(value, std::nullopt);
  });
}

TEST_P(ChannelTest, closing_it_ends_the_waits_of_both_sides) {
  Channel<int> empty(1), full(1);
  auto close_soon = [&]() -> Task<> {
    co_await sleep_for(milliseconds(1));
    empty.close();
    full.close();
  };
  auto send_in_vain = [&]() -> Task<> {
    bool is_taken = co_await full.send(2);
    EXPECT_FALSE(is_taken);
  };
  run([&]() -> Task<> {
    std::vector<int> received;
    co_await send_numbers(full, 1, 2);
    Task<> closing = test::owned(close_soon), sending = test::owned(send_in_vain);
    co_await all(receive_all(empty, received), std::move(sending), std::move(closing));
    EXPECT_TRUE(received.empty());
  });
}

TEST_P(ChannelTest, takes_values_that_can_only_be_moved) {
  Channel<std::unique_ptr<int>> channel(1);
  run([&]() -> Task<> {
    bool is_taken = co_await channel.send(std::make_unique<int>(7));
    EXPECT_TRUE(is_taken);
    std::optional<std::unique_ptr<int>> value = co_await channel.receive();
    EXPECT_EQ(**value, 7);
  });
}

// Two loops and two plain threads send and receive; every value arrives once.
TEST_P(ChannelTest, connects_loops_and_threads) {
  Channel<int> channel(4);
  const int count = test::rounds(4000);
  std::vector<int> by_loop, by_thread;
  auto send_on_a_loop = [&] {
    Loop loop(test::engine_factory(GetParam()), log_);
    loop.run(send_numbers(channel, 0, count));
  };
  auto send_on_a_thread = [&] {
    for (int i = count; i < 2 * count; ++i) EXPECT_TRUE(wait(channel.send(i)));
  };
  std::thread loop_sender(send_on_a_loop), thread_sender(send_on_a_thread);
  std::thread receiver([&] {
    while (std::optional<int> value = wait(channel.receive())) by_thread.push_back(*value);
  });
  std::thread closer([&] {
    loop_sender.join();
    thread_sender.join();
    channel.close();
  });
  run([&]() -> Task<> { co_await receive_all(channel, by_loop); });
  receiver.join();
  closer.join();
  by_loop.insert(by_loop.end(), by_thread.begin(), by_thread.end());
  std::ranges::sort(by_loop);
  EXPECT_TRUE(by_loop == numbers(2 * count));
}

// Who has sent it is still on the way out then, and used to unlock what was gone.
TEST_P(ChannelTest, may_be_destroyed_by_the_task_that_has_received_its_only_value) {
  std::atomic<Channel<int>*> to_fill = nullptr;
  std::atomic<bool> is_over = false;
  std::thread other([&] {
    while (!is_over.load()) {
      if (Channel<int>* channel = to_fill.load()) {
        wait(channel->send(1));
        to_fill.store(nullptr);
      }
      std::this_thread::yield();
    }
  });
  run([&]() -> Task<> {
    for (int i = 0; i < test::rounds(200); ++i) {
      test::Overwritten<Channel<int>> channel(1U);
      to_fill.store(&channel.get());
      std::optional<int> value = co_await channel.get().receive();
      channel.end();
      EXPECT_EQ(value, 1);
      while (to_fill.load() != nullptr) std::this_thread::yield();
      EXPECT_TRUE(channel.is_untouched());
    }
  });
  is_over = true;
  other.join();
}

}  // namespace
}  // namespace duet
