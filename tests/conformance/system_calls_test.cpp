// The price of a message under the blocking engine is the two calls that a hand-written server
// makes, even with a deadline on each wait.

#include "support/system_calls.hpp"

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/sanitizer.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

std::vector<ModelCase> blocking_cases() {
  std::vector<ModelCase> cases = model_cases();
  std::erase_if(cases,
                [](const ModelCase& model) { return !model.blocks() || model.is_one_at_a_time(); });
  return cases;
}

class SystemCalls : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, SystemCalls, testing::ValuesIn(blocking_cases()), name_of<ModelCase>);

constexpr Duration idle_time = 60s;

Task<> echo_unless_idle(Stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer).within(idle_time);
    if (n == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(n));
  }
}

void echo_unless_idle_in_fiber(Stream peer) {
  std::array<std::byte, 4096> buffer;
  while (std::size_t n = wait(peer.read_some(buffer).within(idle_time)))
    wait(peer.write_all(std::span(buffer).first(n)));
}

class CallbackEchoUnlessIdle {
 public:
  explicit CallbackEchoUnlessIdle(Stream peer) : peer_(std::move(peer)) { read(); }

 private:
  void read() {
    start(peer_.read_some(buffer_).within(idle_time), [this](auto count) {
      if (count && *count > 0) write(*count);
    });
  }
  void write(std::size_t count) {
    start(peer_.write_all(std::span(buffer_).first(count)), [this](auto sent) {
      if (sent) read();
    });
  }

  Stream peer_;
  std::array<std::byte, 4096> buffer_;
};

// The thread that runs the connection: not the acceptor's.
pid_t thread_of_connection(pid_t server) {
  if (std::vector<pid_t> children = children_of(server); !children.empty()) return children[0];
  std::vector<pid_t> threads = threads_of(server);
  std::erase(threads, server);
  return threads.at(0);
}

long calls_of(const Options& options, const ServerProcess::Serve& serve, int messages) {
  ServerProcess server(options, serve);
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  return system_calls_of(thread_of_connection(server.process()), [&] {
    for (int i = 0; i < messages; ++i) client.exchange("x");
  });
}

TEST_P(SystemCalls, are_two_for_each_message_with_an_idle_deadline_however_it_is_written) {
  if (has_thread_sanitizer) GTEST_SKIP() << not_here("ThreadSanitizer has threads of its own");
  constexpr int messages = 200;
  std::vector<ServerProcess::Serve> ways = {serving(echo_unless_idle)};
  // Each start takes memory, for which AddressSanitizer makes calls of its own.
  if (!has_sanitizer) ways.push_back(serving(by_callbacks<CallbackEchoUnlessIdle>));
  if (sys::has_fibers()) ways.push_back(serving(echo_unless_idle_in_fiber));
  for (const ServerProcess::Serve& way : ways) {
    try {
      EXPECT_EQ(calls_of(options(), way, messages), 2 * messages) << "way " << &way - &ways[0];
    } catch (const IoError& refusal) {
      GTEST_SKIP() << not_here(refusal.what());
    }
  }
}

}  // namespace
}  // namespace duet::test
