#include "sys/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <span>
#include <vector>

#include "sys/call.hpp"
#include "sys/process.hpp"

namespace duet::sys {
namespace {

constexpr int standard_descriptors = 3;

// What posix_spawn(3) is to do between the vfork and the execve.
class Preparations {
 public:
  Preparations() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~Preparations() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Preparations(const Preparations&) = delete;
  Preparations& operator=(const Preparations&) = delete;

  void set_descriptor(int number, int to) {
    ::posix_spawn_file_actions_adddup2(&actions_, to, number);
  }
  void set_to_nothing(int number) {
    ::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0);
  }
  void set_directory(const std::string& path) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
  }
  // All of ours are close-on-exec; this is for those of others.
  void close_all_others() {
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, standard_descriptors);
  }

  const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers_to(std::span<const std::string> words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// A NUL byte would cut a word short.
bool is_sound(const Command& command) {
  auto is_whole = [](const std::string& word) { return word.find('\0') == std::string::npos; };
  return !command.words.empty() && std::ranges::all_of(command.words, is_whole) &&
         is_whole(command.directory) &&
         (!command.environment || std::ranges::all_of(*command.environment, is_whole));
}

// In a program that was started without some of the standard descriptors a pipe may get their
// numbers, and would be overwritten in the child before it is used.
std::int64_t lift(Fd& end) {
  if (end.get() >= standard_descriptors) return 0;
  std::int64_t lifted =
      interruptible([&] { return ::fcntl(end.get(), F_DUPFD_CLOEXEC, standard_descriptors); });
  if (lifted >= 0) end = Fd(static_cast<int>(lifted));
  return lifted;
}

std::int64_t make_pipe(Fd& reader, Fd& writer) {
  int ends[2];
  std::int64_t result = interruptible([&] { return ::pipe2(ends, O_CLOEXEC); });
  if (result < 0) return result;
  reader = Fd(ends[0]);
  writer = Fd(ends[1]);
  result = lift(reader);
  return result < 0 ? result : lift(writer);
}

// Only where the program has not said what it wants.
void ignore_broken_pipes_by_default() {
  struct sigaction action{};
  ::sigaction(SIGPIPE, nullptr, &action);
  if (action.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

std::int64_t start(const Command& command, const Preparations& preparations, pid_t& process) {
  std::vector<char*> words = pointers_to(command.words);
  std::vector<char*> environment;
  if (command.environment) environment = pointers_to(*command.environment);
  return -::posix_spawnp(&process, words[0], preparations.actions(), preparations.attributes(),
                         words.data(), command.environment ? environment.data() : ::environ);
}

}  // namespace

std::int64_t start_child(const Command& command, StartedChild& started) {
  if (!is_sound(command)) return -EINVAL;
  Preparations preparations;
  std::array<Fd, standard_descriptors> theirs;
  const std::array channels = {command.input, command.output, command.errors};
  for (int number = 0; number < standard_descriptors; ++number) {
    auto at = static_cast<std::size_t>(number);
    if (channels[at] == Command::Channel::nothing) preparations.set_to_nothing(number);
    if (channels[at] != Command::Channel::pipe) continue;
    std::int64_t result = number == 0 ? make_pipe(theirs[at], started.ends[at])
                                      : make_pipe(started.ends[at], theirs[at]);
    if (result < 0) return result;
    preparations.set_descriptor(number, theirs[at].get());
  }
  if (!command.directory.empty()) preparations.set_directory(command.directory);
  preparations.close_all_others();
  if (started.ends[0]) ignore_broken_pipes_by_default();

  std::int64_t result = start(command, preparations, started.process);
  if (result < 0) return result;
  std::int64_t pidfd = interruptible([&] { return ::syscall(SYS_pidfd_open, started.process, 0); });
  if (pidfd < 0) {  // no descriptor is left
    kill(started.process, SIGKILL);
    retried([&] { return ::waitpid(started.process, nullptr, 0); });
  }
  return pidfd;
}

std::int64_t reap_child(int pidfd, ExitStatus& status) noexcept {
  siginfo_t info{};
  auto id = static_cast<id_t>(pidfd);
  std::int64_t result =
      interruptible([&] { return ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG); });
  if (result < 0) return result;
  if (info.si_pid == 0) return -EAGAIN;
  status = status_of(info);
  return 0;
}

std::int64_t signal_child(int pidfd, Signal signal) noexcept {
  return interruptible([&] {
    return ::syscall(SYS_pidfd_send_signal, pidfd, static_cast<int>(signal), nullptr, 0);
  });
}

}  // namespace duet::sys
