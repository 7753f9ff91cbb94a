#pragma once
// A std::thread whose failure to start says which limit it met; the library's says only that a
// resource is unavailable.

#include <thread>
#include <utility>

#include "duet/base/error.hpp"

namespace duet::sys {

// `what` is "start a worker", a literal. Throws IoError.
template <class Run>
std::thread start_thread(std::string_view what, Run run) {
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& error) {
    throw IoError(error.code(), what, [] { return "within ulimit -u"; });
  }
}

}  // namespace duet::sys
