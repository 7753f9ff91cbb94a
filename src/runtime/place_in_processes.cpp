// A forked process with a loop of its own for each connection. The acceptor has started no thread,
// so fork(2) copies a whole program; the child never returns into the parent's frames.

#include <algorithm>
#include <csignal>
#include <iterator>
#include <list>
#include <unordered_map>

#include "runtime/placement.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace duet {
namespace {

enum ToChild : unsigned { to_drain = 1, to_make_room = 2 };

void interrupt_this_child(int signal) {
  Loop* loop = Loop::current_or_null();
  if (loop != nullptr) loop->interrupt(signal == SIGTERM ? to_drain : to_make_room);
}

void obey(Loop& loop, unsigned orders) {
  if ((orders & to_drain) != 0) loop.scope().drain(drain_quiet);
  if ((orders & to_make_room) != 0) loop.scope().make_room(loop.now() - room_quiet);
}

class InProcesses : public Placement {
 public:
  explicit InProcesses(Hosting hosting) : hosting_(std::move(hosting)) {}

  void start(const Service& service, Accepted connection, Admission admission) override {
    sys::Fd ours(connection.descriptor);
    std::fflush(nullptr);  // or the child would write it again
    std::int64_t child = sys::fork();
    if (child == 0) {
      ours.give_up();
      run_child(service, std::move(connection));
    }
    if (child < 0) {
      hosting_.log.error(
          "no process for the connection of {}: {}; {}", connection.peer.text(),
          std::error_code(static_cast<int>(-child), std::system_category()).message(),
          limits_of_threads);
      return;
    }
    auto process = static_cast<pid_t>(child);
    children_.push_back({process, std::move(connection.peer), std::move(admission)});
    by_process_.emplace(process, std::prev(children_.end()));
    note_start();
  }

  // Those asked come last from then on.
  void make_room(std::size_t asked_max) override {
    for (std::size_t i = std::min(asked_max, children_.size()); i > 0; --i) {
      children_.splice(children_.end(), children_, children_.begin());
      sys::kill(children_.back().process, SIGURG);
    }
  }

  void drain(Duration) override { signal_all(SIGTERM); }
  void cut() override {
    is_cut_ = true;
    signal_all(SIGKILL);
  }

  // Reaps those of our connections and nobody else's child. Behind one of somebody else, which
  // stays, the system tells of no other: then each of ours is asked.
  void reap() override {
    while (std::optional<pid_t> ended = sys::find_ended_child()) {
      auto found = by_process_.find(*ended);
      if (found == by_process_.end()) return reap_each();
      reap(found->second);
    }
  }

 private:
  struct Child {
    pid_t process;
    Address peer;
    Admission admission;
  };
  using Children = std::list<Child>;

  void reap_each() {
    for (auto child = children_.begin(); child != children_.end();) child = reap(child);
  }

  // Returns the next child.
  Children::iterator reap(Children::iterator child) {
    std::optional<ExitStatus> ended = sys::reap(child->process);
    if (!ended) return std::next(child);
    if (ended->signal && !is_cut_)
      hosting_.log.error("process {} of the connection of {} was {}", child->process,
                         child->peer.text(), ended->text());
    by_process_.erase(child->process);
    note_end();
    return children_.erase(child);
  }

  [[noreturn]] void run_child(const Service& service, Accepted connection) {
    for (int descriptor : hosting_.inherited) sys::Fd(descriptor).close();
    newcomers_.for_each([](Newcomer& other) { sys::Fd(other.descriptor).close(); });
    int code = 0;
    try {
      Loop loop(hosting_.make_engine, hosting_.log, hosting_.turn_order, hosting_.fibers);
      loop.on_interrupt([&loop](unsigned orders) { obey(loop, orders); });
      loop.run(run_in_child(service, std::move(connection), parent_));
      tell(hosting_.loop_end, loop);
    } catch (const std::exception& error) {
      hosting_.log.error("no loop for a connection: {}", error.what());
      code = 1;
    }
    sys::leave_child(code);
  }

  // Takes signals only once its loop runs.
  static Task<> run_in_child(const Service& service, Accepted connection, pid_t parent) {
    sys::become_child(parent, interrupt_this_child);
    Task<> task = run_connection(service, std::move(connection));
    co_await std::move(task);
  }

  void signal_all(int signal) {
    for (const Child& child : children_) sys::kill(child.process, signal);
  }

  const Hosting hosting_;
  const pid_t parent_ = sys::this_process();
  bool is_cut_ = false;  // from then on it is us who kill
  Children children_;
  std::unordered_map<pid_t, Children::iterator> by_process_;
};

}  // namespace

std::unique_ptr<Placement> place_in_processes(Loop&, Hosting hosting) {
  return std::make_unique<InProcesses>(std::move(hosting));
}

}  // namespace duet
