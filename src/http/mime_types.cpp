#include <algorithm>
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
  std::size_t slash = std::min(text.find('/'), text.size() - 1);
  return !text.empty() && is_token_text(text.substr(0, slash)) &&
         is_token_text(text.substr(slash + 1));
}

std::string content_type(std::string_view type) {
  std::string text(type);
  std::ranges::transform(text, text.begin(), lower);
  if (text.starts_with("text/")) text += "; charset=utf-8";
  return text;
}

}  // namespace

MimeTypes::MimeTypes(std::string_view table) {
  std::vector<Row> rows;
  if (table.size() > table_bytes_max)  // the line that is cut would be malformed
    table = table.substr(0, table.rfind('\n', table_bytes_max) + 1);
  for (auto part : std::views::split(table, '\n')) {
    std::string_view line(part.begin(), part.end());
    line = line.substr(0, line.find_first_of("#\r"));
    std::string_view type = take_word(line);
    if (!is_media_type(type)) continue;
    while (true) {
      std::string_view extension = take_word(line);
      if (extension.empty()) break;
      if (extension.size() > extension_bytes_max || !is_token_text(extension)) continue;
      Row& row = rows.emplace_back(std::string(extension), content_type(type));
      std::ranges::transform(row.extension, row.extension.begin(), lower);
    }
  }
  // The last of several comes first, and stays.
  std::ranges::reverse(rows);
  std::ranges::stable_sort(rows, {}, &Row::extension);
  auto doubles = std::ranges::unique(rows, {}, &Row::extension);
  rows.erase(doubles.begin(), doubles.end());
  rows_ = std::make_shared<const std::vector<Row>>(std::move(rows));
}

MimeTypes MimeTypes::read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string table(table_bytes_max + 1, '\0');
  in.read(table.data(), static_cast<std::streamsize>(table.size()));
  table.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return MimeTypes(table);
}

std::string_view MimeTypes::type_of(std::string_view path) const noexcept {
  std::array<char, extension_bytes_max> place;
  std::string_view key = lowered_extension(path, place);
  if (!rows_ || key.empty()) return mime_type(path);
  auto row = std::ranges::lower_bound(*rows_, key, {}, &Row::extension);
  return row != rows_->end() && row->extension == key ? std::string_view(row->type)
                                                      : mime_type(path);
}

}  // namespace duet::http
