#include "sys/aio.hpp"

#include <fcntl.h>

#include <cerrno>
#include <csignal>

#include "sys/call.hpp"
#include "sys/signal.hpp"
#include "sys/thread_sanitizer.hpp"

namespace duet::sys {

void AioRequest::accept_signals() {
  struct sigaction action{};
  action.sa_sigaction = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  checked(interruptible([&] { return ::sigaction(aio_signal(), &action, nullptr); }), "sigaction");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, aio_signal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::int64_t AioRequest::read(int file, std::span<std::byte> buffer, std::uint64_t offset_bytes,
                              Ended ended) noexcept {
  prepare(file, ended);
  block_.aio_buf = buffer.data();
  block_.aio_nbytes = buffer.size();
  block_.aio_offset = static_cast<off_t>(offset_bytes);
  return interruptible([&] { return ::aio_read(&block_); });
}

std::int64_t AioRequest::write(int file, std::span<const std::byte> bytes,
                               std::uint64_t offset_bytes, Ended ended) noexcept {
  prepare(file, ended);
  block_.aio_buf = const_cast<std::byte*>(bytes.data());  // it is only read
  block_.aio_nbytes = bytes.size();
  block_.aio_offset = static_cast<off_t>(offset_bytes);
  return interruptible([&] { return ::aio_write(&block_); });
}

std::int64_t AioRequest::sync(int file, bool data_only, Ended ended) noexcept {
  prepare(file, ended);
  return interruptible([&] { return ::aio_fsync(data_only ? O_DSYNC : O_SYNC, &block_); });
}

std::int64_t AioRequest::state() const noexcept {
  int error = ::aio_error(&block_);
  if (error != 0) return -error;
  return ::aio_return(const_cast<aiocb*>(&block_));  // changes nothing in the C library's
}

void AioRequest::cancel() noexcept { ::aio_cancel(block_.aio_fildes, &block_); }

void AioRequest::prepare(int file, Ended ended) noexcept {
  block_ = {};
  block_.aio_fildes = file;
  block_.aio_sigevent.sigev_notify = SIGEV_NONE;
  ended_ = ended;
  if (ended == nullptr) return;
  block_.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
  block_.aio_sigevent.sigev_signo = aio_signal();
  block_.aio_sigevent.sigev_value.sival_ptr = this;
  note_release(this);  // to the handler
}

void AioRequest::handle(int, siginfo_t* info, void*) {
  if (info->si_code != SI_ASYNCIO) return;
  int saved = errno;
  auto& request = *static_cast<AioRequest*>(info->si_value.sival_ptr);
  note_acquire(&request);
  request.ended_(request);
  errno = saved;
}

}  // namespace duet::sys
