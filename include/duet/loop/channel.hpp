#pragma once
// A Channel passes values from those who send to those who receive, in order, each to one of them.
// It holds at most `capacity` values; beyond, senders wait: that is the back-pressure. Used from
// any loop and any thread; under a model that forks, every process has its own. A capacity of 0, a
// rendezvous, does not exist: it is a broken invariant.
//
//   Channel<Job> jobs(64);
//   bool is_taken = co_await jobs.send(std::move(job));       // false: closed
//   while (std::optional<Job> job = wait(jobs.receive())) …   // on a thread; none: closed and
//   empty
//
// Nobody may wait any more when it is destroyed.

#include <deque>
#include <optional>
#include <utility>

#include "duet/loop/waiter.hpp"

namespace duet {

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) { DUET_ASSERT(capacity > 0); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    std::lock_guard lock(mutex_);  // see Waiter::wake
    DUET_ASSERT(senders_.empty() && receivers_.empty());
  }

  // co_await, or wait(…): true when the channel has the value, false when it is closed. Throws
  // Cancelled: then nobody will receive it. What was not taken is destroyed with the call; who
  // wants to keep it sends a pointer, or by try_send.
  class Send;
  Send send(T value) { return Send(*this, std::move(value)); }

  // co_await, or wait(…): a value, or nothing when the channel is closed and empty. Throws
  // Cancelled: then none was taken.
  class Receive;
  Receive receive() noexcept { return Receive(*this); }

  // Without waiting; `value` is moved from only if it was taken. False when the channel is full or
  // closed, and nothing when it is empty, closed or not: those who need to know which send and
  // receive.
  bool try_send(T& value);
  std::optional<T> try_receive();

  // What was sent can still be received; all who wait are told.
  void close() noexcept;

  std::size_t size() const noexcept {
    std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  // Under the lock. Each ends the wait of one on the other side if it can go on now.
  bool put(T& value);
  bool take(std::optional<T>& value);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  bool is_closed_ = false;
  std::deque<T> values_;
  WaitQueue senders_;    // empty unless it is full
  WaitQueue receivers_;  // empty unless it is empty
};

template <class T>
class [[nodiscard]] Channel<T>::Send : private Waiter {
 public:
  Send(Channel& channel, T value)
      : Waiter(channel.mutex_, channel.senders_), channel_(channel), value_(std::move(value)) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), [this] { return put(); });
  }
  bool await_resume() const {
    throw_if_cancelled();
    return is_taken_;
  }
  bool on_thread() {
    block([this] { return put(); });
    return is_taken_;
  }

 private:
  friend Channel;

  bool put() {
    is_taken_ = channel_.put(value_);
    return is_taken_ || channel_.is_closed_;
  }

  Channel& channel_;
  T value_;
  bool is_taken_ = false;
};

template <class T>
class [[nodiscard]] Channel<T>::Receive : private Waiter {
 public:
  explicit Receive(Channel& channel) noexcept
      : Waiter(channel.mutex_, channel.receivers_), channel_(channel) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), [this] { return take(); });
  }
  std::optional<T> await_resume() {
    throw_if_cancelled();
    return std::move(value_);
  }
  std::optional<T> on_thread() {
    block([this] { return take(); });
    return std::move(value_);
  }

 private:
  friend Channel;

  bool take() { return channel_.take(value_) || channel_.is_closed_; }

  Channel& channel_;
  std::optional<T> value_;
};

template <class T>
bool Channel<T>::put(T& value) {
  if (is_closed_) return false;
  if (!receivers_.empty()) {
    auto& receiver = static_cast<Receive&>(receivers_.pop());
    receiver.value_.emplace(std::move(value));
    receiver.wake();
    return true;
  }
  if (values_.size() >= capacity_) return false;
  values_.push_back(std::move(value));
  return true;
}

template <class T>
bool Channel<T>::take(std::optional<T>& value) {
  if (values_.empty()) return false;
  value.emplace(std::move(values_.front()));
  values_.pop_front();
  if (!senders_.empty()) {
    auto& sender = static_cast<Send&>(senders_.pop());
    values_.push_back(std::move(sender.value_));
    sender.is_taken_ = true;
    sender.wake();
  }
  return true;
}

template <class T>
bool Channel<T>::try_send(T& value) {
  std::lock_guard lock(mutex_);
  return put(value);
}

template <class T>
std::optional<T> Channel<T>::try_receive() {
  std::lock_guard lock(mutex_);
  std::optional<T> value;
  take(value);
  return value;
}

template <class T>
void Channel<T>::close() noexcept {
  std::lock_guard lock(mutex_);
  is_closed_ = true;
  while (!receivers_.empty()) receivers_.pop().wake();
  while (!senders_.empty()) senders_.pop().wake();
}

}  // namespace duet
