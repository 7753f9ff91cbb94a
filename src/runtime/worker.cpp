#include "runtime/worker.hpp"

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
      placement_->start(*endpoint.service, std::move(*accepted));
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
  constexpr Duration warning_interval = std::chrono::seconds(1);
  if (last_warning_ == past || loop_.now() - last_warning_ > warning_interval) {
    last_warning_ = loop_.now();
    loop_.log().warning("cannot accept on {}: {}; trying again", listener.local().text(),
                        error.message());
  }
  co_await sleep_for(pause);
}

Task<> Worker::wait_for_connections() {
  while (placement_->running() > 0) {
    placement_->ended().clear();
    co_await placement_->ended().wait();
  }
}

}  // namespace duet
