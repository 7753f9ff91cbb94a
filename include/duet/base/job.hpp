#pragma once
// A Job is something a loop will run: a record with one link and one function, embedded in what it
// belongs to (an operation, a coroutine's promise, a child of a scope), so that queueing allocates
// nothing. A JobQueue is a first-in first-out list of jobs. Neither owns anything; a job is in at
// most one queue, and belongs to one loop's thread.

#include <cstddef>

#include "duet/base/assert.hpp"

namespace duet {

struct Job {
  using Run = void (*)(Job&);

  Job() noexcept = default;
  explicit Job(Run function) noexcept : run(function) {}

  Job* next = nullptr;
  Run run = nullptr;
};

class JobQueue {
 public:
  JobQueue() noexcept = default;
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }

  void push(Job& job) noexcept {
    job.next = nullptr;
    *(first_ == nullptr ? &first_ : &last_->next) = &job;
    last_ = &job;
  }

  Job& pop() noexcept {
    DUET_ASSERT(first_ != nullptr);
    Job& job = *first_;
    first_ = job.next;
    return job;
  }

  // Moves all jobs of `other` behind ours, in order.
  void append(JobQueue& other) noexcept {
    if (other.empty()) return;
    *(first_ == nullptr ? &first_ : &last_->next) = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
  }

 private:
  Job* first_ = nullptr;
  Job* last_ = nullptr;
};

}  // namespace duet
