#pragma once
// A fixture that drives an engine without a loop. It counts how often each operation completes, and
// checks at the end that none completed twice, none is left, and no descriptor was leaked.

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "io/each_engine.hpp"
#include "sys/fd.hpp"

namespace duet::test {

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

// An operation that counts its completions.
template <class Op>
struct Counted : Op {
  template <class... Arguments>
  explicit Counted(Arguments&&... arguments) : Op(std::forward<Arguments>(arguments)...) {
    this->run = [](Job& job) {
      ++static_cast<Counted&>(static_cast<io::Operation&>(job)).completions;
    };
  }
  int completions = 0;
};

class EngineTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (std::optional<std::string> why = refusal_of(GetParam())) GTEST_SKIP() << *why;
    descriptors_before_ = open_descriptors();
    engine_ = engine_factory(GetParam())(completed_);
  }

  void TearDown() override {
    if (!engine_) return;
    EXPECT_EQ(engine_->census().operations, 0U);
    EXPECT_EQ(engine_->census().handles, 0U);
    engine_.reset();
    EXPECT_EQ(open_descriptors(), descriptors_before_) << "descriptors leaked";
  }

  bool waits_in_calls() const { return GetParam() == "blocking"; }

  // A pair of connected Unix stream sockets: one adopted, the other the peer's.
  struct Pair {
    io::Handle handle;
    sys::Fd peer;
    int descriptor;  // of the handle
  };
  Pair make_pair(io::HandleKind kind = io::HandleKind::local_stream, int type = SOCK_STREAM) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    return {engine_->adopt(ends[0], kind), sys::Fd(ends[1]), ends[0]};
  }

  // True when the operation is pending.
  template <class Op>
  bool submit(Counted<Op>& operation) {
    bool is_done = engine_->submit(operation) == io::Progress::done;
    if (is_done) ++operation.completions;
    return !is_done;
  }

  void run_completed() {
    while (!completed_.empty()) {
      Job& job = completed_.pop();
      job.run(job);
    }
  }

  // Reaps until the condition holds; fails the test when that takes too long.
  template <class Condition>
  void reap_until(Condition condition) {
    TimePoint limit = Clock::now() + patience;
    for (;;) {
      run_completed();
      if (condition()) return;
      ASSERT_LT(Clock::now(), limit) << "nothing completes";
      engine_->reap(limit);
    }
  }
  template <class... Op>
  void complete(const Op&... operations) {
    reap_until([&] { return ((operations.completions > 0) && ...); });
  }

  // Lets everything complete that can without anybody's help.
  void settle() {
    for (int i = 0; i < 10; ++i) {
      engine_->reap(past);
      run_completed();
    }
  }

  void release(io::Handle handle) {
    engine_->release(handle);
    reap_until([&] { return engine_->census().operations == 0; });
  }

  static void write_to(const sys::Fd& peer, std::string_view text) {
    ASSERT_EQ(::send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  // Fills the socket until it takes no more; returns how many bytes it took.
  static std::size_t fill(int socket) {
    std::vector<char> block(1 << 16);
    std::size_t total = 0;
    for (ssize_t sent = 0; sent >= 0;) {
      sent = ::send(socket, block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) total += static_cast<std::size_t>(sent);
    }
    return total;
  }

  static constexpr Duration patience = std::chrono::seconds(20);

  JobQueue completed_;
  std::unique_ptr<io::Engine> engine_;
  std::size_t descriptors_before_ = 0;
};

inline std::string engine_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace duet::test
