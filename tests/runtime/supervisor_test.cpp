// What the supervisor does when it cannot go on.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "duet/net/listener.hpp"
#include "duet/runtime/sharded.hpp"
#include "support/client_socket.hpp"
#include "support/server_process.hpp"
#include "sys/call.hpp"

namespace duet::test {
namespace {

Options under(const char* model) {
  Options options;
  options.model = model;
  return options;
}

Task<> echo(Stream peer) {
  std::array<std::byte, 1> byte;
  for (;;) {
    std::size_t n = co_await peer.read_some(byte);
    if (n == 0) co_return;
    co_await peer.write_all(byte);
  }
}

// Puts a folder, which is always ready and cannot be read, in place of the server's signalfd(2).
Task<> break_signals(Stream peer) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own
    if (std::filesystem::read_symlink(entry, gone) != "anon_inode:[signalfd]") continue;
    int folder = static_cast<int>(sys::checked(::open("/", O_RDONLY | O_CLOEXEC), "open"));
    ::dup2(folder, std::stoi(entry.path().filename()));
    ::close(folder);
  }
  Task<> going_on = echo(std::move(peer));
  co_await std::move(going_on);
}

// poll(2) looks at each descriptor anew, and so at the one that is there now.
TEST(Supervisor, ends_the_server_with_an_error_when_it_cannot_take_signals_any_more) {
  ServerProcess server(under("poll"), serving(break_signals));
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive(1), "x") << "connections end as in any drain";
  client.close();
  int status = server.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(server.log().find("cannot take signals any more, so the server ends: "),
            std::string::npos)
      << server.log();
  EXPECT_NE(server.log().find("server: receive from the signalfd: Is a directory"),
            std::string::npos)
      << server.log();
}

void serve_with_a_log_that_cannot_be_opened(Runtime& runtime) {
  runtime.serve(Address::loopback(0), echo);
  runtime.on_hang_up([] { throw std::runtime_error("no such log"); });
}

class SupervisorUnder : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, SupervisorUnder,
                         testing::Values("single", "process", "thread", "pool", "poll", "epoll"),
                         [](const auto& model) { return std::string(model.param); });

// Under process nobody tells of the children's ends then: they are asked.
TEST_P(SupervisorUnder, ends_the_server_with_an_error_when_the_action_for_a_hang_up_fails) {
  ServerProcess server(under(GetParam()), serve_with_a_log_that_cannot_be_opened);
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive(1), "x");
  ::kill(server.process(), SIGHUP);
  int status = server.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(server.log().find("so the server ends: no such log"), std::string::npos)
      << server.log();
}

class SharedSocket : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, SharedSocket,
                         testing::Values("spin", "select", "signal", "poll", "epoll", "uring"),
                         [](const auto& model) { return std::string(model.param); });

// Their descriptors have one mode, which the first worker that ended gave back while another one
// was about to accept: that call never returned.
TEST_P(SharedSocket, ends_all_workers_at_once) {
  std::string path = testing::TempDir() + "duet_shared_" + std::to_string(::getpid());
  Options options = under(GetParam());
  options.workers = 2;
  for (int round = 0; round < 10; ++round) {
    ServerProcess server(options, [&](Runtime& runtime) { runtime.serve("unix:" + path, echo); });
    ClientSocket client(server.address());
    client.send("x");
    EXPECT_EQ(client.receive(1), "x");
  }
}

// One for each worker; the second cannot be made.
struct Shard {
  static int check_number() {
    static std::atomic<int> made = 0;
    if (++made == 2) throw std::runtime_error("no second shard");
    return made;
  }
  int number = check_number();
  Listener handle{Address::loopback(0)};  // the first worker's, whose loop runs already
};

Task<> echo_beside(Stream peer, Sharded<Shard>) {
  Task<> serving_it = echo(std::move(peer));
  co_await std::move(serving_it);
}

TEST(Supervisor, closes_the_shards_there_are_when_a_worker_cannot_start) {
  Options options = under("poll");
  options.workers = 2;
  Runtime runtime(options);
  runtime.serve(Address::loopback(0), echo_beside, Sharded<Shard>());
  try {
    runtime.run();
    ADD_FAILURE() << "it runs";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no second shard");
  }
}

}  // namespace
}  // namespace duet::test
