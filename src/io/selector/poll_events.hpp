#pragma once
// Events as poll(2) has them. Errors and hang-ups, which it reports unasked, are both readable and
// writable: a call does not block then.

#include "duet/io/selector_mechanism.hpp"
#include "sys/poll.hpp"

namespace duet::io {

constexpr short poll_read_events = POLLIN | POLLRDHUP | POLLPRI;
constexpr short poll_ended = POLLHUP | POLLERR;

constexpr short poll_events(Events interest) {
  int events = (interest.readable ? POLLIN | POLLRDHUP : 0) | (interest.writable ? POLLOUT : 0) |
               (interest.exceptional ? POLLPRI | POLLRDHUP : 0);
  return static_cast<short>(events);
}

constexpr Events events_in(short seen) {
  return {.readable = (seen & (poll_read_events | poll_ended)) != 0,
          .writable = (seen & (POLLOUT | poll_ended)) != 0,
          .exceptional = (seen & (POLLRDHUP | POLLPRI | poll_ended)) != 0};
}

}  // namespace duet::io
