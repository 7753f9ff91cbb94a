#pragma once
// POSIX AIO, aio(7): a read, write or sync of a file that the C library carries out on threads of
// its own. Its end is learned by a signal that duet reserves, by asking for the state, or both.

#include <aio.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>

namespace duet::sys {

class AioRequest {
 public:
  // Called by the signal's handler, on any thread: may do only what a handler may.
  using Ended = void (*)(AioRequest&) noexcept;

  // Lets this thread run the handler; any that does so will do.
  static void accept_signals();

  AioRequest() noexcept = default;
  AioRequest(const AioRequest&) = delete;
  AioRequest& operator=(const AioRequest&) = delete;

  // One of these starts the request, which stays where it is until it has ended. Without `ended`
  // no signal is sent. Negative, and nothing was started: -EAGAIN when there is no room for more.
  std::int64_t read(int file, std::span<std::byte> buffer, std::uint64_t offset_bytes,
                    Ended ended) noexcept;
  std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset_bytes,
                     Ended ended) noexcept;
  std::int64_t sync(int file, bool data_only, Ended ended) noexcept;

  // -EINPROGRESS until it has ended; then its result, or -ECANCELED.
  std::int64_t state() const noexcept;

  // Ends it if it has not begun.
  void cancel() noexcept;

 private:
  static void handle(int signal, siginfo_t* info, void* context);

  void prepare(int file, Ended ended) noexcept;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // the C library's struct has an array of no size
  aiocb block_{};
#pragma GCC diagnostic pop
  Ended ended_ = nullptr;
};

}  // namespace duet::sys
