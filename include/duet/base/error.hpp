#pragma once
// How duet reports failure. An operation that fails throws IoError; through `as_expected` the same
// failure is a std::error_code: of the system category for what the kernel said, of duet's own
// category (Errc) for the rest. Cancellation is no error: it is thrown as Cancelled, which derives
// from nothing, so that a loop that catches and logs errors cannot swallow it. Any thread.

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace duet {

enum class Errc {
  end_of_stream = 1,  // the peer ended its side before the bytes asked for had come
  timed_out,          // the operation's own deadline passed; equals std::errc::timed_out
  closed,             // the handle was closed, before or during the operation, or is another loop's
  busy,               // another such operation is in flight on this handle, or wait in a selector
  cut_short,          // an earlier write was: nobody knows what the peer has
  misaligned,         // direct access to a file needs multiples; what() says of how many bytes
  queue_full,         // as much work waits already as may
  no_descriptor,      // the engine has none to wait for
  descriptor_too_high,  // for select(2)
};

const std::error_category& duet_category() noexcept;
inline std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), duet_category()};
}

// The failure of one operation. what() reads "receive 127.0.0.1:4711: Connection reset by peer";
// the text is made on the first call, not at the throw.
class IoError : public std::system_error {
 public:
  // Yields what the operation was about, an address or a path, and may be called by any thread.
  using Subject = std::function<std::string()>;

  // `operation` must outlive the error: a string literal.
  IoError(std::error_code code, std::string_view operation, Subject subject = {});

  std::string_view operation() const noexcept;
  std::string subject() const;
  const char* what() const noexcept override;

 private:
  struct Details;
  std::shared_ptr<Details> details_;
};

enum class CancelReason : unsigned char {
  none,
  requested,  // somebody asked for it
  deadline,   // the scope's deadline passed
  failure,    // a sibling failed
  drain,      // this connection was idle, and the server is ending or full
};

// Unwinds a cancelled task. Do not catch it, unless to rethrow it after cleaning up.
struct Cancelled {
  CancelReason reason = CancelReason::requested;
};

// The deadline of `within` or `by` passed.
class TimedOut : public std::runtime_error {
 public:
  TimedOut() : std::runtime_error("timed out") {}
};

}  // namespace duet

template <>
struct std::is_error_code_enum<duet::Errc> : std::true_type {};
