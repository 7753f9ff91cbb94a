// A cancellation races with what a wait is for: leases, connections, pipes. Whatever a wait has
// taken it reports, although its scope was cancelled in the same moment, and else it took nothing.
// Reads into buffers of one's own are in cancel_test.cpp.

#include <array>
#include <atomic>
#include <list>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/children.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class CancelRace : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, CancelRace, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// Gives the wait some turns, more of them each time, and now and then some time.
Task<> let_go_on(unsigned round) {
  for (unsigned i = 0; i < round % 5; ++i) co_await yield();
  if (round % 8 == 7) co_await sleep_for(20us);
}

Task<> receive_into(Stream* stream, std::string* received, bool* is_over) {
  Lease lease = co_await stream->receive();
  std::span<const std::byte> bytes = lease.bytes();
  received->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  *is_over = bytes.empty();
}

Task<> cancel_a_receive(Scope& scope, Stream* stream, std::string* received, bool* is_over,
                        unsigned round) {
  scope.spawn(receive_into, stream, received, is_over);
  co_await let_go_on(round);
  scope.cancel();
}

Task<> receive_with_cancels(Stream& stream, std::string& received) {
  bool is_over = false;
  for (unsigned round = 0; !is_over; ++round)
    co_await scoped(cancel_a_receive, &stream, &received, &is_over, round);
}

// A thread of its own sends, so that bytes come at any moment of a turn.
void send_in_pieces(ClientSocket& client, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    client.send(std::string_view(bytes).substr(at, 1));
    if (at % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(at % 50));
  }
  client.finish();
}

Task<std::string> race_with_leases(Stream&) {
  Listener listener(Address::loopback(0));
  ClientSocket client(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream stream(Loop::current(), std::move(accepted));
  std::string sent = pattern(static_cast<std::size_t>(scaled(20000, 2000)));
  std::string received;
  std::jthread sender([&] { send_in_pieces(client, sent); });
  co_await receive_with_cancels(stream, received);
  if (std::size_t leased = Loop::current().census().leases; leased != 0)
    co_return std::to_string(leased) + " leases left";
  co_return received == sent ? "all" : "bytes lost";
}

TEST_P(CancelRace, of_a_lease_loses_no_byte_and_no_buffer) {
  EXPECT_EQ(result_of(race_with_leases), "all");
}

Task<> accept_into(Listener* listener, std::list<Stream>* streams) {
  Accepted accepted = co_await listener->accept();
  streams->emplace_back(Loop::current(), std::move(accepted));
}

Task<> cancel_an_accept(Scope& scope, Listener* listener, std::list<Stream>* streams,
                        unsigned round) {
  scope.spawn(accept_into, listener, streams);
  co_await let_go_on(round);
  scope.cancel();
}

Task<> answer_each(std::list<Stream>& streams) {
  for (Stream& stream : streams) {
    std::array<std::byte, 1> number;
    co_await stream.read_exact(number);
    co_await stream.write_all(number);
  }
  streams.clear();
}

// Each connects when the one before was answered: none that was taken may be without a stream.
void connect_again_and_again(const Address& to, int count, std::atomic<int>& answered) {
  for (int i = 0; i < count; ++i) {
    ClientSocket client(to);
    std::string number(1, static_cast<char>(i));
    if (client.exchange(number) == number) ++answered;
  }
}

Task<> accept_with_cancels(Listener& listener, int count) {
  for (unsigned round = 0; count > 0; ++round) {
    std::list<Stream> streams;
    co_await scoped(cancel_an_accept, &listener, &streams, round);
    count -= static_cast<int>(streams.size());
    co_await answer_each(streams);
  }
}

Task<std::string> race_with_connections(Stream&) {
  Listener listener(Address::loopback(0));
  Address at = listener.local();
  int count = scaled(500, 100);
  std::atomic<int> answered = 0;
  {
    std::jthread clients([&] { connect_again_and_again(at, count, answered); });
    co_await within(patience, accept_with_cancels(listener, count));
  }
  co_return answered == count ? "all" : "lost";
}

TEST_P(CancelRace, of_an_accept_loses_no_connection) {
  EXPECT_EQ(result_of(race_with_connections), "all");
}

Task<std::string> race_with_a_pipe(Stream&) {
  int lines = scaled(3000, 300);
  std::string expected;
  for (int i = 0; i < lines; ++i) expected += std::to_string(i) + "\n";
  Child child = co_await Child::start(
      shell("i=0; while [ $i -lt " + std::to_string(lines) + " ]; do echo $i; i=$((i+1)); done"));
  std::string received;
  co_await receive_with_cancels(child.output(), received);
  std::string end = co_await end_of(child);
  co_return (received == expected ? "all, " : "bytes lost, ") + end;
}

TEST_P(CancelRace, of_a_read_from_a_pipe_loses_no_byte) {
  EXPECT_EQ(result_of(race_with_a_pipe), "all, exit code 0");
}

}  // namespace
}  // namespace duet::test
