#include "duet/process/child.hpp"

namespace duet {
namespace {

IoError::Subject capture_program(const void* command) {
  const auto& about = *static_cast<const Command*>(command);
  std::string text = about.words.empty() ? "nothing" : about.words[0];
  if (!about.directory.empty()) text += " in " + about.directory;
  return [text] { return text; };
}

IoError::Subject capture_name(const void* name) {
  return [copy = *static_cast<const std::string*>(name)] { return copy; };
}

}  // namespace

// The process itself. It outlives its Child, where nobody has waited, for as long as the process
// takes to die.
struct Child::Reaper : io::AwaitExit {
  Reaper(Loop& of, std::string name, int pidfd)
      : io::AwaitExit(of.engine().adopt(pidfd, io::HandleKind::other)),
        loop(of),
        program(std::move(name)) {
    run = [](Job& job) { delete &static_cast<Reaper&>(job); };
  }
  ~Reaper() { loop.engine().release(handle); }

  Loop& loop;
  const std::string program;
  std::optional<ExitStatus> ended;
};

void Child::Leave::operator()(Reaper* reaper) const noexcept {
  io::Engine& engine = reaper->loop.engine();
  if (!reaper->ended) {
    io::SendSignal kill(reaper->handle, Signal::kill);
    engine.submit(kill);
    if (engine.submit(*reaper) == io::Progress::pending) return;
  }
  delete reaper;
}

Child::Child(Loop& loop, std::string program, const StartedProgram& started)
    : reaper_(new Reaper(loop, program, started.pidfd)), process_(started.process) {
  Address name = Address::named(std::move(program));
  for (std::size_t i = 0; i < ends_.size(); ++i)
    if (started.ends[i] >= 0)
      ends_[i].emplace(loop, Accepted(started.ends[i], io::HandleKind::byte_pipe, name));
}

Task<Child> Child::start(Command command) {
  Wait<io::StartProgram> starting(io::StartProgram(command), capture_program, &command);
  StartedProgram started = co_await std::move(starting);
  co_return Child(Loop::current(), command.words[0], started);
}

Task<ExitStatus> Child::wait() {
  Reaper& reaper = *reaper_;
  if (!reaper.ended) {
    Wait<io::AwaitExit> waiting(io::AwaitExit(reaper.handle), capture_name, &reaper.program);
    ExitStatus status = co_await std::move(waiting);
    reaper.ended = status;
  }
  co_return *reaper.ended;
}

void Child::send(Signal signal) {
  if (reaper_->ended) return;
  io::SendSignal sending(reaper_->handle, signal);
  perform_at_once(reaper_->loop, sending, capture_name(&reaper_->program));
}

}  // namespace duet
