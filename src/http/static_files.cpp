#include <array>

#include "duet/http/serve.hpp"
#include "http/answer.hpp"

namespace duet::http {
namespace {

constexpr std::string_view index_name = "index.html";

// What opening a file failed with, to the client.
Rejection rejection_of(std::error_code error) {
  if (error == std::errc::permission_denied) return {403, "no permission to read it"};
  if (error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system)
    return {503, "too many open files; try again"};
  return {404, "there is no such file"};  // a way out of the folder (EXDEV) is no file of ours
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != path.npos;
}

std::string percent_encoded(std::string_view path) {
  constexpr std::string_view plain = "-._~/!$&'()*+,;=:@";
  std::string text;
  for (char c : path) {
    auto byte = static_cast<unsigned char>(c);
    int lower = byte | 0x20;
    bool is_alphanumeric = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
    if (is_alphanumeric || plain.find(c) != plain.npos)
      text += c;
    else
      text += fmt::format("%{:02X}", byte);
  }
  return text;
}

// Sends exactly `size_bytes`: what is added to the file meanwhile is not sent, and when something
// has been cut off the connection ends, since the length has been promised.
Task<After> send_content(Exchange exchange, File& file, std::uint64_t size_bytes) {
  Writer& writer = exchange.writer;
  for (std::uint64_t at = 0; at < size_bytes;) {
    if (writer.room().empty()) co_await writer.flush().within(exchange.send_time);
    std::span<std::byte> room = writer.room();
    if (room.size() > size_bytes - at) room = room.first(static_cast<std::size_t>(size_bytes - at));
    std::size_t n = co_await file.read_at(room, at);
    if (n == 0) throw IoError(std::make_error_code(std::errc::io_error), "read, cut meanwhile,");
    writer.commit(n);
    at += n;
  }
  co_return exchange.after;
}

Task<After> send_file(Exchange exchange, File& file, std::string_view path, std::uint64_t bytes) {
  Writer& writer = exchange.writer;
  if (writer.room().size() < head_bytes_max) co_await writer.flush().within(exchange.send_time);
  write_head(exchange, {200, mime_type(path), bytes, {}});
  if (exchange.request.method() == Method::head) co_return exchange.after;
  co_return co_await send_content(exchange, file, bytes);
}

}  // namespace

Task<After> StaticFiles::answer(Exchange exchange) {
  const RequestHead& request = exchange.request;
  if (request.method() == Method::other)
    co_return co_await answer_briefly(exchange, 501, "the method is not known");
  if (request.method() != Method::get && request.method() != Method::head)
    co_return co_await answer_briefly(exchange, 405, "only GET and HEAD");

  std::string target(request.path_and_query());
  if (!target.starts_with('/')) target.insert(0, "/");  // an absolute target without a path
  std::string decoded_bytes(target.size() + 1, '\0');
  std::expected<DecodedPath, Rejection> decoded = decode_path(target, std::span(decoded_bytes));
  if (!decoded)
    co_return co_await answer_briefly(exchange, decoded.error().status,
                                      std::string(decoded.error().reason));
  std::string path(decoded->relative);
  if (is_hidden(path)) co_return co_await answer_briefly(exchange, 404, "there is no such file");
  if (decoded->has_trailing_slash)
    path += path.empty() ? index_name : "/" + std::string(index_name);

  auto file = co_await as_expected(File::open(root_, path));
  if (!file) {
    Rejection rejection = rejection_of(file.error());
    co_return co_await answer_briefly(exchange, rejection.status, std::string(rejection.reason));
  }
  FileFacts facts = file->facts();
  if (facts.type == FileFacts::Type::directory && !decoded->has_trailing_slash)
    co_return co_await answer_briefly(exchange, 301, "it is a folder",
                                      "/" + percent_encoded(path) + "/");
  if (facts.type != FileFacts::Type::file)
    co_return co_await answer_briefly(exchange, 404, "there is no such file");
  co_return co_await send_file(exchange, *file, path, facts.size_bytes);
}

}  // namespace duet::http
