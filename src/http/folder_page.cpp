#include "http/folder_page.hpp"

#include <algorithm>
#include <tuple>

#include "http/percent.hpp"

namespace duet::http {
namespace {

std::string escaped(std::string_view text) {
  std::string html;
  for (char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  }
  return html;
}

// "./": or a name with a colon would read as a scheme.
std::string line(const FolderEntry& entry) {
  std::string_view slash = entry.is_folder ? "/" : "";
  return fmt::format("<li><a href=\"./{}{}\">{}{}</a></li>\n", escaped(percent_encoded(entry.name)),
                     slash, escaped(entry.name), slash);
}

}  // namespace

Response folder_page(std::string_view path, std::vector<FolderEntry> entries, bool is_cut) {
  std::ranges::sort(entries, {}, [](const FolderEntry& entry) {
    return std::tuple(!entry.is_folder, std::string_view(entry.name));
  });
  std::string title = "/" + escaped(path) + (path.empty() ? "" : "/");
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{0}</title>\n"
      "<h1>{0}</h1>\n<ul>\n",
      title);
  if (!path.empty()) page += "<li><a href=\"../\">../</a></li>\n";
  for (const FolderEntry& entry : entries) page += line(entry);
  page += "</ul>\n";
  if (is_cut) page += fmt::format("<p>Only {} names are listed.</p>\n", entries.size());
  page += "</html>\n";
  Response response = Response::html(std::move(page));
  response.field("X-Content-Type-Options", "nosniff")
      .field("Content-Security-Policy", "default-src 'none'");
  return response;
}

}  // namespace duet::http
