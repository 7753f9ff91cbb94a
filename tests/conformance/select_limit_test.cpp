// select(2) cannot wait for descriptors from FD_SETSIZE on. A connection that gets one is refused
// with a sentence, and the server serves on.

#include <fcntl.h>
#include <sys/select.h>

#include <vector>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "sys/fd.hpp"

namespace duet::test {
namespace {

// Holds all numbers that select(2) can wait for, while its connection is open.
Task<> use_up_low_numbers(Stream peer) {
  std::vector<sys::Fd> held;
  do {
    held.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
  } while (held.back().get() < FD_SETSIZE);
  std::array<std::byte, 1> byte;
  co_await peer.write_all(bytes_of("held"));
  co_await as_expected(peer.read_exact(byte));
}

class SelectLimit : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, SelectLimit,
                         testing::Values(ModelCase{"select", "select", {}},
                                         ModelCase{"thread_select", "thread", "select"}),
                         name_of<ModelCase>);

TEST_P(SelectLimit, a_connection_beyond_it_is_closed_and_logged_and_others_are_served) {
  ServerProcess server(options(), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), use_up_low_numbers);
    runtime.serve(Address::loopback(0), echo);
  });
  ClientSocket before(server.address(1));
  EXPECT_EQ(before.exchange("before"), "before");
  ClientSocket holder(server.address(0));
  EXPECT_EQ(holder.receive(4), "held");
  ClientSocket refused(server.address(1));
  EXPECT_EQ(refused.receive_rest(), "");
  EXPECT_EQ(before.exchange("during"), "during");
  holder.finish();
  EXPECT_EQ(holder.receive_rest(), "");
  ClientSocket after(server.address(1));
  EXPECT_EQ(after.exchange("after"), "after");
  EXPECT_NE(server.log().find("FD_SETSIZE"), std::string::npos) << server.log();
  EXPECT_NE(server.log().find("poll, epoll and uring can"), std::string::npos) << server.log();
}

}  // namespace
}  // namespace duet::test
