#include "runtime/supervisor.hpp"

#include <csignal>
#include <cstdlib>
#include <future>
#include <optional>

#include "duet/loop/sleep.hpp"
#include "sys/fd.hpp"
#include "sys/local_socket.hpp"
#include "sys/poll.hpp"
#include "sys/socket.hpp"
#include "sys/start_thread.hpp"

namespace duet {
namespace {

// A hang-up that nobody wants to hear of ends the program, as of old.
std::vector<int> signals_for(const Order& order) {
  std::vector<int> signals = {SIGTERM, SIGINT, SIGCHLD};
  if (order.hang_up) signals.push_back(SIGHUP);
  return signals;
}

IoError::Subject name_signals(const void*) {
  return [] { return std::string("the signalfd"); };
}

}  // namespace

Supervisor::Supervisor(const Order& order, Loop& loop)
    : order_(order),
      loop_(loop),
      admissions_(order.options.connections_per_address_max),
      signals_(signals_for(order)),
      signals_descriptor_(signals_.get()) {}

Supervisor::~Supervisor() {
  if (!is_draining_) drain_others();  // one of them could not start: the rest must not go on
  all_ended_.set();
  for (OtherWorker& other : others_)
    if (other.thread.joinable()) other.thread.join();
  close_shards(0);
  for (const std::string& path : local_paths_) sys::remove_local_socket(path);
}

Task<> Supervisor::run() {
  std::vector<Endpoint> endpoints = listen();
  std::vector<Address> addresses;
  for (const Endpoint& endpoint : endpoints) addresses.push_back(endpoint.listener.local());
  others_ = std::vector<OtherWorker>(order_.loops - 1);
  open_shards(0, loop_);
  for (std::size_t i = 0; i < others_.size(); ++i)
    start_other(others_[i], i + 1, endpoints, addresses);
  auto placement = make_placement_on(loop_, endpoints);
  if (unsigned there = placement->threads()) order_.threads = there;
  worker_ = std::make_unique<Worker>(loop_, std::move(endpoints), std::move(placement), admissions_,
                                     order_.options.connections_max);
  if (order_.announce) order_.announce(addresses);

  CancelScope* outer = co_await this_scope();
  Scope side(outer);
  side.spawn(take_signals());
  if (is_draining_) worker_->drain();
  co_await worker_->work(order_.options.drain);
  co_await join_others();
  all_ended_.set();
  close_shards(0);
  side.cancel();
  co_await side.join();
  if (signals_failure_) std::rethrow_exception(signals_failure_);
}

void Supervisor::drain() {
  if (std::exchange(is_draining_, true)) return;
  if (worker_) worker_->drain();
  drain_others();
}

void Supervisor::drain_others() {
  for (OtherWorker& other : others_)
    if (other.loop != nullptr) other.loop->post([worker = other.worker] { worker->drain(); });
}

std::vector<Endpoint> Supervisor::listen() {
  std::vector<Endpoint> endpoints;
  for (const Service& service : order_.services)
    endpoints.push_back({&service, listen_on(service.address)});
  return endpoints;
}

// The workers' descriptors of it have one mode: the first that ends must not give an earlier one
// back while another is about to accept, for its call would never return.
Listener Supervisor::shareable(Listener listener) {
  int descriptor = sys::duplicate(listener.descriptor());
  listener.close();
  sys::set_mode(descriptor, sys::Mode::nonblocking);
  return Listener::adopt(loop_, descriptor);
}

Listener Supervisor::listen_on(const Address& address) {
  bool is_local = address.family == Address::Family::local;
  if (is_local && sys::is_dead_local_socket(address)) sys::remove_local_socket(address.path());
  Listener::Options options;
  if (order_.loops > 1) options.port_sharing = Listener::PortSharing::first;
  Listener listener(loop_, address, options);
  if (is_local) local_paths_.push_back(address.path());
  return is_local && order_.loops > 1 ? shareable(std::move(listener)) : std::move(listener);
}

// TCP: a socket of its own for each worker, so that the kernel spreads the connections. A Unix
// socket has no such thing: the workers share it. Called by their threads, which may not ask the
// first worker's loop for its addresses.
std::vector<Endpoint> Supervisor::listen_with(Loop& loop, const std::vector<Endpoint>& first,
                                              const std::vector<Address>& addresses) const {
  std::vector<Endpoint> endpoints;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const Endpoint& endpoint = first[i];
    const Address& address = addresses[i];
    Listener::Options options;
    options.port_sharing = Listener::PortSharing::join;
    bool is_local = address.family == Address::Family::local;
    endpoints.push_back({endpoint.service,
                         is_local
                             ? Listener::adopt(loop, sys::duplicate(endpoint.listener.descriptor()))
                             : Listener(loop, address, options)});
  }
  return endpoints;
}

std::unique_ptr<Placement> Supervisor::make_placement_on(Loop& loop,
                                                         const std::vector<Endpoint>& endpoints) {
  std::vector<int> inherited = {signals_descriptor_};
  for (const Endpoint& endpoint : endpoints) inherited.push_back(endpoint.listener.descriptor());
  return make_placement(
      order_.model.sharing(), loop,
      {order_.log, connection_engine(), order_.options.turn_order, order_.options.fibers,
       std::move(inherited), order_.loop_end, order_.pools, order_.threads});
}

void Supervisor::open_shards(std::size_t number, Loop& loop) {
  for (const std::shared_ptr<PerWorker>& state : order_.per_worker) state->open(number, loop);
}

void Supervisor::close_shards(std::size_t number) noexcept {
  for (const std::shared_ptr<PerWorker>& state : order_.per_worker) state->close(number);
}

void Supervisor::start_other(OtherWorker& other, std::size_t number,
                             const std::vector<Endpoint>& first,
                             const std::vector<Address>& addresses) {
  std::promise<void> listening;
  std::future<void> is_listening = listening.get_future();
  ++others_running_;
  other.thread = sys::start_thread("start a worker", [this, &other, number, &first, &addresses,
                                                      listening = std::move(listening)] mutable {
    std::optional<Loop> loop;
    std::unique_ptr<Worker> worker;
    try {
      loop.emplace(connection_engine(), order_.log, order_.options.turn_order,
                   order_.options.fibers);
      std::vector<Endpoint> endpoints = listen_with(*loop, first, addresses);
      auto placement = make_placement_on(*loop, endpoints);
      worker = std::make_unique<Worker>(*loop, std::move(endpoints), std::move(placement),
                                        admissions_, order_.options.connections_max);
      open_shards(number, *loop);
      other.loop = &*loop;
      other.worker = worker.get();
      listening.set_value();
    } catch (...) {
      close_shards(number);
      listening.set_exception(std::current_exception());
      return;
    }
    loop->run(run_other(*worker, number));
    tell(order_.loop_end, *loop);
  });
  is_listening.get();
}

// The loop goes on until all workers' connections have ended: they may still call its shards.
Task<> Supervisor::run_other(Worker& worker, std::size_t number) {
  co_await worker.work(order_.options.drain);
  loop_.post([this] {
    --others_running_;
    other_ended_.set();
  });
  co_await all_ended_.wait();
  close_shards(number);
}

// A server that is deaf to signals could only be killed: it ends instead, with an error.
Task<> Supervisor::take_signals() {
  constexpr Duration pause = std::chrono::milliseconds(20);
  try {
    Task<> following = follow_signals();
    co_await std::move(following);
    co_return;
  } catch (const std::exception& error) {
    order_.log.error("cannot take signals any more, so the server ends: {}", error.what());
    signals_failure_ = std::current_exception();
  }
  drain();
  for (;;) {  // until it is cancelled: nobody else tells of children that have ended
    worker_->placement().reap();
    co_await sleep_for(pause);
  }
}

Task<> Supervisor::follow_signals() {
  io::Handle handle = loop_.engine().adopt(signals_.give_up(), io::HandleKind::other);
  std::vector<std::byte> record(sys::SignalFd::record_bytes);
  try {
    for (;;) {
      co_await Wait<io::Receive>(io::Receive(handle, record, false), name_signals, nullptr);
      int signal = sys::SignalFd::number_in(record);
      if (signal == SIGCHLD) {
        worker_->placement().reap();
      } else if (signal == SIGHUP) {
        order_.hang_up();
      } else if (is_draining_) {
        worker_->placement().cut();
        std::_Exit(1);  // asked twice: nothing more is waited for
      } else {
        drain();
      }
    }
  } catch (const Cancelled&) {
    loop_.engine().release(handle);
  } catch (...) {
    loop_.engine().release(handle);
    throw;
  }
}

Task<> Supervisor::join_others() {
  while (others_running_ > 0) {
    other_ended_.clear();
    co_await other_ended_.wait();
  }
}

}  // namespace duet
