#include "duet/http/static_files.hpp"

#include "duet/fs/path.hpp"
#include "duet/http/error.hpp"
#include "duet/http/target.hpp"
#include "http/answer.hpp"
#include "http/file_response.hpp"
#include "http/folder_page.hpp"
#include "http/percent.hpp"

namespace duet::http {
namespace {

constexpr std::string_view index_name = "index.html";

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != path.npos;
}

struct Path {
  std::string text;
  bool is_folder = false;
};

// Behind a route, what its {name...} stands for; else the whole.
Path path_of(const Request& request) {
  std::string target(request.path());
  if (std::optional<std::string_view> rest = request.rest()) target = "/" + std::string(*rest);
  if (!target.starts_with('/')) target.insert(0, "/");  // an absolute target without a path
  std::string decoded_bytes(target.size() + 1, '\0');
  std::expected<DecodedPath, Rejection> decoded = decode_path(target, std::span(decoded_bytes));
  if (!decoded) throw Error(decoded.error().status, std::string(decoded.error().reason));
  Path path{std::string(decoded->relative), decoded->has_trailing_slash};
  if (is_hidden(path.text)) throw Error(404, "there is no such file");
  return path;
}

// The path is put together anew: with two slashes at its beginning it would lead to another host.
// Behind a route, whose part of it is the client's, the last name alone says enough.
Response redirect_to_folder(const Request& request, std::string_view path) {
  std::string place = "/" + percent_encoded(path) + "/";
  if (request.rest()) place = "./" + percent_encoded(path.substr(path.rfind('/') + 1)) + "/";
  if (!request.query().empty()) place += "?" + std::string(request.query());
  Response elsewhere = error_page(301, "it is a folder");
  elsewhere.field("Location", place);
  return elsewhere;
}

// Whether a request for what the folder lists would find it. A link counts as what it leads to, if
// that is within the root; a FIFO, a socket or a device is no file. Looked at without being opened:
// nobody may be at the other end of a FIFO, and opening a device can do anything.
Task<bool> is_served(Directory root, std::string folder, FolderEntry& entry) {
  if (entry.name.starts_with('.')) co_return false;
  if (entry.is_folder) co_return true;
  std::string path = folder + "/" + entry.name;
  auto facts = co_await as_expected(facts_of(std::move(root), std::move(path)));
  if (!facts) {
    Error error = error_for(facts.error());
    if (error.status() >= 500) throw error;  // else it would look as if it were not there
    co_return false;
  }
  entry.is_folder = facts->type == FileFacts::Type::directory;
  co_return facts->type != FileFacts::Type::other;
}

Task<Response> list(Directory root, std::string path) {
  std::string folder = path.empty() ? "." : path;
  auto entries = co_await as_expected(list_folder(root, folder, listed_max));
  if (!entries) throw error_for(entries.error());
  std::vector<FolderEntry> served;
  for (FolderEntry& entry : *entries) {
    Task<bool> looking = is_served(root, folder, entry);
    bool is_wanted = co_await std::move(looking);
    if (is_wanted) served.push_back(std::move(entry));
  }
  bool is_cut = entries->size() >= listed_max;
  co_return folder_page(path, std::move(served), is_cut);
}

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(Loop::current().wall_now());
}

}  // namespace

StaticFiles::StaticFiles(Directory root, StaticFilesOptions options)
    : root_(std::move(root)), options_(std::move(options)), cache_(std::make_shared<FileCache>()) {}

Task<Response> StaticFiles::operator()(Request request) const {
  if (request.method() == Method::other) throw Error(501, "the method is not known");
  if (request.method() != Method::get && request.method() != Method::head) {
    Response refusal = error_page(405, "only GET and HEAD");
    refusal.field("Allow", "GET, HEAD");
    co_return refusal;
  }
  Path path = path_of(request);
  if (path.is_folder) co_return co_await answer_folder(request, std::move(path.text));
  FoundFile found = co_await find_file(options_, root_, *cache_, path.text, request.head());
  if (found.facts.type == FileFacts::Type::directory)
    co_return redirect_to_folder(request, path.text);
  if (found.facts.type != FileFacts::Type::file) throw Error(404, "there is no such file");
  co_return file_response(std::move(found), request.head(), now());
}

Task<Response> StaticFiles::answer_folder(Request request, std::string path) const {
  std::string index = path.empty() ? std::string(index_name) : path + "/" + std::string(index_name);
  try {
    FoundFile found =
        co_await find_file(options_, root_, *cache_, std::move(index), request.head());
    if (found.facts.type == FileFacts::Type::file)
      co_return file_response(std::move(found), request.head(), now());
  } catch (const Error& error) {
    if (error.status() != 404 || !options_.lists_folders) throw;
  }
  if (!options_.lists_folders) throw Error(404, "there is no such file");
  co_return co_await list(root_, std::move(path));
}

}  // namespace duet::http
