// Times of any unit and size as limits of HTTP: one that is too long to be counted is no limit. A
// plain conversion to nanoseconds would make it a time that has passed.

#include <chrono>

#include "conformance/http_probe.hpp"
#include "duet/http/client.hpp"
#include "support/engine_test.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

class HttpTimes : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, HttpTimes, testing::ValuesIn(model_cases()), name_of<ModelCase>);

http::ServeOptions each_time(Delay time) {
  http::ServeOptions limits;
  limits.head_time = limits.idle_time = limits.send_time = limits.linger_time = time;
  return limits;
}

// Waits for each of the server's times: between requests, in a head, in a body, for the answer to
// be taken, and after the last one.
void expect_patience(const Address& server) {
  HttpClient client(server);
  EXPECT_EQ(client.ask(get("/")).status, 200);
  client.send("POST / HT");
  EXPECT_FALSE(client.socket().is_answered_within(std::chrono::milliseconds(20)));
  client.send("TP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
  EXPECT_FALSE(client.socket().is_answered_within(std::chrono::milliseconds(20)));
  EXPECT_EQ(client.ask("b").body, "ab");
  EXPECT_EQ(client.ask("G(T / HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_TRUE(client.ends());
}

TEST_P(HttpTimes, a_time_that_is_too_long_to_be_counted_is_no_limit) {
  for (Delay time : {Delay(std::chrono::hours::max()), Delay(std::chrono::seconds::max()),
                     Delay(std::chrono::milliseconds::max())}) {
    ServerProcess server(options(), serving_http(each_time(time), probe));
    expect_patience(server.address());
    server.stop();
    EXPECT_EQ(server.log(), "");
  }
}

// What a body wins by its rate came on top of it, beyond what can be counted.
TEST_P(HttpTimes, the_longest_time_that_can_be_counted_is_no_limit_either) {
  ServerProcess server(options(), serving_http(each_time(Duration::max() - Duration(1)), probe));
  expect_patience(server.address());
}

Task<> ask_twice(std::string url) {
  http::ClientOptions options;
  options.connect_time = std::chrono::hours::max();
  options.head_time = options.body_time = std::chrono::seconds::max();
  options.send_time = options.idle_time = std::chrono::milliseconds::max();
  http::Client client(options);
  for (int i = 0; i < 2; ++i) {
    http::ClientResponse answer = co_await client.get(url);
    std::string text = co_await answer.text();
    EXPECT_EQ(text, "OK");
  }
}

TEST_P(HttpTimes, a_client_waits_without_a_limit_too) {
  ServerProcess server(options(), serving_http({}, probe));
  std::string url = "http://" + server.address().text() + "/";
  run_on_engine("epoll", [&]() -> Task<> { return ask_twice(url); });
}

}  // namespace
}  // namespace duet::test
