#pragma once
// Sharded<T>: state divided among the workers, one instance for each, handed to the connections as
// an argument of serve. An instance is made, used and destroyed on its worker's loop, so it needs
// no lock, and others reach it by calls to that loop:
//
//   Sharded<Counters> counters;
//   runtime.serve(address, count, counters);   // Task<> count(Stream peer, Sharded<Counters> all)
//   co_await all.on(all.here(), note_hit);                       // void note_hit(Counters& ours)
//   std::vector<long> hits = co_await all.on_each(hits_of);      // long hits_of(Counters& each)
//
// Under models with a loop for each connection there is one instance, on the acceptor's loop;
// models that fork cannot share memory, and Runtime::serve refuses it under them. Copies mean the
// same.

#include <functional>
#include <memory>
#include <vector>

#include "duet/loop/run_on.hpp"
#include "duet/runtime/shared.hpp"

namespace duet {

// What a runtime does for state that is divided among its workers. Each call is made on the loop of
// that worker: open before its first connection, close when all workers' connections have ended.
class PerWorker {
 public:
  virtual ~PerWorker() = default;
  virtual void divide(std::size_t workers) = 0;  // before any is opened
  virtual void open(std::size_t worker, Loop& loop) = 0;
  virtual void close(std::size_t worker) noexcept = 0;
};

template <class T>
class Sharded {
 public:
  template <class... Arguments>
    requires std::is_constructible_v<T, const Arguments&...>
  explicit Sharded(Arguments... arguments)
      : state_(std::make_shared<State>([... arguments = std::move(arguments)] {
          return std::make_unique<T>(arguments...);
        })) {}

  std::size_t count() const noexcept { return state_->shards.size(); }

  // The shard of the worker whose loop this is; 0 on the own loop of a connection.
  std::size_t here() const noexcept {
    for (std::size_t i = 0; i < count(); ++i)
      if (state_->shards[i].loop == &Loop::current()) return i;
    return 0;
  }

  // Calls function(T&) on the shard's loop, a coroutine or not, and gives what it returns.
  template <class Function>
  Task<detail::ResultOf<Function, T&>> on(std::size_t shard, Function function) const {
    DUET_ASSERT(shard < count());
    Shard& called = state_->shards[shard];
    auto call = [&called, &function] { return function(*called.value); };
    using Result = detail::ResultOf<Function, T&>;
    Task<Result> calling = run_on(*called.loop, call);
    co_return co_await std::move(calling);
  }

  // The same on each, side by side; the results in the order of the shards.
  template <class Function>
  auto on_each(Function function) const {
    std::vector<Task<detail::ResultOf<Function, T&>>> calls;
    for (std::size_t i = 0; i < count(); ++i) calls.push_back(on(i, function));
    return all(std::move(calls));
  }

  std::shared_ptr<PerWorker> per_worker() const noexcept { return state_; }

 private:
  struct Shard {
    Loop* loop = nullptr;
    std::unique_ptr<T> value;
  };

  struct State : PerWorker {
    explicit State(std::function<std::unique_ptr<T>()> how) : make(std::move(how)) {}
    void divide(std::size_t workers) override { shards.resize(workers); }
    void open(std::size_t worker, Loop& loop) override { shards.at(worker) = {&loop, make()}; }
    void close(std::size_t worker) noexcept override { shards[worker].value.reset(); }

    std::function<std::unique_ptr<T>()> make;
    std::vector<Shard> shards;
  };

  std::shared_ptr<State> state_;
};

namespace detail {

template <class T>
struct IsShared<Sharded<T>> : std::true_type {};

}  // namespace detail

}  // namespace duet
