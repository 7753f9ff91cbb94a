#include "differences.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <vector>

namespace duet::http {
namespace {

// Each difference: what we say, or what Beast says, and what must be true of the bytes for it. The
// conditions are written without our parsers.
struct Difference {
  std::string_view said;
  bool (*holds)(const Parting&);
};

std::string_view head_of(const Parting& parting) {
  return parting.bytes.substr(0, parting.bytes.find("\r\n\r\n"));
}

std::string_view behind_head(const Parting& parting) {
  return parting.bytes.substr(std::min(head_of(parting).size() + 4, parting.bytes.size()));
}

std::string_view first_line(const Parting& parting) {
  return parting.bytes.substr(0, parting.bytes.find("\r\n"));
}

bool is_blank_or(char c, std::string_view others) {
  return c == ' ' || c == '\t' || others.find(c) != others.npos;
}

// Whether two bytes stand next to each other, one of each set.
bool has_pair(std::string_view text, std::string_view first, std::string_view second) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (first.find(text[i - 1]) != first.npos && second.find(text[i]) != second.npos) return true;
  return false;
}

std::vector<std::string> values_of(const SeenRequest& request, std::string_view wanted) {
  std::vector<std::string> values;
  for (const auto& [name, value] : request.fields)
    if (equals_ignoring_case(name, wanted)) values.push_back(value);
  return values;
}

std::vector<std::string> beasts_values(const Parting& parting, std::string_view name) {
  return parting.beasts ? values_of(*parting.beasts, name) : std::vector<std::string>();
}

bool is_all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_plain_host(std::string_view host) {
  if (host.empty()) return false;
  for (std::size_t i = 0; i < host.size(); ++i) {
    bool is_escape = host[i] == '%' && i + 2 < host.size() &&
                     std::isxdigit(static_cast<unsigned char>(host[i + 1])) &&
                     std::isxdigit(static_cast<unsigned char>(host[i + 2]));
    bool is_plain = std::isalnum(static_cast<unsigned char>(host[i])) ||
                    std::string_view("-._~!$&'()*+;=").find(host[i]) != std::string_view::npos;
    if (!is_plain && !is_escape) return false;
  }
  return true;
}

// "host" or "host:port", as the C library would have it.
bool is_plain_authority(std::string_view text, bool needs_port) {
  std::size_t host_size = std::min(text.find(text.starts_with('[') ? ']' : ':'), text.size());
  std::string_view host = text.substr(0, host_size);
  if (text.starts_with('[')) {
    in6_addr address;
    if (host_size == text.size()) return false;
    if (inet_pton(AF_INET6, std::string(host.substr(1)).c_str(), &address) != 1) return false;
    ++host_size;
  } else if (!is_plain_host(host)) {
    return false;
  }
  std::string_view port = text.substr(host_size);
  if (port.size() < 2) return !needs_port && (port.empty() || port == ":");
  if (!port.starts_with(':') || !is_all_digits(port.substr(1))) return false;
  return std::strtoull(std::string(port.substr(1)).c_str(), nullptr, 10) <= 65535;
}

// Beast joins a folded field to one line and judges that; we refuse it, or the half before the
// fold.
bool has_fold(const Parting& parting) { return has_pair(parting.bytes, "\n", " \t"); }

// RFC 9112 would have "bad white space" overlooked around what separates extensions.
bool has_blank_in_chunk_line(const Parting& parting) {
  std::string_view body = behind_head(parting);
  return has_pair(body, " \t", ";=") || has_pair(body, ";=", " \t");
}

bool has_large_chunk_size(const Parting& parting) {
  std::string_view body = behind_head(parting);
  std::size_t run = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    run = std::isxdigit(static_cast<unsigned char>(body[i])) ? run + 1 : 0;
    if (run > 16 || (run == 16 && body[i - 15] >= '8')) return true;
  }
  return false;
}

// A bare LF is one, too.
bool has_control(const Parting& parting) {
  std::string_view bytes = parting.bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) return true;
    bool is_low = static_cast<unsigned char>(bytes[i]) < 0x20 && !is_blank_or(bytes[i], "\r\n");
    if (is_low || bytes[i] == 0x7f) return true;
  }
  return false;
}

bool is_scheme_of_ours(std::string_view target) {
  std::string lowered(target.substr(0, 8));
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lowered.starts_with("http://") || lowered == "https://";
}

bool has_plain_authority_in_target(std::string_view target) {
  std::size_t begin = target.find("//") + 2;
  std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  return is_plain_authority(target.substr(begin, end - begin), false);
}

// The text behind the colon of each field of the head, as it came.
std::vector<std::string_view> raw_values_of(const Parting& parting, std::string_view name) {
  std::vector<std::string_view> values;
  std::string_view head = head_of(parting);
  while (!head.empty()) {
    std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    bool is_wanted = equals_ignoring_case(line.substr(0, line.find(':')), name);
    if (is_wanted && line.size() > name.size()) values.push_back(line.substr(name.size() + 1));
  }
  return values;
}

// Beast takes any coding, and knows the body only by one that ends in "chunked".
bool has_odd_coding(const Parting& parting) {
  return std::ranges::any_of(raw_values_of(parting, "Transfer-Encoding"),
                             [](std::string_view value) {
                               if (value.starts_with(' ')) value.remove_prefix(1);
                               return !equals_ignoring_case(value, "chunked");
                             });
}

const Difference strictness[] = {
    // Limits.
    {"method is too long", [](const Parting& p) { return p.beasts->method.size() > 32; }},
    {"first line is too long",
     [](const Parting& p) { return first_line(p).size() > head_limits.request_line_bytes_max; }},
    {"head is too long",
     [](const Parting& p) { return head_of(p).size() + 4 > head_limits.head_bytes_max; }},
    {"too many fields",
     [](const Parting& p) { return p.beasts->fields.size() > head_limits.fields_max; }},
    {"chunk line is too long",
     [](const Parting& p) { return behind_head(p).size() > chunk_limits.line_bytes_max; }},
    {"too many chunk extensions",
     [](const Parting& p) { return behind_head(p).size() > chunk_limits.extension_bytes_max; }},
    {"trailers are too long",
     [](const Parting& p) { return behind_head(p).size() > chunk_limits.trailer_bytes_max; }},
    {"too many trailers",
     [](const Parting& p) {
       return std::ranges::count(behind_head(p), ':') >
              static_cast<std::ptrdiff_t>(chunk_limits.trailer_fields_max);
     }},

    // Targets: Beast takes any visible byte.
    {"invalid character in target",
     [](const Parting& p) {
       return std::ranges::any_of(p.beasts->target, [](char c) {
         return c == '#' || static_cast<unsigned char>(c) >= 0x80;
       });
     }},
    {"malformed target",
     [](const Parting& p) {
       return !p.beasts->target.starts_with('/') && !is_scheme_of_ours(p.beasts->target);
     }},
    {"malformed authority in target",
     [](const Parting& p) { return !has_plain_authority_in_target(p.beasts->target); }},
    {"malformed target of CONNECT",
     [](const Parting& p) { return !is_plain_authority(p.beasts->target, true); }},
    {"target * without OPTIONS",
     [](const Parting& p) { return p.beasts->target == "*" && p.beasts->method != "OPTIONS"; }},

    // Fields.
    {"no Host",
     [](const Parting& p) {
       return p.beasts->version_minor == 1 && beasts_values(p, "Host").empty();
     }},
    {"more than one Host", [](const Parting& p) { return beasts_values(p, "Host").size() > 1; }},
    {"malformed Host",
     [](const Parting& p) { return !is_plain_authority(beasts_values(p, "Host").at(0), false); }},
    {"unknown expectation",
     [](const Parting& p) {
       return std::ranges::any_of(beasts_values(p, "Expect"), [](const std::string& value) {
         return !equals_ignoring_case(value, "100-continue");
       });
     }},

    // Framing.
    {"more than one Content-Length",
     [](const Parting& p) { return beasts_values(p, "Content-Length").size() > 1; }},
    {"malformed Content-Length",
     [](const Parting& p) { return !is_all_digits(beasts_values(p, "Content-Length").at(0)); }},
    {"Content-Length is too large",
     [](const Parting& p) {
       std::string value = beasts_values(p, "Content-Length").at(0);
       return std::strtoull(value.c_str(), nullptr, 10) > INT64_MAX;
     }},
    {"more than one Transfer-Encoding",
     [](const Parting& p) { return beasts_values(p, "Transfer-Encoding").size() > 1; }},
    {"malformed Transfer-Encoding", has_odd_coding},
    {"transfer coding is not supported", has_odd_coding},
    {"Transfer-Encoding in HTTP/1.0",
     [](const Parting& p) {
       return p.beasts->version_minor == 0 && !beasts_values(p, "Transfer-Encoding").empty();
     }},

    // Chunks.
    {"malformed chunk size", has_blank_in_chunk_line},
    {"malformed chunk extension", has_blank_in_chunk_line},
    {"chunk extension without a name", has_blank_in_chunk_line},
    {"chunk extension without a value", has_blank_in_chunk_line},
    {"chunk size is too large", has_large_chunk_size},
    {"control character in a chunk extension", has_control},
};

bool has_framing_in_trailers(const Parting& parting) {
  return parting.ours && parting.ours->framing == Framing::chunked;
}

// Beast wants a list of tokens, and of Proxy-Connection, too.
bool has_connection_options(const Parting& parting) {
  return !raw_values_of(parting, "Connection").empty() ||
         !raw_values_of(parting, "Proxy-Connection").empty();
}

const Difference leniency[] = {
    {"bad version",
     [](const Parting& p) {
       std::string_view line = first_line(p);
       return line.size() > 8 && line[line.size() - 2] == '.' && line.back() >= '2';
     }},
    {"bad value", has_connection_options},
    {"bad value", has_framing_in_trailers},
    {"bad Content-Length", has_framing_in_trailers},
    {"bad Transfer-Encoding", has_framing_in_trailers},
};

template <typename List>
bool is_in(const List& list, std::string_view said, const Parting& parting) {
  return std::ranges::any_of(list, [&](const Difference& difference) {
    return difference.said == said && difference.holds(parting);
  });
}

}  // namespace

bool is_meant_strictness(const Parting& parting) {
  if (!parting.beasts) return false;
  return has_fold(parting) || is_in(strictness, parting.reason, parting);
}

bool is_meant_leniency(const Parting& parting) {
  return is_in(leniency, parting.error_of_beast, parting);
}

// Beast obeys Proxy-Connection, and lets keep-alive win over close in HTTP/1.0.
bool is_meant_end_of_connection(const SeenRequest& request) {
  if (!values_of(request, "Proxy-Connection").empty()) return true;
  return request.version_minor == 0 && !request.keep_alive;
}

bool is_left_out(std::string_view name) {
  return equals_ignoring_case(name, "Content_Length") ||
         equals_ignoring_case(name, "Transfer_Encoding");
}

}  // namespace duet::http
