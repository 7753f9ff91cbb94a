#include "duet/loop/event_queue.hpp"

#include <stdexcept>

#include "duet/base/assert.hpp"
#include "duet/loop/all.hpp"
#include "duet/loop/offload.hpp"
#include "duet/loop/within.hpp"

namespace duet {

Offered EventQueue::offer(Event&& event) {
  DUET_ASSERT(event != nullptr);  // here, where it is known who offers it
  if (events_.try_send(event)) return Offered::accepted;
  return is_closed_ ? Offered::closed : Offered::full;
}

void EventQueue::close() noexcept {
  is_closed_ = true;
  events_.close();
}

Task<> EventQueue::handle() {
  for (;;) {
    std::optional<Event> event = co_await events_.receive();
    if (!event) co_return;
    (*event)();
  }
}

Task<> EventQueue::handle_on(Work work) {
  for (;;) {
    std::optional<Event> event = co_await events_.receive();
    if (!event) co_return;
    // An event that has been taken is handled, though it may have to wait for a thread.
    Task<> handling = detail::task_of(offload(work, std::move(*event)));
    co_await shielded(Duration::max(), std::move(handling));
  }
}

Task<> EventQueue::handle_by(Work work, unsigned at_once) {
  if (at_once == 0) throw std::invalid_argument("EventQueue::handle_by: at_once must be positive");
  std::vector<Task<>> handlers;
  for (unsigned i = 0; i < at_once; ++i) handlers.push_back(handle_on(work));
  co_await all(std::move(handlers));
}

void EventQueue::handle_here() {
  while (std::optional<Event> event = wait(events_.receive())) (*event)();
}

}  // namespace duet
