#pragma once
// The operation that waits until somebody else's descriptor is ready. The engine is given a
// duplicate, so that the number stays its owner's, to close and to wait for elsewhere, and so does
// the mode. Complete as soon as the descriptor is, or has an error or an end to tell.

#include "duet/io/engine.hpp"

namespace duet::io {

struct AwaitReadiness : Operation {
  // Throws IoError: EBADF, or no descriptor is left for the duplicate.
  AwaitReadiness(Engine& of, int descriptor, Direction direction);
  AwaitReadiness(AwaitReadiness&& other) noexcept;
  AwaitReadiness& operator=(AwaitReadiness&&) = delete;
  ~AwaitReadiness();

  friend void value_of(AwaitReadiness&) noexcept {}

 private:
  Engine& engine_;
};

}  // namespace duet::io
