#pragma once
// What a handler answers: a status, fields, and a body that is a text, memory that somebody keeps,
// or written piece by piece while it is sent. A plain value; any thread.
//
//   co_return Response::text("Hello\n");
//   co_return Response(303).field("Location", "/done");
//   co_return Response::stream("text/csv", [](BodyWriter& out) { return write_table(out); });
//
// duet itself adds Date, Server, Connection and what frames the body.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "duet/http/field_lines.hpp"
#include "duet/net/writer.hpp"

namespace duet::http {

// Where a streamed body goes. The peer sets the pace: a write waits while the peer does not take
// what was written before. Used by the task that sends the answer.
class BodyWriter {
 public:
  enum class Framing : unsigned char { length, chunked, until_close };

  BodyWriter(Writer& writer, Framing framing, std::uint64_t length) noexcept
      : writer_(writer), framing_(framing), left_(length) {}

  // Completes when the bytes are sent or copied. Throws IoError when the peer is gone or takes
  // nothing for too long, std::length_error beyond the length that was promised.
  Task<> write(std::span<const std::byte> bytes);
  Task<> write(std::string_view text) { return write(bytes_of(text)); }

  // Memory for the next bytes of a body of known length, and how many were put there: saves a copy
  // where bytes are read from elsewhere. Empty when it must be flushed first.
  std::span<std::byte> room() noexcept;
  void commit(std::size_t bytes) noexcept;

  // Completes when the kernel has all that was written: for what shall arrive before the next
  // write.
  Wait<io::Send> flush() noexcept { return writer_.flush(); }

  // For the connection: ends the body; false if less than the promised length was written.
  Task<bool> finish();
  std::uint64_t written_bytes() const noexcept { return written_; }

 private:
  void count(std::size_t bytes);

  Writer& writer_;
  const Framing framing_;
  std::uint64_t left_;
  std::uint64_t written_ = 0;
};

class Response {
 public:
  // Called once, on the connection's loop; it is kept until the task it returns has ended, so that
  // a coroutine lambda may use what it has captured.
  using Stream = std::move_only_function<Task<>(BodyWriter&)>;

  explicit Response(int status = 200) noexcept : status_(status) {}

  static Response text(std::string body);
  static Response html(std::string body);
  static Response json(std::string body);
  static Response of(std::string_view content_type, std::string body);

  // `body` stays where it is until it has been sent: as long as `keeper` lives, or for ever.
  static Response view(std::string_view content_type, std::string_view body,
                       std::shared_ptr<const void> keeper = nullptr);

  // Without a length the body is sent in chunks. What `stream` throws ends the connection, so that
  // the peer sees that the body is not whole.
  static Response stream(std::string_view content_type, Stream stream,
                         std::optional<std::uint64_t> length = {});

  Response& status(int status) & noexcept {
    status_ = status;
    return *this;
  }
  Response&& status(int status) && noexcept { return std::move(this->status(status)); }

  // Adds a field. Throws std::invalid_argument for one that is not well-formed, and for those that
  // are the connection's affair: Content-Length, Transfer-Encoding, Connection.
  Response& field(std::string_view name, std::string_view value) &;
  Response&& field(std::string_view name, std::string_view value) && {
    return std::move(field(name, value));
  }

  bool has_stream() const noexcept { return static_cast<bool>(stream_); }

  // Closes the connection after this answer.
  Response&& then_close() && noexcept {
    closes_ = true;
    return std::move(*this);
  }

 private:
  friend class Answer;

  std::string_view body() const noexcept { return text_.empty() ? view_ : text_; }

  int status_;
  bool closes_ = false;
  FieldLines fields_;
  std::string text_;
  std::string_view view_;  // if not of text_
  std::shared_ptr<const void> keeper_;
  Stream stream_;
  std::optional<std::uint64_t> length_;  // of stream_
};

}  // namespace duet::http
