#pragma once
// How a process ended: by itself with a code, or by a signal. A plain value.

#include <optional>
#include <string>

#include "duet/sys/signal_number.hpp"

namespace duet {

struct ExitStatus {
  bool is_success() const noexcept { return !signal && code == 0; }

  // "exit code 3" or "killed by signal 9 (Killed)".
  std::string text() const;

  bool operator==(const ExitStatus&) const = default;

  int code = 0;
  std::optional<Signal> signal;  // that killed it; then there is no code
};

}  // namespace duet
