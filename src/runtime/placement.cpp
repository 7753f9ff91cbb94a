#include "runtime/placement.hpp"

namespace duet {

std::unique_ptr<Placement> make_placement(Sharing sharing, Loop& loop, Hosting hosting) {
  switch (sharing) {
    case Sharing::none: return place_one_at_a_time(loop, std::move(hosting));
    case Sharing::by_process: return place_in_processes(loop, std::move(hosting));
    case Sharing::by_thread: return place_on_threads(loop, std::move(hosting));
    case Sharing::by_pool: return place_on_pool(loop, std::move(hosting));
    case Sharing::by_worker: return place_on_this_loop(loop, std::move(hosting));
  }
  return nullptr;
}

Task<> run_connection(const Service& service, Accepted connection) {
  Loop& loop = Loop::current();
  Address peer = connection.peer;
  try {
    Stream stream(loop, std::move(connection));
    Task<> task = service.handle(std::move(stream));
    co_await std::move(task);
  } catch (...) {
    log_failure(loop.log(), peer);
  }
}

void log_failure(Log& log, const Address& peer) noexcept {
  try {
    throw;
  } catch (const Cancelled&) {
    // The server is ending.
  } catch (const std::exception& error) {
    log.error("connection of {} ended: {}", peer.text(), error.what());
  } catch (...) {
    log.error("connection of {} ended: an exception of unknown type", peer.text());
  }
}

}  // namespace duet
