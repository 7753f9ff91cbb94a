#include "http/request_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "http/characters.hpp"

namespace duet::http {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 9> methods = {{
    {"GET", Method::get},
    {"HEAD", Method::head},
    {"POST", Method::post},
    {"PUT", Method::put},
    {"DELETE", Method::delete_},
    {"CONNECT", Method::connect},
    {"OPTIONS", Method::options},
    {"TRACE", Method::trace},
    {"PATCH", Method::patch},
}};

// "HTTP/1.0" and "HTTP/1.1" to "HTTP/1.9", else what speaks of another version of HTTP is 505.
Rejection parse_version(std::string_view text, std::uint8_t& minor) noexcept {
  constexpr Rejection malformed = {400, "malformed HTTP version"};
  constexpr std::string_view prefix = "HTTP/";
  if (!text.starts_with(prefix)) return malformed;
  text.remove_prefix(prefix.size());
  if (text.size() == 3 && text.starts_with("1.") && is_digit(text[2])) {
    minor = text[2] == '0' ? 0 : 1;
    return {};
  }
  std::size_t dot = std::min(text.find('.'), text.size());
  bool has_both = dot > 0 && dot + 1 < text.size();
  bool is_number = has_both && std::ranges::all_of(text.substr(0, dot), is_digit) &&
                   std::ranges::all_of(text.substr(dot + 1), is_digit);
  return is_number ? Rejection{505, "HTTP version is not supported"} : malformed;
}

// The size of "http://" or "https://" at the start of `target`, or 0.
std::size_t scheme_size(std::string_view target) noexcept {
  for (std::string_view scheme : {"http://", "https://"})
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  return 0;
}

Rejection parse_absolute_target(RequestLine& out) noexcept {
  std::size_t begin = scheme_size(out.target);
  if (begin == 0) return {400, "malformed target"};
  std::size_t end = std::min(out.target.find_first_of("/?", begin), out.target.size());
  out.form = TargetForm::absolute;
  out.authority = out.target.substr(begin, end - begin);
  out.path_and_query = out.target.substr(end);
  if (!is_authority(out.authority, Port::optional)) return {400, "malformed authority in target"};
  return {};
}

Rejection parse_target(RequestLine& out) noexcept {
  if (out.target.empty()) return {400, "no target"};
  if (!std::ranges::all_of(out.target, is_target)) return {400, "invalid character in target"};
  if (out.method == Method::connect) {
    out.form = TargetForm::authority;
    out.authority = out.target;
    if (!is_authority(out.target, Port::required)) return {400, "malformed target of CONNECT"};
    return {};
  }
  if (out.target.front() == '/') {
    out.path_and_query = out.target;
    return {};
  }
  if (out.target == "*") {
    out.form = TargetForm::asterisk;
    if (out.method != Method::options) return {400, "target * without OPTIONS"};
    return {};
  }
  return parse_absolute_target(out);
}

bool is_ipv4(std::string_view text) noexcept {
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !text.starts_with('.')) return false;
    if (part > 0) text.remove_prefix(1);
    int value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && digits < 4 && is_digit(text[digits]); ++digits)
      value = value * 10 + (text[digits] - '0');
    if (digits == 0 || value > 255) return false;
    text.remove_prefix(digits);
  }
  return text.empty();
}

// RFC 3986 §3.2.2: eight groups of one to four digits, or fewer and one "::" for the rest; the last
// two may be written as an IPv4 address.
bool is_ipv6(std::string_view text) noexcept {
  int groups = 0;
  bool has_gap = text.starts_with("::");
  if (has_gap) text.remove_prefix(2);
  while (!text.empty()) {
    if (is_ipv4(text)) {
      groups += 2;
      break;
    }
    std::size_t digits = 0;
    while (digits < text.size() && is_hex(text[digits])) ++digits;
    if (digits == 0 || digits > 4) return false;
    ++groups;
    text.remove_prefix(digits);
    if (text.empty()) break;
    bool is_gap = text.starts_with("::");
    if (text.front() != ':' || text.size() == 1 || (is_gap && has_gap)) return false;
    has_gap = has_gap || is_gap;
    text.remove_prefix(is_gap ? 2 : 1);
  }
  return has_gap ? groups < 8 : groups == 8;
}

bool is_host_name(std::string_view text) noexcept {
  if (text.empty()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (has_class(text[i], host_class)) continue;
    bool is_escape =
        text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (!is_escape) return false;
    i += 2;
  }
  return true;
}

// Zero or more digits, of which no more than 65535 comes.
bool is_port(std::string_view text) noexcept {
  unsigned value = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return false;
  }
  return true;
}

}  // namespace

Method method_of(std::string_view token) noexcept {
  for (const auto& [name, method] : methods)
    if (name == token) return method;
  return Method::other;
}

bool is_authority(std::string_view text, Port port) noexcept {
  bool is_literal = text.starts_with('[');
  std::size_t host_size = is_literal ? text.find(']') : text.find(':');
  if (is_literal && host_size == std::string_view::npos) return false;
  if (is_literal) ++host_size;
  host_size = std::min(host_size, text.size());
  std::string_view host = text.substr(0, host_size);
  std::string_view rest = text.substr(host_size);
  if (is_literal ? !is_ipv6(host.substr(1, host.size() - 2)) : !is_host_name(host)) return false;
  if (rest.empty()) return port == Port::optional;
  if (rest.size() == 1) return rest == ":" && port == Port::optional;
  return rest.front() == ':' && is_port(rest.substr(1));
}

Rejection parse_request_line(std::string_view line, std::size_t method_size,
                             RequestLine& out) noexcept {
  out.method = method_of(line.substr(0, method_size));
  std::string_view rest = line.substr(method_size + 1);
  std::size_t space = rest.find(' ');
  if (space == std::string_view::npos) return {400, "no HTTP version"};
  out.target = rest.substr(0, space);
  // The version comes first: another one may have targets of another kind.
  Rejection wrong = parse_version(rest.substr(space + 1), out.version_minor);
  if (wrong) return wrong;
  return parse_target(out);
}

}  // namespace duet::http
