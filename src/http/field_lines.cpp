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
  char* at = (heap_ ? heap_.get() : place_.data()) + size_;
  size_ += bytes;
  return at;
}

void refuse_framing(std::string_view name) {
  for (std::string_view reserved : {"Content-Length", "Transfer-Encoding", "Connection"})
    if (equals_ignoring_case(name, reserved))
      throw std::invalid_argument("the field " + std::string(reserved) + " is written by duet");
}

}  // namespace duet::http
