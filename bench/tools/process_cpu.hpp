// CPU time of a process and of its children, all threads of each, with nanosecond resolution.
//
// A process's CPU clock counts what /proc/PID/task/TID/schedstat sums over its threads, but it is
// exact at the instant of the call, even for a thread that runs, and it keeps the time of threads
// that have ended; and it takes one call where a server with a thread per connection has thousands
// of files. The children are those that the main thread has now (/proc/PID/task/PID/children).
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <string>

namespace duet::bench {

class ProcessCpu {
 public:
  // The CPU time of each process of the family, by its id; a process that is gone has no entry.
  using Sample = std::map<pid_t, std::int64_t>;

  explicit ProcessCpu(pid_t pid) : pid_(pid) {}

  Sample sample() const {
    Sample result;
    add(result, pid_);
    const std::string id = std::to_string(pid_);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; children >> child;) add(result, child);
    return result;
  }

  // Nanoseconds that the processes of the later sample used since the earlier one.
  static std::int64_t between(const Sample& earlier, const Sample& later) {
    std::int64_t sum = 0;
    for (const auto& [pid, nanoseconds] : later) {
      const auto before = earlier.find(pid);
      sum += nanoseconds - (before == earlier.end() ? 0 : before->second);
    }
    return sum;
  }

 private:
  static void add(Sample& sample, pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return;
    sample[pid] = time.tv_sec * 1'000'000'000 + time.tv_nsec;
  }

  pid_t pid_;
};

}  // namespace duet::bench
