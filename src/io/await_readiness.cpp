#include "duet/io/await_readiness.hpp"

#include <utility>

#include "sys/poll.hpp"

namespace duet::io {

AwaitReadiness::AwaitReadiness(Engine& of, int descriptor, Direction direction)
    : Operation(direction == Direction::read ? Kind::await_readable : Kind::await_writable),
      engine_(of) {
  int copy = sys::duplicate(descriptor, "wait for a descriptor");
  handle = of.adopt(copy, HandleKind::watched);
}

AwaitReadiness::AwaitReadiness(AwaitReadiness&& other) noexcept
    : Operation(other), engine_(other.engine_) {
  other.handle = {};
}

AwaitReadiness::~AwaitReadiness() {
  if (handle) engine_.release(handle);
}

}  // namespace duet::io
