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
    auto accepted = co_await as_expected(endpoint.listener.accept());
    if (!accepted) {
      co_await pause_after(accepted.error(), endpoint.listener);
      continue;
    }
    sys::Fd descriptor(accepted->descriptor);
    std::optional<Admission> admission = admit(accepted->peer);
    if (!admission) continue;
    if (is_full()) co_await make_room_for(descriptor.get());
    descriptor.give_up();
    placement_->start(*endpoint.service, std::move(*accepted), std::move(*admission));
  }
}

std::optional<Admission> Worker::admit(const Address& peer) {
  std::optional<Admission> admission = admissions_.admit(peer);
  if (!admission && may_warn())
    loop_.log().warning("refused a connection of {}: it has {} already", peer.text(),
                        admissions_.per_address_max());
  return admission;
}

// Asks again after a while, since what is busy now may be idle then; and more of them, for where it
// is not known who is idle.
Task<> Worker::make_room_for(int descriptor) {
  constexpr Duration pause = std::chrono::milliseconds(10);
  constexpr std::size_t asked_max = 16;
  Placement::Newcomer newcomer(*placement_, descriptor);
  for (std::size_t asked = 1; is_full(); asked = std::min(2 * asked, asked_max)) {
    placement_->make_room(asked);
    placement_->ended().clear();
    try {
      co_await within(pause, placement_->ended().wait());
    } catch (const TimedOut&) {
      continue;  // and ask again
    }
  }
}

// Out of descriptors or memory: the connection stays in the backlog, and trying again at once would
// spin. An end of one of ours makes room; others' cannot be seen.
Task<> Worker::pause_after(std::error_code error, const Listener& listener) {
  constexpr Duration pause = std::chrono::milliseconds(50);
  if (may_warn())
    loop_.log().warning("cannot accept on {}: {}; trying again", listener.local().text(),
                        error.message());
  placement_->make_room(1);
  co_await sleep_for(pause);
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
