#include "http/answer.hpp"

#include <algorithm>

namespace duet::http {

void write_head(Exchange exchange, const AnswerHead& answer) {
  std::span<std::byte> room = exchange.writer.room();
  auto now = std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now());
  DateText date = format_date(now);
  ResponseHead head({reinterpret_cast<char*>(room.data()), room.size()}, answer.status);
  head.field("Server", "duet")
      .field("Date", {date.data(), date.size()})
      .field("Content-Type", answer.content_type)
      .field("Content-Length", answer.content_length)
      .field("X-Content-Type-Options", "nosniff");
  if (answer.status == 405) head.field("Allow", "GET, HEAD");
  if (!answer.location.empty()) head.field("Location", answer.location);
  if (exchange.after == After::close)
    head.field("Connection", "close");
  else if (exchange.request.version_minor() == 0)
    head.field("Connection", "keep-alive");
  std::expected<std::size_t, HeadError> size = head.finish();
  DUET_ASSERT(size.has_value());
  exchange.writer.commit(*size);
}

bool has_body(const RequestHead& head) noexcept {
  return head.framing() == Framing::chunked || head.content_length() > 0;
}

Task<After> answer_briefly(Exchange exchange, int status, std::string reason,
                           std::string location) {
  std::string body = fmt::format("{} {}: {}\n", status, reason_phrase(status), reason);
  Writer& writer = exchange.writer;
  if (writer.room().size() < head_bytes_max) co_await writer.flush().within(exchange.send_time);
  write_head(exchange, {status, "text/plain; charset=utf-8", body.size(), location});
  bool is_head = exchange.request.method() == Method::head;
  if (!is_head) co_await writer.write(bytes_of(body));
  co_return exchange.after;
}

}  // namespace duet::http
