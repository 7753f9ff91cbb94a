// A request costs no memory of the heap once a connection has warmed up: frames are recycled, and
// heads, answers and buffers have their places. Every operator new of this program is counted.

#include <array>
#include <string>
#include <utility>

#include "duet/http/server.hpp"
#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"
#include "duet/net/listener.hpp"
#include "http/counted_new.hpp"
#include "support/engine_test.hpp"
#include "support/sanitizer.hpp"
#include "support/test_scale.hpp"

namespace duet::http {
namespace {

const std::string request =
    "GET /a?b=c HTTP/1.1\r\nHost: a\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
const std::string upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

Task<Response> hello(Request) { co_return Response::text("Hello world\n"); }

Task<std::size_t> size_of(BodyReader& body) {
  std::array<std::byte, 64> buffer;
  std::size_t total = 0;
  for (;;) {
    std::size_t n = co_await body.read_some(buffer);
    if (n == 0) co_return total;
    total += n;
  }
}

Task<Response> count(Request each) {
  std::size_t total = co_await size_of(each.body());
  co_return Response::text(std::to_string(total));
}

// What is sent at a time, how often, and by whom it is answered.
struct Load {
  std::string requests;
  int times = 0;
  Handler handler = hello;
};

// Sends the requests and takes as many bytes of answers as the first time.
Task<> talk(Stream& peer, std::string_view requests, int times, std::size_t answer_bytes) {
  std::array<std::byte, 512> buffer;  // the frame is one that is recycled
  for (int i = 0; i < times; ++i) {
    co_await peer.write_all(bytes_of(requests));
    for (std::size_t received = 0; received < answer_bytes;) {
      std::size_t n = co_await peer.read_some(buffer);
      if (n == 0) co_return;
      received += n;
    }
  }
}

Task<std::size_t> first_answers(Stream& peer, std::string_view requests) {
  std::array<std::byte, 65536> buffer;
  co_await peer.write_all(bytes_of(requests));
  co_return co_await peer.read_some(buffer);  // they come in one segment
}

Task<> converse(Stream peer, const Load& load, long& counted) {
  std::size_t answer_bytes = co_await first_answers(peer, load.requests);
  co_await talk(peer, load.requests, 100, answer_bytes);
  long before = test::allocations_so_far();
  co_await talk(peer, load.requests, load.times, answer_bytes);
  counted = test::allocations_so_far() - before;
}

Task<> serve_and_talk(const Load& load, long& counted) {
  Listener listener(Address::loopback(0));
  Stream client = co_await connect(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream server(Loop::current(), std::move(accepted));
  auto options = std::make_shared<const ServeOptions>();
  Task<> serving = serve_connection(std::move(server), std::move(options), load.handler);
  Task<> talking = converse(std::move(client), load, counted);
  co_await all(std::move(serving), std::move(talking));
}

class Allocation : public testing::TestWithParam<std::string> {
 protected:
  void expect_none(const Load& load) {
    if (test::has_sanitizer) GTEST_SKIP() << "a sanitizer allocates in its own way";
    long counted = -1;
    test::run_on_engine(GetParam(), serve_and_talk, load, counted);
    EXPECT_TRUE(counted == 0 || IsSkipped()) << counted;
  }
};
INSTANTIATE_TEST_SUITE_P(, Allocation, testing::ValuesIn(test::engine_names),
                         [](const auto& engine) { return engine.param; });

TEST_P(Allocation, is_not_needed_for_a_request) {
  expect_none({.requests = request, .times = test::scaled(1000)});
}

TEST_P(Allocation, is_not_needed_for_pipelined_requests) {
  std::string requests;
  for (int i = 0; i < 16; ++i) requests += request;
  expect_none({.requests = requests, .times = test::scaled(1000)});
}

TEST_P(Allocation, is_not_needed_for_a_body) {
  expect_none({.requests = upload, .times = test::scaled(1000), .handler = count});
}

}  // namespace
}  // namespace duet::http
