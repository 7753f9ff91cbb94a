#include "duet/base/job.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

struct NumberedJob : Job {
  explicit NumberedJob(int of) : number(of) {}
  int number;
};

std::vector<int> drain(JobQueue& queue) {
  std::vector<int> numbers;
  while (!queue.empty()) numbers.push_back(static_cast<NumberedJob&>(queue.pop()).number);
  return numbers;
}

TEST(JobQueue, is_first_in_first_out) {
  JobQueue queue;
  NumberedJob one(1), two(2), three(3);
  queue.push(one);
  queue.push(two);
  queue.push(three);
  EXPECT_EQ(drain(queue), (std::vector{1, 2, 3}));
  EXPECT_TRUE(queue.empty());
}

TEST(JobQueue, takes_a_job_again_after_it_was_popped) {
  JobQueue queue;
  NumberedJob one(1), two(2);
  queue.push(one);
  queue.push(two);
  queue.push(queue.pop());
  EXPECT_EQ(drain(queue), (std::vector{2, 1}));
}

TEST(JobQueue, appends_all_jobs_of_another_in_order) {
  JobQueue queue, other;
  NumberedJob one(1), two(2), three(3), four(4);
  queue.push(one);
  other.push(two);
  other.push(three);
  queue.append(other);
  EXPECT_TRUE(other.empty());
  queue.append(other);
  queue.push(four);
  EXPECT_EQ(drain(queue), (std::vector{1, 2, 3, 4}));
}

TEST(JobQueue, appends_to_an_empty_queue) {
  JobQueue queue, other;
  NumberedJob one(1), two(2);
  other.push(one);
  queue.append(other);
  queue.push(two);
  EXPECT_EQ(drain(queue), (std::vector{1, 2}));
}

TEST(JobQueueDeathTest, refuses_to_pop_from_an_empty_queue) {
  JobQueue queue;
  EXPECT_DEATH(queue.pop(), "broken invariant");
}

}  // namespace
}  // namespace duet
