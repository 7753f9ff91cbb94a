// POSIX AIO: who carries a disk operation out, and how its end is learned.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/io/engines.hpp"
#include "sys/signal.hpp"

namespace duet::io {
namespace {

class AioEngine : public ::testing::TestWithParam<AioNotice> {
 protected:
  AioEngine()
      : path_(testing::TempDir() + "duet_aio_" + std::to_string(::getpid())),
        engine_(
            make_aio_engine(completed_, make_epoll_mechanism(Trigger::once), pools_, GetParam())),
        file_(engine_->adopt(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                             HandleKind::file)) {}
  ~AioEngine() override {
    engine_->release(file_);
    ::unlink(path_.c_str());
  }

  // Submits the operation and waits until it has completed.
  void run(Operation& operation) {
    if (engine_->submit(operation) == Progress::done) return;
    while (completed_.empty()) engine_->reap(never);
    EXPECT_EQ(&completed_.pop(), &operation);
    EXPECT_TRUE(completed_.empty());
  }

  void write_and_sync() {
    WriteAt write(file_, std::as_bytes(std::span("hello")).first(5), 0);
    run(write);
    EXPECT_EQ(write.result, 5);
    EXPECT_EQ(write.transferred, 5U);
    ChangeFile sync(file_, FileChange::sync);
    run(sync);
    EXPECT_EQ(sync.result, 0);
  }

  // Of this thread; SIG_BLOCK or SIG_UNBLOCK.
  static void mask_signal(int how) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, sys::aio_signal());
    ::pthread_sigmask(how, &signals, nullptr);
  }

  const std::string path_;
  JobQueue completed_;
  std::shared_ptr<WorkPools> pools_ = std::make_shared<WorkPools>();
  std::unique_ptr<Engine> engine_;
  const Handle file_;
};

INSTANTIATE_TEST_SUITE_P(, AioEngine, ::testing::Values(AioNotice::signal, AioNotice::polling),
                         [](const auto& notice) {
                           return notice.param == AioNotice::signal ? "signal" : "polling";
                         });

TEST_P(AioEngine, writes_and_syncs_on_the_c_library_s_threads) {
  for (int i = 0; i < test::rounds(100); ++i) write_and_sync();
  EXPECT_EQ(pools_->of(Work::disk).threads(), 0U);
}

TEST_P(AioEngine, changes_what_aio_does_not_know_on_a_thread_of_the_pool) {
  ChangeFile resize(file_, FileChange::resize, 100);
  run(resize);
  EXPECT_EQ(resize.result, 0);
  EXPECT_EQ(pools_->of(Work::disk).threads(), 1U);
}

TEST_P(AioEngine, an_operation_that_is_cancelled_has_been_made_or_not_begun) {
  for (int i = 0; i < test::rounds(200); ++i) {
    ChangeFile blocker(file_, FileChange::sync);
    WriteAt write(file_, std::as_bytes(std::span("hello")).first(5), 0);
    ASSERT_EQ(engine_->submit(blocker), Progress::pending);
    ASSERT_EQ(engine_->submit(write), Progress::pending);
    engine_->cancel(write, Ending::timed_out);
    while (engine_->census().operations > 0) engine_->reap(never);
    while (!completed_.empty()) completed_.pop();
    EXPECT_EQ(blocker.result, 0);
    if (write.ending == Ending::none)
      EXPECT_EQ(write.result, 5);
    else
      EXPECT_EQ(write.ending, Ending::timed_out);
  }
}

TEST_P(AioEngine, an_error_is_the_operation_s_result) {
  int read_only = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  Handle handle = engine_->adopt(read_only, HandleKind::file);
  WriteAt write(handle, std::as_bytes(std::span("hello")), 0);
  run(write);
  EXPECT_EQ(write.result, -EBADF);
  engine_->release(handle);
}

// It completes when it is looked at. The signal that comes then is of a request that has ended.
TEST_P(AioEngine, an_operation_completes_although_its_signal_comes_much_later) {
  mask_signal(SIG_BLOCK);
  write_and_sync();
  mask_signal(SIG_UNBLOCK);
  engine_->reap(past);
  write_and_sync();
}

// Else a handler would wake an engine that is gone.
TEST_P(AioEngine, may_end_while_another_thread_runs_the_handler) {
  std::atomic<bool> has_ended = false;
  std::thread other([&] {
    mask_signal(SIG_UNBLOCK);
    while (!has_ended.load()) std::this_thread::yield();
  });
  for (int i = 0; i < test::rounds(500); ++i) {
    std::unique_ptr<Engine> engine =
        make_aio_engine(completed_, make_epoll_mechanism(Trigger::once), pools_, GetParam());
    mask_signal(SIG_BLOCK);
    Handle file = engine->adopt(::open(path_.c_str(), O_RDWR | O_CLOEXEC), HandleKind::file);
    WriteAt write(file, std::as_bytes(std::span("hello")), 0);
    ASSERT_EQ(engine->submit(write), Progress::pending);
    while (engine->census().operations > 0) engine->reap(past);
    completed_.pop();
    engine->release(file);
  }
  has_ended = true;
  other.join();
  mask_signal(SIG_UNBLOCK);
}

using AioEngineDeathTest = AioEngine;

INSTANTIATE_TEST_SUITE_P(, AioEngineDeathTest, ::testing::Values(AioNotice::signal),
                         [](const auto&) { return "signal"; });

// The queue of pending signals has no room. glibc then says EAGAIN of what it has carried out.
TEST_P(AioEngineDeathTest, a_lost_signal_delays_an_operation_but_loses_it_not) {
  auto write_without_signals = [this] {
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    write_and_sync();
    std::_Exit(HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(write_without_signals(), ::testing::ExitedWithCode(0), "");
}

// Somebody else uses its number, or ThreadSanitizer merges it with another.
TEST_P(AioEngineDeathTest, an_operation_completes_although_its_signal_was_taken_by_others) {
  auto write_without_handler = [this] {
    ::alarm(20);  // seconds: it would wait for ever
    std::signal(sys::aio_signal(), SIG_IGN);
    for (int i = 0; i < 10; ++i) write_and_sync();
    std::_Exit(HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(write_without_handler(), ::testing::ExitedWithCode(0), "");
}

TEST_P(AioEngineDeathTest, a_signal_may_come_after_the_end_of_the_engine) {
  auto end_before_signal = [this] {
    ::alarm(20);
    mask_signal(SIG_BLOCK);
    write_and_sync();
    engine_->release(file_);
    engine_.reset();
    mask_signal(SIG_UNBLOCK);
    std::_Exit(HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(end_before_signal(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duet::io
