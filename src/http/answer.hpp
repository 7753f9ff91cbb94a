#pragma once
// Puts a Response on a connection: the head, what frames the body, and the body.

#include "duet/http/request_head.hpp"
#include "duet/http/response.hpp"
#include "http/standing_lines.hpp"

namespace duet::http {

// Whether an answer may have it: one of 1xx is none, since the client goes on waiting for another.
constexpr bool is_final_status(int status) noexcept { return status >= 200 && status <= 999; }

// An answer that explains itself in a line of text.
Response error_page(int status, std::string_view reason);

class Answer {
 public:
  Answer(const RequestHead& request, Writer& writer, StandingLines& lines) noexcept
      : request_(request), writer_(writer), lines_(lines) {}

  // Throws std::invalid_argument for a status that no answer may have.
  static void check(const Response& response);

  // Whether the connection must end after it.
  bool must_close(const Response& response) const noexcept;

  // Whether nothing but the end of the connection tells the end of the body.
  bool ends_with_connection(const Response& response) const noexcept;

  // Collects the answer in the writer if it needs nothing but a copy and there is room.
  bool collect(const Response& response, bool is_last);

  // Collects the answer in the writer, which sends what it has no room for. Throws what the
  // response's stream throws, and IoError when the peer is gone or the body is not whole.
  Task<> send(Response& response, bool is_last);

  // Forgets what was collected of the answer, so that another can be sent; false if part of it is
  // on its way.
  bool take_back() noexcept;

  // Of what was collected or sent, whole or not.
  int status() const noexcept { return status_; }
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }

 private:
  bool has_no_body(const Response& response) const noexcept;
  Framing framing_of(const Response& response) const noexcept;
  static std::size_t head_room(const Response& response) noexcept;
  void write_head(const Response& response, bool is_last);

  const RequestHead& request_;
  Writer& writer_;
  StandingLines& lines_;
  int status_ = 0;
  std::uint64_t begin_ = 0;  // in the writer
  std::uint64_t body_bytes_ = 0;
};

}  // namespace duet::http
