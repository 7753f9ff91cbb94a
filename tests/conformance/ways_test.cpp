// One handler, written in each way: a client cannot tell them apart.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

// A way of writing, with its version of each handler.
struct Way {
  const char* name;
  ServerProcess::Serve echo, count_bytes, end_after_silence, fail;
  std::function<ServerProcess::Serve(Address)> relay_to;
};

// As coroutines.

Task<> end_after_silence(Stream peer) {
  std::array<std::byte, 8> buffer;
  auto count = co_await as_expected(peer.read_some(buffer).within(20ms));
  std::string text = count ? "spoke" : count.error().message();
  co_await peer.write_all(bytes_of(text));
}

Task<> fail(Stream peer) {
  co_await peer.write_all(bytes_of("then"));
  throw std::runtime_error("it failed");
}

Task<> pump(Stream& from, Stream& to) {
  std::array<std::byte, 16384> buffer;
  for (;;) {
    std::size_t n = co_await from.read_some(buffer);
    if (n == 0) break;
    co_await to.write_all(std::span(buffer).first(n));
  }
  to.finish();
}

Task<> relay(Stream client, Address target) {
  Stream server = co_await connect(target);
  co_await all(pump(client, server), pump(server, client));
}

// As fibers.

void echo_in_fiber(Stream peer) {
  std::array<std::byte, 4096> buffer;
  while (std::size_t n = wait(peer.read_some(buffer)))
    wait(peer.write_all(std::span(buffer).first(n)));
}

void count_bytes_in_fiber(Stream peer) {
  std::array<std::byte, 4096> buffer;
  std::size_t count = 0;
  while (std::size_t n = wait(peer.read_some(buffer))) count += n;
  std::string text = std::to_string(count);
  wait(peer.write_all(bytes_of(text)));
}

void end_after_silence_in_fiber(Stream peer) {
  std::array<std::byte, 8> buffer;
  std::string text = "spoke";
  try {
    wait(peer.read_some(buffer).within(20ms));
  } catch (const IoError& error) {
    text = error.code().message();
  }
  wait(peer.write_all(bytes_of(text)));
}

void fail_in_fiber(Stream peer) {
  wait(peer.write_all(bytes_of("then")));
  throw std::runtime_error("it failed");
}

void pump_in_fiber(Stream* from, Stream* to) {
  std::array<std::byte, 16384> buffer;
  while (std::size_t n = wait(from->read_some(buffer)))
    wait(to->write_all(std::span(buffer).first(n)));
  to->finish();
}

void relay_in_fiber(Stream client, Address target) {
  Stream server = wait(connect(target));
  wait(all(fiber(pump_in_fiber, &client, &server), fiber(pump_in_fiber, &server, &client)));
}

// With callbacks.

using Count = std::expected<std::size_t, std::error_code>;

void throw_error(std::error_code error) { throw IoError(error, "in a callback"); }

class CallbackEcho {
 public:
  explicit CallbackEcho(Stream peer) : peer_(std::move(peer)) { read(); }

 private:
  void read() {
    start(peer_.read_some(buffer_), [this](Count count) {
      if (!count) throw_error(count.error());
      if (*count > 0) write(*count);
    });
  }
  void write(std::size_t count) {
    start(peer_.write_all(std::span(buffer_).first(count)), [this](Count sent) {
      if (!sent) throw_error(sent.error());
      read();
    });
  }

  Stream peer_;
  std::array<std::byte, 4096> buffer_;
};

// A peer that is answered once, when what it sent has been dealt with.
class CallbackAnswer {
 public:
  explicit CallbackAnswer(Stream from) : peer(std::move(from)) {}
  void answer(std::string with) {
    text = std::move(with);
    start(peer.write_all(bytes_of(text)), [](Count sent) {
      if (!sent) throw_error(sent.error());
    });
  }

  Stream peer;
  std::string text;
  std::array<std::byte, 4096> buffer;
};

class CallbackCount : CallbackAnswer {
 public:
  explicit CallbackCount(Stream from) : CallbackAnswer(std::move(from)) { read(); }

 private:
  void read() {
    start(peer.read_some(buffer), [this](Count count) {
      if (!count) throw_error(count.error());
      if (*count == 0) return answer(std::to_string(count_));
      count_ += *count;
      read();
    });
  }
  std::size_t count_ = 0;
};

struct CallbackEndAfterSilence : CallbackAnswer {
  explicit CallbackEndAfterSilence(Stream from) : CallbackAnswer(std::move(from)) {
    start(peer.read_some(buffer).within(20ms),
          [this](Count count) { answer(count ? "spoke" : count.error().message()); });
  }
};

struct CallbackFail {
  explicit CallbackFail(Stream from) : peer(std::move(from)) {
    start(peer.write_all(bytes_of("then")), [](Count) { throw std::runtime_error("it failed"); });
  }
  Stream peer;
};

class CallbackPump {
 public:
  CallbackPump(Stream& from, Stream& to) : from_(from), to_(to) { read(); }

 private:
  void read() {
    start(from_.read_some(buffer_), [this](Count count) {
      if (!count) throw_error(count.error());
      if (*count == 0) return to_.finish();
      start(to_.write_all(std::span(buffer_).first(*count)), [this](Count sent) {
        if (!sent) throw_error(sent.error());
        read();
      });
    });
  }
  Stream& from_;
  Stream& to_;
  std::array<std::byte, 16384> buffer_;
};

class CallbackRelay {
 public:
  CallbackRelay(Stream client, Address target) : client_(std::move(client)) {
    start(connect(target), [this](std::expected<Stream, std::error_code> server) {
      if (!server) throw_error(server.error());
      server_.emplace(std::move(*server));
      there_.emplace(client_, *server_);
      back_.emplace(*server_, client_);
    });
  }

 private:
  Stream client_;
  std::optional<Stream> server_;
  std::optional<CallbackPump> there_, back_;
};

const Way ways[] = {
    {"coroutine", serving(echo), serving(count_bytes), serving(end_after_silence), serving(fail),
     [](Address target) { return serving(relay, target); }},
    {"fiber", serving(echo_in_fiber), serving(count_bytes_in_fiber),
     serving(end_after_silence_in_fiber), serving(fail_in_fiber),
     [](Address target) { return serving(relay_in_fiber, target); }},
    {"callbacks", serving(by_callbacks<CallbackEcho>), serving(by_callbacks<CallbackCount>),
     serving(by_callbacks<CallbackEndAfterSilence>), serving(by_callbacks<CallbackFail>),
     [](Address target) { return serving(by_callbacks<CallbackRelay>, target); }},
};

class Ways : public ModelTest {
 protected:
  void SetUp() override {
    if (!sys::has_fibers()) GTEST_SKIP() << not_here("duet was compiled without Boost.Context");
    ModelTest::SetUp();
  }
};
INSTANTIATE_TEST_SUITE_P(, Ways, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(Ways, all_echo_byte_for_byte) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.echo);
    for (std::size_t size : {1U, 4096U, 4097U, 1U << 20, 4U << 20}) {
      ClientSocket client(server.address());
      std::string bytes = pattern(size);
      EXPECT_TRUE(client.exchange(bytes) == bytes) << size << " bytes";
    }
    server.stop();
    EXPECT_EQ(server.log(), "");
  }
}

TEST_P(Ways, all_answer_each_message_of_a_conversation) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.echo);
    ClientSocket client(server.address());
    for (int i = 0; i < scaled(300, 10); ++i) {
      std::string message = std::to_string(i);
      ASSERT_EQ(client.exchange(message), message);
    }
  }
}

TEST_P(Ways, all_send_after_the_peer_has_ended_its_side) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.count_bytes);
    ClientSocket client(server.address());
    client.send_and_finish(pattern(100'000));
    EXPECT_EQ(client.receive_rest(), "100000");
  }
}

TEST_P(Ways, all_end_a_read_at_its_deadline) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.end_after_silence);
    EXPECT_EQ(ClientSocket(server.address()).receive_rest(), "timed out");
  }
}

TEST_P(Ways, all_end_their_connection_only_when_they_throw_and_it_is_logged) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.fail);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(ClientSocket(server.address()).receive_rest(), "then");
    server.stop();
    EXPECT_NE(server.log().find("it failed"), std::string::npos) << server.log();
  }
}

TEST_P(Ways, all_end_when_they_are_idle_and_the_server_drains) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.echo);
    ClientSocket client(server.address());
    EXPECT_EQ(client.exchange("x"), "x");
    server.drain();
    EXPECT_EQ(client.receive_rest(), "");
    server.stop();
    EXPECT_EQ(server.log(), "");
  }
}

TEST_P(Ways, all_are_cut_when_they_do_not_end_within_the_drain_time) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    Options impatient = options();
    impatient.drain = 300ms;
    ServerProcess server(impatient, way.count_bytes);
    ClientSocket client(server.address());
    std::string bytes = pattern(1000);
    client.send(bytes);
    server.drain();
    try {
      EXPECT_EQ(client.receive_rest(), "");
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::connection_reset);
    }
    server.stop();
  }
}

TEST_P(Ways, all_relay_both_directions_at_once) {
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess target(options(), way.echo);
    ServerProcess server(options(), way.relay_to(target.address()));
    ClientSocket client(server.address());
    std::string bytes = pattern(4U << 20);
    EXPECT_TRUE(client.exchange(bytes) == bytes);
    client.close();
  }
}

TEST_P(Ways, all_serve_many_connections_side_by_side) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    ServerProcess server(options(), way.echo);
    std::vector<std::unique_ptr<ClientSocket>> clients;
    bool has_processor_each = model().spins() && !model().has_workers();
    for (int i = 0; i < scaled(has_processor_each ? 20 : 100, 20); ++i)
      clients.push_back(std::make_unique<ClientSocket>(server.address()));
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->send(std::to_string(1000 + i));
      for (std::size_t i = 0; i < clients.size(); ++i)
        ASSERT_EQ(clients[i]->receive(4), std::to_string(1000 + i));
    }
  }
}

}  // namespace
}  // namespace duet::test
