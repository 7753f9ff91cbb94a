// decode_path beside a slow reading of the same rules, segment by segment; and what comes out is
// a path below the folder whatever went in.

#include "duet/http/target.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cuts.hpp"

namespace duet::http {
namespace {

struct Reference {
  std::string path;
  bool has_trailing_slash = false;
};

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    std::size_t size = 1;
    char c = text[0];
    if (c == '%') {
      size = 3;
      std::string digits(text.substr(1, 2));
      if (digits.size() < 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
        return std::nullopt;
      c = static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
      if (c == '/') return std::nullopt;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
    text.remove_prefix(size);
  }
  return decoded;
}

std::optional<Reference> decode_slowly(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (!target.starts_with('/')) return std::nullopt;
  std::vector<std::string> segments;
  bool is_folder = true;
  while (!target.empty()) {
    target.remove_prefix(1);
    std::string_view raw = target.substr(0, target.find('/'));
    target.remove_prefix(raw.size());
    std::optional<std::string> segment = decode(raw);
    if (!segment || (*segment == ".." && segments.empty())) return std::nullopt;
    is_folder = *segment == "" || *segment == "." || *segment == "..";
    if (*segment == "..") segments.pop_back();
    if (!is_folder) segments.push_back(*segment);
  }
  Reference reference = {.path = {}, .has_trailing_slash = is_folder};
  for (const std::string& segment : segments)
    reference.path += (reference.path.empty() ? "" : "/") + segment;
  return reference;
}

std::string encoded(std::string_view path) {
  std::string text = "/";
  for (char c : path) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%%%02x", static_cast<unsigned char>(c));
    text += c == '/' ? std::string("/") : std::string(digits);
  }
  return text;
}

// Decodes into exactly the room that is said to be enough.
std::optional<Reference> decode_in_place(std::string_view target) {
  auto room = std::make_unique<char[]>(target.size() + 1);
  auto path = decode_path(target, {room.get(), target.size() + 1});
  if (!path) {
    if (path.error().status != 400) fail("another status than 400");
    return std::nullopt;
  }
  if (path->relative.data()[path->relative.size()] != '\0') fail("no NUL behind the path");
  return Reference{std::string(path->relative), path->has_trailing_slash};
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duet::http;
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  std::optional<Reference> path = decode_in_place(target);
  std::optional<Reference> slow = decode_slowly(target);
  if (path.has_value() != slow.has_value()) fail("refused by one", target);
  if (!path) return 0;
  if (path->path != slow->path) fail("another path", slow->path);
  if (path->has_trailing_slash != slow->has_trailing_slash) fail("a folder to one", slow->path);

  const std::string framed = "/" + path->path + "/";
  for (std::string_view bad : {"//", "/./", "/../"})
    if (path->path != "" && framed.find(bad) != framed.npos) fail("not a plain path", framed);
  std::optional<Reference> again = decode_in_place(encoded(path->path));
  if (!again || again->path != path->path) fail("not the same when encoded anew", path->path);
  return 0;
}
