// An engine without any system call: sockets in memory, whose descriptors no kernel knows. The
// handlers and all of net and loop run on it unchanged, which shows that nothing above io reaches
// around the seam.

#include <algorithm>
#include <deque>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/client_socket.hpp"
#include "support/engine_test.hpp"

namespace duet::test {
namespace {

class ToyEngine final : public io::Engine {
 public:
  explicit ToyEngine(JobQueue& completed) : completed_(completed) {}

  io::Handle adopt(int descriptor, io::HandleKind) override {
    ++census_.handles;
    return {static_cast<std::uint32_t>(descriptor), 0};
  }

  void release(io::Handle handle) override {
    for (io::Operation* operation : std::vector(waiting_))
      if (operation->handle == handle) cancel(*operation, io::Ending::closed);
    Socket& socket = at(handle);
    if (!std::exchange(socket.is_open, false)) return;
    socket.has_finished = true;
    --census_.handles;
  }

  io::Progress submit(io::Operation& operation) override {
    if (operation.kind == io::Kind::call) {
      as<io::Call>(operation).call(as<io::Call>(operation));
      return io::Progress::done;
    }
    if (group_of(operation.kind) == io::Group::immediate) {
      perform(operation);
      return io::Progress::done;
    }
    waiting_.push_back(&operation);
    ++census_.operations;
    return io::Progress::pending;
  }

  void cancel(io::Operation& operation, io::Ending why) override {
    operation.finish(why);
    complete(operation);
  }

  void reap(TimePoint) override {
    for (io::Operation* operation : std::vector(waiting_))
      if (attempt(*operation)) complete(*operation);
  }

  void wake() noexcept override {}

 private:
  static constexpr int no_descriptor_of_a_kernel = 1'000'000;
  static constexpr std::size_t inbox_max = 1000;

  struct Socket {
    Address name;
    int other = 0;
    std::deque<std::byte> inbox;
    std::deque<int> backlog;
    bool has_finished = false;
    bool is_open = true;
  };

  int open() {
    sockets_.emplace_back();
    return no_descriptor_of_a_kernel + static_cast<int>(sockets_.size()) - 1;
  }
  Socket& at(int descriptor) {
    return sockets_.at(static_cast<std::size_t>(descriptor - no_descriptor_of_a_kernel));
  }
  Socket& at(io::Handle handle) { return at(static_cast<int>(handle.slot)); }

  void perform(io::Operation& operation) {
    operation.finish(0);
    switch (operation.kind) {
      case io::Kind::open_socket: operation.finish(open()); break;
      case io::Kind::bind: at(operation.handle).name = as<io::Bind>(operation).address; break;
      case io::Kind::local_name:
        as<io::LocalName>(operation).address = at(operation.handle).name;
        break;
      case io::Kind::shutdown: at(operation.handle).has_finished = true; break;
      default: break;
    }
  }

  bool attempt(io::Operation& operation) {
    switch (operation.kind) {
      case io::Kind::accept: return accept(as<io::Accept>(operation));
      case io::Kind::connect: return connect(as<io::Connect>(operation));
      case io::Kind::receive: return receive(as<io::Receive>(operation));
      default: return send(as<io::Send>(operation));
    }
  }

  bool accept(io::Accept& operation) {
    std::deque<int>& backlog = at(operation.handle).backlog;
    if (backlog.empty()) return false;
    operation.peer = Address::loopback(1);
    operation.finish(backlog.front());
    backlog.pop_front();
    return true;
  }

  bool connect(io::Connect& operation) {
    auto named = [&](const Socket& socket) { return socket.name == operation.address; };
    auto listener = std::ranges::find_if(sockets_, named);
    operation.finish(listener == sockets_.end() ? -ECONNREFUSED : 0);
    if (listener == sockets_.end()) return true;
    int far = open();
    listener->backlog.push_back(far);
    at(far).other = static_cast<int>(operation.handle.slot);
    at(operation.handle).other = far;
    return true;
  }

  bool receive(io::Receive& operation) {
    Socket& socket = at(operation.handle);
    bool has_ended = socket.inbox.empty() && at(socket.other).has_finished;
    while (!socket.inbox.empty() && operation.transferred < operation.buffer.size()) {
      operation.buffer[operation.transferred++] = socket.inbox.front();
      socket.inbox.pop_front();
    }
    operation.finish(static_cast<std::int64_t>(operation.transferred));
    if (operation.whole) return has_ended || operation.transferred == operation.buffer.size();
    return has_ended || operation.transferred > 0;
  }

  bool send(io::Send& operation) {
    std::deque<std::byte>& inbox = at(at(operation.handle).other).inbox;
    for (; inbox.size() < inbox_max && operation.transferred < operation.size();
         ++operation.transferred)
      inbox.push_back(operation.rest()[0].front());
    operation.finish(static_cast<std::int64_t>(operation.transferred));
    return operation.transferred == operation.size();
  }

  void complete(io::Operation& operation) {
    std::erase(waiting_, &operation);
    --census_.operations;
    completed_.push(operation);
  }

  template <class Op>
  static Op& as(io::Operation& operation) {
    return static_cast<Op&>(operation);
  }

  JobQueue& completed_;
  std::deque<Socket> sockets_;
  std::vector<io::Operation*> waiting_;
};

const Address service = Address::ip4({192, 0, 2, 1}, 7);  // RFC 5737: nobody's

Task<> serve_one(Listener& listener, Task<> (*handler)(Stream)) {
  Accepted accepted = co_await listener.accept();
  Stream peer(Loop::current(), std::move(accepted));
  Task<> task = handler(std::move(peer));
  co_await std::move(task);
}

Task<> send_all(Stream& server, std::string_view bytes) {
  co_await server.write_all(bytes_of(bytes));
  server.finish();
}

Task<> receive_all(Stream& server, std::string& received) {
  std::array<char, 700> buffer;
  for (;;) {
    std::size_t n = co_await server.read_some(std::as_writable_bytes(std::span(buffer)));
    if (n == 0) co_return;
    received.append(buffer.data(), n);
  }
}

Task<> talk(std::string_view bytes, std::string& received) {
  Stream server = co_await connect(service);
  co_await all(send_all(server, bytes), receive_all(server, received));
}

Task<> serve_and_talk(Task<> (*handler)(Stream), std::string_view bytes, std::string& received) {
  Listener listener(service);
  EXPECT_EQ(listener.local(), service);
  co_await all(serve_one(listener, handler), talk(bytes, received));
}

Task<> connect_to_nobody() {
  auto stream = co_await as_expected(connect(service));
  EXPECT_EQ(stream.error(), std::errc::connection_refused);
}

template <class... Arguments>
void run_on_toy(Task<> (*function)(Arguments...), std::type_identity_t<Arguments>... arguments) {
  Log log;
  Loop loop([](JobQueue& completed) { return std::make_unique<ToyEngine>(completed); }, log);
  loop.run(function(arguments...));
  EXPECT_EQ(loop.census(), LoopCensus());
}

TEST(ToySimulation, echoes_under_an_engine_without_a_system_call) {
  for (std::size_t size : {0U, 1U, 4096U, 100'000U}) {
    std::string bytes = pattern(size);
    std::string received;
    run_on_toy(serve_and_talk, echo, bytes, received);
    EXPECT_TRUE(received == bytes) << size << " bytes";
  }
}

TEST(ToySimulation, ends_each_direction_by_itself) {
  std::string received;
  run_on_toy(serve_and_talk, count_bytes, pattern(5000), received);
  EXPECT_EQ(received, "5000");
}

Task<> offload_seven(int& value) {
  auto work = offload(Work::compute, [] { return 7; });
  value = co_await std::move(work);
}

TEST(ToySimulation, carries_out_blocking_work) {
  int value = 0;
  run_on_toy(offload_seven, value);
  EXPECT_EQ(value, 7);
}

TEST(ToySimulation, refuses_a_connection_that_nobody_listens_for) { run_on_toy(connect_to_nobody); }

}  // namespace
}  // namespace duet::test
