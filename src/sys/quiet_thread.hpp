#pragma once
// A thread that is sent no signal but the interrupt signal, so that those of the program reach the
// threads that run loops, and SIGPIPE and SIGXFSZ of its own calls stay errors of these calls.
// Joined at the end of its life.

#include <functional>
#include <thread>

namespace duet::sys {

class QuietThread {
 public:
  explicit QuietThread(std::function<void()> run);  // throws std::system_error: no more threads
  ~QuietThread();
  QuietThread(const QuietThread&) = delete;
  QuietThread& operator=(const QuietThread&) = delete;

  // Makes the call in which the thread waits return EINTR. One that it is about to make is missed:
  // repeat until it has taken notice. Any thread.
  void interrupt() noexcept;

 private:
  std::thread thread_;
};

}  // namespace duet::sys
