#pragma once
// Fields of a message to be sent, as lines ready for the wire. A name that is no token and a value
// that could end its line are refused, so that no text from outside can begin a field of its own.
// Few and short ones are kept in place, without an allocation.

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace duet::http {

class FieldLines {
 public:
  FieldLines() noexcept {}
  FieldLines(FieldLines&& other) noexcept { take(other); }
  FieldLines& operator=(FieldLines&& other) noexcept {
    take(other);
    return *this;
  }
  ~FieldLines() = default;

  static constexpr std::size_t bytes_max = 16 * 1024;

  // Throws std::invalid_argument, and std::length_error beyond `bytes_max` in all.
  void add(std::string_view name, std::string_view value);

  // The same; a Content-Type, of which a message has one, takes the place of the one before.
  void put(std::string_view name, std::string_view value);

  // Adds a line of our own, which is right and short.
  void add_line(std::string_view line) {
    std::memcpy(reserve(line.size()), line.data(), line.size());
  }

  std::string_view text() const noexcept { return {heap_ ? heap_.get() : place_.data(), size_}; }

 private:
  static constexpr std::size_t place_bytes = 224;

  void take(FieldLines& other) noexcept;
  std::size_t find(std::string_view name) const noexcept;
  char* memory() noexcept { return heap_ ? heap_.get() : place_.data(); }
  char* reserve(std::size_t bytes);

  std::size_t size_ = 0;
  std::size_t capacity_ = place_bytes;
  std::unique_ptr<char[]> heap_;
  std::array<char, place_bytes> place_;
};

}  // namespace duet::http
