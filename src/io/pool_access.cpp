#include "io/pool_access.hpp"

#include "io/perform.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace duet::io {
namespace {

constexpr std::size_t order_word = 1;  // in an operation's engine_words: its Order

}  // namespace

struct PoolAccess::Order : WorkPool::Order {
  Order(Operation& of, int on, PoolAccess& given_by, WorkPool& to)
      : WorkPool::Order(carry_out, hand_over),
        operation(of),
        descriptor(on),
        from(given_by),
        pool(to) {}

  static void carry_out(WorkPool::Order& order) noexcept {
    auto& self = static_cast<Order&>(order);
    perform_on_disk(self.operation, self.descriptor, Disk::may_wait);
  }

  static void hand_over(WorkPool::Order& order) noexcept {
    auto& self = static_cast<Order&>(order);
    self.from.give_back(self);
  }

  Operation& operation;
  const int descriptor;
  PoolAccess& from;
  WorkPool& pool;
};

// Nobody waits for it.
struct PoolAccess::Closing : WorkPool::Order {
  explicit Closing(int of) : WorkPool::Order(close), descriptor(of) {}

  static void close(WorkPool::Order& order) noexcept { delete &static_cast<Closing&>(order); }

  sys::Fd descriptor;
};

bool PoolAccess::run(Operation& operation, int descriptor) {
  bool is_call = operation.kind == Kind::call;
  WorkPool& pool = pools_->of(is_call ? static_cast<Call&>(operation).work : Work::disk);
  auto* order = new Order(operation, descriptor, *this, pool);  // until it is collected
  operation.engine_words[order_word] = reinterpret_cast<std::uint64_t>(order);
  if (!pool.give(*order)) {
    delete order;
    operation.finish(Ending::refused);
    return false;
  }
  ++given_;
  return true;
}

void PoolAccess::cancel(Operation& operation, Ending why) {
  auto* order = reinterpret_cast<Order*>(operation.engine_words[order_word]);
  if (order == nullptr) return;  // collected: the loop is about to run its completion
  if (order->pool.take_back(*order)) {
    operation.finish(why);
    give_back(*order);
  } else if (operation.kind == Kind::call) {
    static_cast<Call&>(operation).stop.request_stop();
  }
}

void PoolAccess::close_file(int descriptor) {
  sys::Fd closed_here(descriptor);
  if (pools_ == nullptr || !sys::takes_long_to_close(descriptor)) return;
  auto* closing = new Closing(closed_here.give_up());  // ends itself
  if (!pools_->of(Work::disk).give(*closing)) delete closing;
}

void PoolAccess::give_back(Order& order) {
  std::lock_guard lock(mutex_);
  done_.push_back(order);
  wake_();  // under the lock: the engine may end as soon as it has collected the operation
}

void PoolAccess::collect(JobQueue& returned) {
  if (given_ == 0) return;
  List<WorkPool::Order> done;
  {
    std::lock_guard lock(mutex_);
    done.append(done_);
  }
  while (!done.empty()) {
    std::unique_ptr<Order> order(&static_cast<Order&>(done.front()));
    order->operation.engine_words[order_word] = 0;
    returned.push(order->operation);
    --given_;
  }
}

}  // namespace duet::io
