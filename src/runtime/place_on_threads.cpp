// A thread with a loop of its own for each connection.

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>

#include "runtime/placement.hpp"
#include "sys/fd.hpp"

namespace duet {
namespace {

class OnThreads : public Placement {
 public:
  OnThreads(Loop& loop, Hosting hosting) : acceptor_(loop), hosting_(std::move(hosting)) {}

  ~OnThreads() override {
    for (Connection& connection : connections_) connection.thread.join();
  }

  void start(const Service& service, Accepted accepted, Admission admission) override {
    int descriptor = accepted.descriptor;
    auto at = connections_.emplace(connections_.end());
    try {
      at->thread = std::thread(
          [this, at, &service, accepted = std::move(accepted)] { run(*at, service, accepted); });
      at->position = at;
      at->admission = std::move(admission);
      note_start();
    } catch (const std::system_error& error) {
      sys::Fd refused(descriptor);
      connections_.erase(at);
      hosting_.log.error("no thread for a connection: {}", error.what());
    }
  }

  // Those asked come last from then on.
  void make_room(std::size_t asked_max) override {
    std::lock_guard lock(mutex_);
    for (std::size_t i = std::min(asked_max, connections_.size()); i > 0; --i) {
      connections_.splice(connections_.end(), connections_, connections_.begin());
      if (Loop* loop = connections_.back().loop)
        loop->post([loop] { loop->scope().make_room(loop->now() - room_quiet); });
    }
  }

  void drain(Duration quiet) override {
    std::lock_guard lock(mutex_);
    is_draining_ = true;
    quiet_ = quiet;
    for (Connection& connection : connections_)
      if (connection.loop != nullptr) post_drain(*connection.loop);
  }

  void cut() override {
    std::lock_guard lock(mutex_);
    is_cut_ = true;
    for (Connection& connection : connections_)
      if (connection.loop != nullptr) post_cut(*connection.loop);
  }

 private:
  struct Connection {
    std::thread thread;
    Loop* loop = nullptr;  // while it runs; guarded by mutex_
    std::list<Connection>::iterator position;
    Admission admission;
  };

  void run(Connection& connection, const Service& service, Accepted accepted) {
    if (std::unique_ptr<Loop> loop = make_loop(accepted)) {
      enter(connection, *loop);
      Task<> task = run_connection(service, std::move(accepted));
      loop->run(std::move(task));
      tell(hosting_.loop_end, *loop);
      leave(connection);
    }
    acceptor_.post([this, &connection] {
      connection.thread.join();
      erase(connection);
      note_end();
    });
  }

  std::unique_ptr<Loop> make_loop(const Accepted& accepted) {
    try {
      return std::make_unique<Loop>(hosting_.make_engine, hosting_.log, hosting_.turn_order,
                                    hosting_.fibers);
    } catch (const std::exception& error) {
      sys::Fd refused(accepted.descriptor);
      hosting_.log.error("no loop for the connection of {}: {}", accepted.peer.text(),
                         error.what());
      return nullptr;
    }
  }

  void enter(Connection& connection, Loop& loop) {
    std::lock_guard lock(mutex_);
    connection.loop = &loop;
    if (is_draining_) post_drain(loop);
    if (is_cut_) post_cut(loop);
  }

  void leave(Connection& connection) {
    std::lock_guard lock(mutex_);
    connection.loop = nullptr;
  }

  void erase(Connection& connection) {
    auto position = connection.position;
    std::lock_guard lock(mutex_);
    connections_.erase(position);
  }

  void post_drain(Loop& loop) {
    loop.post([&loop, quiet = quiet_] { loop.scope().drain(quiet); });
  }
  void post_cut(Loop& loop) {
    loop.post([&loop] { loop.scope().cancel(CancelReason::requested); });
  }

  Loop& acceptor_;
  const Hosting hosting_;
  std::mutex mutex_;
  bool is_draining_ = false;
  bool is_cut_ = false;
  Duration quiet_{};
  std::list<Connection> connections_;  // added to, taken from and ordered by the acceptor only
};

}  // namespace

std::unique_ptr<Placement> place_on_threads(Loop& loop, Hosting hosting) {
  return std::make_unique<OnThreads>(loop, std::move(hosting));
}

}  // namespace duet
