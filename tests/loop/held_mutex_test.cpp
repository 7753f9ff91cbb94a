// Debug builds report a std::mutex that a task holds while it waits.

#include <sys/socket.h>

#include <array>
#include <list>
#include <mutex>

#include "duet/loop/mutex.hpp"
#include "duet/net/stream.hpp"
#include "duet/sys/held_mutexes.hpp"
#include "loop/scope_fixture.hpp"
#include "support/remembering_log.hpp"
#include "sys/fd.hpp"

namespace duet {
namespace {

using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

class HeldMutexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!sys::watches_mutexes())
      GTEST_SKIP() << "this build watches no mutexes: a release, or under a sanitizer";
  }

  Lines reports_of(std::function<Task<>()> body) {
    Loop loop(test::engine_factory("epoll"), log_);
    loop.run(test::owned(std::move(body)));
    return log_.lines();
  }

  // One at an address that no other has had: a report is made once.
  template <class M>
  static M& fresh() {
    static std::list<M> all;
    return all.emplace_back();
  }

  static std::string report(std::string_view wait) {
    return fmt::format(
        "a std::mutex is held across a wait ({}): whoever wants it on this loop will never get it; "
        "use duet::Mutex",
        wait);
  }

  test::RememberingLog log_;
};

TEST_F(HeldMutexTest, a_std_mutex_that_is_held_across_a_sleep_is_reported) {
  std::mutex& mutex = fresh<std::mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    std::lock_guard lock(mutex);
    co_await sleep_for(milliseconds(1));
  });
  EXPECT_EQ(lines, Lines{report("sleep")});
}

TEST_F(HeldMutexTest, it_is_reported_across_a_yield) {
  std::mutex& mutex = fresh<std::mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    std::lock_guard lock(mutex);
    co_await yield();
  });
  EXPECT_EQ(lines, Lines{report("yield")});
}

TEST_F(HeldMutexTest, it_is_reported_while_other_tasks_are_waited_for) {
  std::mutex& mutex = fresh<std::mutex>();
  auto nap = []() -> Task<> { co_await sleep_for(milliseconds(1)); };
  Lines lines = reports_of([&]() -> Task<> {
    std::lock_guard lock(mutex);
    Task<> first = test::owned(nap);
    Task<> second = test::owned(nap);
    co_await all(std::move(first), std::move(second));
  });
  EXPECT_EQ(lines.front(), report("the end of other tasks"));
}

TEST_F(HeldMutexTest, the_report_of_an_operation_says_with_whom) {
  std::mutex& mutex = fresh<std::mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    int ends[2] = {};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    sys::Fd other_end(ends[1]);
    Address peer = Address::ip4({127, 0, 0, 1}, 4711);
    Stream stream(Loop::current(), {ends[0], io::HandleKind::local_stream, peer});
    std::array<std::byte, 1> buffer;
    std::lock_guard lock(mutex);
    auto outcome = co_await as_expected(stream.read_some(buffer).within(milliseconds(1)));
    EXPECT_FALSE(outcome);
  });
  EXPECT_EQ(lines, Lines{report("receive from 127.0.0.1:4711")});
}

TEST_F(HeldMutexTest, it_is_reported_in_a_wait_for_another_task) {
  std::mutex& mutex = fresh<std::mutex>();
  Event event;
  Lines lines = reports_of([&]() -> Task<> {
    std::lock_guard lock(mutex);
    try {
      co_await within(milliseconds(1), event.wait());
    } catch (const TimedOut&) {
    }
  });
  EXPECT_EQ(lines, Lines{report("for another task")});
}

TEST_F(HeldMutexTest, each_way_of_locking_is_seen) {
  auto& tried = fresh<std::timed_mutex>();
  auto& timed = fresh<std::timed_mutex>();
  auto& clocked = fresh<std::timed_mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    std::unique_lock by_try(tried, std::try_to_lock);
    std::unique_lock by_time(timed, std::chrono::system_clock::now() + milliseconds(1));
    std::unique_lock by_clock(clocked, std::chrono::steady_clock::now() + milliseconds(1));
    co_await sleep_for(milliseconds(1));
  });
  EXPECT_EQ(lines.size(), 3U);
}

TEST_F(HeldMutexTest, one_mutex_and_wait_is_reported_once) {
  std::mutex& mutex = fresh<std::mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      std::lock_guard lock(mutex);
      co_await sleep_for(milliseconds(1));
    }
  });
  EXPECT_EQ(lines, Lines{report("sleep")});
}

// The one that holds it has been told; the others can do nothing about it.
TEST_F(HeldMutexTest, other_tasks_that_wait_meanwhile_are_not_blamed) {
  std::mutex& mutex = fresh<std::mutex>();
  Event done;
  auto hold = [&]() -> Task<> {
    std::lock_guard lock(mutex);
    co_await done.wait();
  };
  auto pass = [&]() -> Task<> {
    co_await sleep_for(milliseconds(1));
    done.set();
  };
  Lines lines = reports_of([&]() -> Task<> { return all(test::owned(hold), test::owned(pass)); });
  EXPECT_EQ(lines, Lines{report("for another task")});
}

TEST_F(HeldMutexTest, a_mutex_that_was_unlocked_before_the_wait_is_not_reported) {
  std::mutex& mutex = fresh<std::mutex>();
  Lines lines = reports_of([&]() -> Task<> {
    {
      std::lock_guard lock(mutex);
    }
    co_await sleep_for(milliseconds(1));
  });
  EXPECT_EQ(lines, Lines());
}

TEST_F(HeldMutexTest, a_duet_mutex_may_be_held_across_a_wait) {
  Mutex mutex;
  Lines lines = reports_of([&]() -> Task<> {
    Mutex::Lock lock = co_await mutex.lock();
    co_await sleep_for(milliseconds(1));
  });
  EXPECT_EQ(lines, Lines());
}

TEST_F(HeldMutexTest, what_the_thread_holds_that_runs_the_loop_is_not_reported) {
  std::mutex& mutex = fresh<std::mutex>();
  std::lock_guard lock(mutex);
  Lines lines = reports_of([&]() -> Task<> { co_await sleep_for(milliseconds(1)); });
  EXPECT_EQ(lines, Lines());
}

}  // namespace
}  // namespace duet
