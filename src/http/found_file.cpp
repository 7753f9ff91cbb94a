#include "http/found_file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "duet/http/error.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

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
constexpr std::array<Variant, 2> variants = {{{"br", ".br"}, {"gzip", ".gz"}}};  // smaller first

constexpr int full_weight = 1000;

// Of ";q=0.5", in thousandths (RFC 9110 §12.4.2); anything malformed counts as 1.
int weight_in(std::string_view parameters) noexcept {
  parameters = trim(parameters);
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return full_weight;
  std::string_view weight = parameters.substr(2);
  if (!weight.starts_with('0')) return full_weight;
  weight.remove_prefix(1);
  if (!weight.empty() && !weight.starts_with('.')) return full_weight;
  int thousandths = 0;
  int unit = full_weight / 10;
  for (char digit : weight.substr(std::min<std::size_t>(weight.size(), 1))) {
    if (!is_digit(digit)) return full_weight;
    thousandths += (digit - '0') * unit;
    unit /= 10;
  }
  return thousandths;
}

// RFC 9110 §8.4.1.3 wants the old name to be taken for gzip, too.
bool is_coding(std::string_view name, std::string_view coding) noexcept {
  return equals_ignoring_case(name, coding) ||
         (coding == "gzip" && equals_ignoring_case(name, "x-gzip"));
}

// How much the client wants a content coding, from 0, not at all, to full_weight: what the fields
// of Accept-Encoding, which are one list, say of its name, or else of "*".
int weight_of(const RequestHead& request, std::string_view coding) noexcept {
  std::optional<int> of_this;
  std::optional<int> of_any;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    Field field = request.field_at(i);
    if (!equals_ignoring_case(field.name, "Accept-Encoding")) continue;
    for_each_member(field.value, [&](std::string_view member) {
      std::size_t semicolon = std::min(member.find(';'), member.size());
      std::string_view name = trim(member.substr(0, semicolon));
      bool has_weight = semicolon < member.size();
      int weight = has_weight ? weight_in(member.substr(semicolon + 1)) : full_weight;
      if (is_coding(name, coding)) of_this = weight;
      if (name == "*") of_any = weight;
    });
  }
  return of_this.value_or(of_any.value_or(0));
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
  std::array<int, variants.size()> weights;
  std::ranges::transform(variants, weights.begin(), [&](const Variant& variant) {
    return weight_of(request, variant.coding);
  });
  for (std::size_t tried = 0; tried < variants.size(); ++tried) {
    auto best = std::ranges::max_element(weights);
    if (*best == 0) co_return;
    const Variant& variant = variants[static_cast<std::size_t>(best - weights.begin())];
    *best = 0;
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

Error error_for(std::error_code error) {
  if (error == std::errc::permission_denied) return {403, "no permission to read it"};
  if (error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system)
    return {503, "too many open files; try again"};
  if (error == std::errc::device_or_resource_busy) return {503, "it is being moved; try again"};
  if (error == std::errc::io_error) return {500, "the disk failed"};
  return {404, "there is no such file"};  // a way out of the folder (EXDEV) is no file of ours
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
