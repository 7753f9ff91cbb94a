#include "runtime/worker.hpp"

#include "sys/fd.hpp"

namespace duet {

Task<> Worker::work(Duration drain_max) {
  for (Endpoint& endpoint : endpoints_) accepting_.spawn(accept(endpoint));
  co_await accepting_.join();
  endpoints_.clear();
  placement_->drain(drain_quiet);
  Task<> ended = wait_for_connections();
  try {
    co_await within(drain_max, std::move(ended));
    co_return;
  } catch (const TimedOut&) {
    std::size_t count = placement_->running();
    loop_.log().warning("{} connection{} did not end within the drain time: cut", count,
                        count == 1 ? "" : "s");
  }
  placement_->cut();
  co_await wait_for_connections();
}

Task<> Worker::accept(Endpoint& endpoint) {
  for (;;) {
    co_await wait_for_room();
    auto accepted = co_await as_expected(endpoint.listener.accept());
    if (accepted)
      place(*endpoint.service, std::move(*accepted));
    else
      co_await pause_after(accepted.error(), endpoint.listener);
  }
}

Task<> Worker::wait_for_room() {
  while (placement_->running() >= connections_max_) {
    placement_->ended().clear();
    co_await placement_->ended().wait();
  }
}

// Out of descriptors or memory: the connection stays in the backlog, and trying again at once would
// spin. An end of one of ours may make room; others' cannot be seen.
Task<> Worker::pause_after(std::error_code error, const Listener& listener) {
  constexpr Duration pause = std::chrono::milliseconds(50);
  if (may_warn())
    loop_.log().warning("cannot accept on {}: {}; trying again", listener.local().text(),
                        error.message());
  co_await sleep_for(pause);
}

void Worker::place(const Service& service, Accepted connection) {
  std::optional<Admission> admission = admissions_.admit(connection.peer);
  if (admission) return placement_->start(service, std::move(connection), std::move(*admission));
  sys::Fd refused(connection.descriptor);
  if (may_warn())
    loop_.log().warning("refused a connection of {}: it has {} already", connection.peer.text(),
                        admissions_.per_address_max());
}

// What keeps going wrong is said once a second.
bool Worker::may_warn() noexcept {
  constexpr Duration interval = std::chrono::seconds(1);
  if (last_warning_ != past && loop_.now() - last_warning_ <= interval) return false;
  last_warning_ = loop_.now();
  return true;
}

Task<> Worker::wait_for_connections() {
  while (placement_->running() > 0) {
    placement_->ended().clear();
    co_await placement_->ended().wait();
  }
}

}  // namespace duet
