#pragma once
// How many requests may be in progress at a time. Copies share the count, so that one limit may
// hold for several services, over all workers of the process. Any thread, no errors.

#include <atomic>
#include <cstddef>
#include <memory>

namespace duet::http {

class RequestLimit {
  struct State {
    explicit State(std::size_t of) noexcept : max(of) {}
    const std::size_t max;
    std::atomic<std::size_t> running = 0;
  };

 public:
  RequestLimit() noexcept = default;  // any number, and nothing is counted
  RequestLimit(std::size_t max) : state_(max == 0 ? nullptr : std::make_shared<State>(max)) {}

  // A request that is in progress until the end of its life, or one too many. Outlived by the
  // limit.
  class Entry {
   public:
    explicit Entry(const RequestLimit& limit) noexcept : state_(limit.state_.get()) {
      if (state_ == nullptr) return;
      is_refused_ = state_->running.fetch_add(1, std::memory_order_relaxed) >= state_->max;
      if (is_refused_) leave();
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() {
      if (state_ != nullptr) leave();
    }

    bool is_refused() const noexcept { return is_refused_; }

   private:
    void leave() noexcept {
      state_->running.fetch_sub(1, std::memory_order_relaxed);
      state_ = nullptr;
    }

    State* state_;
    bool is_refused_ = false;
  };

 private:
  std::shared_ptr<State> state_;
};

}  // namespace duet::http
