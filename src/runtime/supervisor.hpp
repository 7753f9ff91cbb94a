#pragma once
// The supervisor is what Runtime::run runs on the main thread: it listens, starts the other
// workers, is a worker itself, takes the signals, and ends when the drain has.

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "runtime/worker.hpp"
#include "sys/signal_fd.hpp"

namespace duet {

// What the program wants; outlives the supervisor.
struct Order {
  const Options& options;
  const Model& model;
  unsigned loops;                  // of workers that accept
  std::atomic<unsigned>& threads;  // that run the connections' loops, under pool: those that are
                                   // wanted, and then those that there are
  const std::vector<Service>& services;
  const std::vector<std::shared_ptr<PerWorker>>& per_worker;
  const std::function<void(const std::vector<Address>&)>& announce;
  Log& log;
  const LoopEnd& loop_end;
  const std::function<void()>& hang_up;
  std::shared_ptr<io::WorkPools> pools;
};

class Supervisor {
 public:
  Supervisor(const Order& order, Loop& loop);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Ends when all connections have ended after a drain. Throws IoError when it cannot listen.
  Task<> run();

  // On the main loop's thread. Once only; later calls change nothing.
  void drain();

 private:
  struct OtherWorker {
    Loop* loop = nullptr;
    Worker* worker = nullptr;
    std::thread thread;
  };

  std::vector<Endpoint> listen();
  Listener listen_on(const Address& address);
  Listener shareable(Listener listener);
  std::vector<Endpoint> listen_with(Loop& loop, const std::vector<Endpoint>& first,
                                    const std::vector<Address>& addresses) const;
  std::unique_ptr<Placement> make_placement_on(Loop& loop, const std::vector<Endpoint>& endpoints);
  io::EngineFactory connection_engine() const {
    return order_.model.connection_engine(order_.pools);
  }
  void drain_others();
  void start_other(OtherWorker& other, std::size_t number, const std::vector<Endpoint>& first,
                   const std::vector<Address>& addresses);
  Task<> run_other(Worker& worker, std::size_t number);
  void open_shards(std::size_t number, Loop& loop);
  void close_shards(std::size_t number) noexcept;
  Task<> take_signals();
  Task<> follow_signals();
  Task<> join_others();

  const Order order_;
  Loop& loop_;
  Admissions admissions_;
  sys::SignalFd signals_;
  const int signals_descriptor_;
  std::vector<std::string> local_paths_;  // of Unix sockets, to remove at the end
  std::unique_ptr<Worker> worker_;
  std::vector<OtherWorker> others_;
  std::size_t others_running_ = 0;
  Event other_ended_;
  Event all_ended_;  // set for all workers at once
  bool is_draining_ = false;
  std::exception_ptr signals_failure_;
};

}  // namespace duet
