// Bodies that are streamed, to the client and back: at the pace of the slower side, in little
// memory, and so that what is not whole can be seen not to be.

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "conformance/http_probe.hpp"
#include "support/dialogue.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using http::BodyWriter;
using http::Request;
using http::Response;

class HttpStream : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, HttpStream, testing::ValuesIn(model_cases()), name_of<ModelCase>);

http::ServeOptions any_body() {
  http::ServeOptions limits;
  limits.body_bytes_max = UINT64_MAX;
  return limits;
}

// What is promised, and what is then written.
struct Streamed {
  std::optional<std::uint64_t> length;
  std::size_t written = 0;
  bool throws = false;
};

Task<> write_stream(BodyWriter& out, Streamed stream) {
  std::string bytes = pattern(stream.written);
  for (std::string_view left = bytes; !left.empty();) {
    std::string_view piece = left.substr(0, 10'000);
    co_await out.write(piece);
    left.remove_prefix(piece.size());
  }
  if (stream.throws) throw std::runtime_error("the source is gone");
}

Task<Response> send_stream(Request, Streamed stream) {
  auto send = [stream](BodyWriter& out) { return write_stream(out, stream); };
  co_return Response::stream("text/plain", std::move(send), stream.length);
}

const std::string old_request = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";

TEST_P(HttpStream, of_known_length_arrives_whole) {
  ServerProcess server(options(),
                       serving_http(any_body(), send_stream, Streamed{1'000'000, 1'000'000}));
  HttpClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    Answer answer = client.ask(get("/"));
    EXPECT_EQ(answer.field("Content-Length"), "1000000");
    EXPECT_EQ(answer.field("Transfer-Encoding"), "");
    EXPECT_TRUE(answer.body == pattern(1'000'000));
  }
}

TEST_P(HttpStream, of_unknown_length_comes_in_chunks) {
  ServerProcess server(options(), serving_http(any_body(), send_stream, Streamed{{}, 1'000'000}));
  HttpClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    Answer answer = client.ask(get("/"));
    EXPECT_EQ(answer.field("Content-Length"), "");
    EXPECT_EQ(answer.field("Transfer-Encoding"), "chunked");
    EXPECT_TRUE(answer.body == pattern(1'000'000));
  }
}

TEST_P(HttpStream, may_be_empty) {
  for (Streamed nothing : {Streamed{0, 0}, Streamed{{}, 0}}) {
    ServerProcess server(options(), serving_http(any_body(), send_stream, nothing));
    HttpClient client(server.address());
    EXPECT_EQ(client.ask(get("/")).body, "");
    EXPECT_EQ(client.ask(get("/")).body, "");
  }
}

TEST_P(HttpStream, of_unknown_length_comes_to_version_1_0_until_the_connection_closes) {
  ServerProcess server(options(), serving_http(any_body(), send_stream, Streamed{{}, 1'000'000}));
  HttpClient client(server.address());
  Answer answer = client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.field("Transfer-Encoding"), "");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(answer.body == pattern(1'000'000));
}

// The server closes when it has waited a while for the client to do so; what the kernel still has
// must not be lost by that.
TEST_P(HttpStream, of_unknown_length_arrives_whole_where_it_is_read_late) {
  ServerProcess server(options(), serving_http(any_body(), send_stream, Streamed{{}, 1'000'000}));
  std::size_t descriptors = descriptors_of(server.process()).size();
  HttpClient client(server.address());
  client.send(old_request);
  EXPECT_TRUE(client.socket().is_answered_within(patience));
  EXPECT_TRUE(eventually([&] {
    return children_of(server.process()).empty() &&
           descriptors_of(server.process()).size() <= descriptors;
  }));
  EXPECT_TRUE(client.receive().body == pattern(1'000'000));
}

// The client must be able to tell: what comes is shorter than was said, has no last chunk, or is
// cut by a reset.
TEST_P(HttpStream, that_fails_does_not_look_whole) {
  for (Streamed wrong : {Streamed{1'000'000, 999'999}, Streamed{1'000'000, 50'000, true},
                         Streamed{{}, 50'000, true}, Streamed{{}, 10, true}, Streamed{10, 9}})
    for (const std::string& request : {get("/"), old_request}) {
      ServerProcess server(options(), serving_http(any_body(), send_stream, wrong));
      HttpClient client(server.address());
      EXPECT_ANY_THROW(client.ask(request)) << request;
      server.stop();
      EXPECT_NE(server.log(), "");
    }
}

// The client may have all that was promised by then, and must not take the rest for an answer.
TEST_P(HttpStream, that_is_longer_than_promised_ends_the_connection) {
  ServerProcess server(options(),
                       serving_http(any_body(), send_stream, Streamed{1'000'000, 1'000'001}));
  HttpClient client(server.address());
  try {
    EXPECT_TRUE(client.ask(get("/")).body == pattern(1'000'000));
  } catch (const std::exception&) {
    // or it has less, and sees that
  }
  EXPECT_ANY_THROW(client.ask(get("/")));
  server.stop();
  EXPECT_NE(server.log().find("longer than was promised"), std::string::npos) << server.log();
}

TEST_P(HttpStream, is_not_written_for_head) {
  for (Streamed stream : {Streamed{1000, 1000}, Streamed{{}, 1000}}) {
    ServerProcess server(options(), serving_http(any_body(), send_stream, stream));
    HttpClient client(server.address());
    std::string head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    Answer answer = client.ask(head, Asked::head);
    EXPECT_EQ(without_dates(client.ask(get("/")).head), without_dates(answer.head));
  }
}

std::string chunked(std::string_view body, std::size_t size) {
  std::string coded;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size())))
    coded += fmt::format("{:x}\r\n{}\r\n", std::min(size, body.size()), body.substr(0, size));
  return coded + "0\r\n\r\n";
}

TEST_P(HttpStream, of_16_mib_and_known_length_is_echoed_in_little_memory) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  std::string body = pattern(16U << 20);
  std::string bytes =
      fmt::format("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size());
  bytes += body;
  std::size_t before = resident_bytes_of(server.process());
  std::vector<Dialogue> dialogues(1, {bytes, {}});
  carry_out(dialogues, server.address(), 1);
  EXPECT_TRUE(take_answer(dialogues[0].received, Asked::any, true)->body == body);
  expect_growth_below(server.process(), before, 4U << 20);
}

TEST_P(HttpStream, of_16_mib_in_chunks_is_echoed_in_little_memory) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  std::string body = pattern(16U << 20);
  std::string bytes = "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  bytes += chunked(body, 10'007);
  std::size_t before = resident_bytes_of(server.process());
  std::vector<Dialogue> dialogues(1, {bytes, {}});
  carry_out(dialogues, server.address(), 1);
  EXPECT_TRUE(take_answer(dialogues[0].received, Asked::any, true)->body == body);
  expect_growth_below(server.process(), before, 4U << 20);
}

TEST_P(HttpStream, holds_back_a_sender_that_does_not_read_its_echo) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/")).body, "OK");
  std::size_t before = resident_bytes_of(server.process());
  std::string body = pattern(128U << 20);
  client.send(
      fmt::format("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size()));
  std::size_t sent = client.socket().send_until_stuck(body);
  EXPECT_LT(sent, body.size()) << "nothing held the client back";
  expect_growth_below(server.process(), before, 4U << 20);
  std::string echoed;
  while (echoed.size() < sent) echoed += client.socket().receive_some();
  std::size_t begin = echoed.find("\r\n\r\n") + 4;
  EXPECT_EQ(body.compare(0, echoed.size() - begin, echoed, begin), 0);
}

}  // namespace
}  // namespace duet::test
