#pragma once
// What an engine has of the pools, whose threads carry the operations out and call `wake`.

#include <functional>
#include <memory>
#include <mutex>

#include "duet/io/call.hpp"
#include "duet/io/work_pool.hpp"
#include "io/disk_access.hpp"

namespace duet::io {

class PoolAccess final : public DiskAccess {
 public:
  PoolAccess(std::shared_ptr<WorkPools> pools, std::function<void()> wake)
      : pools_(std::move(pools)), wake_(std::move(wake)) {}

  bool run(Operation& operation, int descriptor) override;
  void cancel(Operation& operation, Ending why) override;  // a call that has begun is asked to stop
  void collect(JobQueue& returned) override;
  void close_file(int descriptor) override;

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
