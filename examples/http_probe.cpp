// A server to be probed: it shows what it understood of a request. `/` answers OK to GET and sends
// the body of any other method back; `/echo` prints the request's fields, `/cookie` its cookies.

#include <algorithm>
#include <array>
#include <duet/duet.hpp>

using namespace duet;

Task<> copy_body(http::BodyReader& body, http::BodyWriter& out) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await body.read_some(buffer);
    if (n == 0) co_return;
    co_await out.write(std::span(buffer).first(n));
  }
}

Task<http::Response> root(http::Request request) {
  if (request.method() == http::Method::get || request.method() == http::Method::head)
    co_return http::Response::text("OK");
  http::BodyReader& body = request.body();
  auto send_back = [&body](http::BodyWriter& out) { return copy_body(body, out); };
  co_return http::Response::stream("application/octet-stream", std::move(send_back), body.length());
}

Task<http::Response> echo(http::Request request) {
  std::string text;
  for (std::size_t i = 0; i < request.head().field_count(); ++i) {
    http::Field field = request.head().field_at(i);
    text += fmt::format("{}: {}\n", field.name, field.value);
  }
  co_return http::Response::text(std::move(text));
}

// "a=1; b=2" as lines of "a=1".
Task<http::Response> cookies(http::Request request) {
  std::string text;
  for (std::size_t i = 0; i < request.head().field_count(); ++i) {
    http::Field field = request.head().field_at(i);
    if (!http::equals_ignoring_case(field.name, "cookie")) continue;
    for (std::string_view left = field.value; !left.empty();) {
      std::size_t end = std::min(left.find(';'), left.size());
      std::string_view cookie = left.substr(0, end);
      cookie.remove_prefix(std::min(cookie.find_first_not_of(' '), cookie.size()));
      if (cookie.contains('=')) text += fmt::format("{}\n", cookie);
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }
  co_return http::Response::text(std::move(text));
}

Task<http::Response> choose(http::Request request) {
  if (request.path() == "/echo") return echo(request);
  if (request.path() == "/cookie") return cookies(request);
  return root(request);
}

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);
  Runtime runtime(options);
  http::serve(runtime, options.listen_or("127.0.0.1:8080"), choose);
  runtime.announce("http");
  return runtime.run();
}
