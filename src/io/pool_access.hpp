#pragma once
// What an engine has of the pools: gives them operations that would keep its thread waiting, and
// gets them back when they have been carried out. `wake` ends the engine's wait and is called by
// the pools' threads; the rest by the engine's.

#include <functional>
#include <memory>
#include <mutex>

#include "duet/base/job.hpp"
#include "duet/io/call.hpp"
#include "duet/io/work_pool.hpp"

namespace duet::io {

class PoolAccess {
 public:
  PoolAccess(std::shared_ptr<WorkPools> pools, std::function<void()> wake)
      : pools_(std::move(pools)), wake_(std::move(wake)) {}

  // False, and the operation has completed, when too much work of its class waits already.
  bool run(Operation& operation, int descriptor);

  // Ends an operation that was given, if no thread has begun with it; it is collected like the
  // others. Else it goes on, and a call's function is asked to stop.
  void cancel(Operation& operation, Ending why);

  // Closes a file's descriptor: here, unless that would take long.
  void close_file(int descriptor);

  // The operations that have been carried out since.
  void collect(JobQueue& returned);

 private:
  struct Order;
  struct Closing;

  void give_back(Order& order);

  const std::shared_ptr<WorkPools> pools_;
  const std::function<void()> wake_;
  std::size_t given_ = 0;
  std::mutex mutex_;
  List<WorkPool::Order> done_;
};

}  // namespace duet::io
