// Waiting for descriptors that duet does not own, under every engine.

#include "duet/loop/readiness.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>

#include "duet/loop/all.hpp"
#include "duet/loop/within.hpp"
#include "loop/loop_fixture.hpp"
#include "sys/event_fd.hpp"
#include "sys/fd.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Readiness : public LoopTest {
 protected:
  Readiness() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_ = sys::Fd(ends[0]);
    peer_ = sys::Fd(ends[1]);
  }
  void write_to_us() const { EXPECT_EQ(::send(peer_.get(), "x", 1, MSG_NOSIGNAL), 1); }
  void fill() const {
    std::array<char, 4096> block{};
    while (::send(ours_.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
  }
  void drain() const {
    std::array<char, 4096> block{};
    while (::recv(peer_.get(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
    }
  }

  sys::Fd ours_, peer_;
};

INSTANTIATE_TEST_SUITE_P(engines, Readiness, ::testing::ValuesIn(every_engine), engine_name);

TEST_P(Readiness, of_what_is_ready_is_told_at_once) {
  write_to_us();
  run([&]() -> Task<> {
    co_await wait_readable(ours_.get());
    co_await wait_writable(ours_.get());
  });
}

TEST_P(Readiness, comes_with_data_and_is_told_as_often_as_it_is_asked_for) {
  run([&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      auto reader = [&]() -> Task<> {
        co_await wait_readable(ours_.get());
        char byte = 0;
        EXPECT_EQ(::recv(ours_.get(), &byte, 1, MSG_DONTWAIT), 1);
      };
      auto writer = [&]() -> Task<> {
        write_to_us();
        co_return;
      };
      Task<> reads = owned(reader);
      Task<> writes = owned(writer);
      co_await all(std::move(reads), std::move(writes));
    }
  });
}

TEST_P(Readiness, of_both_directions_may_be_waited_for_at_once) {
  fill();
  run([&]() -> Task<> {
    int told = 0;
    auto reader = [&]() -> Task<> {
      co_await wait_readable(ours_.get());
      ++told;
    };
    auto writer = [&]() -> Task<> {
      co_await wait_writable(ours_.get());
      ++told;
    };
    auto peer = [&]() -> Task<> {
      EXPECT_EQ(told, 0);
      write_to_us();
      drain();
      co_return;
    };
    Task<> reads = owned(reader);
    Task<> writes = owned(writer);
    Task<> others = owned(peer);
    co_await all(std::move(reads), std::move(writes), std::move(others));
    EXPECT_EQ(told, 2);
  });
}

TEST_P(Readiness, of_an_end_is_told) {
  run([&]() -> Task<> {
    peer_.close();
    co_await wait_readable(ours_.get());
    co_await wait_writable(ours_.get());
  });
}

TEST_P(Readiness, has_deadlines) {
  run([&]() -> Task<> {
    TimePoint before = Clock::now();
    auto late = co_await as_expected(wait_readable(ours_.get()).within(3ms));
    EXPECT_FALSE(late);
    if (!late) {
      EXPECT_EQ(late.error(), Errc::timed_out);
    }
    EXPECT_GE(Clock::now(), before + 3ms);
    write_to_us();
    co_await wait_readable(ours_.get()).within(10s);
  });
}

TEST_P(Readiness, is_cancelled_with_its_scope) {
  run([&]() -> Task<> {
    auto waits = [&]() -> Task<> { co_await wait_readable(ours_.get()); };
    Task<> wait = owned(waits);
    bool is_late = false;
    try {
      co_await within(3ms, std::move(wait));
    } catch (const TimedOut&) {
      is_late = true;
    }
    EXPECT_TRUE(is_late);
  });
}

TEST_P(Readiness, leaves_the_descriptor_open_and_its_mode_as_it_was) {
  for (int mode : {0, O_NONBLOCK}) {
    ASSERT_EQ(::fcntl(ours_.get(), F_SETFL, mode), 0);
    int flags = ::fcntl(ours_.get(), F_GETFL);
    run([&]() -> Task<> {
      auto reader = [&]() -> Task<> { co_await wait_readable(ours_.get()); };
      auto writer = [&]() -> Task<> {
        EXPECT_EQ(::fcntl(ours_.get(), F_GETFL) & O_NONBLOCK, mode) << "while it is waited for";
        write_to_us();
        co_return;
      };
      Task<> reads = owned(reader);
      Task<> writes = owned(writer);
      co_await all(std::move(reads), std::move(writes));
      char byte = 0;
      EXPECT_EQ(::recv(ours_.get(), &byte, 1, 0), 1);
    });
    EXPECT_EQ(::fcntl(ours_.get(), F_GETFL), flags);
  }
}

TEST_P(Readiness, of_what_cannot_signal_or_block_is_told) {
  sys::EventFd event;
  sys::Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  sys::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1'000'000}};
  ASSERT_EQ(::timerfd_settime(timer.get(), 0, &soon, nullptr), 0);
  run([&]() -> Task<> {
    co_await wait_readable(timer.get());
    co_await wait_readable(file.get());
    auto reader = [&]() -> Task<> { co_await wait_readable(event.get()); };
    auto writer = [&]() -> Task<> {
      event.signal();
      co_return;
    };
    Task<> reads = owned(reader);
    Task<> writes = owned(writer);
    co_await all(std::move(reads), std::move(writes));
  });
}

TEST_P(Readiness, of_a_closed_descriptor_is_refused) {
  int number = ours_.get();
  ours_.close();
  run([&]() -> Task<> {
    bool is_refused = false;
    try {
      co_await wait_readable(number);
    } catch (const IoError& error) {
      is_refused = error.code().value() == EBADF;
    }
    EXPECT_TRUE(is_refused);
  });
}

}  // namespace
}  // namespace duet::test
