#pragma once
// Reports a std::mutex that a task holds while it waits. Debug builds without sanitizers only; else
// nothing happens here.

#include <string_view>

#include "duet/base/error.hpp"
#include "duet/base/log.hpp"

namespace duet {

// Called on the loop's thread when a task is about to stay suspended, with no lock of duet's own
// held. An error for each mutex, once for mutex and wait; `capture` and `about`, if there are any,
// tell what the wait is about.
void report_held_mutexes(Log& log, std::string_view wait,
                         IoError::Subject (*capture)(const void* about) = nullptr,
                         const void* about = nullptr);

// Forgets those that are held now: they belong to whoever runs the loop, and to no task.
void disregard_held_mutexes() noexcept;

}  // namespace duet
