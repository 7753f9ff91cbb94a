#pragma once
// Tells the lock graph which tasks wait for their children. Debug builds only; else nothing happens
// here.

#include "duet/task/task.hpp"

namespace duet {

// `joiner` waits from now on for all tasks of a Scope, whose cancel scope this is.
void note_join(const CancelScope& children, const PromiseBase& joiner) noexcept;

// Before the joiner runs again.
void note_end_of_join(const CancelScope& children) noexcept;

}  // namespace duet
