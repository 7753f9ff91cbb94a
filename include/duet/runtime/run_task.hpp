#pragma once
// For programs that serve nobody: a task, and all it leads to, under the model that was picked.

#include "duet/runtime/options.hpp"
#include "duet/task/task.hpp"

namespace duet {

// Runs `task` to its end, on the calling thread and a loop of its own with the model's engine.
// Rethrows what leaves the task. Throws UnavailableModel.
void run_task(const Options& options, Task<> task);

}  // namespace duet
