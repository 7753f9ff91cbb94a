// Signal-driven I/O when the queue of signals is full: the kernel says so by one SIGIO, and which
// connections are ready has to be found out.

#include <sys/resource.h>

#include <vector>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

class SignalQueue : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, SignalQueue, testing::Values(ModelCase{"signal", "signal", {}}),
                         name_of<ModelCase>);

TEST_P(SignalQueue, that_is_full_stalls_no_connection) {
  ServerProcess server(options(), [](Runtime& runtime) {
    rlimit limit{.rlim_cur = 8, .rlim_max = 8};
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &limit), 0);
    runtime.serve(Address::loopback(0), echo);
  });
  std::vector<ClientSocket> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(server.address());
  const int rounds = scaled(50, 5);
  for (int round = 0; round < rounds; ++round) {
    for (ClientSocket& client : clients) client.send("abc");
    for (ClientSocket& client : clients) EXPECT_EQ(client.receive(3), "abc");
  }
}

}  // namespace
}  // namespace duet::test
