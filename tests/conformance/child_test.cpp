// Child processes: what they are given, what they give back, and how they end.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "conformance/handlers.hpp"
#include "support/children.hpp"
#include "support/model_test.hpp"
#include "support/shared_memory.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Children : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Children, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<std::string> end_with_three(Stream&) { return outcome_of(shell("exit 3")); }

TEST_P(Children, tell_their_exit_code) { EXPECT_EQ(result_of(end_with_three), "|exit code 3"); }

Task<std::string> end_by_a_signal(Stream&) { return outcome_of(shell("kill -9 $$")); }

TEST_P(Children, tell_which_signal_ended_them) {
  EXPECT_EQ(result_of(end_by_a_signal), "|killed by signal 9 (Killed)");
}

Task<> feed(Stream& input, std::string_view text) {
  co_await input.write_all(bytes_of(text));
  input.finish();
}

Task<> collect(Stream& output, std::string& text) {
  std::string all = co_await read_all(output);
  text = std::move(all);
}

Task<std::string> send_through_cat(Stream&) {
  std::string sent = pattern(4U << 20);
  std::string received;
  Child cat = co_await Child::start(listening("cat"));
  co_await all(feed(cat.input(), sent), collect(cat.output(), received));
  std::string end = co_await end_of(cat);
  co_return (received == sent ? "all of it, " : "something else, ") + end;
}

TEST_P(Children, read_and_write_at_once_more_than_the_pipes_hold) {
  EXPECT_EQ(result_of(send_through_cat), "all of it, exit code 0");
}

Task<std::string> write_to_both(Stream&) {
  Command command = shell("echo result; echo trouble >&2");
  command.errors = Command::Channel::pipe;
  Child child = co_await Child::start(command);
  std::string output;
  std::string errors;
  co_await all(collect(child.output(), output), collect(child.errors(), errors));
  std::string end = co_await end_of(child);
  co_return output + errors + end;
}

TEST_P(Children, keep_errors_apart_from_output) {
  EXPECT_EQ(result_of(write_to_both), "result\ntrouble\nexit code 0");
}

Task<std::string> print_given_environment(Stream&) {
  Command command = speaking("env");
  command.environment = {"A=1 2", "B="};
  return outcome_of(command);
}

TEST_P(Children, have_the_environment_they_are_given_and_no_more) {
  EXPECT_EQ(result_of(print_given_environment), "A=1 2\nB=\n|exit code 0");
}

Task<std::string> print_a_variable(Stream&) { return outcome_of(shell("echo $DUET_TEST_MARK")); }

TEST_P(Children, have_our_environment_unless_given_another) {
  ::setenv("DUET_TEST_MARK", "ours", 1);
  EXPECT_EQ(result_of(print_a_variable), "ours\n|exit code 0");
}

Task<std::string> print_directory(Stream&) {
  Command command = speaking("pwd");
  command.directory = "/usr/bin";
  return outcome_of(command);
}

TEST_P(Children, work_in_the_directory_they_are_given) {
  EXPECT_EQ(result_of(print_directory), "/usr/bin\n|exit code 0");
}

Task<std::string> start_what_is_not_there(Stream&) {
  Child child = co_await Child::start(speaking("/no/such/program", "argument"));
  co_return "started";
}

TEST_P(Children, that_cannot_be_started_are_named_by_the_error) {
  EXPECT_EQ(result_of(start_what_is_not_there),
            "failed: start /no/such/program: No such file or directory");
}

Task<std::string> start_nowhere(Stream&) {
  Command command = brief();
  command.directory = "/no/such";
  Child child = co_await Child::start(command);
  co_return "started";
}

TEST_P(Children, whose_directory_is_missing_are_named_with_it) {
  EXPECT_EQ(result_of(start_nowhere), "failed: start true in /no/such: No such file or directory");
}

Task<std::string> kill_one(Stream&) {
  Child child = co_await Child::start(endless());
  child.kill();
  co_return co_await end_of(child);
}

TEST_P(Children, can_be_killed) { EXPECT_EQ(result_of(kill_one), "killed by signal 9 (Killed)"); }

Task<std::string> terminate_one(Stream&) {
  Child child = co_await Child::start(endless());
  child.terminate();
  co_return co_await end_of(child);
}

TEST_P(Children, can_be_asked_to_end) {
  EXPECT_EQ(result_of(terminate_one), "killed by signal 15 (Terminated)");
}

Task<std::string> wait_in_vain(Child& child) {
  try {
    co_await within(20ms, child.wait());
  } catch (const TimedOut& late) {
    co_return late.what();
  }
  co_return "ended";
}

Task<std::string> wait_again(Stream&) {
  Child child = co_await Child::start(endless());
  std::string first = co_await wait_in_vain(child);
  std::string second = co_await wait_in_vain(child);
  child.kill();
  std::string end = co_await end_of(child);
  co_return first + ", " + second + ", " + end;
}

TEST_P(Children, can_be_waited_for_again_after_a_time_out) {
  EXPECT_EQ(result_of(wait_again), "timed out, timed out, killed by signal 9 (Killed)");
}

Task<> wait_in(Child& child, std::string& end) {
  try {
    std::string text = co_await end_of(child);
    end = std::move(text);
  } catch (const Cancelled&) {
    end = "cancelled";
    throw;
  }
}

Task<> cancel_in_mid_wait(Scope& scope, Child& child, std::string& end) {
  scope.spawn(wait_in(child, end));
  co_await sleep_for(5ms);
  scope.cancel();
}

Task<std::string> cancel_and_wait(Stream&) {
  Child cat = co_await Child::start(listening("cat"));
  std::string cancelled = "never";
  co_await scoped(cancel_in_mid_wait, std::ref(cat), std::ref(cancelled));
  cat.input().finish();
  std::string end = co_await end_of(cat);
  co_return cancelled + ", " + end;
}

TEST_P(Children, can_be_waited_for_after_a_wait_was_cancelled) {
  EXPECT_EQ(result_of(cancel_and_wait), "cancelled, exit code 0");
}

Task<> run_true(int& successes) {
  Child child = co_await Child::start(brief());
  ExitStatus status = co_await child.wait();
  if (status.is_success()) ++successes;
}

Task<std::string> run_many(Stream&) {
  int count = scaled(500, 50);
  int successes = 0;
  CancelScope* outer = co_await this_scope();
  Scope scope(outer);
  for (int i = 0; i < count; ++i) scope.spawn(run_true(successes));
  co_await scope.join();
  scope.rethrow_failure();
  co_return std::to_string(count - successes) + " missing, " +
      std::to_string(children_of(::getpid()).size()) + " left";
}

TEST_P(Children, are_all_reaped_when_five_hundred_run_at_once) {
  EXPECT_EQ(result_of(run_many), "0 missing, 0 left");
}

Task<> wait_and_note(Child& child, char name, std::string& order) {
  co_await child.wait();
  order += name;
}

Task<> end_in_turn(Child& first, Child& second, std::string& order) {
  first.input().finish();
  while (order.empty()) co_await sleep_for(1ms);
  second.input().finish();
}

Task<std::string> wait_for_two(Stream&) {
  Child a = co_await Child::start(listening("cat"));
  Child b = co_await Child::start(listening("cat"));
  std::string order;
  co_await all(wait_and_note(a, 'a', order), wait_and_note(b, 'b', order),
               end_in_turn(b, a, order));
  co_return order;
}

TEST_P(Children, are_waited_for_side_by_side) { EXPECT_EQ(result_of(wait_for_two), "ba"); }

Task<std::string> read_past_the_output(Stream&) {
  Command command = shell("echo last; exec >&-; read line; exit 7");
  command.input = Command::Channel::pipe;
  Child child = co_await Child::start(command);
  std::string text = co_await read_all(child.output());
  co_await child.input().write_all(bytes_of("go\n"));
  std::string end = co_await end_of(child);
  co_return text + end;
}

TEST_P(Children, can_end_their_output_and_live_on) {
  EXPECT_EQ(result_of(read_past_the_output), "last\nexit code 7");
}

Task<std::string> read_no_more(Stream&) {
  Child child = co_await Child::start(speaking("yes"));
  std::array<std::byte, 100> buffer;
  co_await child.output().read_exact(buffer);
  child.output().close();
  co_return co_await end_of(child);
}

TEST_P(Children, are_ended_by_a_pipe_that_nobody_reads) {
  EXPECT_EQ(result_of(read_no_more), "killed by signal 13 (Broken pipe)");
}

Task<std::string> write_to_the_dead(Stream&) {
  Command command = brief();
  command.input = Command::Channel::pipe;
  Child child = co_await Child::start(command);
  co_await child.wait();
  co_await child.input().write_all(bytes_of("too late"));
  co_return "written";
}

TEST_P(Children, that_have_ended_make_writing_an_error) {
  EXPECT_EQ(result_of(write_to_the_dead), "failed: send to true: Broken pipe");
}

Task<std::string> list_descriptors(Stream&) {
  int others = ::open("/dev/null", O_RDONLY);  // NOLINT: not close-on-exec, as careless code has it
  std::string names = co_await outcome_of(speaking("ls", "/proc/self/fd"));
  ::close(others);
  co_return names;
}

TEST_P(Children, inherit_the_standard_descriptors_only) {
  EXPECT_EQ(result_of(list_descriptors), "0\n1\n2\n3\n|exit code 0");  // 3: of ls itself
}

Task<std::string> list_signals(Stream&) {
  return outcome_of(speaking("sed", "-n", "/^Sig[BI]/p", "/proc/self/status"));
}

// But 32 and 33, which glibc keeps to itself.
TEST_P(Children, have_no_signal_blocked_or_ignored) {
  EXPECT_EQ(result_of(list_signals),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n|exit code 0");
}

Task<int> forget_one() {
  Child child = co_await Child::start(endless());
  co_return child.process();
}

Task<std::string> forget_and_look(Stream&) {
  int process = co_await forget_one();
  TimePoint limit = Clock::now() + patience;
  while (::kill(process, 0) == 0 && Clock::now() < limit) co_await sleep_for(1ms);
  co_return ::kill(process, 0) == 0 ? "it is still there" : "it is gone";
}

TEST_P(Children, that_nobody_waits_for_are_killed_and_reaped) {
  EXPECT_EQ(result_of(forget_and_look), "it is gone");
}

Task<std::string> forget_at_the_end(Stream&) {
  int process = co_await forget_one();
  co_return std::to_string(process);
}

TEST_P(Children, do_not_outlive_their_loop) {
  ServerProcess server(options(), serving(answer, forget_at_the_end));
  int process = std::stoi(ClientSocket(server.address()).receive_rest());
  server.stop();
  EXPECT_EQ(::kill(process, 0), -1);
}

struct ForeignChild {
  std::atomic<int> exit_code = -1;
};

// A server whose program has a child besides: one that ended long ago and was not waited for.
ServerProcess::Serve serving_beside(ForeignChild* foreign) {
  return [=](Runtime& runtime) {
    pid_t server = ::getpid();
    pid_t child = ::fork();
    if (child == 0) ::_exit(5);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    runtime.serve(Address::loopback(0), echo);
    runtime.on_loop_end([=](const LoopCensus&) {
      int status = 0;
      if (::getpid() == server && ::waitpid(child, &status, WNOHANG) == child)
        foreign->exit_code = WEXITSTATUS(status);
    });
  };
}

// Under process, where the server itself has children, it used to take the end of any child; and
// the system tells of one at a time only, the foreign one first.
TEST_P(Children, of_somebody_else_are_left_to_them) {
  SharedMemory<ForeignChild> foreign;
  ServerProcess server(options(), serving_beside(foreign.get()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ClientSocket(server.address()).exchange("x"), "x");
  EXPECT_TRUE(eventually([&] { return children_of(server.process()).size() <= 1; }));
  server.stop();
  EXPECT_EQ(foreign->exit_code, 5);
}

}  // namespace
}  // namespace duet::test
