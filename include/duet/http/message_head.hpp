#pragma once
// What the heads of requests and responses have in common: the fields, and what they and the
// version say about the body and the connection (RFC 9112).
//
// A parser fills it. It owns no text: every view it hands out points into the bytes given to the
// last call of the parser and is good while those stay in place. Inside it keeps offsets, so the
// bytes may move between calls. Plain data: any thread, one at a time; no errors, since a head that
// breaks a rule is never handed out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace duet::http {

// How the body is delimited (RFC 9112 §6.3).
enum class Framing : unsigned char {
  none,
  length,
  chunked,
  until_close,  // of a response only: the body ends with the connection
};

struct Field {
  std::string_view name;   // as sent; compare with equals_ignoring_case or use MessageHead::field
  std::string_view value;  // without the spaces and tabs around it
};

// ASCII only, as field names, schemes and most tokens of HTTP are compared.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

class MessageHead {
 public:
  static constexpr std::size_t fields_cap = 100;
  static constexpr std::size_t bytes_cap = 65535;

  // 0 or 1: any later minor version is treated as 1.
  unsigned version_minor() const noexcept { return version_minor_; }

  std::size_t field_count() const noexcept { return field_count_; }
  Field field_at(std::size_t index) const noexcept {
    return {.name = view(fields_[index].name), .value = view(fields_[index].value)};
  }

  // The first field of that name, in any case of letters.
  std::optional<std::string_view> field(std::string_view name) const noexcept;

  // Whether the peer wants the connection kept, by version and Connection.
  bool keep_alive() const noexcept { return keep_alive_; }

  Framing framing() const noexcept { return framing_; }

  // Bytes of the body under Framing::length, else 0. At most 2^63 - 1.
  std::uint64_t content_length() const noexcept { return content_length_; }

 protected:
  friend class MessageParser;

  struct Slice {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };

  struct FieldSlices {
    Slice name;
    Slice value;
  };

  std::string_view view(Slice slice) const noexcept { return {bytes_ + slice.begin, slice.size}; }

  // Of a part of the bytes.
  Slice slice(std::string_view part) const noexcept {
    if (part.empty()) return {};
    return {.begin = static_cast<std::uint16_t>(part.data() - bytes_),
            .size = static_cast<std::uint16_t>(part.size())};
  }

  const char* bytes_ = "";
  std::uint64_t content_length_ = 0;
  Framing framing_ = Framing::none;
  bool keep_alive_ = false;
  std::uint8_t version_minor_ = 1;
  std::uint8_t field_count_ = 0;
  std::array<FieldSlices, fields_cap> fields_;  // the first field_count_ have meaning
};

}  // namespace duet::http
