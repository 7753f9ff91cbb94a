// Bodies that are streamed, to the client and back: at the pace of the slower side, in little
// memory, and so that what is not whole can be seen not to be.

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
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
  std::size_t descriptors = descriptors_of(server.process()).size() + model().helper_descriptors();
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

const std::string chunks_to = " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string bad_chunk = "a\r\n0123456789\r\nno size\r\n";

TEST_P(HttpStream, whose_request_breaks_a_rule_is_refused_if_nothing_was_sent) {
  http::ServeOptions limits;
  limits.body_bytes_max = 20;
  ServerProcess server(options(), serving_http(limits, probe));
  for (auto [body, status] :
       {std::pair(bad_chunk, 400), std::pair("15\r\n" + pattern(21) + "\r\n", 413)}) {
    HttpClient client(server.address());
    client.send(get("/") + "POST /stream" + chunks_to + body);
    EXPECT_EQ(client.receive().body, "OK");
    Answer answer = client.receive();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_TRUE(client.ends());
  }
}

TEST_P(HttpStream, whose_request_breaks_a_rule_is_cut_if_some_was_sent) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  HttpClient client(server.address());
  client.send("POST /stream" + chunks_to + "1\r\na\r\n");
  EXPECT_TRUE(client.socket().is_answered_within(patience));
  client.send(bad_chunk.substr(15));
  EXPECT_ANY_THROW(client.receive());
}

TEST_P(HttpStream, is_not_needed_for_an_answer_to_stand_whose_request_breaks_a_rule_unread) {
  ServerProcess server(options(), serving_http(any_body(), probe));
  HttpClient client(server.address());
  client.send(get("/") + "POST /leave" + chunks_to + bad_chunk);
  EXPECT_EQ(client.receive().body, "OK");
  EXPECT_EQ(client.receive().body, "left");
  EXPECT_TRUE(client.ends());
}

Task<> lose_the_source(BodyWriter& out) {
  co_await out.write("beginning");
  throw IoError(Errc::closed, "read");
}

Task<Response> lose_or_probe(Request request) {
  if (request.path() == "/lost") co_return Response::stream("text/plain", lose_the_source);
  Task<Response> probing = probe(std::move(request));
  co_return co_await std::move(probing);
}

TEST_P(HttpStream, that_fails_does_not_take_the_answers_before_it_away) {
  ServerProcess server(options(), serving_http(any_body(), lose_or_probe));
  HttpClient client(server.address());
  client.send(get("/") + get("/about") + get("/lost"));
  EXPECT_EQ(client.receive().body, "OK");
  EXPECT_EQ(client.receive().body, "GET a /about \n");
  EXPECT_ANY_THROW(client.receive());
}

// Request, status and bytes of the body; sorted, since each process writes when it can.
std::vector<std::string> log_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    std::string_view shown = std::string_view(line).substr(line.find('"'));
    lines.emplace_back(shown.substr(0, shown.find(" \"-\"")));
  }
  std::ranges::sort(lines);
  return lines;
}

TEST_P(HttpStream, that_fails_is_in_the_access_log_with_what_was_sent) {
  std::string path = testing::TempDir() + fmt::format("duet_stream_{}.log", ::getpid());
  std::filesystem::remove(path);
  http::AccessLogOptions to;
  to.path = path;
  http::ServeOptions logged = any_body();
  logged.access_log = std::make_shared<http::AccessLog>(to);
  ServerProcess server(options(), serving_http(logged, lose_or_probe));
  for (const std::string& request :
       {get("/lost"), "POST /stream" + chunks_to + bad_chunk, "POST /leave" + chunks_to + "no"}) {
    ClientSocket client(server.address());
    client.send_and_finish(request);
    client.receive_rest();
  }
  server.stop();
  std::vector<std::string> expected = {"\"GET /lost HTTP/1.1\" 200 9",
                                       "\"POST /leave HTTP/1.1\" 200 4",
                                       "\"POST /stream HTTP/1.1\" 400 38"};
  EXPECT_EQ(log_of(path), expected);
  std::filesystem::remove(path);
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
