// What a Child promises to its owner, on each engine.

#include "duet/process/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "loop/loop_fixture.hpp"
#include "support/children.hpp"

namespace duet::test {
namespace {

class ChildTest : public LoopTest {
 protected:
  // The error that starting such a child meets.
  std::error_code refusal_of_start(Command command) {
    std::error_code error;
    run([&]() -> Task<> {
      auto child = co_await as_expected(Child::start(command));
      if (!child) error = child.error();
    });
    return error;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, ChildTest, testing::ValuesIn(every_engine), engine_name);

TEST_P(ChildTest, gives_its_status_to_each_wait) {
  run([]() -> Task<> {
    Child child = co_await Child::start(shell("exit 2"));
    ExitStatus first = co_await child.wait();
    ExitStatus second = co_await child.wait();
    EXPECT_EQ(first.code, 2);
    EXPECT_EQ(first, second);
  });
}

TEST_P(ChildTest, takes_signals_after_its_end_without_a_word) {
  run([]() -> Task<> {
    Child child = co_await Child::start(brief());
    std::string text = co_await end_of(child);
    child.kill();
    EXPECT_EQ(text, "exit code 0");
  });
}

TEST_P(ChildTest, keeps_its_own_end_when_it_is_killed_too_late) {
  run([]() -> Task<> {
    Child child = co_await Child::start(shell("exit 4"));
    std::string text = co_await read_all(child.output());
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child.process()), &info, WEXITED | WNOWAIT);
    child.kill();
    ExitStatus status = co_await child.wait();
    EXPECT_EQ(status.text(), "exit code 4");
  });
}

TEST_P(ChildTest, refuses_a_second_wait_beside_the_first) {
  run([]() -> Task<> {
    Child child = co_await Child::start(endless());
    auto wait_second = [](Child& of) -> Task<> {
      auto status = co_await as_expected(of.wait());
      EXPECT_EQ(status.error(), Errc::busy);
      of.kill();
    };
    auto wait_first = [](Child& of) -> Task<> {
      ExitStatus status = co_await of.wait();
      EXPECT_EQ(status.signal, Signal::kill);
    };
    Task<> first = wait_first(child);
    Task<> second = wait_second(child);
    co_await all(std::move(first), std::move(second));
  });
}

TEST_P(ChildTest, that_is_dropped_is_gone_when_the_loop_has_ended) {
  int process = 0;
  run([&]() -> Task<> {
    Child child = co_await Child::start(endless());
    process = child.process();
  });
  EXPECT_EQ(::kill(process, 0), -1);
}

// The kernel reports nothing of a stopped process, which takes SIGKILL all the same.
TEST_P(ChildTest, that_is_dropped_while_it_is_stopped_is_gone_too) {
  int process = 0;
  run([&]() -> Task<> {
    Child child = co_await Child::start(endless());
    process = child.process();
    child.send(Signal::stop);
  });
  EXPECT_EQ(::kill(process, 0), -1);
}

TEST_P(ChildTest, is_refused_without_a_program) {
  EXPECT_EQ(refusal_of_start(Command({})), std::errc::invalid_argument);
}

TEST_P(ChildTest, is_refused_where_a_word_would_be_cut_short) {
  Command command = brief();
  command.words.emplace_back("a\0b", 3);
  EXPECT_EQ(refusal_of_start(command), std::errc::invalid_argument);
}

TEST_P(ChildTest, is_refused_where_it_may_not_be_run) {
  EXPECT_EQ(refusal_of_start(Command({"/etc/passwd"})), std::errc::permission_denied);
}

// A pipe would get their numbers, and in the child give way to what these are to be. So may what
// the loop opens, which therefore has to be one that lives no longer than they are missing.
TEST_P(ChildTest, has_its_pipes_in_a_program_without_standard_descriptors) {
  loop_.reset();
  int input = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
  int output = ::fcntl(1, F_DUPFD_CLOEXEC, 3);
  ::close(0);
  ::close(1);
  std::string text;
  loop_ = std::make_unique<Loop>(engine_factory(GetParam()), log_);
  run([&]() -> Task<> {
    Command command({"sh", "-c", "echo trouble >&2"});
    command.output = Command::Channel::nothing;
    command.errors = Command::Channel::pipe;
    Child child = co_await Child::start(command);
    std::string all = co_await read_all(child.errors());
    co_await child.wait();
    text = std::move(all);
  });
  loop_.reset();
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::close(input);
  ::close(output);
  EXPECT_EQ(text, "trouble\n");
}

}  // namespace
}  // namespace duet::test
