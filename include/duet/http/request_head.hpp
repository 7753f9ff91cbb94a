#pragma once
// The head of an HTTP/1.1 request (RFC 9112): request line and fields, judged and ready to use.
//
// A RequestParser fills it. It owns no text: every view it hands out points into the bytes given to
// the last call of RequestParser::parse and is good while those stay in place. Inside it keeps
// offsets, so the bytes may move between calls. Plain data: any thread, one at a time; no errors,
// since a head that breaks a rule is never handed out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace duet::http {

enum class Method : unsigned char {
  get,
  head,
  post,
  put,
  delete_,
  connect,
  options,
  trace,
  patch,
  other,  // a well-formed token that is none of these; answer 501 unless you know it
};

// RFC 9112 §3.2. `authority` comes with CONNECT alone, `asterisk` with OPTIONS alone.
enum class TargetForm : unsigned char { origin, absolute, authority, asterisk };

// How the body is delimited (RFC 9112 §6.3). A request without either field has no body.
enum class Framing : unsigned char { none, length, chunked };

struct Field {
  std::string_view name;   // as sent; compare with equals_ignoring_case or use RequestHead::field
  std::string_view value;  // without the spaces and tabs around it
};

// ASCII only, as field names, schemes and most tokens of HTTP are compared.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

class RequestHead {
 public:
  static constexpr std::size_t fields_cap = 100;
  static constexpr std::size_t bytes_cap = 65535;

  Method method() const noexcept { return method_; }
  std::string_view method_token() const noexcept { return view(method_token_); }

  // The request line as sent, without its line end: what an access log shows.
  std::string_view request_line() const noexcept { return view(request_line_); }

  std::string_view target() const noexcept { return view(target_); }
  TargetForm target_form() const noexcept { return target_form_; }

  // The part of the target that names a resource, for decode_path: "/a?b" of "http://host/a?b".
  // Empty for `*`, for CONNECT and for an absolute target without a path.
  std::string_view path_and_query() const noexcept { return view(path_and_query_); }

  // Whom the request is for, "host" or "host:port": from the target if that says so, else from
  // Host (RFC 9112 §3.3). Empty only for HTTP/1.0 without either.
  std::string_view authority() const noexcept { return view(authority_); }

  // 0 or 1: any later minor version is treated as 1.
  unsigned version_minor() const noexcept { return version_minor_; }

  std::size_t field_count() const noexcept { return field_count_; }
  Field field_at(std::size_t index) const noexcept {
    return {.name = view(fields_[index].name), .value = view(fields_[index].value)};
  }

  // The first field of that name, in any case of letters.
  std::optional<std::string_view> field(std::string_view name) const noexcept;

  // Whether the client wants the connection kept, by version and Connection.
  bool keep_alive() const noexcept { return keep_alive_; }

  Framing framing() const noexcept { return framing_; }

  // Bytes of the body under Framing::length, else 0. At most 2^63 - 1.
  std::uint64_t content_length() const noexcept { return content_length_; }

  // The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const noexcept { return expects_continue_; }

 private:
  friend class RequestParser;

  struct Slice {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };
  struct FieldSlices {
    Slice name;
    Slice value;
  };

  std::string_view view(Slice slice) const noexcept { return {bytes_ + slice.begin, slice.size}; }

  const char* bytes_ = "";
  std::uint64_t content_length_ = 0;
  Slice request_line_;
  Slice method_token_;
  Slice target_;
  Slice path_and_query_;
  Slice authority_;
  Method method_ = Method::other;
  TargetForm target_form_ = TargetForm::origin;
  Framing framing_ = Framing::none;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  std::uint8_t version_minor_ = 1;
  std::uint8_t field_count_ = 0;
  std::array<FieldSlices, fields_cap> fields_;  // the first field_count_ have meaning
};

}  // namespace duet::http
