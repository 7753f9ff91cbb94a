// Cases in which what happens to one handle of a loop touches others of it, or what is over could
// be reported again: each under every model, within a handler.

#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <ranges>
#include <thread>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/children.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class LoopCases : public ModelTest {
 protected:
  std::string answer_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, LoopCases, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// How the reads of several streams of one loop end.
struct Ends {
  std::vector<Pair> pairs;
  int read = 0, closed = 0, cancelled = 0;

  std::string text() const {
    return std::to_string(read) + " read, " + std::to_string(closed) + " closed, " +
           std::to_string(cancelled) + " cancelled";
  }
};

Task<> make_pairs(Ends& ends, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Pair pair = co_await connected_pair();
    ends.pairs.push_back(std::move(pair));
  }
}

// Called within one turn, so that the readers are ready together.
Task<> write_to_all(Ends& ends) {
  for (Pair& pair : ends.pairs) co_await pair.far.write_all(bytes_of("x"));
}

Task<> read_one(Ends& ends, std::size_t at, bool closes_others) {
  std::array<std::byte, 1> byte;
  try {
    co_await ends.pairs[at].near.read_some(byte);
  } catch (const IoError& error) {
    if (error.code() != Errc::closed) throw;
    ++ends.closed;
    co_return;
  } catch (const Cancelled&) {
    ++ends.cancelled;
    throw;
  }
  ++ends.read;
  if (!closes_others) co_return;
  for (std::size_t i = 0; i < ends.pairs.size(); ++i)
    if (i != at) ends.pairs[i].near.close();
}

Task<> read_all_of(Scope& scope, Ends* ends) {
  for (std::size_t i = 0; i < ends->pairs.size(); ++i)
    scope.spawn([ends, i] { return read_one(*ends, i, true); });
  co_await yield();
  co_await yield();  // they wait
  co_await write_to_all(*ends);
}

// Each read has one end, whoever closes whom while all of them are ready.
Task<std::string> close_others_that_are_ready(Stream&) {
  Ends ends;
  co_await make_pairs(ends, 8);
  co_await scoped(read_all_of, &ends);
  if (ends.read >= 1 && ends.read + ends.closed == 8) co_return "each has one end";
  co_return ends.text();
}

TEST_P(LoopCases, streams_that_are_ready_together_and_close_each_other_end_once_each) {
  EXPECT_EQ(answer_of(close_others_that_are_ready), "each has one end");
}

// Those that nobody reads are ready as well when another task closes them; what is opened then has
// their descriptors, and has got nothing.
Task<std::string> reuse_the_number_of_one_that_is_ready(Stream&) {
  Ends ends;
  co_await make_pairs(ends, 4);
  std::array<std::byte, 1> byte;
  for (Pair& pair : ends.pairs) {  // from now on their readiness is watched
    auto early = co_await as_expected(pair.near.read_some(byte).within(1ms));
    if (early) co_return "read what nobody wrote";
  }
  co_await write_to_all(ends);
  ends.pairs.clear();
  co_await make_pairs(ends, 4);
  for (Pair& pair : ends.pairs) {
    auto early = co_await as_expected(pair.near.read_some(byte).within(5ms));
    if (early || early.error() != Errc::timed_out) co_return "an event of an earlier owner";
  }
  co_await write_to_all(ends);
  for (Pair& pair : ends.pairs) co_await pair.near.read_exact(byte);
  co_return "its own bytes only";
}

TEST_P(LoopCases, what_is_opened_after_one_that_was_ready_gets_no_event_of_it) {
  EXPECT_EQ(answer_of(reuse_the_number_of_one_that_is_ready), "its own bytes only");
}

Task<> close_all_and_cancel(Ends* ends, Scope* scope) {
  for (Pair& pair : ends->pairs) {
    pair.near.close();
    scope->cancel();
  }
  co_return;
}

Task<> end_from_within(Scope& scope, Ends* ends) {
  for (std::size_t i = 0; i < ends->pairs.size(); ++i)
    scope.spawn([ends, i] { return read_one(*ends, i, false); });
  co_await yield();
  co_await yield();
  scope.spawn(close_all_and_cancel, ends, &scope);
}

// A child walks over what its siblings wait for, closes it, and ends them and itself.
Task<std::string> end_siblings(Stream&) {
  Ends ends;
  co_await make_pairs(ends, 8);
  co_await scoped(end_from_within, &ends);
  if (ends.read == 0 && ends.closed + ends.cancelled == 8) co_return "each has one end";
  co_return ends.text();
}

TEST_P(LoopCases, a_child_may_close_what_its_siblings_wait_for_and_cancel_them) {
  EXPECT_EQ(answer_of(end_siblings), "each has one end");
}

// A connection that always has bytes, and room for more.
struct Firehose {
  Pair pair;
  bool is_over = false;
  long reads = 0;
};

Task<> write_for_ever(Firehose* hose) {
  std::vector<std::byte> block(1 << 16);
  while (!hose->is_over) co_await hose->pair.far.write_all(block);
  hose->pair.far.close();
}

Task<> read_for_ever(Firehose* hose) {
  std::array<std::byte, 16> buffer;
  for (;;) {
    std::size_t n = co_await hose->pair.near.read_some(buffer);
    if (n == 0) co_return;
    ++hose->reads;
  }
}

// Gives way before each read, since what is there already need not be waited for.
Task<> exchange(Pair& pair) {
  std::array<std::byte, 1> byte;
  co_await pair.near.write_all(bytes_of("x"));
  co_await yield();
  co_await pair.far.read_exact(byte);
  co_await pair.far.write_all(byte);
  co_await yield();
  co_await pair.near.read_exact(byte);
}

// The most reads of the firehose while one of the others had its four waits.
Task<> exchange_beside(Ends* others, Firehose* hose, long* most) {
  for (int round = 0; round < 5; ++round) {
    for (Pair& pair : others->pairs) {
      long before = hose->reads;
      co_await exchange(pair);
      *most = std::max(*most, hose->reads - before);
    }
  }
  hose->is_over = true;
}

// A task has 128 awaits in a turn; each of an exchange's four waits takes the turn that it is in
// and, at the most, one in which the engine reports it and one in which it runs.
Task<std::string> serve_beside_a_firehose(Stream&) {
  constexpr long reads_max = 4 * 3 * 128L;
  Ends others;
  co_await make_pairs(others, 20);
  Pair pair = co_await connected_pair();
  Firehose hose{.pair = std::move(pair)};
  long most = 0;
  co_await all(write_for_ever(&hose), read_for_ever(&hose), exchange_beside(&others, &hose, &most));
  if (most <= reads_max) co_return "nobody is delayed";
  co_return std::to_string(most) + " reads of another";
}

TEST_P(LoopCases, a_connection_that_never_stops_delays_others_by_no_more_than_its_turns) {
  EXPECT_EQ(answer_of(serve_beside_a_firehose), "nobody is delayed");
}

template <class T>
std::string said(const std::expected<T, std::error_code>& result) {
  if (!result) return result.error().message();
  if constexpr (!std::is_void_v<T>) return std::to_string(*result);
  return "done";
}

// After the reset there is nothing to read or to write, and nobody waits for it.
Task<std::string> go_on_after_a_reset(Stream&) {
  Pair pair = co_await connected_pair();
  pair.far.reset_at_close(true);
  pair.far.close();
  std::array<std::byte, 1> byte;
  auto first = co_await as_expected(pair.near.read_some(byte).within(5s));
  auto second = co_await as_expected(pair.near.read_some(byte).within(5s));
  auto third = co_await as_expected(pair.near.read_some(byte).within(5s));
  auto write = co_await as_expected(pair.near.write_some(bytes_of("x")).within(5s));
  co_return said(first) + ", " + said(second) + ", " + said(third) + ", " + said(write);
}

TEST_P(LoopCases, a_stream_that_was_reset_has_no_more_bytes_and_takes_none) {
  EXPECT_EQ(answer_of(go_on_after_a_reset), "Connection reset by peer, 0, 0, Broken pipe");
}

Task<std::string> listen_without_backlog(Stream&) {
  Listener::Options options;
  options.backlog = 0;
  Listener listener(Address::loopback(0), options);
  for (int i = 0; i < 3; ++i) {
    Stream near = co_await connect(listener.local());
    Accepted accepted = co_await listener.accept().within(5s);
    Pair pair(std::move(near), Stream(Loop::current(), std::move(accepted)));
    co_await exchange(pair);
  }
  co_return "accepted";
}

TEST_P(LoopCases, a_listener_with_a_backlog_of_0_accepts_one_after_the_other) {
  EXPECT_EQ(answer_of(listen_without_backlog), "accepted");
}

// A signal handler without SA_RESTART interrupts the thread again and again while this lives.
class Interruptions {
 public:
  Interruptions() : thread_(::pthread_self()) {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR2, &action, &before_);
    interrupter_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        ::pthread_kill(thread_, SIGUSR2);
        std::this_thread::sleep_for(100us);
      }
    });
  }
  ~Interruptions() {
    interrupter_ = {};
    ::sigaction(SIGUSR2, &before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  const pthread_t thread_;
  struct sigaction before_{};
  std::jthread interrupter_;
};

Task<> connect_later(Listener* listener) {
  co_await sleep_for(3ms);
  Stream stream = co_await connect(listener->local());
  co_await sleep_for(3ms);
  co_await stream.write_all(bytes_of("x"));
}

Task<> accept_and_read(Listener* listener) {
  Accepted accepted = co_await listener->accept();
  Stream stream(Loop::current(), std::move(accepted));
  std::array<std::byte, 1> byte;
  co_await stream.read_exact(byte);
}

Task<std::string> wait_while_interrupted(Stream&) {
  Interruptions interruptions;
  for (int i = 0; i < 5; ++i) {
    Listener listener(Address::loopback(0));
    co_await all(accept_and_read(&listener), connect_later(&listener));
  }
  std::string end = co_await outcome_of(shell("sleep 0.02; printf x"));
  co_return end;
}

TEST_P(LoopCases, waits_that_a_signal_handler_interrupts_go_on) {
  EXPECT_EQ(answer_of(wait_while_interrupted), "x|exit code 0");
}

// The order to stop may come before there is anything to stop, as from a signal's thread.
TEST_P(LoopCases, a_runtime_that_is_stopped_before_it_runs_ends_at_once) {
  ServerProcess server(options(), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), echo);
    runtime.stop();
  });
  EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace duet::test
