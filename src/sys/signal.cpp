#include "sys/signal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "sys/call.hpp"

namespace duet::sys {
namespace {

void do_nothing(int) {}

// A number that a line of a file in /proc gives after its name; nothing when there is none.
std::optional<unsigned long long> number_in(const std::filesystem::path& file,
                                            std::string_view name, int base) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, base);
  return std::nullopt;
}

// Masks in /proc have bit 0 for signal 1.
bool has_signal(std::optional<unsigned long long> mask, int signal) {
  return mask && (*mask >> (signal - 1) & 1) != 0;
}

}  // namespace

int interrupt_signal() noexcept { return SIGRTMIN + 7; }

void install_interrupt_handler() {
  struct sigaction action{};
  action.sa_handler = do_nothing;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: the call must return
  checked(interruptible([&] { return ::sigaction(interrupt_signal(), &action, nullptr); }),
          "sigaction");
}

void accept_interrupts() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, interrupt_signal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int aio_signal() noexcept { return SIGRTMIN + 9; }

int last_signal() noexcept { return SIGRTMAX; }

std::string name_of(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

bool has_handler(int signal) noexcept {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

bool is_read(int signal) {
  std::error_code gone;  // without /proc nothing is known
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo", gone)) {
    bool is_ours = (number_in(entry.path(), "flags:", 8).value_or(0) & O_CLOEXEC) != 0;
    if (is_ours && has_signal(number_in(entry.path(), "sigmask:", 16), signal)) return true;
  }
  return false;
}

std::optional<pid_t> find_other_thread_without_block(int signal) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", gone)) {
    pid_t thread = std::stoi(entry.path().filename());
    std::optional<unsigned long long> blocked = number_in(entry.path() / "status", "SigBlk:", 16);
    if (thread != ::gettid() && blocked && !has_signal(blocked, signal)) return thread;
  }
  return std::nullopt;
}

BlockedSignals::BlockedSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace duet::sys
