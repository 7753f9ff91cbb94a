#pragma once
// What the turn orders share: the scope that a job's task runs in, and sorting by a key of it.

#include <algorithm>
#include <vector>

#include "duet/loop/turn_order.hpp"
#include "duet/task/cancel_scope.hpp"

namespace duet {

// Nothing for jobs that belong to no task.
const CancelScope* scope_of(const Job& job) noexcept;

// Those with a smaller key first, equal ones as they were. `key` takes a scope, or nullptr.
template <class Key>
void sort_turn(JobQueue& turn, Key key) {
  struct Ranked {
    decltype(key(nullptr)) value;
    std::size_t place;
    Job* job;
  };
  std::vector<Ranked> jobs;
  while (!turn.empty()) {
    Job& job = turn.pop();
    jobs.push_back({key(scope_of(job)), jobs.size(), &job});
  }
  std::ranges::sort(jobs, [](const Ranked& a, const Ranked& b) {
    return a.value != b.value ? a.value < b.value : a.place < b.place;
  });
  for (const Ranked& ranked : jobs) turn.push(*ranked.job);
}

}  // namespace duet
