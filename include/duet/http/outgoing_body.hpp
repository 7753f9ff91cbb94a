#pragma once
// The body of a message to be sent: a text, memory that somebody keeps, or a stream, which is
// written piece by piece while it is sent.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "duet/http/message_head.hpp"
#include "duet/net/writer.hpp"

namespace duet::http {

// Where a streamed body goes. The peer sets the pace: a write waits while the peer does not take
// what was written before. Used by the task that sends the answer.
class BodyWriter {
 public:
  // `written` is counted up by what is written.
  BodyWriter(Writer& writer, Framing framing, std::uint64_t length, std::uint64_t& written) noexcept
      : writer_(writer), framing_(framing), left_(length), written_(written) {}

  // Completes when the bytes are sent or copied. Throws IoError when the peer is gone or takes
  // nothing for too long, std::length_error beyond the length that was promised.
  Task<> write(std::span<const std::byte> bytes);
  Task<> write(std::string_view text) { return write(bytes_of(text)); }

  // Memory for the next bytes of a body of known length, and how many were put there: saves a copy
  // where bytes are read from elsewhere. Empty when it must be flushed first. Throws
  // std::logic_error for a body without a length, which would need chunks around them.
  std::span<std::byte> room();
  void commit(std::size_t bytes) noexcept;

  // Completes when the kernel has all that was written: for what shall arrive before the next
  // write.
  Wait<io::Send> flush() noexcept { return writer_.flush(); }

  // For the connection: ends the body; false if less than the promised length was written.
  Task<bool> finish();

 private:
  void count(std::size_t bytes);

  Writer& writer_;
  const Framing framing_;
  std::uint64_t left_;
  std::uint64_t& written_;
};

// A plain value; any thread.
class OutgoingBody {
 public:
  // Called once, on the connection's loop; it is kept until the task it returns has ended, so that
  // a coroutine lambda may use what it has captured.
  using Stream = std::move_only_function<Task<>(BodyWriter&)>;

  OutgoingBody() noexcept = default;
  explicit OutgoingBody(std::string text) noexcept : text_(std::move(text)) {}

  // `memory` stays where it is as long as `keeper` lives, or for ever.
  OutgoingBody(std::string_view memory, std::shared_ptr<const void> keeper) noexcept
      : memory_(memory), keeper_(std::move(keeper)) {}

  // Without a length it is sent in chunks.
  OutgoingBody(Stream stream, std::optional<std::uint64_t> length) noexcept
      : stream_(std::move(stream)), stream_length_(length) {}

  bool has_stream() const noexcept { return static_cast<bool>(stream_); }

  std::optional<std::uint64_t> length() const noexcept {
    return has_stream() ? stream_length_ : memory().size();
  }

  // Collects the body in the writer, which sends what it has no room for; `sent` is counted up by
  // its bytes. Throws what the stream throws, IoError when the peer is gone, std::length_error when
  // the stream does not keep to its length. To be called once.
  Task<> send(Writer& writer, Framing framing, std::uint64_t& sent);

  // Without a stream: all of it.
  std::string_view memory() const noexcept { return text_.empty() ? memory_ : text_; }

 private:
  std::string text_;
  std::string_view memory_;  // if not of text_
  std::shared_ptr<const void> keeper_;
  Stream stream_;
  std::optional<std::uint64_t> stream_length_;
};

}  // namespace duet::http
