#include <algorithm>
#include <array>
#include <fstream>
#include <ranges>

#include "duet/http/mime.hpp"
#include "http/characters.hpp"
#include "http/fields.hpp"
#include "http/mime_extension.hpp"

namespace duet::http {
namespace {

// Takes the next word from the front of a line.
std::string_view take_word(std::string_view& line) {
  line = trim(line);
  std::size_t size = std::min(line.find_first_of(" \t"), line.size());
  std::string_view word = line.substr(0, size);
  line.remove_prefix(size);
  return word;
}

bool is_media_type(std::string_view text) {
  std::size_t slash = text.find('/');
  return slash != text.npos && is_token_text(text.substr(0, slash)) &&
         is_token_text(text.substr(slash + 1));
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string content_type(std::string_view type) {
  std::string text = lowered(type);
  if (text.starts_with("text/")) text += "; charset=utf-8";
  return text;
}

}  // namespace

MimeTypes::MimeTypes(std::string_view text) {
  auto table = std::make_shared<Table>();
  if (text.size() > table_bytes_max)  // the line that is cut would be another one
    text = text.substr(0, text.rfind('\n', table_bytes_max) + 1);
  for (auto part : std::views::split(text, '\n')) {
    std::string_view line(part.begin(), part.end());
    line = line.substr(0, line.find_first_of("#\r"));
    std::string_view type = take_word(line);
    if (!is_media_type(type)) continue;
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
      if (word.size() > extension_bytes_max || !is_token_text(word)) continue;
      table->insert_or_assign(lowered(word), content_type(type));
    }
  }
  table_ = std::move(table);
}

MimeTypes MimeTypes::read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(table_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return MimeTypes(text);
}

std::string_view MimeTypes::type_of(std::string_view path) const noexcept {
  std::array<char, extension_bytes_max> place;
  std::string_view key = lowered_extension(path, place);
  if (!table_) return mime_type(path);
  auto row = table_->find(key);
  return row == table_->end() ? mime_type(path) : row->second;
}

}  // namespace duet::http
