#include "runtime/own_loops.hpp"

#include <algorithm>

namespace duet {

void OwnLoops::make_room(std::size_t asked_max) {
  std::lock_guard lock(mutex_);
  for (std::size_t i = std::min(asked_max, running()); i > 0 && !connections_.empty(); --i) {
    Connection& first = connections_.front();
    static_cast<ListNode&>(first).unlink();
    connections_.push_back(first);
    if (Loop* loop = first.loop)
      loop->post([loop] { loop->scope().make_room(loop->now() - room_quiet); });
  }
}

void OwnLoops::drain(Duration quiet) {
  std::lock_guard lock(mutex_);
  is_draining_ = true;
  quiet_ = quiet;
  connections_.for_each([this](Connection& connection) {
    if (connection.loop != nullptr) post_drain(*connection.loop);
  });
}

void OwnLoops::cut() {
  std::lock_guard lock(mutex_);
  is_cut_ = true;
  connections_.for_each([](Connection& connection) {
    if (connection.loop != nullptr) post_cut(*connection.loop);
  });
}

void OwnLoops::add(Connection& connection) {
  std::lock_guard lock(mutex_);
  connections_.push_back(connection);
  note_start();
}

void OwnLoops::remove(Connection& connection) {
  std::lock_guard lock(mutex_);
  static_cast<ListNode&>(connection).unlink();
  note_end();
}

OwnLoops::Connection* OwnLoops::first() {
  std::lock_guard lock(mutex_);
  return connections_.empty() ? nullptr : &connections_.front();
}

void OwnLoops::enter(Connection& connection, Loop& loop) {
  std::lock_guard lock(mutex_);
  connection.loop = &loop;
  if (is_draining_) post_drain(loop);
  if (is_cut_) post_cut(loop);
}

void OwnLoops::leave(Connection& connection) {
  std::lock_guard lock(mutex_);
  connection.loop = nullptr;
}

void OwnLoops::post_drain(Loop& loop) const {
  loop.post([&loop, quiet = quiet_] { loop.scope().drain(quiet); });
}

void OwnLoops::post_cut(Loop& loop) {
  loop.post([&loop] { loop.scope().cancel(CancelReason::requested); });
}

}  // namespace duet
