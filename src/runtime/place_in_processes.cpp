// A forked process with a loop of its own for each connection. The acceptor has started no thread,
// so fork(2) copies a whole program; the child never returns into the parent's frames.

#include <csignal>
#include <unordered_map>

#include "runtime/placement.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace duet {
namespace {

void drain_this_child(int) {
  if (Loop* loop = Loop::current_or_null()) loop->interrupt();
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
          "no process for the connection of {}: {}", connection.peer.text(),
          std::error_code(static_cast<int>(-child), std::system_category()).message());
      return;
    }
    children_.emplace(static_cast<pid_t>(child),
                      Child{std::move(connection.peer), std::move(admission)});
    note_start();
  }

  void drain(Duration) override { signal_all(SIGTERM); }
  void cut() override {
    is_cut_ = true;
    signal_all(SIGKILL);
  }

  void reap() override {
    while (std::optional<sys::EndedChild> ended = sys::reap_child()) {
      auto found = children_.find(ended->process);
      if (found == children_.end()) continue;
      if (!ended->crash.empty() && !is_cut_)
        hosting_.log.error("process {} of the connection of {} was {}", ended->process,
                           found->second.peer.text(), ended->crash);
      children_.erase(found);
      note_end();
    }
  }

 private:
  struct Child {
    Address peer;
    Admission admission;
  };

  [[noreturn]] void run_child(const Service& service, Accepted connection) {
    for (int descriptor : hosting_.inherited) sys::Fd(descriptor).close();
    int code = 0;
    try {
      Loop loop(hosting_.make_engine, hosting_.log);
      loop.on_interrupt([&loop] { loop.scope().drain(drain_quiet); });
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
    sys::become_child(parent, drain_this_child);
    Task<> task = run_connection(service, std::move(connection));
    co_await std::move(task);
  }

  void signal_all(int signal) {
    for (auto& [process, child] : children_) sys::kill(process, signal);
  }

  const Hosting hosting_;
  const pid_t parent_ = sys::this_process();
  bool is_cut_ = false;  // from then on it is us who kill
  std::unordered_map<pid_t, Child> children_;
};

}  // namespace

std::unique_ptr<Placement> place_in_processes(Loop&, Hosting hosting) {
  return std::make_unique<InProcesses>(std::move(hosting));
}

}  // namespace duet
