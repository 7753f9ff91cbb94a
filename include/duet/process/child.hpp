#pragma once
// A Child is a program that runs as a process of its own, and belongs to one loop. No SIGCHLD is
// involved: it is waited for by its pidfd, like any descriptor, and nobody else's child is touched.
//
//   Command command({"sort", "-u"});
//   command.input = command.output = Command::Channel::pipe;
//   Child sort = co_await Child::start(command);
//   co_await all(feed(sort.input()), collect(sort.output()));   // both at once: pipes fill up
//   ExitStatus status = co_await sort.wait();
//
// At the end of its life a child that nobody has waited for is killed. That waits for nothing: the
// loop reaps it when it has ended, and itself ends no earlier. So a child never outlives its loop.
//
// The program gets its three standard descriptors and no other, the default action for each signal,
// and none blocked. What it starts itself is not ours to end.

#include <memory>
#include <optional>

#include "duet/net/stream.hpp"
#include "duet/sys/command.hpp"
#include "duet/sys/exit_status.hpp"

namespace duet {

class Child {
 public:
  // Completes when the program has been loaded and runs. Throws IoError, which names the program,
  // when it cannot be: std::errc::no_such_file_or_directory also for a missing directory. Loading
  // cannot be interrupted: cancellation acts before it or after it. With a pipe for its input, and
  // unless it has a handler for it, this program ignores SIGPIPE from now on, so that writing to a
  // child that has ended is an error (std::errc::broken_pipe) and no end of this program.
  static Task<Child> start(Command command);

  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;
  ~Child() = default;

  // Completes when the process has ended, whatever its pipes still hold; again and again with the
  // same status. One task at a time; cancelled, or out of time (within), the child is as before and
  // can be waited for. Throws IoError.
  Task<ExitStatus> wait();

  // Sends a signal; nothing happens when the process has ended. terminate() asks it to end, kill()
  // ends it: wait for it all the same.
  void send(Signal signal);
  void terminate() { send(Signal::terminate); }
  void kill() { send(Signal::kill); }

  // Our ends of the channels that the command made pipes: the input is written, and ended by
  // finish(); the others are read, to 0 when the process and all that share its end have closed it.
  Stream& input() noexcept { return end(0); }
  Stream& output() noexcept { return end(1); }
  Stream& errors() noexcept { return end(2); }

  // Its number, for people: it may mean another process once this one has been waited for.
  int process() const noexcept { return process_; }

 private:
  struct Reaper;
  struct Leave {
    void operator()(Reaper* reaper) const noexcept;
  };

  Child(Loop& loop, std::string program, const StartedProgram& started);
  Stream& end(std::size_t number) noexcept {
    DUET_ASSERT(ends_[number].has_value());  // the command made it no pipe
    return *ends_[number];
  }

  std::unique_ptr<Reaper, Leave> reaper_;
  int process_;
  std::array<std::optional<Stream>, 3> ends_;
};

}  // namespace duet
