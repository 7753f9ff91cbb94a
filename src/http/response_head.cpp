#include "duet/http/response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "duet/http/status.hpp"
#include "http/field_syntax.hpp"

namespace duet::http {
ResponseHead::ResponseHead(std::span<char> buffer, int status) noexcept : buffer_(buffer) {
  if (status == 200) {  // nearly always
    put("HTTP/1.1 200 OK\r\n");
    return;
  }
  if (status < 100 || status > 999) {
    fail(HeadError::bad_status);
    return;
  }
  char code[] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                 static_cast<char>('0' + status % 10)};
  put("HTTP/1.1 ");
  put({code, sizeof code});
  put(" ");
  put(reason_phrase(status));
  put("\r\n");
}

ResponseHead& ResponseHead::field(std::string_view name, std::string_view value) noexcept {
  if (!is_field_name(name)) fail(HeadError::bad_name);
  if (!is_field_value(value)) fail(HeadError::bad_value);
  put(name);
  put(": ");
  put(value);
  put("\r\n");
  return *this;
}

ResponseHead& ResponseHead::field(std::string_view name, std::uint64_t value) noexcept {
  char digits[20];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return field(name, std::string_view(digits, end));
}

ResponseHead& ResponseHead::content_length(std::uint64_t bytes) noexcept {
  constexpr std::string_view name = "Content-Length: ";
  std::array<char, name.size() + 20 + 2> line;
  char* at = std::ranges::copy(name, line.data()).out;
  at = std::to_chars(at, at + 20, bytes).ptr;
  *at++ = '\r';
  *at++ = '\n';
  put({line.data(), at});
  return *this;
}

std::expected<std::size_t, HeadError> ResponseHead::finish() noexcept {
  put("\r\n");
  if (has_failed_) return std::unexpected(error_);
  return size_;
}

void ResponseHead::put(std::string_view text) noexcept {
  if (has_failed_) return;
  if (text.size() > buffer_.size() - size_) {
    fail(HeadError::does_not_fit);
    return;
  }
  std::ranges::copy(text, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += text.size();
}

void ResponseHead::fail(HeadError error) noexcept {
  if (has_failed_) return;
  has_failed_ = true;
  error_ = error;
}

}  // namespace duet::http
