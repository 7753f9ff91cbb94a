// How long a Selector waits, and what signals do to that.

#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "io/interrupter.hpp"
#include "io/selector_fixture.hpp"
#include "support/test_scale.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

using SelectorWaiting = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SelectorWaiting, ::testing::ValuesIn(every_mechanism()), mechanism_name);

using SpinSelector = SelectorTest;
using SignalSelector = SelectorTest;
INSTANTIATE_TEST_SUITE_P(, SignalSelector, ::testing::Values("signal"), mechanism_name);

std::chrono::microseconds used_by_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

TEST_P(SelectorWaiting, with_no_time_only_looks) {
  EXPECT_TRUE(look(0ns).empty());
  EXPECT_TRUE(look(-1s).empty()) << "nor with less than none";
  EXPECT_TRUE(look(Duration::min()).empty());
  pair_.write_to_us();
  selector_.add(pair_, readable, "ours");
  EXPECT_EQ(look(0ns), Found{"ours"});
  EXPECT_EQ(look(-1s), Found{"ours"});
}

TEST_P(SelectorWaiting, with_nothing_to_wait_for_waits_its_time) {
  TimePoint before = Clock::now();
  EXPECT_TRUE(look(20ms).empty());
  EXPECT_GE(Clock::now(), before + 20ms);
}

TEST_P(SelectorWaiting, never_ends_early_not_even_below_a_millisecond) {
  selector_.add(pair_, readable);
  for (Duration time : {1us, 50us, 300us, 1500us}) {
    TimePoint before = Clock::now();
    EXPECT_TRUE(look(time).empty());
    EXPECT_GE(Clock::now(), before + time);
  }
}

TEST_P(SelectorWaiting, uses_no_processor_while_it_waits) {
  if (is("spin"))
    GTEST_SKIP() << refused("spin asks again and again instead of sleeping",
                            "SpinSelector.uses_a_processor_while_it_waits");
  selector_.add(pair_, readable);
  auto before = used_by_thread();
  for (int i = 0; i < 20; ++i) look(5ms + 1us);
  EXPECT_LT(used_by_thread() - before, 50ms);
}

// A busy machine may let it have less than a whole one.
TEST_P(SpinSelector, uses_a_processor_while_it_waits) {
  selector_.add(pair_, readable);
  auto before = used_by_thread();
  EXPECT_TRUE(eventually([&] {
    look(5ms);
    return used_by_thread() - before > 20ms;
  }));
}

TEST_P(SelectorWaiting, a_huge_time_or_none_waits_for_the_event) {
  for (int i = 0; i < 2; ++i) {
    selector_.add(pair_, readable, "ours");
    std::jthread writer([&] { pair_.write_to_us(); });
    Found found;
    if (i == 0) {
      found = look(Duration::max());
    } else {
      for (auto [key, events] : selector_.wait()) found.push_back(key.data);
    }
    EXPECT_EQ(found, Found{"ours"});
    writer.join();
    pair_.read();
    selector_.remove(pair_);
  }
}

// PEP 475.
TEST_P(SelectorWaiting, interrupted_by_signals_goes_on_with_the_time_that_remains) {
  selector_.add(pair_, readable);
  Interrupter interrupter;
  TimePoint before = Clock::now();
  EXPECT_TRUE(look(30ms).empty());
  EXPECT_GE(Clock::now(), before + 30ms);
  EXPECT_LT(Clock::now(), before + long_time);
}

// What an earlier wait has found lies in the selector's memory yet.
TEST_P(SelectorWaiting, interrupted_at_its_end_repeats_no_earlier_report) {
  selector_.add(pair_, readable, "ours");
  Interrupter interrupter;
  for (int i = 0; i < 50; ++i) {
    pair_.write_to_us();
    ASSERT_EQ(look(long_time), Found{"ours"});
    pair_.read();
    ASSERT_TRUE(look(200us).empty()) << "in round " << i;
  }
}

// Sleeps, or has used the processor for a while as only a wait that spins does.
bool is_in_wait(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::vector<std::string> of(std::istream_iterator<std::string>(fields), {});
  constexpr std::size_t state = 0, user_ticks = 11, system_ticks = 12;
  return of.at(state) == "S" || std::stoul(of.at(user_ticks)) + std::stoul(of.at(system_ticks)) > 2;
}

TEST_P(SelectorWaiting, a_call_of_another_thread_is_refused_and_changes_nothing) {
  std::atomic<pid_t> waiter = 0;
  std::atomic<Words*> shared = nullptr;
  SocketPair other;
  Found found;
  std::thread thread([&] {
    Words selector(GetParam());  // of this thread, whose the signals are
    selector.add(pair_, readable, "ours");
    shared.store(&selector);
    waiter.store(::gettid());
    for (auto [key, events] : selector.wait()) found.push_back(key.data);
    EXPECT_EQ(selector.size(), 1U);
    EXPECT_NO_THROW(selector.remove(pair_)) << "the wait is over";
  });
  while (waiter.load() == 0 || !is_in_wait(waiter.load())) std::this_thread::yield();
  EXPECT_EQ(error_of_call([&] { shared.load()->add(other, readable); }), Errc::busy);
  EXPECT_EQ(error_of_call([&] { shared.load()->modify(pair_, both); }), Errc::busy);
  EXPECT_EQ(error_of_call([&] { shared.load()->remove(pair_); }), Errc::busy);
  EXPECT_EQ(error_of_call([&] { shared.load()->wait(Duration::zero()); }), Errc::busy);
  EXPECT_EQ(error_of_call([&] { shared.load()->close(); }), Errc::busy);
  pair_.write_to_us();
  thread.join();
  EXPECT_EQ(found, Found{"ours"});
}

TEST_P(SelectorWaiting, what_another_thread_adds_is_waited_for) {
  GTEST_SKIP() << refused(
      "a selector belongs to the thread that waits",
      "SelectorWaiting.a_call_of_another_thread_is_refused_and_changes_nothing");
}

TEST_P(SelectorWaiting, may_be_done_by_a_thread_that_did_not_make_the_selector) {
  if (is("signal"))
    GTEST_SKIP() << refused("signals go to the thread that made the selector",
                            "SignalSelector.is_waited_for_by_the_thread_that_made_it");
  selector_.add(pair_, readable, "ours");
  pair_.write_to_us();
  Found found;
  std::thread([&] { found = look(long_time); }).join();
  EXPECT_EQ(found, Found{"ours"});
}

TEST_P(SignalSelector, is_waited_for_by_the_thread_that_made_it) {
  selector_.add(pair_, readable, "ours");
  pair_.write_to_us();
  int error = 0;
  std::thread([&] { error = errno_of([&] { selector_.wait(long_time); }); }).join();
  EXPECT_EQ(error, EPERM);
  EXPECT_EQ(look(long_time), Found{"ours"});
}

int stop_pipe = -1;
void ask_to_stop(int) { EXPECT_EQ(::write(stop_pipe, "x", 1), 1); }

TEST_P(SelectorWaiting, a_handler_that_asks_to_stop_does_so_by_a_descriptor) {
  selector_.add(pair_, readable, "stop");
  stop_pipe = pair_.peer.get();
  auto former = ::signal(SIGUSR1, ask_to_stop);
  std::thread asker([waiter = ::pthread_self()] { ::pthread_kill(waiter, SIGUSR1); });
  EXPECT_EQ(look(long_time), Found{"stop"});
  asker.join();
  ::signal(SIGUSR1, former);
}

}  // namespace
}  // namespace duet::test
