#include "duet/http/static_files.hpp"

#include "duet/http/error.hpp"
#include "duet/http/mime.hpp"
#include "duet/http/target.hpp"
#include "http/answer.hpp"
#include "http/percent.hpp"

namespace duet::http {
namespace {

constexpr std::string_view index_name = "index.html";

// What opening a file failed with, to the client.
Error error_for(std::error_code error) {
  if (error == std::errc::permission_denied) return {403, "no permission to read it"};
  if (error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system)
    return {503, "too many open files; try again"};
  return {404, "there is no such file"};  // a way out of the folder (EXDEV) is no file of ours
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != path.npos;
}

// Sends exactly `bytes`: what is added to the file meanwhile is not sent, and when something has
// been cut off the connection ends, since the length has been promised.
Task<> send_part(File& file, std::uint64_t at, std::uint64_t bytes, BodyWriter& out) {
  for (std::uint64_t end = at + bytes; at < end;) {
    if (out.room().empty()) co_await out.flush();
    std::size_t n = co_await file.read_at(out.room(), at);
    if (n == 0) throw IoError(std::make_error_code(std::errc::io_error), "read, cut meanwhile,");
    out.commit(n);
    at += n;
  }
}

Response whole_file(File file, std::string_view path, std::uint64_t bytes) {
  auto send = [file = std::move(file), bytes](BodyWriter& out) mutable {
    return send_part(file, 0, bytes, out);
  };
  return Response::stream(mime_type(path), std::move(send), bytes);
}

struct Path {
  std::string text;
  bool is_folder = false;
};

Path path_of(const RequestHead& request) {
  std::string target(request.path_and_query());
  if (!target.starts_with('/')) target.insert(0, "/");  // an absolute target without a path
  std::string decoded_bytes(target.size() + 1, '\0');
  std::expected<DecodedPath, Rejection> decoded = decode_path(target, std::span(decoded_bytes));
  if (!decoded) throw Error(decoded.error().status, std::string(decoded.error().reason));
  Path path{std::string(decoded->relative), decoded->has_trailing_slash};
  if (is_hidden(path.text)) throw Error(404, "there is no such file");
  if (path.is_folder) path.text += path.text.empty() ? index_name : "/" + std::string(index_name);
  return path;
}

}  // namespace

Task<Response> StaticFiles::operator()(Request request) const {
  if (request.method() == Method::other) throw Error(501, "the method is not known");
  if (request.method() != Method::get && request.method() != Method::head) {
    Response refusal = error_page(405, "only GET and HEAD");
    refusal.field("Allow", "GET, HEAD");
    co_return refusal;
  }
  Path path = path_of(request.head());
  auto file = co_await as_expected(File::open(root_, path.text));
  if (!file) throw error_for(file.error());
  FileFacts facts = file->facts();
  if (facts.type == FileFacts::Type::directory && !path.is_folder) {
    Response elsewhere = error_page(301, "it is a folder");
    elsewhere.field("Location", "/" + percent_encoded(path.text) + "/");
    co_return elsewhere;
  }
  if (facts.type != FileFacts::Type::file) throw Error(404, "there is no such file");
  Response response = whole_file(std::move(*file), path.text, facts.size_bytes);
  response.field("X-Content-Type-Options", "nosniff");
  co_return response;
}

}  // namespace duet::http
