#pragma once
// Writes the head of an HTTP/1.1 response into bytes of the caller: no allocation, no throw.
//
//   ResponseHead head(buffer, 200);
//   head.field("Content-Type", "text/html").field("Content-Length", 5);
//   std::expected<std::size_t, HeadError> size = head.finish();
//
// The first error sticks and `finish` reports it: then nothing of the buffer may be sent. Nothing
// is repaired silently, so that no text from outside can end a field and begin another. The caller
// sees to which fields a response needs. Any thread, one at a time.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace duet::http {

enum class HeadError : unsigned char {
  does_not_fit,
  bad_status,  // not in 100..999
  bad_name,    // not a token
  bad_value,   // holds CR, LF, NUL or another control character but tab, or begins or ends blank
};

class ResponseHead {
 public:
  // Writes the status line, with the phrase of reason_phrase. `buffer` outlives this.
  ResponseHead(std::span<char> buffer, int status) noexcept;

  ResponseHead& field(std::string_view name, std::string_view value) noexcept;
  ResponseHead& field(std::string_view name, std::uint64_t value) noexcept;

  // Writes whole lines that are known to be right.
  ResponseHead& lines(std::string_view text) noexcept {
    put(text);
    return *this;
  }
  ResponseHead& content_length(std::uint64_t bytes) noexcept;

  // Writes the blank line; the size of the whole head. To be called once, last.
  std::expected<std::size_t, HeadError> finish() noexcept;

 private:
  void put(std::string_view text) noexcept;
  void fail(HeadError error) noexcept;

  std::span<char> buffer_;
  std::size_t size_ = 0;
  HeadError error_ = HeadError::does_not_fit;
  bool has_failed_ = false;
};

}  // namespace duet::http
