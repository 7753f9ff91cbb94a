// Signal-driven I/O: what its signals can do to others, and what happens without them.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "duet/io/selector_mechanism.hpp"
#include "sys/event_fd.hpp"
#include "sys/fd.hpp"

namespace duet::io {
namespace {

constexpr Events readable = {.readable = true};

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = sys::Fd(ends[0]);
    peer = sys::Fd(ends[1]);
  }
  void write_to_us() const { EXPECT_EQ(::send(peer.get(), "x", 1, MSG_NOSIGNAL), 1); }
  void read() const {
    char byte = 0;
    EXPECT_EQ(::recv(ours.get(), &byte, 1, 0), 1);
  }

  sys::Fd ours, peer;
};

bool is_async(const sys::Fd& descriptor) {
  return (::fcntl(descriptor.get(), F_GETFL) & O_ASYNC) != 0;
}

std::ptrdiff_t threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

class SignalMechanismTest : public ::testing::TestWithParam<Trigger> {
 protected:
  void add(const sys::Fd& descriptor, std::uint64_t token) {
    selector_->add(descriptor.get(), readable, token);
    selector_->rearm(descriptor.get(), Direction::read);
  }

  std::multiset<std::uint64_t> look(TimePoint deadline = past) {
    std::multiset<std::uint64_t> tokens;
    for (const Report& report : selector_->wait(deadline))
      if (report.events.readable) tokens.insert(report.token);
    return tokens;
  }
  std::multiset<std::uint64_t> look_soon() { return look(Clock::now() + std::chrono::seconds(10)); }

  std::unique_ptr<SelectorMechanism> selector_ = make_signal_mechanism(GetParam());
};

INSTANTIATE_TEST_SUITE_P(, SignalMechanismTest, ::testing::Values(Trigger::level, Trigger::once),
                         [](const auto& row) {
                           return row.param == Trigger::level ? "level" : "once";
                         });

TEST_P(SignalMechanismTest, is_refused_to_a_thread_that_has_one) {
  try {
    make_signal_mechanism(GetParam());
    ADD_FAILURE() << "not refused";
  } catch (const IoError& error) {
    EXPECT_EQ(error.code().value(), EBUSY);
  }
  selector_.reset();
  EXPECT_NO_THROW(make_signal_mechanism(GetParam()));
}

TEST_P(SignalMechanismTest, starts_no_thread_for_sockets_and_pipes) {
  std::ptrdiff_t before = threads();
  Pair pair;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  sys::Fd reader(pipe[0]), writer(pipe[1]);
  add(pair.ours, 1);
  add(reader, 2);
  EXPECT_TRUE(look().empty());
  EXPECT_EQ(::write(writer.get(), "x", 1), 1);
  EXPECT_EQ(look_soon(), std::multiset<std::uint64_t>{2});
  EXPECT_EQ(threads(), before);
}

TEST_P(SignalMechanismTest, leaves_to_a_thread_what_cannot_signal) {
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own along with the first
  std::ptrdiff_t before = threads();
  sys::EventFd event;
  selector_->add(event.get(), readable, 1);
  EXPECT_EQ(threads(), before + 1);
  look();
  for (int i = 0; i < 100; ++i) {
    event.signal();
    EXPECT_EQ(look_soon(), std::multiset<std::uint64_t>{1});
    event.clear();
    EXPECT_TRUE(look().empty());
  }
  selector_.reset();
  EXPECT_EQ(threads(), before);
}

TEST_P(SignalMechanismTest, reports_both_of_two_descriptors_of_one_description) {
  Pair pair;
  sys::Fd copy(::fcntl(pair.ours.get(), F_DUPFD_CLOEXEC, 0));
  add(pair.ours, 1);
  add(copy, 2);
  EXPECT_TRUE(look().empty());
  pair.write_to_us();
  std::multiset<std::uint64_t> seen = look_soon();
  while (seen.size() < 2) seen.merge(look_soon());
  EXPECT_EQ(std::set(seen.begin(), seen.end()), (std::set<std::uint64_t>{1, 2}));
}

TEST_P(SignalMechanismTest, gives_the_settings_of_a_description_back) {
  Pair pair;
  f_owner_ex owner{.type = F_OWNER_PID, .pid = ::getpid()};
  ASSERT_EQ(::fcntl(pair.ours.get(), F_SETOWN_EX, &owner), 0);
  ASSERT_EQ(::fcntl(pair.ours.get(), F_SETSIG, SIGURG), 0);
  add(pair.ours, 1);
  EXPECT_TRUE(is_async(pair.ours));
  selector_->remove(pair.ours.get());
  EXPECT_FALSE(is_async(pair.ours));
  EXPECT_EQ(::fcntl(pair.ours.get(), F_GETSIG), SIGURG);
  EXPECT_EQ(::fcntl(pair.ours.get(), F_GETOWN_EX, &owner), 0);
  EXPECT_EQ(owner.type, F_OWNER_PID);
  EXPECT_EQ(owner.pid, ::getpid());
}

TEST_P(SignalMechanismTest, gives_the_settings_back_when_it_ends) {
  Pair pair;
  add(pair.ours, 1);
  selector_.reset();
  EXPECT_FALSE(is_async(pair.ours));
}

// As a listener that several workers share, or one that was inherited.
TEST_P(SignalMechanismTest, leaves_the_signals_of_others_alone) {
  Pair pair;
  f_owner_ex owner{.type = F_OWNER_PID, .pid = ::getppid()};
  ASSERT_EQ(::fcntl(pair.ours.get(), F_SETOWN_EX, &owner), 0);
  ASSERT_EQ(::fcntl(pair.ours.get(), F_SETFL, O_ASYNC | O_NONBLOCK), 0);
  add(pair.ours, 1);
  EXPECT_EQ(::fcntl(pair.ours.get(), F_GETOWN_EX, &owner), 0);
  EXPECT_EQ(owner.pid, ::getppid());
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);  // the parent is not to get any
  pair.write_to_us();
  EXPECT_EQ(look_soon(), std::multiset<std::uint64_t>{1}) << "reported all the same";
}

TEST_P(SignalMechanismTest, a_forked_child_that_ends_takes_nothing_away) {
  Pair pair;
  add(pair.ours, 1);
  pid_t child = ::fork();
  if (child == 0) {
    pair.ours.close();
    ::_exit(0);
  }
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  pair.write_to_us();
  EXPECT_EQ(look_soon(), std::multiset<std::uint64_t>{1});
}

TEST_P(SignalMechanismTest, a_late_signal_of_a_number_used_again_disturbs_nobody) {
  Pair gone, other;
  add(gone.ours, 1);
  EXPECT_TRUE(look().empty());
  gone.write_to_us();
  int number = gone.ours.get();
  selector_->remove(number);
  ASSERT_EQ(::dup2(other.ours.get(), number), number);
  selector_->add(number, readable, 2);
  selector_->rearm(number, Direction::read);
  EXPECT_TRUE(look().empty());
  other.write_to_us();
  EXPECT_EQ(look_soon(), std::multiset<std::uint64_t>{2});
}

TEST_P(SignalMechanismTest, signals_that_come_after_its_end_do_no_harm) {
  Pair pair;
  sys::Fd copy(::fcntl(pair.ours.get(), F_DUPFD_CLOEXEC, 0));
  add(pair.ours, 1);
  pair.ours.close();  // before it is removed: its description signals on
  selector_.reset();
  EXPECT_TRUE(is_async(copy));
  pair.write_to_us();
}

// With the queue as short as this most signals are lost, and SIGIO comes instead.
TEST_P(SignalMechanismTest, loses_nothing_when_the_queue_of_signals_is_full) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_SIGPENDING, &before), 0);
  rlimit low{.rlim_cur = 4, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &low), 0);
  std::vector<Pair> pairs(100);
  for (std::size_t i = 0; i < pairs.size(); ++i) add(pairs[i].ours, i);
  EXPECT_TRUE(look().empty());
  for (int round = 0; round < 20; ++round) {
    for (const Pair& pair : pairs) pair.write_to_us();
    std::set<std::uint64_t> seen;
    while (seen.size() < pairs.size()) {
      std::multiset<std::uint64_t> tokens = look_soon();
      ASSERT_FALSE(tokens.empty()) << "stalls with " << seen.size() << " seen";
      for (std::uint64_t token : tokens)
        if (seen.insert(token).second) pairs[token].read();
    }
  }
  ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &before), 0);
}

// A Unix socket signals room only if a send found none after it was asked to signal.
TEST(SignalMechanismRoomTest, tells_of_room_that_was_missing_before_it_was_added) {
  std::unique_ptr<SelectorMechanism> selector = make_signal_mechanism(Trigger::once);
  Pair pair;
  std::array<char, 65536> block{};
  auto fill = [&] {
    while (::send(pair.ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
    selector->rearm(pair.ours.get(), Direction::write);
  };
  while (::send(pair.ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
  selector->add(pair.ours.get(), {.readable = true, .writable = true}, 1);
  for (int i = 0; i < 3; ++i) {
    fill();
    for (bool is_drained = false; !is_drained;) {
      std::span<const Report> reports = selector->wait(past);
      is_drained = reports.empty();
      if (!is_drained) fill();
    }
    while (::recv(pair.peer.get(), block.data(), block.size(), 0) > 0) {
    }
    std::span<const Report> reports = selector->wait(Clock::now() + std::chrono::seconds(10));
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_TRUE(reports[0].events.writable);
  }
}

}  // namespace
}  // namespace duet::io
