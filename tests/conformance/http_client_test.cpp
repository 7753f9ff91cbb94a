// The client against the server, on one loop or two.

#include <atomic>

#include "duet/http/client.hpp"
#include "duet/http/router.hpp"
#include "duet/http/server.hpp"
#include "duet/loop/scope.hpp"
#include "support/engine_test.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using http::ClientRequest;
using http::ClientResponse;
using http::Response;

Task<Response> greet(http::Request request) {
  co_return Response::text("hello " + request.parameter("name"));
}

Task<> copy_body(http::BodyReader& body, http::BodyWriter& out) {
  std::array<std::byte, 10000> buffer;
  for (;;) {
    std::size_t n = co_await body.read_some(buffer);
    if (n == 0) co_return;
    co_await out.write(std::span(buffer).first(n));
  }
}

Task<Response> send_back(http::Request request) {
  http::BodyReader& body = request.body();
  auto copy = [&body](http::BodyWriter& out) { return copy_body(body, out); };
  co_return Response::stream("application/octet-stream", std::move(copy), body.length());
}

Task<Response> tell_peer(http::Request request) { co_return Response::text(request.peer().text()); }

Task<Response> leave(http::Request) { co_return Response::text("bye").then_close(); }

Task<Response> tell_length(http::Request request) {
  co_return Response::text(std::string(request.field("Content-Length").value_or("none")));
}

void serve_all(Runtime& runtime) {
  http::Router router;
  router.get("/hello/{name}", greet)
      .post("/", send_back)
      .get("/peer", tell_peer)
      .get("/length", tell_length)
      .post("/length", tell_length)
      .get("/bye", leave);
  http::serve(runtime, Address::loopback(0), router);
}

class HttpClient : public ModelTest {
 protected:
  // Runs body(client, "http://…") on a loop of this process.
  template <class Body>
  void run(const ServerProcess& server, Body body) {
    std::string url = "http://" + server.address().text();
    run_on_engine("epoll", [&]() -> Task<> {
      http::Client client;
      Task<> task = body(client, url);
      co_await std::move(task);
    });
  }
};
INSTANTIATE_TEST_SUITE_P(, HttpClient, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> get_and_compare(http::Client& client, std::string url) {
  ClientResponse answer = co_await client.get(url + "/hello/w%6frld");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.field("content-type"), "text/plain; charset=utf-8");
  std::string text = co_await answer.text();
  EXPECT_EQ(text, "hello world");
  ClientResponse missing = co_await client.get(url + "/nowhere");
  EXPECT_EQ(missing.status(), 404);
}

TEST_P(HttpClient, gets_an_answer_of_any_status) {
  ServerProcess server(options(), serve_all);
  run(server, get_and_compare);
}

// In capitals it is a name that has to be looked up.
Task<> ask_by_name(http::Client& client, std::string url) {
  std::string port = url.substr(url.rfind(':'));
  co_await get_and_compare(client, "http://LOCALHOST" + port);
  ClientRequest request("GET", "http://nowhere.invalid");
  auto answer = co_await as_expected(client.send(std::move(request)));
  EXPECT_EQ(answer.error().message(), "Name or service not known");
}

TEST_P(HttpClient, looks_the_name_of_a_host_up) {
  ServerProcess server(options(), serve_all);
  run(server, ask_by_name);
}

Task<std::string> name_of_connection(http::Client& client, std::string url) {
  ClientResponse answer = co_await client.get(url + "/peer");
  std::string name = co_await answer.text();
  co_return name;
}

Task<> ask_three_times(http::Client& client, std::string url) {
  std::string first = co_await name_of_connection(client, url);
  std::string second = co_await name_of_connection(client, url);
  EXPECT_EQ(first, second);
  ClientResponse last = co_await client.get(url + "/bye");
  std::string bye = co_await last.text();
  EXPECT_EQ(bye, "bye");
  std::string third = co_await name_of_connection(client, url);
  EXPECT_NE(first, third);
}

TEST_P(HttpClient, keeps_a_connection_until_the_server_ends_it) {
  ServerProcess server(options(), serve_all);
  run(server, ask_three_times);
}

Task<> send_bodies(http::Client& client, std::string url) {
  for (bool in_chunks : {false, true}) {
    auto text = std::make_shared<const std::string>("a few bytes");
    http::OutgoingBody body(*text, text);
    if (in_chunks)
      body = http::OutgoingBody([text](http::BodyWriter& out) { return out.write(*text); }, {});
    ClientRequest request("POST", url);
    ClientRequest whole = std::move(request).body("text/plain", std::move(body));
    ClientResponse answer = co_await client.send(std::move(whole));
    std::string back = co_await answer.text();
    EXPECT_EQ(back, *text);
    EXPECT_EQ(answer.body().length().has_value(), !in_chunks);
  }
}

Task<> send_without_bodies(http::Client& client, std::string url) {
  for (const auto& [method, length] : {std::pair("GET", "none"), std::pair("POST", "0")}) {
    ClientRequest request(method, url + "/length");
    ClientResponse answer = co_await client.send(std::move(request));
    std::string text = co_await answer.text();
    EXPECT_EQ(text, length);
  }
}

// Some servers answer a POST that says nothing of a body with 411.
TEST_P(HttpClient, says_that_a_body_is_empty_where_one_is_expected) {
  ServerProcess server(options(), serve_all);
  run(server, send_without_bodies);
}

TEST_P(HttpClient, sends_bodies_with_and_without_a_length) {
  ServerProcess server(options(), serve_all);
  run(server, send_bodies);
}

}  // namespace
}  // namespace duet::test
