// A loop that is run in pieces, by a program that has a loop of its own.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "duet/loop/event.hpp"
#include "duet/loop/readiness.hpp"
#include "duet/loop/sleep.hpp"
#include "loop/loop_fixture.hpp"
#include "support/skip_reason.hpp"
#include "sys/event_fd.hpp"
#include "sys/fd.hpp"
#include "sys/poll.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

const std::set<std::string> engines_with_descriptor = {"epoll", "uring"};
const std::string no_descriptor = refused("this engine has no descriptor to wait for",
                                          "RunOnce.an_engine_has_a_descriptor_or_refuses");

class RunOnce : public LoopTest {
 protected:
  // The foreign loop: waits for the descriptor and the time that the loop wants.
  void run_by_poll(Task<> root) {
    loop_->start(std::move(root));
    while (loop_->run_once()) {
      std::array<pollfd, 1> polled = {
          {{.fd = loop_->descriptor(), .events = POLLIN, .revents = 0}}};
      ++polls_;
      TimePoint wanted = loop_->next_deadline();
      TimePoint patience = after(Clock::now(), 10s);
      std::int64_t ready =
          sys::poll_interruptible(polled, sys::Timeout(std::min(wanted, patience)));
      EXPECT_TRUE(ready > 0 || wanted < patience) << "it was not woken";
    }
  }

  bool has_descriptor() const { return engines_with_descriptor.contains(GetParam()); }

  int polls_ = 0;
};

INSTANTIATE_TEST_SUITE_P(engines, RunOnce, ::testing::ValuesIn(every_engine), engine_name);

TEST_P(RunOnce, runs_a_task_to_its_end) {
  int turns = 0;
  auto body = [&]() -> Task<> {
    for (; turns < 3; ++turns) co_await sleep_for(1ms);
  };
  loop_->start(owned(body));
  while (loop_->run_once(never)) {
  }
  EXPECT_EQ(turns, 3);
  loop_->run(owned(body));  // and then any other
}

TEST_P(RunOnce, with_a_deadline_waits_no_longer) {
  auto body = [&]() -> Task<> { co_await sleep_for(50ms); };
  loop_->start(owned(body));
  TimePoint before = Clock::now();
  EXPECT_TRUE(loop_->run_once(before + 1ms));
  EXPECT_LT(Clock::now(), before + 40ms);
  while (loop_->run_once(never)) {
  }
}

TEST_P(RunOnce, rethrows_what_leaves_the_task) {
  auto body = [&]() -> Task<> {
    co_await sleep_for(1ms);
    throw std::runtime_error("a mistake");
  };
  loop_->start(owned(body));
  EXPECT_THROW(while (loop_->run_once(never)){}, std::runtime_error);
}

TEST_P(RunOnce, an_engine_has_a_descriptor_or_refuses) {
  if (has_descriptor()) {
    EXPECT_GE(loop_->descriptor(), 0);
    return;
  }
  try {
    static_cast<void>(loop_->descriptor());
    ADD_FAILURE() << "not refused";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), Errc::no_descriptor);
    EXPECT_STREQ(error.what(),
                 "descriptor of the loop: this engine has no descriptor to wait for; epoll and "
                 "uring have one");
  }
}

TEST_P(RunOnce, a_foreign_loop_waits_for_it_without_spinning) {
  if (!has_descriptor()) GTEST_SKIP() << no_descriptor;
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  sys::Fd ours(ends[0]), peer(ends[1]);
  std::jthread writer;
  auto body = [&]() -> Task<> {
    for (int i = 0; i < 10; ++i) {
      writer = std::jthread([&] { EXPECT_EQ(::send(peer.get(), "x", 1, MSG_NOSIGNAL), 1); });
      co_await wait_readable(ours.get());
      char byte = 0;
      EXPECT_EQ(::recv(ours.get(), &byte, 1, 0), 1);
      co_await sleep_for(2ms);
    }
  };
  run_by_poll(owned(body));
  EXPECT_LT(polls_, 200) << "it spins";
}

TEST_P(RunOnce, a_post_of_another_thread_wakes_the_foreign_loop) {
  if (!has_descriptor()) GTEST_SKIP() << no_descriptor;
  std::atomic<bool> is_posted = false;
  std::jthread poster;
  auto body = [&]() -> Task<> {
    poster = std::jthread([&] { loop_->post([&] { is_posted = true; }); });
    while (!is_posted) co_await sleep_for(1s);
  };
  loop_->start(owned(body));
  std::array<pollfd, 1> polled = {{{.fd = loop_->descriptor(), .events = POLLIN, .revents = 0}}};
  while (!is_posted) {
    ASSERT_TRUE(loop_->run_once());
    if (!is_posted) {
      EXPECT_EQ(::poll(polled.data(), 1, 10'000), 1);
    }
  }
  while (loop_->run_once(never)) {
  }
}

// io_uring signals the eventfd of a foreign loop once, and then no more, for completions that the
// write to another eventfd leads to: a wake-up by a post is one, and so is what this test waits
// for.
TEST_P(RunOnce, each_post_of_another_thread_wakes_the_foreign_loop) {
  if (!has_descriptor()) GTEST_SKIP() << no_descriptor;
  const int posts = 5;
  std::atomic<int> called = 0;
  Event all_called;
  auto body = [&]() -> Task<> { co_await all_called.wait(); };
  std::jthread poster([&] {
    for (int i = 0; i < posts; ++i) {
      loop_->post([&] {
        if (++called == posts) all_called.set();
        called.notify_one();
      });
      called.wait(i);
    }
  });
  run_by_poll(owned(body));
}

TEST_P(RunOnce, each_signal_of_an_eventfd_wakes_the_foreign_loop) {
  if (!has_descriptor()) GTEST_SKIP() << no_descriptor;
  const int signals = 5;
  sys::EventFd event;
  std::atomic<int> taken = 0;
  auto body = [&]() -> Task<> {
    while (taken < signals) {
      co_await wait_readable(event.get());
      event.clear();
      ++taken;
      taken.notify_one();
    }
  };
  std::jthread signaller([&] {
    for (int i = 0; i < signals; ++i) {
      event.signal();
      taken.wait(i);
    }
  });
  run_by_poll(owned(body));
}

}  // namespace
}  // namespace duet::test
