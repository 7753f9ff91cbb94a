#pragma once
// An EventQueue passes events of an application, each of which carries its handler, from whoever
// sees them happen to whoever handles them: as in a user interface, event source -> queue -> task
// -> processing thread. Any thread and any loop offers; the events are handled in the order in
// which they were accepted.
//
//   EventQueue events(64);
//   if (events.offer([=] { show(key); }) == Offered::full) beep();
//   co_await events.handle();                     // by this task, one after the other
//   co_await events.handle_by(Work::compute, 4);  // by up to 4 threads of a pool at once
//   events.handle_here();                         // by a thread of one's own
//
// It holds at most `capacity` events: beyond, an offer is refused, which is a result, and its event
// is left to the caller. Several may handle at the same time. Nobody may be handling or offering
// any more when it is destroyed; what is left in it then is destroyed uncalled. A capacity of 0 and
// an event without a handler are broken invariants.

#include <atomic>
#include <functional>

#include "duet/io/work.hpp"
#include "duet/loop/channel.hpp"

namespace duet {

enum class Offered : unsigned char { accepted, full, closed };

class EventQueue {
 public:
  using Event = std::move_only_function<void()>;

  explicit EventQueue(std::size_t capacity) : events_(capacity) {}

  // Never waits. The event is moved from only if it is accepted. Any thread.
  Offered offer(Event&& event);

  // What was accepted is still handled; then those who handle end. Any thread.
  void close() noexcept;

  // Handles events until the queue is closed and empty. An exception that leaves an event comes
  // out; the events behind it stay. Cancelled, it has handled what it took.
  Task<> handle();

  // The same with each event on a thread of the pool, up to `at_once` side by side: they begin in
  // order. On a loop whose engine blocks they run on its own thread. An exception lets those that
  // run end, and comes out. Throws std::invalid_argument for 0, who would handle nothing.
  Task<> handle_by(Work work, unsigned at_once);

  // The same for a thread that runs no loop, which it blocks.
  void handle_here();

  std::size_t size() const noexcept { return events_.size(); }

 private:
  Task<> handle_on(Work work);

  Channel<Event> events_;
  std::atomic<bool> is_closed_ = false;
};

}  // namespace duet
