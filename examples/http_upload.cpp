// Takes files of any size: curl --upload-file film.mkv http://127.0.0.1:8080/film.mkv
//
// A piece is written before the next is read, so a file needs no more memory than the buffer, and
// the sender is as fast as the disk.

#include <array>
#include <duet/duet.hpp>

using namespace duet;

Task<http::Response> upload(http::Request request, Directory folder) {
  std::string name = request.parameter("name");
  if (name.starts_with('.')) throw http::Error(400, "names do not begin with a dot");
  if (name.contains('/')) throw http::Error(400, "names have no slash");  // from "%2f"
  auto created = co_await as_expected(File::create(folder, name));        // it may be a folder's
  if (!created) throw http::Error(409, name + ": " + created.error().message());
  File file = std::move(*created);
  std::array<std::byte, 16 * 1024> buffer;
  std::uint64_t size = 0;
  for (;;) {
    std::size_t n = co_await request.body().read_some(buffer);
    if (n == 0) break;
    co_await file.write_at(std::span(buffer).first(n), size);
    size += n;
  }
  std::string answer = fmt::format("{} bytes in {}\n", size, name);
  co_return http::Response::text(std::move(answer)).status(201);
}

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);
  Runtime runtime(options);
  http::ServeOptions limits;
  limits.body_bytes_max = UINT64_MAX;
  http::Router router;
  router.put("/{name}", upload, Directory("."));
  http::serve(runtime, options.listen_or("127.0.0.1:8080"), limits, router);
  runtime.announce("http");
  return runtime.run();
}
