#pragma once
// What placements share that give each connection a loop of its own, run by other threads: who
// runs, and the orders of the acceptor to all of them.

#include <mutex>

#include "runtime/placement.hpp"

namespace duet {

class OwnLoops : public Placement {
 public:
  // Those asked come last from then on.
  void make_room(std::size_t asked_max) override;
  void drain(Duration quiet) override;
  void cut() override;

 protected:
  // Made and destroyed on the acceptor's thread, which also orders them.
  struct Connection : ListNode {
    Loop* loop = nullptr;  // while it runs; guarded by mutex_
    Admission admission;
  };

  OwnLoops(Loop& acceptor, Hosting hosting) : acceptor_(acceptor), hosting_(std::move(hosting)) {}

  void add(Connection& connection);
  void remove(Connection& connection);
  Connection* first();  // nullptr when there is none

  // From enter to leave the loop obeys. Any thread.
  void enter(Connection& connection, Loop& loop);
  void leave(Connection& connection);

  Loop& acceptor_;
  const Hosting hosting_;

 private:
  void post_drain(Loop& loop) const;
  static void post_cut(Loop& loop);

  std::mutex mutex_;
  bool is_draining_ = false;
  bool is_cut_ = false;
  Duration quiet_{};
  List<Connection> connections_;
};

}  // namespace duet
