#pragma once
// The operation of offloaded work: a function that is called on a thread of its class' pool, or,
// under an engine that blocks, in submit. It has no handle.

#include "duet/io/operation.hpp"
#include "duet/io/work.hpp"

namespace duet::io {

struct Call : Operation {
  Call(const Work& of, void (*function)(Call&) noexcept) noexcept
      : Operation(Kind::call), work(of), call(function) {}

  const Work work;
  void (*const call)(Call&) noexcept;  // on any thread; keeps the outcome
  TimePoint deadline = never;
  std::stop_source stop{std::nostopstate};  // asked when cancelled after its beginning
};

}  // namespace duet::io
