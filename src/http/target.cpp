#include "duet/http/target.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace duet::http {
namespace {

std::unexpected<Rejection> bad(std::string_view reason) noexcept {
  return std::unexpected(Rejection{400, reason});
}

// Appends the decoded segment at `out`; returns its size.
std::expected<std::size_t, Rejection> decode_segment(std::string_view segment, char* out) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '%') {
      if (segment.size() - i < 3 || !is_hex(segment[i + 1]) || !is_hex(segment[i + 2]))
        return bad("malformed percent-encoding in target");
      c = static_cast<char>(hex_value(segment[i + 1]) * 16 + hex_value(segment[i + 2]));
      if (c == '/') return bad("encoded slash in target");
      i += 2;
    }
    if (c == '\0') return bad("NUL in target");
    out[size++] = c;
  }
  return size;
}

// `path` without its last segment and the slash before that.
std::size_t size_of_parent(std::string_view path) noexcept {
  std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? 0 : slash;
}

}  // namespace

std::expected<DecodedPath, Rejection> decode_path(std::string_view target,
                                                  std::span<char> buffer) noexcept {
  target = target.substr(0, target.find('?'));
  if (!target.starts_with('/')) return bad("target without a path");
  if (target.size() >= buffer.size()) return std::unexpected(Rejection{414, "path is too long"});
  char* const out = buffer.data();
  std::size_t size = 0;
  bool is_folder = true;
  while (!target.empty()) {
    target.remove_prefix(1);
    std::string_view raw = target.substr(0, target.find('/'));
    target.remove_prefix(raw.size());
    char* begin = out + size + (size == 0 ? 0 : 1);
    std::expected<std::size_t, Rejection> decoded = decode_segment(raw, begin);
    if (!decoded) return std::unexpected(decoded.error());
    std::string_view segment(begin, *decoded);
    is_folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (size == 0) return bad("target leaves the root");
      size = size_of_parent({out, size});
    }
    if (is_folder) continue;
    if (size > 0) out[size] = '/';
    size = static_cast<std::size_t>(begin - out) + segment.size();
  }
  out[size] = '\0';
  return DecodedPath{.relative = {out, size}, .has_trailing_slash = is_folder};
}

}  // namespace duet::http
