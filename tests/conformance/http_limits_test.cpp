// What a server of HTTP refuses because it is too large, too slow or too much: with a status where
// there is somebody to read it, and in any case without memory that grows with what is asked.

#include <atomic>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "conformance/http_probe.hpp"
#include "duet/loop/sleep.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using http::Request;
using http::Response;
using http::ServeOptions;

class HttpLimits : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, HttpLimits, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// Sends a byte every 20 ms until there is an answer.
Answer drip(HttpClient& client, char byte) {
  TimePoint deadline = Clock::now() + patience;
  while (!client.socket().is_answered_within(20ms)) {
    if (Clock::now() > deadline) throw std::runtime_error("a slow client is not refused");
    client.send({&byte, 1});
  }
  return client.receive();
}

void expect_refusal(HttpClient& client, std::string_view request, int status) {
  Answer answer = client.ask(request);
  EXPECT_EQ(answer.status, status) << answer.head;
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.ends());
}

std::string repeated(int count, std::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST_P(HttpLimits, a_long_request_line_is_414) {
  ServeOptions limits;
  limits.head.request_line_bytes_max = 100;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/" + std::string(86, 'a'))).status, 200);
  expect_refusal(client, get("/" + std::string(87, 'a')), 414);
}

TEST_P(HttpLimits, a_long_field_is_431) {
  ServerProcess server(options(), serving_http({}, probe));
  HttpClient client(server.address());
  expect_refusal(client, get("/", "Cookie: " + std::string(65536, 'a') + "\r\n"), 431);
}

TEST_P(HttpLimits, a_long_head_is_431) {
  ServeOptions limits;
  limits.head.head_bytes_max = 1000;
  std::string long_field = "A: " + std::string(85, 'b') + "\r\n";
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/", repeated(10, long_field))).status, 200);
  expect_refusal(client, get("/", repeated(11, long_field)), 431);
}

TEST_P(HttpLimits, too_many_fields_are_431) {
  ServeOptions limits;
  limits.head.fields_max = 10;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/", repeated(9, "A: b\r\n"))).status, 200);
  expect_refusal(client, get("/", repeated(10, "A: b\r\n")), 431);
}

TEST_P(HttpLimits, a_method_of_100_kb_is_400) {
  ServerProcess server(options(), serving_http({}, probe));
  HttpClient client(server.address());
  expect_refusal(client, std::string(100'000, 'M'), 400);
}

TEST_P(HttpLimits, a_large_body_is_413_before_it_comes) {
  ServeOptions limits;
  limits.body_bytes_max = 1000;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
  EXPECT_EQ(client.ask(post + "1000\r\n\r\n" + pattern(1000)).body, pattern(1000));
  expect_refusal(client, post + "1001\r\n\r\n", 413);
}

// What was sent is thrown away after the answer: to close with it unread would reset the connection
// and take the answer away.
TEST_P(HttpLimits, a_413_reaches_a_client_that_sends_all_of_a_large_body_first) {
  ServerProcess server(options(), serving_http({}, probe));
  HttpClient client(server.address());
  constexpr std::size_t size = 8 << 20;
  client.send(fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", size));
  client.send(pattern(size));
  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.ends());
}

// Whether the server has closed the connection, which a client learns when it sends: a byte every
// 20 ms.
bool is_cut_while_it_drips(HttpClient& client) {
  TimePoint deadline = Clock::now() + patience;
  try {
    while (Clock::now() < deadline) {
      client.send("x");
      std::this_thread::sleep_for(20ms);
    }
  } catch (const std::system_error&) {
    return true;
  }
  return false;
}

TEST_P(HttpLimits, a_peer_that_goes_on_sending_after_the_last_answer_is_cut) {
  ServeOptions limits;
  limits.linger_time = 300ms;
  ServerProcess server(options(), serving_http(limits, probe));
  for (std::string request : {"G(T / HTTP/1.1\r\n\r\n"s, get("/", "Connection: close\r\n")}) {
    HttpClient client(server.address());
    EXPECT_EQ(client.ask(request).field("Connection"), "close");
    EXPECT_TRUE(client.ends());
    EXPECT_TRUE(is_cut_while_it_drips(client));
  }
}

TEST_P(HttpLimits, chunks_are_413_when_they_cross_the_limit) {
  ServeOptions limits;
  limits.body_bytes_max = 1000;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  std::string post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n";
  EXPECT_EQ(client.ask(post + pattern(1000) + "\r\n0\r\n\r\n").body, pattern(1000));
  expect_refusal(client, post + pattern(1000) + "\r\n1000000\r\na", 413);
}

Task<Response> take_whole(Request request, std::atomic<int>* begun) {
  ++*begun;
  std::string body = co_await request.body().read_all(SIZE_MAX);
  co_return Response::text(std::to_string(body.size()));
}

TEST_P(HttpLimits, a_body_takes_memory_when_it_comes_not_when_it_is_announced) {
  SharedMemory<std::atomic<int>> begun;
  ServeOptions limits;
  limits.body_bytes_max = UINT64_MAX;
  ServerProcess server(options(), serving_http(limits, take_whole, begun.get()));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/")).body, "0");
  std::size_t before = resident_bytes_of(server.process());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10737418240\r\n\r\nbeginning");
  EXPECT_TRUE(eventually([&] { return begun->load() == 2; }));
  expect_growth_below(server.process(), before, 1U << 20);
}

// However steadily it comes: the time is for the whole head.
TEST_P(HttpLimits, a_slow_head_is_408) {
  ServeOptions limits;
  limits.head_time = 300ms;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  TimePoint begin = Clock::now();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nA: ");
  Answer answer = drip(client, 'b');
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_GE(Clock::now() - begin, 250ms);
}

TEST_P(HttpLimits, a_slow_body_is_408) {
  ServeOptions limits;
  limits.head_time = 300ms;
  limits.body_rate_min = 1'000'000;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
  Answer answer = drip(client, 'b');
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.field("Connection"), "close");
}

TEST_P(HttpLimits, a_body_that_is_fast_enough_may_take_longer_than_a_head) {
  ServeOptions limits;
  limits.head_time = 300ms;
  limits.body_rate_min = 10;  // a piece wins 100 s
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + pattern(1000));
  for (int i = 1; i < 20; ++i) {
    EXPECT_FALSE(client.socket().is_answered_within(30ms));
    client.send(pattern(1000));
  }
  EXPECT_EQ(client.receive().body.size(), 20'000U);
}

// Takes its time after each byte, in all longer than a body may keep us waiting.
Task<Response> read_slowly(Request request, std::atomic<int>* asked_for) {
  std::array<std::byte, 1> byte;
  for (;;) {
    ++*asked_for;
    std::size_t n = co_await request.body().read_some(byte);
    if (n == 0) break;
    co_await sleep_for(500ms);
  }
  co_return Response::text("done");
}

TEST_P(HttpLimits, a_slow_handler_does_not_make_its_peer_slow) {
  SharedMemory<std::atomic<int>> asked_for;
  ServeOptions limits;
  limits.head_time = 1500ms;  // a busy machine lets the peer wait, too
  limits.body_rate_min = 1'000'000;
  ServerProcess server(options(), serving_http(limits, read_slowly, asked_for.get()));
  HttpClient client(server.address());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(eventually([&] { return asked_for->load() == i; }));
    client.send("a");
  }
  EXPECT_EQ(client.receive().body, "done");
}

Task<> send_endlessly(http::BodyWriter& out, std::atomic<int>* failures) {
  std::string bytes = pattern(65'536);
  try {
    for (;;) co_await out.write(bytes);
  } catch (const IoError& error) {
    if (error.code() == Errc::timed_out) ++*failures;
    throw;
  }
}

Task<Response> endless(Request, std::atomic<int>* failures) {
  auto send = [failures](http::BodyWriter& out) { return send_endlessly(out, failures); };
  co_return Response::stream("text/plain", std::move(send));
}

TEST_P(HttpLimits, a_peer_that_does_not_read_is_given_up) {
  SharedMemory<std::atomic<int>> failures;
  ServeOptions limits;
  limits.send_time = 300ms;
  ServerProcess server(options(), serving_http(limits, endless, failures.get()));
  HttpClient client(server.address());
  client.send(get("/"));
  EXPECT_TRUE(eventually([&] { return failures->load() == 1; }));
}

TEST_P(HttpLimits, a_peer_that_does_not_read_takes_no_memory) {
  SharedMemory<std::atomic<int>> failures;
  ServerProcess server(options(), serving_http({}, endless, failures.get()));
  HttpClient client(server.address());
  client.send(get("/"));
  client.socket().receive(1000);
  std::size_t before = resident_bytes_of(server.process());
  for (int i = 0; i < 64; ++i) client.socket().receive(1 << 20);
  expect_growth_below(server.process(), before, 2U << 20);
}

TEST_P(HttpLimits, requests_whose_answers_are_not_read_are_held_back) {
  ServerProcess server(options(), serving_http({}, probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/")).status, 200);
  std::size_t before = resident_bytes_of(server.process());
  std::string request = get("/fields", "A: " + std::string(1000, 'b') + "\r\n");
  std::string bytes = repeated(40'000, request);
  std::size_t sent = client.socket().send_until_stuck(bytes);
  EXPECT_LT(sent, bytes.size()) << "nothing held the client back";
  expect_growth_below(server.process(), before, 4U << 20);
  for (std::size_t i = 0; i < sent / request.size(); ++i)
    ASSERT_EQ(client.receive().status, 200) << i;
}

TEST_P(HttpLimits, a_connection_that_says_nothing_is_closed) {
  ServeOptions limits;
  limits.idle_time = 200ms;
  ServerProcess server(options(), serving_http(limits, probe));
  TimePoint begin = Clock::now();
  HttpClient client(server.address());
  EXPECT_TRUE(client.ends());
  EXPECT_GE(Clock::now() - begin, 150ms);
}

TEST_P(HttpLimits, a_kept_connection_is_closed_when_it_is_idle) {
  ServeOptions limits;
  limits.idle_time = 200ms;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  EXPECT_EQ(client.ask(get("/")).status, 200);
  TimePoint begin = Clock::now();
  EXPECT_TRUE(client.ends());
  EXPECT_GE(Clock::now() - begin, 150ms);
}

TEST_P(HttpLimits, half_a_head_is_not_idle) {
  ServeOptions limits;
  limits.idle_time = 100ms;
  ServerProcess server(options(), serving_http(limits, probe));
  HttpClient client(server.address());
  std::string request = get("/");
  client.send(request.substr(0, 10));
  EXPECT_FALSE(client.socket().is_answered_within(400ms));
  EXPECT_EQ(client.ask(request.substr(10)).status, 200);
}

TEST_P(HttpLimits, more_connections_than_permitted_wait_and_are_answered) {
  Options two = options();
  two.connections_max = 2;
  ServerProcess server(two, serving_http({}, probe));
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.address()));
    clients.back()->send(get("/", "Connection: close\r\n"));
  }
  for (auto& client : clients) {
    EXPECT_EQ(client->receive().status, 200);
    EXPECT_TRUE(client->ends());
    client.reset();
  }
}

bool is_served(const Address& server) {
  try {
    HttpClient client(server);
    return client.ask(get("/")).status == 200;
  } catch (const std::exception&) {
    return false;  // closed, or reset because it had asked
  }
}

TEST_P(HttpLimits, an_address_has_no_more_connections_than_permitted) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  Options two = options();
  two.connections_per_address_max = 2;
  ServerProcess server(two, serving_http({}, probe));
  auto first = std::make_unique<HttpClient>(server.address());
  HttpClient second(server.address());
  EXPECT_EQ(first->ask(get("/")).status, 200);
  EXPECT_EQ(second.ask(get("/")).status, 200);
  HttpClient third(server.address());
  EXPECT_TRUE(third.ends());
  first.reset();
  EXPECT_TRUE(eventually([&] { return is_served(server.address()); }));
  EXPECT_EQ(second.ask(get("/")).status, 200);
}

// Some close, some reset, at once or in the middle of a request.
void come_and_go(const Address& server, int times) {
  for (int i = 0; i < times; ++i) {
    ClientSocket client(server);
    if (i % 3 == 1) client.send("GET / HT");
    if (i % 2 == 1) client.reset();
  }
}

TEST_P(HttpLimits, connections_that_come_and_go_leave_nothing) {
  ServerProcess server(options(), serving_http({}, probe));
  bool is_cheap = model().engine.empty() && !model().forks();
  int times = scaled(is_cheap ? 10'000 : 1'000, 100);
  auto is_at_rest = [&](std::size_t descriptors) {
    return children_of(server.process()).empty() &&
           descriptors_of(server.process()).size() <= descriptors;
  };
  std::size_t descriptors = descriptors_of(server.process()).size() + model().helper_descriptors();
  auto come_and_go_in_peace = [&](int connections) {
    come_and_go(server.address(), connections);
    EXPECT_EQ(HttpClient(server.address()).ask(get("/")).status, 200);
    EXPECT_TRUE(eventually([&] { return is_at_rest(descriptors + 1); }));
  };
  come_and_go_in_peace(times / 10);
  // What connections leave, each round leaves. When more of them have met at a time than ever
  // before, that has left the memory of their threads and heaps, once.
  constexpr int rounds_max = 4;
  for (int round = 0; round < rounds_max; ++round) {
    std::size_t before = resident_bytes_of(server.process());
    come_and_go_in_peace(times);
    if (HasFailure() || !has_grown_by(server.process(), before, 2U << 20)) return;
  }
  ADD_FAILURE() << "grows in each round";
}

}  // namespace
}  // namespace duet::test
