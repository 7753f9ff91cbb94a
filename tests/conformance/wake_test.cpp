// Waking a loop from other threads. Under the blocking engine the hard moment is the one between
// the loop's last look and its blocking call.

#include <poll.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/engine_test.hpp"
#include "support/test_scale.hpp"

namespace duet::test {
namespace {

class Wake : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, Wake, testing::ValuesIn(engine_names),
                         [](const auto& engine) { return engine.param; });

// Blocks in a read, so that a loop with a blocking engine is in the plain call, until the posts of
// other threads have ended it.
Task<> read_while(void (*post_all)(Loop&, Stream&, std::vector<std::thread>&)) {
  Pair pair = co_await connected_pair();
  std::vector<std::thread> posters;
  post_all(Loop::current(), pair.far, posters);
  std::array<std::byte, 1> byte;
  std::size_t count = co_await pair.near.read_some(byte);
  EXPECT_EQ(count, 0U);
  for (std::thread& poster : posters) poster.join();
}

// Each post waits until the one before has been called, and then for a little more or less, so that
// it meets every moment of the loop's way back into its call.
template <int posts_at_scale_1>
void post_one_at_a_time(Loop& loop, Stream& far, std::vector<std::thread>& posters) {
  posters.emplace_back([&] {
    std::atomic<int> called = 0;
    int posts = scaled(posts_at_scale_1, 1000);
    for (int i = 0; i < posts; ++i) {
      loop.post([&] { ++called; });
      auto is_called = [&] { return called.load() == i + 1; };
      for (int spins = 0; !is_called() && spins < 1000; ++spins) std::this_thread::yield();
      if (!is_called() && !eventually(is_called)) {
        ADD_FAILURE() << "post " << i << " was lost";
        break;
      }
      for (volatile int pause = i % 97 * 20; pause > 0;) pause = pause - 1;
    }
    loop.post([&] { far.finish(); });
  });
}

TEST_P(Wake, is_not_lost_in_the_window_before_the_call) {
  // A loop that spins has no such window, and on a busy machine each post waits for its time slice.
  bool spins = GetParam() == "spin";
  run_on_engine(GetParam(), read_while,
                spins ? post_one_at_a_time<2'000> : post_one_at_a_time<100'000>);
}

void post_all_at_once(Loop& loop, Stream& far, std::vector<std::thread>& posters) {
  constexpr int threads = 4;
  static std::atomic<int> ended;
  ended = 0;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&] {
      int posts = scaled(25'000, 100);
      int called = 0;
      bool is_in_order = true;
      std::atomic<bool> is_last_called = false;
      for (int i = 0; i < posts; ++i)
        loop.post([&, i] {
          is_in_order = is_in_order && called == i;
          if (++called == posts) is_last_called = true;
        });
      EXPECT_TRUE(eventually([&] { return is_last_called.load(); }));
      EXPECT_TRUE(is_in_order);
      if (++ended == threads) loop.post([&] { far.finish(); });
    });
  }
}

TEST_P(Wake, calls_what_several_threads_post_each_in_its_order) {
  run_on_engine(GetParam(), read_while, post_all_at_once);
}

Task<> call_after_a_deadline() {
  using namespace std::chrono_literals;
  Pair pair = co_await connected_pair();
  std::array<std::byte, 1> byte;
  auto late = co_await as_expected(pair.near.read_some(byte).within(5ms));
  EXPECT_FALSE(late);
  EXPECT_EQ(::poll(nullptr, 0, 50), 0);  // -1: interrupted
}

// The signal that ends a blocked call repeats until it is seen, and used to repeat until the next
// call: a thousand threads that were woken at once and then waited for one lock got no further.
TEST_P(Wake, interrupts_nothing_more_once_it_is_seen) {
  run_on_engine(GetParam(), call_after_a_deadline);
}

}  // namespace
}  // namespace duet::test
