// Who holds which Mutex, and who waits for which: in debug builds only, to report the moment at
// which those who hold locks begin to wait for each other in a circle. A task that waits for the
// tasks of a scope is kept waiting by whatever one of them waits for.
//
// A holder is noted when it runs again with the lock, and forgotten before it passes the lock on;
// a wait is noted after it has begun and forgotten before it is over. So what is noted is true, if
// late, and whoever notes the last wait of a circle sees all of it.

#include "loop/lock_graph.hpp"

#include "duet/loop/mutex.hpp"

#ifndef NDEBUG
#include <functional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>
#endif

namespace duet {

#ifdef NDEBUG

void Mutex::note_wait(const PromiseBase*) noexcept {}
void Mutex::note_cancelled_wait(const PromiseBase*) noexcept {}
void Mutex::note_lock(const PromiseBase*) noexcept {}
void Mutex::note_unlock() noexcept {}
void note_join(const CancelScope&, const PromiseBase&) noexcept {}
void note_end_of_join(const CancelScope&) noexcept {}

#else

namespace {

// A task is the root of the coroutines that await each other; a thread that runs no loop is itself.
// Only compared: the root may be gone when the lock it took was moved elsewhere.
using Identity = std::variant<std::monostate, const PromiseBase*, std::thread::id>;

struct Who {
  Identity identity;
  std::string name;
  const CancelScope* scope = nullptr;  // of which it is a child, if that is a Scope's
};

// On a loop nobody knows which task calls try_lock(): an identity that equals no other's.
Who who(const PromiseBase* task) {
  if (task == nullptr && Loop::current_or_null() != nullptr) return {};
  if (task == nullptr) return {std::this_thread::get_id(), "a thread"};
  std::string_view name = task->scope() == nullptr ? std::string_view() : task->scope()->name();
  while (task->awaiter() != nullptr) task = task->awaiter();
  return {task, name.empty() ? "an unnamed task" : fmt::format("\"{}\"", name), task->scope()};
}

class LockGraph {
 public:
  // What to report; empty if there is no circle.
  std::string add_wait(const Mutex& mutex, Who waiter) {
    std::lock_guard lock(mutex_);
    Wait& wait = waits_[waiter.identity];
    wait = {&mutex, std::move(waiter)};
    return circle_through(wait, wait.waiter.identity);
  }

  void remove_wait(const Who& waiter) {
    std::lock_guard lock(mutex_);
    waits_.erase(waiter.identity);
  }

  // The same as for add_wait.
  std::string add_join(const CancelScope& children, Who joiner) {
    std::lock_guard lock(mutex_);
    Identity identity = joiner.identity;
    joins_[&children] = std::move(joiner);
    for (const auto& [unused, wait] : waits_) {
      if (!keeps_waiting(wait, identity)) continue;
      std::string circle = circle_through(wait, identity);
      if (!circle.empty()) return circle;
    }
    return {};
  }

  void remove_join(const CancelScope& children) {
    std::lock_guard lock(mutex_);
    joins_.erase(&children);
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
  struct Wait {
    const Mutex* mutex = nullptr;
    Who waiter;
  };
  using Path = std::vector<const Wait*>;

  // The one who waits for the task's end; nobody, as far as is known.
  const Who* joiner_of(const Who& task) const {
    auto join = joins_.find(task.scope);
    return join == joins_.end() ? nullptr : &join->second;
  }

  // Whether the wait keeps `task` waiting: its own, or that of a child which it joins. Only those
  // from `lowest` upwards are looked at.
  bool keeps_waiting(const Wait& wait, const Identity& task, const Identity& lowest) const {
    bool is_reached = false;
    for (const Who* at = &wait.waiter; at != nullptr; at = joiner_of(*at)) {
      is_reached = is_reached || at->identity == lowest;
      if (is_reached && at->identity == task) return true;
    }
    return false;
  }
  bool keeps_waiting(const Wait& wait, const Identity& task) const {
    return keeps_waiting(wait, task, wait.waiter.identity);
  }

  // A circle that has `first` in it, and `newest`, which that keeps waiting since now. Others were
  // reported before.
  std::string circle_through(const Wait& first, const Identity& newest) const {
    Path path{&first};
    std::unordered_set<const Wait*> seen{&first};
    return closes(path, seen, newest) ? text_of(path) : std::string();
  }

  bool closes(Path& path, std::unordered_set<const Wait*>& seen, const Identity& newest) const {
    auto holder = holders_.find(path.back()->mutex);
    if (holder == holders_.end()) return false;
    const Identity& wanted = holder->second.identity;
    if (keeps_waiting(*path.front(), wanted, newest)) return true;
    for (const auto& [unused, next] : waits_) {
      if (!keeps_waiting(next, wanted) || !seen.insert(&next).second) continue;
      path.push_back(&next);
      if (closes(path, seen, newest)) return true;
      path.pop_back();
    }
    return false;
  }

  std::string text_of(const Path& path) const {
    std::string text = "locks form a circle: ";
    for (std::size_t i = 0; i < path.size(); ++i) {
      const Who& holder = holders_.at(path[i]->mutex);
      const Who& next = path[(i + 1) % path.size()]->waiter;
      text += fmt::format(R"({}{} waits for "{}", which {} holds)", i == 0 ? "" : "; ",
                          path[i]->waiter.name, path[i]->mutex->name(), holder.name);
      if (holder.identity != next.identity)
        text += fmt::format("; {} waits for its children, {} among them", holder.name, next.name);
    }
    return text;
  }

  std::mutex mutex_;
  std::unordered_map<const Mutex*, Who> holders_;
  std::unordered_map<Identity, Wait> waits_;
  std::unordered_map<const CancelScope*, Who> joins_;  // by the scope of the children
};

// A global although the project has none: a circle may lead through any loop and any thread, which
// have nothing else in common, and it exists in debug builds only. Never destroyed, since a static
// Mutex may be unlocked after it would have been.
LockGraph& graph() {
  static LockGraph& graph = *new LockGraph;
  return graph;
}

void report(const std::string& circle) {
  if (circle.empty()) return;
  Log standard_error;
  Loop* loop = Loop::current_or_null();
  (loop == nullptr ? standard_error : loop->log()).error("{}", circle);
}

}  // namespace

void Mutex::note_wait(const PromiseBase* task) noexcept {
  report(graph().add_wait(*this, who(task)));
}

void Mutex::note_cancelled_wait(const PromiseBase* task) noexcept {
  graph().remove_wait(who(task));
}

void Mutex::note_lock(const PromiseBase* task) noexcept { graph().add_holder(*this, who(task)); }

void Mutex::note_unlock() noexcept { graph().remove_holder(*this); }

void note_join(const CancelScope& children, const PromiseBase& joiner) noexcept {
  report(graph().add_join(children, who(&joiner)));
}

void note_end_of_join(const CancelScope& children) noexcept { graph().remove_join(children); }

#endif

}  // namespace duet
