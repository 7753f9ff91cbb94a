#pragma once
// The engines, by name, for tests that must hold on every one of them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "duet/runtime/model.hpp"

namespace duet::test {

inline const std::vector<std::string> every_engine = {
    "blocking", "epoll", "poll", "select", "signal", "spin", "aio", "aio_poll", "uring"};

// As for a loop per connection: the ring of uring is so small that its queues fill up.
inline io::EngineFactory engine_factory(const std::string& name) {
  static const auto pools = std::make_shared<io::WorkPools>();
  return Model::choose("thread", name).connection_engine(pools);
}

// Why the engine cannot be had on this machine; nothing if it can.
inline std::optional<std::string> refusal_of(const std::string& engine) {
  Availability found = probe_engine(engine);
  if (found.is_available) return std::nullopt;
  return found.reason;
}

}  // namespace duet::test
