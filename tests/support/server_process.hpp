#pragma once
// A Runtime in a process of its own, made and run by that process' main thread as it wants to be.
// The test's process, which talks to it, must have no other thread when it starts one. What the
// server logs is kept; it is killed when the test ends in any other way.

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "duet/runtime/runtime.hpp"
#include "support/shared_memory.hpp"
#include "sys/fd.hpp"

namespace duet::test {

class ServerProcess {
 public:
  using Serve = std::function<void(Runtime&)>;

  // `serve` is called in the server's process before it listens. Throws with the server's log when
  // it does not start.
  ServerProcess(const Options& options, const Serve& serve);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();  // stops it, unless that has been done

  const Address& address(std::size_t at = 0) const { return addresses_.at(at); }
  pid_t process() const noexcept { return process_; }

  // SIGTERM: it stops listening and lets what runs end.
  void drain();

  // Drains it, if that has not been begun; expects that it exits with 0 and has forgotten nothing:
  // each of its loops is empty and each descriptor closed.
  void stop();

  bool has_ended() const;

  // Waits for its end, whatever it is, and returns waitpid's status.
  int wait();

  std::string log() const;

 private:
  // What the loops and the process had left at their ends, summed up.
  struct Remains {
    std::atomic<long> loops, frames, operations, handles, timers, leases, fibers, descriptors;
  };

  [[noreturn]] void run(const Options& options, const Serve& serve, int announcement);
  void note_loop_end(const LoopCensus& census);
  void expect_nothing_left() const;

  SharedMemory<Remains> remains_;
  sys::Fd log_;
  pid_t process_ = -1;
  bool is_draining_ = false;
  bool is_over_ = false;
  std::vector<Address> addresses_;
};

// The usual: one service on a free port of the loopback interface.
template <class Handler, class... Arguments>
ServerProcess::Serve serving(Handler handler, Arguments... arguments) {
  return [=](Runtime& runtime) { runtime.serve(Address::loopback(0), handler, arguments...); };
}

}  // namespace duet::test
