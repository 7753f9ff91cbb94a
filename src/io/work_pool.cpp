#include "duet/io/work_pool.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sys/signal.hpp"

namespace duet::io {
namespace {

Work with_numbers(Work work) {
  if (work.threads == 0) work.threads = std::max(1U, std::thread::hardware_concurrency());
  work.threads_max = std::max(work.threads, work.threads_max);
  if (work.waiting_max == 0) work.threads = work.threads_max;  // more come only when work waits
  return work;
}

}  // namespace

struct WorkPool::Idle {
  Duty duty = Duty::none;
  std::condition_variable called;
};

WorkPool::WorkPool(const Work& work) : work_(with_numbers(work)), busy_max_(work_.threads) {}

WorkPool::~WorkPool() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;  // what still waits is carried out before
    for (Idle* idle : idle_) idle->called.notify_one();
    end_of_watch_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  for (std::thread& thread : ended_) thread.join();
}

bool WorkPool::give(Order& order) {
  {
    std::lock_guard lock(mutex_);
    order.since = Clock::now();
    order.is_waiting = true;
    orders_.push_back(order);
    ++waiting_;
    bool has_threads = call_a_thread();
    if (has_threads && waiting_ <= work_.waiting_max + called_) return true;
    remove(order);
    if (has_threads) return false;
  }
  auto give_back = order.give_back;
  order.run(order);  // late is better than never
  if (give_back != nullptr) give_back(order);
  return true;
}

bool WorkPool::take_back(Order& order) {
  std::lock_guard lock(mutex_);
  if (!order.is_waiting) return false;
  remove(order);
  return true;
}

void WorkPool::remove(Order& order) {
  order.unlink();
  order.is_waiting = false;
  --waiting_;
}

std::size_t WorkPool::threads() const {
  std::lock_guard lock(mutex_);
  return threads_.size();
}

std::size_t WorkPool::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_;
}

// Sees to it that what waits will be looked at. False if there is no thread that could.
bool WorkPool::call_a_thread() {
  if (busy_ < busy_max_) {
    if (assign(Duty::work)) {
      ++busy_;
      ++called_;
    }
  } else if (!is_watched_ && busy_max_ < work_.threads_max) {
    is_watched_ = assign(Duty::watch);
  }
  return !threads_.empty();
}

bool WorkPool::assign(Duty duty) {
  if (idle_.empty()) return start_thread(duty);
  Idle& idle = *idle_.back();
  idle_.pop_back();
  idle.duty = duty;
  idle.called.notify_one();
  return true;
}

bool WorkPool::start_thread(Duty duty) {
  for (std::thread& thread : ended_) thread.join();
  ended_.clear();
  sys::BlockedSignals blocked;  // signals are for the threads that run loops
  auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, duty, self] { run_thread(duty, self); });
    return true;
  } catch (const std::system_error&) {
    threads_.erase(self);  // the system refuses one more: those that run do the work
    return false;
  }
}

void WorkPool::run_thread(Duty duty, Threads::iterator self) {
  std::unique_lock lock(mutex_);
  for (; duty != Duty::none; duty = wait_for_duty(lock)) {
    if (duty == Duty::watch) watch(lock);
    if (duty == Duty::work) {
      --called_;
      work_off(lock);
    }
  }
  if (!is_ending_) ended_.splice(ended_.end(), threads_, self);
}

void WorkPool::work_off(std::unique_lock<std::mutex>& lock) {
  while (!orders_.empty()) {
    Order& order = orders_.front();
    remove(order);
    carry_out(order, lock);
  }
  --busy_;
}

// Whoever gets a result back and gives more work at once must find this thread free.
void WorkPool::carry_out(Order& order, std::unique_lock<std::mutex>& lock) {
  auto give_back = order.give_back;
  lock.unlock();
  order.run(order);
  lock.lock();
  if (give_back == nullptr) return;
  ++called_;
  lock.unlock();
  give_back(order);
  lock.lock();
  --called_;
}

// Joins those that work when the oldest order has waited for too long.
void WorkPool::watch(std::unique_lock<std::mutex>& lock) {
  while (!orders_.empty() && !is_ending_) {
    TimePoint overdue = after(orders_.front().since, work_.grow_after);
    if (busy_ < busy_max_ || Clock::now() >= overdue) {
      busy_max_ = std::max(busy_max_, ++busy_);
      is_watched_ = false;
      if (waiting_ > 1) call_a_thread();
      return work_off(lock);
    }
    end_of_watch_.wait_until(lock, overdue);
  }
  is_watched_ = false;
}

WorkPool::Duty WorkPool::wait_for_duty(std::unique_lock<std::mutex>& lock) {
  if (is_ending_) return Duty::none;
  Idle idle;
  idle_.push_back(&idle);
  auto is_called = [&] { return idle.duty != Duty::none || is_ending_; };
  if (!idle.called.wait_until(lock, after(Clock::now(), work_.idle_time), is_called)) {
    std::erase(idle_, &idle);
    auto others = static_cast<unsigned>(threads_.size() - 1);
    busy_max_ = std::max(work_.threads, std::min(busy_max_, others));
  }
  return idle.duty;
}

WorkPool& WorkPools::of(const Work& work) {
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<WorkPool>& pool : pools_)
    if (std::string_view(pool->work().name) == work.name) return *pool;
  return *pools_.emplace_back(std::make_unique<WorkPool>(work));
}

}  // namespace duet::io
