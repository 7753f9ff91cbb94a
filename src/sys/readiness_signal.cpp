#include "sys/readiness_signal.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include "sys/call.hpp"
#include "sys/local_socket.hpp"

namespace duet::sys {
namespace {

thread_local pid_t served_thread = 0;  // compared with gettid(), since a forked child has a copy

int readiness_signal() noexcept { return SIGRTMIN + 8; }

void do_nothing(int) {}

// One that comes after its wait has ended, from a description that another process still has, must
// not end the process.
void keep_harmless(int signal) noexcept {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  if (action.sa_handler != SIG_DFL) return;
  action = {};
  action.sa_handler = do_nothing;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

std::int64_t flags_of(int descriptor) noexcept {
  return interruptible([&] { return ::fcntl(descriptor, F_GETFL); });
}

// Workers share its description, and that signals the last of them that asked: two who ask at once
// would both see that it signals nobody.
bool is_local_listener(int descriptor) noexcept {
  return is_local_socket(descriptor) && option_of_socket(descriptor, SO_ACCEPTCONN) == 1;
}

bool set_flags(int descriptor, std::int64_t flags) noexcept {
  return ::fcntl(descriptor, F_SETFL, static_cast<int>(flags)) == 0;
}

void put_back(int descriptor, const FormerSignalling& former) {
  f_owner_ex owner{.type = static_cast<decltype(f_owner_ex::type)>(former.owner_type),
                   .pid = former.owner};
  ::fcntl(descriptor, F_SETSIG, former.signal);
  ::fcntl(descriptor, F_SETOWN_EX, &owner);
}

}  // namespace

ReadinessSignals::ReadinessSignals() : thread_(::gettid()), handle_(::pthread_self()) {
  if (served_thread == thread_) throw IoError(error_code(-EBUSY), "signal-driven I/O");
  sigemptyset(&signals_);
  for (int signal : {readiness_signal(), SIGIO}) {
    keep_harmless(signal);
    sigaddset(&signals_, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  served_thread = thread_;
}

ReadinessSignals::~ReadinessSignals() {
  siginfo_t ignored;
  while (take_interruptible(ignored, Timeout(past)) >= 0) {
  }
  sigset_t unblocked;
  sigemptyset(&unblocked);
  for (int signal : {readiness_signal(), SIGIO})
    if (sigismember(&before_, signal) == 0) sigaddset(&unblocked, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
  served_thread = 0;
}

Signalling ReadinessSignals::begin(int descriptor, FormerSignalling& former) const noexcept {
  std::int64_t flags = flags_of(descriptor);
  if (flags < 0) return Signalling::cannot;
  if ((flags & O_ASYNC) != 0 || is_local_listener(descriptor)) return Signalling::is_of_others;
  f_owner_ex owner{};
  ::fcntl(descriptor, F_GETOWN_EX, &owner);
  former = {.owner = owner.pid,
            .owner_type = static_cast<std::int16_t>(owner.type),
            .signal = static_cast<std::int16_t>(::fcntl(descriptor, F_GETSIG))};
  f_owner_ex us{.type = F_OWNER_TID, .pid = thread_};
  bool is_set = ::fcntl(descriptor, F_SETSIG, readiness_signal()) == 0 &&
                ::fcntl(descriptor, F_SETOWN_EX, &us) == 0 &&
                set_flags(descriptor, flags | O_ASYNC) && is_ours(descriptor);
  if (is_set) return Signalling::begun;
  put_back(descriptor, former);
  return Signalling::cannot;
}

void ReadinessSignals::end(int descriptor, const FormerSignalling& former) const noexcept {
  if (!is_ours(descriptor)) return;
  set_flags(descriptor, flags_of(descriptor) & ~std::int64_t{O_ASYNC});
  put_back(descriptor, former);
}

// F_SETFL succeeds where the kernel cannot signal, but leaves O_ASYNC unset.
bool ReadinessSignals::is_ours(int descriptor) const noexcept {
  std::int64_t flags = flags_of(descriptor);
  f_owner_ex owner{};
  return flags >= 0 && (flags & O_ASYNC) != 0 &&
         ::fcntl(descriptor, F_GETSIG) == readiness_signal() &&
         ::fcntl(descriptor, F_GETOWN_EX, &owner) == 0 && owner.type == F_OWNER_TID &&
         owner.pid == thread_;
}

std::int64_t ReadinessSignals::take_interruptible(siginfo_t& info,
                                                  const Timeout& timeout) const noexcept {
  return interruptible([&] { return ::sigtimedwait(&signals_, &info, timeout.get()); });
}

std::optional<int> ReadinessSignals::descriptor_of(const siginfo_t& info) noexcept {
  bool is_of_kernel = info.si_code >= POLL_IN && info.si_code <= POLL_HUP;
  if (info.si_signo == SIGIO || !is_of_kernel) return std::nullopt;
  return info.si_fd;
}

// SIGIO needs no place in the queue.
void ReadinessSignals::wake() const noexcept {
  if (::pthread_kill(handle_, readiness_signal()) != 0) ::pthread_kill(handle_, SIGIO);
}

}  // namespace duet::sys
