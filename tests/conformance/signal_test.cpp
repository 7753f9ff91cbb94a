// Signals that handlers await, beside those that the runtime takes; and signals that come so often
// that they would disturb everything else.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/sanitizer.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

// The signals are made in the test's process and outlive the server, which is forked from it: all
// of them are what they would be if the server's main had made them.
class SignalsOfServer : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, SignalsOfServer, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> tell_next(Stream peer, Signals* signals) {
  SignalWatch watch(*signals);
  co_await peer.write_all(bytes_of(std::string_view(".")));
  Signal signal = co_await watch.next();
  std::string text = std::to_string(static_cast<int>(signal));
  co_await peer.write_all(bytes_of(text));
}

// The process that serves the only connection.
pid_t process_of_handler(const ServerProcess& server) {
  std::vector<pid_t> children = children_of(server.process());
  return children.empty() ? server.process() : children[0];
}

TEST_P(SignalsOfServer, reach_the_handler_that_waits_for_them) {
  Signals signals({Signal::user1});
  ServerProcess server(options(), serving(tell_next, &signals));
  ClientSocket client(server.address());
  EXPECT_EQ(client.receive(1), ".");
  ::kill(process_of_handler(server), SIGUSR1);
  EXPECT_EQ(client.receive_rest(), std::to_string(SIGUSR1));
}

TEST_P(SignalsOfServer, reach_every_handler_that_waits_for_them) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  if (model().forks())
    GTEST_SKIP() << refused("each connection has the signals of its own process",
                            "SignalsOfServer.reach_the_handler_that_waits_for_them");
  Options options = this->options();
  if (model().has_workers()) options.workers = 2;
  Signals signals({Signal::user1});
  ServerProcess server(options, serving(tell_next, &signals));
  std::vector<std::unique_ptr<ClientSocket>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<ClientSocket>(server.address()));
    EXPECT_EQ(clients.back()->receive(1), ".");
  }
  ::kill(process_of_handler(server), SIGUSR1);
  for (auto& client : clients) EXPECT_EQ(client->receive_rest(), std::to_string(SIGUSR1));
}

Task<> watch_beside_reading(Stream peer, Signals* signals) {
  SignalWatch watch(*signals);
  co_await echo(std::move(peer));
}

TEST_P(SignalsOfServer, leave_its_end_to_the_runtime) {
  Signals signals({Signal::user1});
  ServerProcess server(options(), serving(watch_beside_reading, &signals));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  server.drain();
  EXPECT_EQ(client.receive_rest(), "");
  server.stop();
}

TEST_P(SignalsOfServer, that_the_runtime_takes_cannot_be_taken_before) {
  try {
    Signals signals({Signal::terminate});
    ServerProcess server(options(), serving(watch_beside_reading, &signals));
    ADD_FAILURE() << "it serves, and who gets the signal is left to chance";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("take SIGTERM: Device or resource busy"),
              std::string::npos)
        << error.what();
  }
}

Task<> take_signals(SignalWatch& watch, long& taken) {
  for (;;) {
    co_await watch.next();
    ++taken;
  }
}

Task<> write_block(Stream& stream, std::string_view block) {
  co_await stream.write_all(bytes_of(block));
}

Task<> read_block(Stream& stream, std::string& block) {
  co_await stream.read_exact(std::as_writable_bytes(std::span(block)));
}

Task<> transfer_until(const bool& is_over, bool& is_whole) {
  Pair pair = co_await connected_pair();
  std::string sent = pattern(std::size_t{256} << 10);
  is_whole = true;
  while (!is_over) {
    std::string received(sent.size(), ' ');
    co_await all(write_block(pair.near, sent), read_block(pair.far, received));
    is_whole = is_whole && received == sent;
  }
}

// The slip in the middle: a storm that holds up deadlines holds up each, a busy machine some.
Task<> keep_deadlines(Duration& slip, bool& is_over) {
  std::array<Duration, 5> slips;
  for (Duration& each : slips) {
    TimePoint start = Clock::now();
    co_await sleep_for(200ms);
    each = Clock::now() - start - 200ms;
  }
  std::ranges::sort(slips);
  slip = slips[slips.size() / 2];
  is_over = true;
}

// What a handler has to say of its I/O and its deadlines, which may slip by a tenth: "whole, in
// time". Under a sanitizer the processor is too slow to tell.
Task<std::string> work_in_a_storm() {
  bool is_whole = false;
  bool is_over = false;
  Duration slip{};
  co_await all(transfer_until(is_over, is_whole), keep_deadlines(slip, is_over));
  std::string text = is_whole ? "whole, " : "cut, ";
  auto slip_us = std::chrono::duration_cast<std::chrono::microseconds>(slip).count();
  bool is_in_time = static_cast<double>(slip_us) <= machine_load() * 20'000;
  if (is_in_time || has_sanitizer) co_return text + "in time";
  co_return text + "late by " + std::to_string(slip_us) + " us";
}

Task<> work_and_watch(Scope& scope, Stream& peer, Signals& signals) {
  SignalWatch watch(signals);
  long taken = 0;
  scope.spawn(take_signals(watch, taken));
  co_await peer.write_all(bytes_of(std::string_view(".")));
  std::string text = co_await work_in_a_storm();
  // Those of one turn of the loop count once, and a sanitizer's turns are long.
  text += taken > 10 ? ", many signals" : ", signals: " + std::to_string(taken);
  co_await peer.write_all(bytes_of(text));
  scope.cancel();
  co_await scope.join();
}

Task<> work_beside_signals(Stream peer, Signals* signals) {
  co_await scoped(work_and_watch, std::ref(peer), std::ref(*signals));
}

// Ten thousand a second, until the handler answers.
std::string answer_in_a_storm(const ServerProcess& server, int signal) {
  ClientSocket client(server.address());
  EXPECT_EQ(client.receive(1), ".");
  pid_t process = process_of_handler(server);
  TimePoint start = Clock::now();
  long sent = 0;
  while (!client.is_answered_within(500us))
    for (auto due = (Clock::now() - start) / 100us; sent < due; ++sent) ::kill(process, signal);
  return client.receive_rest();
}

TEST_P(SignalsOfServer, that_come_in_a_storm_disturb_neither_transfers_nor_deadlines) {
  Signals signals({Signal::user1});
  ServerProcess server(options(), serving(work_beside_signals, &signals));
  EXPECT_EQ(answer_in_a_storm(server, SIGUSR1), "whole, in time, many signals");
}

void do_nothing(int) {}

Task<> work_alone(Stream peer) {
  co_await peer.write_all(bytes_of(std::string_view(".")));
  std::string text = co_await work_in_a_storm();
  co_await peer.write_all(bytes_of(text));
}

// Each interrupts whatever call a thread is in.
TEST_P(SignalsOfServer, with_a_handler_of_the_programs_disturb_nothing_either) {
  ServerProcess server(options(), [](Runtime& runtime) {
    struct sigaction action{};
    action.sa_handler = do_nothing;
    ::sigaction(SIGUSR1, &action, nullptr);
    runtime.serve(Address::loopback(0), work_alone);
  });
  EXPECT_EQ(answer_in_a_storm(server, SIGUSR1), "whole, in time");
}

}  // namespace
}  // namespace duet::test
