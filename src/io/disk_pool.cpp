#include "duet/io/disk_pool.hpp"

#include <utility>

#include "io/perform.hpp"
#include "sys/signal.hpp"

namespace duet::io {

void DiskAccess::give_back(Operation& operation) {
  std::lock_guard lock(mutex_);
  done_.push(operation);
  ++done_count_;
  wake_();  // under the lock: the engine may end as soon as it has collected the operation
}

void DiskAccess::collect(JobQueue& returned) {
  if (given_ == 0) return;
  std::lock_guard lock(mutex_);
  returned.append(done_);
  given_ -= std::exchange(done_count_, 0);
}

DiskPool::~DiskPool() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void DiskPool::run(Operation& operation, int descriptor, DiskAccess& from) {
  Order order{&operation, descriptor, &from};
  std::unique_lock lock(mutex_);
  if (orders_.size() >= idle_ && threads_.size() < threads_max_) start_thread();
  if (!threads_.empty()) {
    orders_.push_back(order);
    changed_.notify_one();
    return;
  }
  lock.unlock();
  carry_out(order);  // no thread can be had: late is better than never
}

void DiskPool::start_thread() {
  sys::BlockedSignals blocked;  // signals are for the threads that run loops
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    return;  // the system refuses one more: those that run do the work
  }
}

void DiskPool::carry_out(const Order& order) {
  perform_on_disk(*order.operation, order.descriptor, Disk::may_wait);
  order.from->give_back(*order.operation);
}

void DiskPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return is_ending_ || !orders_.empty(); });
    --idle_;
    if (orders_.empty()) return;
    Order order = orders_.front();
    orders_.pop_front();
    lock.unlock();
    carry_out(order);
    lock.lock();
  }
}

}  // namespace duet::io
