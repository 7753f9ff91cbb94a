// What a handler of requests may rely on: its failures become answers and hurt nobody else, bodies
// may be left, and an answer that it has begun is finished.

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <stdexcept>

#include <fmt/format.h>

#include "conformance/http_probe.hpp"
#include "duet/loop/sleep.hpp"
#include "support/dialogue.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::Response;

class HttpHandler : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, HttpHandler, testing::ValuesIn(model_cases()), name_of<ModelCase>);

http::ServeOptions any_body() {
  http::ServeOptions limits;
  limits.body_bytes_max = UINT64_MAX;
  return limits;
}

void expect_log(const ServerProcess& server, std::string_view text) {
  EXPECT_NE(server.log().find(text), std::string::npos) << text << "\nis not in\n" << server.log();
}

// Fails by its path.
Task<Response> fail(Request request) {
  std::string_view path = request.path();
  if (path == "/conflict") throw http::Error(409, "somebody else has it");
  if (path == "/number") throw 42;
  if (path == "/mistake") throw std::runtime_error("a secret of the handler");
  co_return Response::text("fine");
}

TEST_P(HttpHandler, its_http_error_is_answered_with_that_status) {
  ServerProcess server(options(), serving_http(any_body(), fail));
  HttpClient client(server.address());
  Answer answer = client.ask(get("/conflict"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_NE(answer.body.find("somebody else has it"), std::string::npos) << answer.body;
  EXPECT_EQ(client.ask(get("/")).body, "fine");
  server.stop();
  EXPECT_EQ(server.log(), "");
}

TEST_P(HttpHandler, its_exception_is_500_and_a_line_in_the_log) {
  ServerProcess server(options(), serving_http(any_body(), fail));
  HttpClient client(server.address());
  Answer answer = client.ask(get("/mistake"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos) << answer.body;
  EXPECT_EQ(client.ask(get("/")).body, "fine");
  std::string peer = client.socket().local().text();
  server.stop();
  expect_log(server, peer);
  expect_log(server, "GET /mistake HTTP/1.1");
  expect_log(server, "a secret of the handler");
}

TEST_P(HttpHandler, its_exception_of_any_type_is_500) {
  ServerProcess server(options(), serving_http(any_body(), fail));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/number")).status, 500);
  EXPECT_EQ(client.ask(get("/")).body, "fine");
  server.stop();
  expect_log(server, "GET /number HTTP/1.1");
}

TEST_P(HttpHandler, its_failures_hurt_no_other_connection) {
  ServerProcess server(options(), serving_http(any_body(), fail));
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  HttpClient other(server.address());
  EXPECT_EQ(other.ask(get("/")).body, "fine");
  for (int i = 0; i < 10; ++i) {
    HttpClient client(server.address());
    EXPECT_EQ(client.ask(get("/mistake")).status, 500);
  }
  EXPECT_EQ(other.ask(get("/")).body, "fine");
}

TEST_P(HttpHandler, may_leave_a_small_body_unread) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  HttpClient client(server.address());
  for (std::size_t size : {1U, 4096U, 65'536U}) {
    std::string head =
        fmt::format("POST /leave HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", size);
    EXPECT_EQ(client.ask(head + pattern(size)).body, "left") << size;
  }
  EXPECT_EQ(client.ask(get("/")).body, "OK");
}

Task<Response> large_text(Request) { co_return Response::text(pattern(1U << 20)); }

// The connection is closed with bytes of the client on their way, which must not reset it before
// the client has the answer.
TEST_P(HttpHandler, may_leave_a_large_body_unread) {
  ServerProcess server(options(), serving_http(any_body(), large_text));
  std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n";
  bytes += pattern(250'000);
  std::vector<Dialogue> dialogues(1, {bytes, {}});
  carry_out(dialogues, server.address(), 1);
  Answer answer = *take_answer(dialogues[0].received, Asked::any, true);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(answer.body == pattern(1U << 20));
}

// The path says which; 1xx would leave the client waiting for the answer behind it.
Task<Response> of_status(Request request) {
  int status = std::stoi(std::string(request.path().substr(1)));
  if (request.query() == "thrown") throw http::Error(status, "thrown");
  if (request.query() == "stream") {
    auto send = [](http::BodyWriter& out) { return out.write("streamed"); };
    co_return Response::stream("text/plain", std::move(send)).status(status);
  }
  co_return Response::text("returned").status(status);
}

TEST_P(HttpHandler, its_status_that_is_none_is_500_and_a_line_in_the_log) {
  ServerProcess server(options(), serving_http(any_body(), of_status));
  HttpClient client(server.address());
  for (const char* how : {"", "?thrown", "?stream"})
    for (int status : {100, 101, 199, 0, -1, 1000})
      EXPECT_EQ(client.ask(get(fmt::format("/{}{}", status, how))).status, 500) << status << how;
  EXPECT_EQ(client.ask(get("/299")).body, "returned");
  server.stop();
  expect_log(server, "an answer of status 101");
  expect_log(server, "an error of status 1000: thrown");
}

TEST_P(HttpHandler, answers_205_with_an_empty_body) {
  ServerProcess server(options(), serving_http(any_body(), of_status));
  HttpClient client(server.address());
  for (const char* target : {"/205", "/205?stream"}) {
    Answer answer = client.ask(get(target));
    EXPECT_EQ(answer.status, 205);
    EXPECT_EQ(answer.field("Content-Length"), "0");
    EXPECT_EQ(answer.body, "");
  }
}

Task<> write_with_room(http::BodyWriter& out) {
  out.room();
  co_return;
}

Task<Response> misuse_room(Request request) {
  if (request.path() == "/") co_return Response::text("fine");
  co_return Response::stream("text/plain", write_with_room);
}

// A mistake that ended the process would end the answers to everybody else.
TEST_P(HttpHandler, its_use_of_room_without_a_length_ends_its_answer_alone) {
  ServerProcess server(options(), serving_http(any_body(), misuse_room));
  ClientSocket client(server.address());
  client.send(get("/room"));
  client.receive_rest();
  client.close();
  EXPECT_EQ(HttpClient(server.address()).ask(get("/")).body, "fine");
  server.stop();
  expect_log(server, "room() of a body whose length was not given");
}

Task<Response> without_body(Request request) {
  int status = request.path() == "/204" ? 204 : 304;
  co_return Response::text("not to be sent").status(status);
}

TEST_P(HttpHandler, answers_204_and_304_without_a_body) {
  ServerProcess server(options(), serving_http(any_body(), without_body));
  HttpClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    Answer answer = client.ask(get("/204"));
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.field("Content-Length"), "");
    EXPECT_EQ(client.ask(get("/304")).status, 304);
  }
}

unsigned data_segments_received(ClientSocket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_data_segs_in;
}

TEST_P(HttpHandler, answers_requests_of_one_segment_in_one_segment) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/")).body, "OK");
  unsigned before = data_segments_received(client.socket());
  std::string requests;
  for (int i = 0; i < 16; ++i) requests += get("/");
  client.send(requests);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(client.receive().body, "OK");
  EXPECT_EQ(data_segments_received(client.socket()) - before, 1U);
}

struct Gate {
  std::atomic<bool> is_reached;
  std::atomic<bool> is_open;
};

Task<Response> wait_at(Request, Gate* gate) {
  gate->is_reached = true;
  while (!gate->is_open) co_await sleep_for(1ms);
  co_return Response::text("finished");
}

bool refuses_connections(const Address& address) {
  try {
    ClientSocket late(address);
    return false;
  } catch (const IoError&) {
    return true;
  }
}

TEST_P(HttpHandler, finishes_its_answer_under_a_drain_and_says_that_it_is_the_last) {
  SharedMemory<Gate> gate;
  ServerProcess server(options(), serving_http(any_body(), wait_at, gate.get()));
  HttpClient client(server.address());
  client.send(get("/"));
  EXPECT_TRUE(eventually([&] { return gate->is_reached.load(); }));
  server.drain();
  EXPECT_TRUE(eventually([&] { return refuses_connections(server.address()); }));
  gate->is_open = true;
  Answer answer = client.receive();
  EXPECT_EQ(answer.body, "finished");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.ends());
}

}  // namespace
}  // namespace duet::test
