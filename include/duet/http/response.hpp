#pragma once
// What a handler answers: a status, fields, and a body that is a text, memory that somebody keeps,
// or written piece by piece while it is sent. A plain value; any thread.
//
//   co_return Response::text("Hello\n");
//   co_return Response(303).field("Location", "/done");
//   co_return Response::stream("text/csv", [](BodyWriter& out) { return write_table(out); });
//
// duet itself adds Date, Server, Connection and what frames the body. A status is final, 200 to
// 999: with another one a handler has failed, and the client gets 500. With 204, 205 and 304 the
// body is left out.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "duet/http/field_lines.hpp"
#include "duet/http/outgoing_body.hpp"

namespace duet::http {

class Response {
 public:
  using Stream = OutgoingBody::Stream;

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

  // Adds a field; a Content-Type takes the place of the one before. Throws std::invalid_argument
  // for one that is not well-formed, and for those that duet writes: Content-Length,
  // Transfer-Encoding, Connection, Date, Server.
  Response& field(std::string_view name, std::string_view value) &;
  Response&& field(std::string_view name, std::string_view value) && {
    return std::move(field(name, value));
  }

  bool has_stream() const noexcept { return body_.has_stream(); }

  // Closes the connection after this answer.
  Response&& then_close() && noexcept {
    closes_ = true;
    return std::move(*this);
  }

 private:
  friend class Answer;

  static Response of_known_type(std::string_view line, std::string body);

  int status_;
  bool closes_ = false;
  FieldLines fields_;
  OutgoingBody body_;
};

}  // namespace duet::http
