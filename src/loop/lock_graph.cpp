// Who holds which Mutex, and who waits for which: in debug builds only, to report the moment at
// which those who hold locks begin to wait for each other in a circle.
//
// A holder is noted when it runs again with the lock, and forgotten before it passes the lock on;
// a wait is noted after it has begun and forgotten before it is over. So what is noted is true, if
// late, and whoever notes the last wait of a circle sees all of it.

#include "duet/loop/mutex.hpp"

#ifndef NDEBUG
#include <functional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#endif

namespace duet {

#ifdef NDEBUG

void Mutex::note_wait(const PromiseBase*) noexcept {}
void Mutex::note_cancelled_wait(const PromiseBase*) noexcept {}
void Mutex::note_lock(const PromiseBase*) noexcept {}
void Mutex::note_unlock() noexcept {}

#else

namespace {

// A task is the root of the coroutines that await each other; a thread that runs no loop is itself.
// Only compared: the root may be gone when the lock it took was moved elsewhere.
using Identity = std::variant<std::monostate, const PromiseBase*, std::thread::id>;

struct Who {
  Identity identity;
  std::string name;
};

// On a loop nobody knows which task calls try_lock(): an identity that equals no other's.
Who who(const PromiseBase* task) {
  if (task == nullptr && Loop::current_or_null() != nullptr) return {};
  if (task == nullptr) return {std::this_thread::get_id(), "a thread"};
  std::string_view name = task->scope() == nullptr ? std::string_view() : task->scope()->name();
  while (task->awaiter() != nullptr) task = task->awaiter();
  return {task, name.empty() ? "an unnamed task" : fmt::format("\"{}\"", name)};
}

class LockGraph {
 public:
  // What to report; empty if there is no circle.
  std::string add_wait(const Mutex& mutex, const Who& waiter) {
    std::lock_guard lock(mutex_);
    waits_[waiter.identity] = &mutex;
    return circle_from(mutex, waiter);
  }

  void remove_wait(const Who& waiter) {
    std::lock_guard lock(mutex_);
    waits_.erase(waiter.identity);
  }

  void add_holder(const Mutex& mutex, Who holder) {
    std::lock_guard lock(mutex_);
    waits_.erase(holder.identity);
    if (holder.identity != Identity()) holders_[&mutex] = std::move(holder);
  }

  void remove_holder(const Mutex& mutex) {
    std::lock_guard lock(mutex_);
    holders_.erase(&mutex);
  }

 private:
  std::string circle_from(const Mutex& first, const Who& waiter) const {
    std::string text = "locks form a circle: ";
    const Mutex* mutex = &first;
    std::string_view name = waiter.name;
    // More steps than waits: it leads into an older circle that the waiter is not part of.
    for (std::size_t steps = 0; steps < waits_.size(); ++steps) {
      auto holder = holders_.find(mutex);
      if (holder == holders_.end()) return {};
      text += fmt::format(R"({}{} waits for "{}", which {} holds)", steps == 0 ? "" : "; ", name,
                          mutex->name(), holder->second.name);
      if (holder->second.identity == waiter.identity) return text;
      auto wait = waits_.find(holder->second.identity);
      if (wait == waits_.end()) return {};
      mutex = wait->second;
      name = holder->second.name;
    }
    return {};
  }

  std::mutex mutex_;
  std::unordered_map<const Mutex*, Who> holders_;
  std::unordered_map<Identity, const Mutex*> waits_;
};

// A global although the project has none: a circle may lead through any loop and any thread, which
// have nothing else in common, and it exists in debug builds only. Never destroyed, since a static
// Mutex may be unlocked after it would have been.
LockGraph& graph() {
  static LockGraph& graph = *new LockGraph;
  return graph;
}

}  // namespace

void Mutex::note_wait(const PromiseBase* task) noexcept {
  std::string circle = graph().add_wait(*this, who(task));
  if (circle.empty()) return;
  Log standard_error;
  Loop* loop = Loop::current_or_null();
  (loop == nullptr ? standard_error : loop->log()).error("{}", circle);
}

void Mutex::note_cancelled_wait(const PromiseBase* task) noexcept {
  graph().remove_wait(who(task));
}

void Mutex::note_lock(const PromiseBase* task) noexcept { graph().add_holder(*this, who(task)); }

void Mutex::note_unlock() noexcept { graph().remove_holder(*this); }

#endif

}  // namespace duet
