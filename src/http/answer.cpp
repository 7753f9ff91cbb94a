#include "http/answer.hpp"

#include <algorithm>

#include "duet/http/response_head.hpp"
#include "duet/http/status.hpp"

namespace duet::http {
namespace {

// More than the status line and the connection's own fields take.
constexpr std::size_t own_bytes_max = 512;

constexpr int reset_content = 205;  // has a body, which is empty (RFC 9110 §15.3.6)

}  // namespace

std::size_t Answer::head_room(const Response& response) noexcept {
  return response.fields_.text().size() + own_bytes_max;
}

Response error_page(int status, std::string_view reason) {
  std::string text = fmt::format("{} {}: {}\n", status, reason_phrase(status), reason);
  return Response::text(std::move(text)).status(status).field("X-Content-Type-Options", "nosniff");
}

void Answer::check(const Response& response) {
  if (!is_final_status(response.status_))
    throw std::invalid_argument(fmt::format("an answer of status {}", response.status_));
}

bool Answer::must_close(const Response& response) const noexcept {
  return response.closes_ || ends_with_connection(response);
}

bool Answer::ends_with_connection(const Response& response) const noexcept {
  return !has_no_body(response) && framing_of(response) == Framing::until_close;
}

bool Answer::collect(const Response& response, bool is_last) {
  if (response.has_stream()) return false;
  std::string_view body = has_no_body(response) ? std::string_view() : response.body_.memory();
  if (writer_.room().size() < head_room(response) + body.size()) return false;
  write_head(response, is_last);
  std::ranges::copy(bytes_of(body), writer_.room().begin());
  writer_.commit(body.size());
  body_bytes_ = body.size();
  return true;
}

Task<> Answer::send(Response& response, bool is_last) {
  if (writer_.room().size() < head_room(response)) co_await writer_.flush();
  write_head(response, is_last);
  if (has_no_body(response)) co_return;
  Task<> sending = response.body_.send(writer_, framing_of(response), body_bytes_);
  co_await std::move(sending);
}

bool Answer::take_back() noexcept {
  if (status_ != 0 && !writer_.take_back(begin_)) return false;
  status_ = 0;
  body_bytes_ = 0;
  return true;
}

bool Answer::has_no_body(const Response& response) const noexcept {
  int status = response.status_;
  return status == 204 || status == reset_content || status == 304 ||
         request_.method() == Method::head;
}

Framing Answer::framing_of(const Response& response) const noexcept {
  if (response.body_.length() || response.status_ == reset_content) return Framing::length;
  return request_.version_minor() == 0 ? Framing::until_close : Framing::chunked;
}

void Answer::write_head(const Response& response, bool is_last) {
  std::span<std::byte> room = writer_.room();
  begin_ = writer_.position();
  status_ = response.status_;
  ResponseHead head({reinterpret_cast<char*>(room.data()), room.size()}, status_);
  head.lines(lines_.text(Loop::current())).lines(response.fields_.text());
  bool may_have_body = status_ != 204 && status_ != 304;
  Framing framing = framing_of(response);
  if (may_have_body && framing == Framing::length)
    head.content_length(status_ == reset_content ? 0 : *response.body_.length());
  if (may_have_body && framing == Framing::chunked) head.lines("Transfer-Encoding: chunked\r\n");
  if (is_last)
    head.lines("Connection: close\r\n");
  else if (request_.version_minor() == 0)
    head.lines("Connection: keep-alive\r\n");
  std::expected<std::size_t, HeadError> size = head.finish();
  if (!size) throw std::invalid_argument("an answer whose head does not fit");
  writer_.commit(*size);
}

}  // namespace duet::http
