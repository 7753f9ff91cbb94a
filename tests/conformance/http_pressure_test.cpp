// More clients than a server of HTTP has room for, and more than behave.

#include <csignal>
#include <deque>

#include "conformance/http_probe.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class HttpPressure : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, HttpPressure, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Options at_most(std::size_t connections, Options options) {
  options.connections_max = connections;
  return options;
}

TEST_P(HttpPressure, an_idle_kept_connection_makes_room_for_a_new_one) {
  ServerProcess server(at_most(1, options()), serving_http({}, probe));
  HttpClient kept(server.address());
  EXPECT_EQ(kept.ask(get("/")).status, 200);
  HttpClient late(server.address());
  EXPECT_EQ(late.ask(get("/")).status, 200);
  EXPECT_TRUE(kept.ends());
}

TEST_P(HttpPressure, a_connection_in_the_middle_of_a_request_is_never_cut_for_a_new_one) {
  ServerProcess server(at_most(2, options()), serving_http({}, probe));
  HttpClient in_head(server.address());
  EXPECT_EQ(in_head.ask(get("/")).status, 200);
  in_head.send("GET / HT");
  HttpClient in_body(server.address());
  std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na";
  if (!model().is_one_at_a_time()) in_body.send(post);
  HttpClient late(server.address());
  late.send(get("/", "Connection: close\r\n"));
  EXPECT_FALSE(late.socket().is_answered_within(100ms));
  EXPECT_EQ(in_head.ask("TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status, 200);
  in_head.socket().close();
  if (model().is_one_at_a_time()) in_body.send(post);
  in_body.send("b");
  EXPECT_EQ(in_body.receive().body, "ab");
  in_body.socket().close();
  EXPECT_EQ(late.receive().status, 200);
}

// One that has its last answer and does not go waits for nothing.
TEST_P(HttpPressure, a_connection_that_lingers_makes_room_for_a_new_one) {
  constexpr std::size_t connections = 4;
  http::ServeOptions limits;
  limits.linger_time = 1h;
  ServerProcess server(at_most(connections, options()), serving_http(limits, probe));
  std::deque<HttpClient> lingering;
  for (std::size_t i = 0; i < connections; ++i) {
    EXPECT_EQ(lingering.emplace_back(server.address()).ask("G(T / HTTP/1.1\r\n\r\n").status, 400);
    EXPECT_TRUE(lingering.back().ends());
  }
  HttpClient late(server.address());
  EXPECT_EQ(late.ask(get("/")).status, 200);
}

const std::string post_two = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";

// In progress when this returns, and until the body is sent.
void begin_request(HttpClient& client) {
  client.send(post_two + "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.socket().receive(25), "HTTP/1.1 100 Continue\r\n\r\n");
}

http::ServeOptions two_requests() {
  http::ServeOptions limits;
  limits.requests_max = 2;
  return limits;
}

// The limit is on the requests of a process at a time.
std::string why_one_request_at_a_time(const ModelCase& model) {
  if (model.is_one_at_a_time())
    return refused("one connection at a time",
                   "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  if (model.forks())
    return refused("no state is shared: each process counts its own request",
                   "Connections.change_shared_state_exactly_unless_each_has_a_process");
  return {};
}

TEST_P(HttpPressure, requests_beyond_the_limit_are_503_until_others_have_ended) {
  if (std::string why = why_one_request_at_a_time(model()); !why.empty()) GTEST_SKIP() << why;
  Options runs = options();
  if (model().has_workers()) runs.workers = 2;
  ServerProcess server(runs, serving_http(two_requests(), probe));
  std::deque<HttpClient> clients;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(clients.emplace_back(server.address()).ask(get("/")).status, 200);
  begin_request(clients[0]);
  begin_request(clients[1]);
  for (int i = 2; i < 20; ++i)
    for (const std::string& request : {get("/"), post_two + "\r\nab"}) {
      Answer answer = clients[i].ask(request);
      EXPECT_EQ(answer.status, 503);
      EXPECT_EQ(answer.field("Retry-After"), "1");
      EXPECT_EQ(answer.field("Connection"), "");
    }
  for (int i : {0, 1}) EXPECT_EQ(clients[i].ask("ab").body, "ab");
  for (HttpClient& client : clients) EXPECT_EQ(client.ask(get("/")).status, 200);
}

TEST_P(HttpPressure, a_request_beyond_the_limit_whose_body_does_not_come_is_the_last) {
  if (std::string why = why_one_request_at_a_time(model()); !why.empty()) GTEST_SKIP() << why;
  ServerProcess server(options(), serving_http(two_requests(), probe));
  HttpClient first(server.address()), second(server.address()), third(server.address());
  begin_request(first);
  begin_request(second);
  Answer answer = third.ask(post_two + "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Connection"), "close");
}

bool is_at_rest(const ServerProcess& server, std::size_t descriptors) {
  return children_of(server.process()).empty() &&
         descriptors_of(server.process()).size() <= descriptors;
}

// Some leave before they are answered, some before they are accepted.
TEST_P(HttpPressure, a_burst_of_10000_connections_does_not_end_the_server) {
  ServerProcess server(options(), serving_http({}, probe));
  bool is_cheap = model().engine.empty() && !model().forks();
  int attempts = scaled(is_cheap ? 10'000 : 1'000, 100);
  constexpr std::size_t at_once = 500;
  std::size_t descriptors = descriptors_of(server.process()).size() + model().helper_descriptors();
  std::deque<ClientSocket> clients;
  for (int i = 0; i < attempts; ++i) {
    clients.emplace_back(server.address()).send(get("/", "Connection: close\r\n"));
    if (i % 4 == 0) clients.back().reset();
    if (i % 4 == 1) clients.pop_back();
    if (clients.size() == at_once) clients.pop_front();
  }
  clients.clear();
  EXPECT_EQ(HttpClient(server.address()).ask(get("/")).status, 200);
  EXPECT_TRUE(eventually([&] { return is_at_rest(server, descriptors + 1); }));
  server.stop();
}

TEST_P(HttpPressure, a_client_that_resets_before_it_is_accepted_is_ignored) {
  ServerProcess server(options(), serving_http({}, probe));
  ::kill(server.process(), SIGSTOP);
  for (int i = 0; i < 3; ++i) {
    ClientSocket client(server.address());
    client.send(get("/"));
    client.reset();
  }
  ::kill(server.process(), SIGCONT);
  EXPECT_EQ(HttpClient(server.address()).ask(get("/")).status, 200);
  server.stop();
  EXPECT_EQ(server.log(), "");
}

// What it would become is nobody's business here: a bomb stays as small as it came.
TEST_P(HttpPressure, a_compressed_body_is_not_expanded) {
  ServerProcess server(options(), serving_http({}, probe));
  std::string bomb("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  bomb += std::string(1000, '\0');
  HttpClient client(server.address());
  for (std::string_view coding : {"gzip", "br, gzip"}) {
    std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: ";
    head += coding;
    EXPECT_EQ(client.ask(head + "\r\nContent-Length: 1010\r\n\r\n" + bomb).body, bomb);
  }
}

}  // namespace
}  // namespace duet::test
