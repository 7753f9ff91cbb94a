#include "http/answer.hpp"

#include <algorithm>

#include "duet/http/date.hpp"
#include "duet/http/response_head.hpp"
#include "duet/http/status.hpp"

namespace duet::http {
namespace {

// Our own fields and the status line take less than the second part.
constexpr std::size_t head_bytes_max = FieldLines::bytes_max + 512;

}  // namespace

Response error_page(int status, std::string_view reason) {
  std::string text = fmt::format("{} {}: {}\n", status, reason_phrase(status), reason);
  return Response::text(std::move(text)).status(status).field("X-Content-Type-Options", "nosniff");
}

bool Answer::must_close(const Response& response) const noexcept {
  return response.closes_ || ends_with_connection(response);
}

bool Answer::ends_with_connection(const Response& response) const noexcept {
  return !has_no_body(response) && framing_of(response) == Framing::until_close;
}

Task<> Answer::send(Response& response, bool is_last) {
  if (writer_.room().size() < head_bytes_max) co_await writer_.flush();
  write_head(response, is_last);
  if (has_no_body(response)) co_return;
  Task<std::uint64_t> sending = response.body_.send(writer_, framing_of(response));
  std::uint64_t sent = co_await std::move(sending);
  body_bytes_ = sent;
}

bool Answer::has_no_body(const Response& response) const noexcept {
  int status = response.status_;
  return status == 204 || status == 304 || status < 200 || request_.method() == Method::head;
}

Answer::Framing Answer::framing_of(const Response& response) const noexcept {
  if (response.body_.length()) return Framing::length;
  return request_.version_minor() == 0 ? Framing::until_close : Framing::chunked;
}

void Answer::write_head(const Response& response, bool is_last) {
  std::span<std::byte> room = writer_.room();
  auto now = std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now());
  DateText date = format_date(now);
  status_ = response.status_;
  ResponseHead head({reinterpret_cast<char*>(room.data()), room.size()}, status_);
  head.field("Server", "duet").field("Date", {date.data(), date.size()}).lines(response.fields_);
  bool may_have_body = status_ >= 200 && status_ != 204 && status_ != 304;
  Framing framing = framing_of(response);
  if (may_have_body && framing == Framing::length)
    head.field("Content-Length", *response.body_.length());
  if (may_have_body && framing == Framing::chunked) head.field("Transfer-Encoding", "chunked");
  if (is_last)
    head.field("Connection", "close");
  else if (request_.version_minor() == 0)
    head.field("Connection", "keep-alive");
  std::expected<std::size_t, HeadError> size = head.finish();
  if (!size) throw std::invalid_argument("an answer with a status that is none");
  writer_.commit(*size);
}

}  // namespace duet::http
