#include "duet/http/field_lines.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "duet/http/message_head.hpp"
#include "http/field_syntax.hpp"

namespace duet::http {

void FieldLines::add(std::string_view name, std::string_view value) {
  if (!is_field_name(name))
    throw std::invalid_argument("'" + std::string(name) + "' is no name for a field");
  if (!is_field_value(value))
    throw std::invalid_argument("the field " + std::string(name) +
                                " has a control character, or a space at an end");
  if (size_ + name.size() + value.size() + 4 > bytes_max)
    throw std::length_error("too many or too long fields in an answer");
  char* at = reserve(name.size() + value.size() + 4);
  for (std::string_view part : {name, std::string_view(": "), value, std::string_view("\r\n")})
    at = std::ranges::copy(part, at).out;
}

void FieldLines::put(std::string_view name, std::string_view value) {
  std::size_t before = equals_ignoring_case(name, "Content-Type") ? find(name) : size_;
  std::size_t end = size_;
  add(name, value);
  if (before == end) return;
  char* line = memory() + before;
  std::size_t line_bytes = text().substr(before).find("\r\n") + 2;
  std::memmove(line, line + line_bytes, size_ - before - line_bytes);
  size_ -= line_bytes;
}

// Where the first line of that name begins, or the end.
std::size_t FieldLines::find(std::string_view name) const noexcept {
  std::size_t at = 0;
  while (at < size_) {
    std::string_view line = text().substr(at);
    if (equals_ignoring_case(line.substr(0, line.find(':')), name)) return at;
    at += line.find("\r\n") + 2;
  }
  return at;
}

void FieldLines::take(FieldLines& other) noexcept {
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, place_bytes);
  heap_ = std::move(other.heap_);
  if (!heap_) std::memcpy(place_.data(), other.place_.data(), size_);
}

char* FieldLines::reserve(std::size_t bytes) {
  if (capacity_ - size_ < bytes) {
    std::size_t larger = std::max(capacity_ * 2, size_ + bytes);
    auto moved = std::make_unique_for_overwrite<char[]>(larger);
    std::memcpy(moved.get(), text().data(), size_);
    heap_ = std::move(moved);
    capacity_ = larger;
  }
  char* at = memory() + size_;
  size_ += bytes;
  return at;
}

void refuse_framing(std::string_view name) {
  refuse_fields(name, {"Content-Length", "Transfer-Encoding", "Connection"});
}

void refuse_fields(std::string_view name, std::initializer_list<std::string_view> reserved) {
  for (std::string_view one : reserved)
    if (equals_ignoring_case(name, one))
      throw std::invalid_argument("the field " + std::string(one) + " is written by duet");
}

}  // namespace duet::http
