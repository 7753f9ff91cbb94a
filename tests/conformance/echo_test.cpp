// Bytes come back, however they are cut, and connections end as their peers say.

#include <unistd.h>

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

class Echo : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Echo, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> echo_byte_by_byte(Stream peer) {
  std::array<std::byte, 1> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);
    if (n == 0) co_return;
    co_await peer.write_all(buffer);
  }
}

Task<> greet_and_finish(Stream peer) {
  co_await peer.write_all(bytes_of("hello"));
  peer.finish();
  std::array<std::byte, 4096> buffer;
  std::size_t count = 0;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);
    if (n == 0) break;
    count += n;
  }
  if (count != 100'000) throw std::runtime_error("bytes were lost after our side's end");
}

TEST_P(Echo, gives_back_one_byte_to_16_mib) {
  ServerProcess server(options(), serving(echo));
  for (std::size_t size : {1U, 2U, 4095U, 4096U, 4097U, 65536U, 1U << 20, 16U << 20}) {
    ClientSocket client(server.address());
    std::string bytes = pattern(size);
    EXPECT_TRUE(client.exchange(bytes) == bytes) << size << " bytes";
  }
}

TEST_P(Echo, answers_each_message_of_a_conversation) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  for (int i = 0; i < scaled(1000, 10); ++i) {
    std::string message = std::to_string(i);
    ASSERT_EQ(client.exchange(message), message);
  }
}

TEST_P(Echo, reads_a_byte_at_a_time) {
  ServerProcess server(options(), serving(echo_byte_by_byte));
  ClientSocket client(server.address());
  std::string bytes = pattern(static_cast<std::size_t>(scaled(20'000, 1000)));
  EXPECT_TRUE(client.exchange(bytes) == bytes);
}

TEST_P(Echo, serves_one_connection_after_another_on_the_same_descriptor_numbers) {
  ServerProcess server(options(), serving(echo));
  for (int i = 0; i < scaled(300, 30); ++i) {
    std::string message = pattern(100, static_cast<unsigned>(i));
    ClientSocket client(server.address());
    ASSERT_EQ(client.exchange(message), message);
  }
}

TEST_P(Echo, ends_when_the_peer_closes_first) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  client.close();
  server.stop();
  EXPECT_EQ(server.log(), "");
}

TEST_P(Echo, sees_data_and_the_end_that_come_together) {
  ServerProcess server(options(), serving(echo));
  for (std::size_t size : {0U, 1U, 4096U, 5000U, 100'000U}) {
    ClientSocket client(server.address());
    std::string bytes = pattern(size);
    client.send_and_finish(bytes);
    EXPECT_TRUE(client.receive_rest() == bytes) << size << " bytes";
  }
}

TEST_P(Echo, sends_after_the_peer_has_ended_its_side) {
  ServerProcess server(options(), serving(count_bytes));
  ClientSocket client(server.address());
  client.send(pattern(100'000));
  client.finish();
  EXPECT_EQ(client.receive_rest(), "100000");
}

TEST_P(Echo, receives_after_it_has_ended_its_own_side) {
  ServerProcess server(options(), serving(greet_and_finish));
  ClientSocket client(server.address());
  EXPECT_EQ(client.receive_rest(), "hello");
  client.send_and_finish(pattern(100'000));
  server.stop();
  EXPECT_EQ(server.log(), "");
}

TEST_P(Echo, goes_on_after_urgent_data_in_mid_stream) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("before"), "before");
  client.send("abc");
  client.send_urgent('!');  // out of line: read_some never sees it
  client.send("def");
  EXPECT_EQ(client.receive(6), "abcdef");
  EXPECT_EQ(client.exchange("after"), "after");
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
}

TEST_P(Echo, works_over_ipv6) {
  ServerProcess server(options(), [](Runtime& runtime) { runtime.serve("[::1]:0", echo); });
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("six"), "six");
}

TEST_P(Echo, works_over_a_unix_socket_and_removes_its_name) {
  std::string path = testing::TempDir() + "duet_echo_" + std::to_string(::getpid());
  {
    ServerProcess server(options(), [&](Runtime& runtime) { runtime.serve("unix:" + path, echo); });
    ClientSocket client(server.address());
    std::string bytes = pattern(1 << 20);
    EXPECT_TRUE(client.exchange(bytes) == bytes);
  }
  EXPECT_EQ(::access(path.c_str(), F_OK), -1);
}

}  // namespace
}  // namespace duet::test
