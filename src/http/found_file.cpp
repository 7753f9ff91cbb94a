#include "http/found_file.hpp"

#include <algorithm>

#include "duet/http/error.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

// What opening a file failed with, to the client.
Error error_for(std::error_code error) {
  if (error == std::errc::permission_denied) return {403, "no permission to read it"};
  if (error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system)
    return {503, "too many open files; try again"};
  if (error == std::errc::device_or_resource_busy) return {503, "it is being moved; try again"};
  if (error == std::errc::io_error) return {500, "the disk failed"};
  return {404, "there is no such file"};  // a way out of the folder (EXDEV) is no file of ours
}

// For the rest, compressed variants would gain nothing, and nobody looks for them.
bool is_compressible(std::string_view type) noexcept {
  if (type.starts_with("text/")) return true;
  for (std::string_view part : {"json", "javascript", "xml", "wasm", "font"})
    if (type.contains(part)) return true;
  return false;
}

struct Variant {
  std::string_view coding;
  std::string_view extension;
};
constexpr Variant variants[] = {{"br", ".br"}, {"gzip", ".gz"}};  // the smaller first

// The weight of ";q=…"; anything malformed counts as 1.
bool has_no_weight(std::string_view parameters) noexcept {
  parameters = trim(parameters);
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return false;
  std::string_view weight = parameters.substr(2);
  return !weight.empty() && weight.find_first_not_of("0.") == weight.npos;
}

enum class Opinion : unsigned char { none, yes, no };

Opinion opinion_on(std::string_view accepted, std::string_view coding) noexcept {
  Opinion of_any = Opinion::none;
  Opinion of_this = Opinion::none;
  for_each_member(accepted, [&](std::string_view member) {
    std::size_t semicolon = std::min(member.find(';'), member.size());
    std::string_view name = trim(member.substr(0, semicolon));
    bool is_refused = semicolon < member.size() && has_no_weight(member.substr(semicolon + 1));
    Opinion opinion = is_refused ? Opinion::no : Opinion::yes;
    if (equals_ignoring_case(name, coding)) of_this = opinion;
    if (name == "*") of_any = opinion;
  });
  return of_this == Opinion::none ? of_any : of_this;
}

// From the cache, or into it.
Task<> find_content(FileCache& cache, const std::string& path, FoundFile& found) {
  std::chrono::nanoseconds now = Loop::current().wall_now().time_since_epoch();
  FileCache::Found cached = cache.find(path, found.facts, now.count());
  found.content = std::move(cached.content);
  if (cached.advice == FileCache::Advice::leave) co_return;
  auto content = std::make_shared<std::string>(found.facts.size_bytes, '\0');
  std::span<std::byte> bytes = std::as_writable_bytes(std::span(*content));
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t n = co_await found.file.read_at(bytes.subspan(at), at);
    if (n == 0) co_return;  // it has been cut: sent as any other
    at += n;
  }
  if (found.file.facts() != found.facts) co_return;  // changed while it was read
  found.content = content;
  cache.keep(path, found.facts, std::move(content));
}

// The compressed variant that the client takes, if there is a current one, in place of the file.
Task<> find_variant(Directory root, std::string& path, const RequestHead& request,
                    FoundFile& found) {
  for (const Variant& variant : variants) {
    if (!accepts_encoding(request, variant.coding)) continue;
    std::string name = path + std::string(variant.extension);
    auto file = co_await as_expected(File::open(root, name));
    if (!file) continue;
    FileFacts compressed = file->facts();
    bool is_current = compressed.type == FileFacts::Type::file &&
                      compressed.modified_ns >= found.facts.modified_ns;
    if (!is_current) continue;
    found.file = std::move(*file);
    found.facts = compressed;
    found.encoding = variant.coding;
    path = std::move(name);
    co_return;
  }
}

}  // namespace

bool accepts_encoding(const RequestHead& request, std::string_view coding) noexcept {
  std::optional<std::string_view> accepted = request.field("Accept-Encoding");
  return accepted && opinion_on(*accepted, coding) == Opinion::yes;
}

Task<FoundFile> find_file(const StaticFilesOptions& options, Directory root, FileCache& cache,
                          std::string path, const RequestHead& request) {
  auto plain = co_await as_expected(File::open(root, path));
  if (!plain) throw error_for(plain.error());
  FileFacts facts = plain->facts();
  FoundFile found{std::move(*plain), facts, options.types.type_of(path), {}};
  if (facts.type != FileFacts::Type::file) co_return found;
  found.depends_on_encoding = is_compressible(found.content_type);
  if (found.depends_on_encoding) {
    Task<> finding = find_variant(root, path, request, found);
    co_await std::move(finding);
  }
  if (request.method() == Method::get) {
    Task<> finding = find_content(cache, path, found);
    co_await std::move(finding);
  }
  co_return found;
}

std::string entity_tag_of(const FoundFile& found) {
  std::string coding = found.encoding.empty() ? "" : "-" + std::string(found.encoding);
  return fmt::format("\"{:x}-{:x}{}\"", found.facts.modified_ns, found.facts.size_bytes, coding);
}

std::chrono::sys_seconds modified_at(const FoundFile& found) noexcept {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<std::chrono::nanoseconds>(
      std::chrono::nanoseconds(found.facts.modified_ns)));
}

}  // namespace duet::http
