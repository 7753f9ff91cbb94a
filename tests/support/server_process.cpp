#include "support/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "support/process_facts.hpp"
#include "support/test_scale.hpp"
#include "sys/call.hpp"

namespace duet::test {
namespace {

// The addresses as lines, since the pipe's other end cannot know how many there are.
std::vector<Address> read_addresses(int announcement) {
  std::string text;
  char byte = 0;
  while (sys::retried([&] { return ::read(announcement, &byte, 1); }) == 1) text += byte;
  std::vector<Address> addresses;
  for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
    addresses.push_back(Address::parse(text.substr(0, end)).value());
  return addresses;
}

void write_addresses(int announcement, const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) text += address.text() + "\n";
  sys::checked(::write(announcement, text.data(), text.size()), "announce");
  ::close(announcement);
}

}  // namespace

ServerProcess::ServerProcess(const Options& options, const Serve& serve)
    : log_(static_cast<int>(
          sys::checked(::memfd_create("server log", MFD_CLOEXEC), "memfd_create"))) {
  int ends[2];
  sys::checked(::pipe2(ends, O_CLOEXEC), "pipe");
  sys::Fd reading(ends[0]);
  sys::Fd writing(ends[1]);
  std::fflush(nullptr);  // or the child would write it again
  process_ = static_cast<pid_t>(sys::checked(::fork(), "fork"));
  if (process_ == 0) {
    reading.close();
    run(options, serve, writing.give_up());
  }
  writing.close();
  addresses_ = read_addresses(reading.get());
  if (!addresses_.empty()) return;
  int status = wait();
  throw std::runtime_error("the server did not start, status " + std::to_string(status) + ": " +
                           log());
}

ServerProcess::~ServerProcess() {
  if (is_over_) return;
  try {
    stop();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

void ServerProcess::run(const Options& options, const Serve& serve, int announcement) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(log_.get(), STDERR_FILENO);
  int code = 1;
  try {
    auto before = static_cast<long>(descriptors_of(::getpid()).size()) - 1;  // announcement
    Runtime runtime(options);
    serve(runtime);
    runtime.on_listening([&](const auto& addresses) { write_addresses(announcement, addresses); });
    runtime.on_loop_end([this](const LoopCensus& census) { note_loop_end(census); });
    code = runtime.run();
    remains_->descriptors = static_cast<long>(descriptors_of(::getpid()).size()) - before;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "server: %s\n", error.what());
  }
  std::exit(code);  // not _exit: leaks are looked for
}

void ServerProcess::note_loop_end(const LoopCensus& census) {
  ++remains_->loops;
  remains_->frames += static_cast<long>(census.frames);
  remains_->operations += static_cast<long>(census.operations);
  remains_->handles += static_cast<long>(census.handles);
  remains_->timers += static_cast<long>(census.timers);
  remains_->leases += static_cast<long>(census.leases);
  remains_->fibers += static_cast<long>(census.fibers);
}

void ServerProcess::drain() {
  is_draining_ = true;
  ::kill(process_, SIGTERM);
}

bool ServerProcess::has_ended() const {
  siginfo_t info{};
  sys::checked(sys::retried([&] {
                 return ::waitid(P_PID, static_cast<id_t>(process_), &info,
                                 WEXITED | WNOHANG | WNOWAIT);
               }),
               "waitid");
  return info.si_pid == process_;
}

int ServerProcess::wait() {
  sys::Fd watched(static_cast<int>(sys::checked(
      sys::interruptible([&] { return ::syscall(SYS_pidfd_open, process_, 0); }), "pidfd_open")));
  pollfd polled{.fd = watched.get(), .events = POLLIN, .revents = 0};
  auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  bool has_ended = sys::retried([&] { return ::poll(&polled, 1, static_cast<int>(limit_ms)); }) > 0;
  if (!has_ended) ::kill(process_, SIGKILL);
  int status = 0;
  sys::checked(sys::retried([&] { return ::waitpid(process_, &status, 0); }), "waitpid");
  is_over_ = true;
  if (!has_ended) throw std::runtime_error("the server did not end: " + log());
  return status;
}

void ServerProcess::stop() {
  if (!is_draining_) drain();
  int status = wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << "\n" << log();
  expect_nothing_left();
}

void ServerProcess::expect_nothing_left() const {
  EXPECT_GE(remains_->loops, 1);
  EXPECT_EQ(remains_->frames, 0) << log();
  EXPECT_EQ(remains_->operations, 0) << log();
  EXPECT_EQ(remains_->handles, 0) << log();
  EXPECT_EQ(remains_->timers, 0) << log();
  EXPECT_EQ(remains_->leases, 0) << log();
  EXPECT_EQ(remains_->fibers, 0) << log();
  EXPECT_EQ(remains_->descriptors, 0) << log();
  for (const char* trouble : {"Sanitizer", "runtime error", "broken invariant"})
    EXPECT_EQ(log().find(trouble), std::string::npos) << log();
}

std::string ServerProcess::log() const {
  std::string text;
  char part[4096];
  for (;;) {
    ssize_t count = ::pread(log_.get(), part, sizeof part, static_cast<off_t>(text.size()));
    if (count <= 0) return text;
    text.append(part, static_cast<std::size_t>(count));
  }
}

}  // namespace duet::test
