// A server to be probed: it shows what it understood of a request. `/` answers OK to GET and sends
// the body of any other method back; `/echo` prints the request's fields, `/cookie` its cookies.

#include <algorithm>
#include <duet/duet.hpp>

using namespace duet;

// The whole body is awaited before the answer begins, so that one that breaks a rule is answered
// with 400.
Task<http::Response> root(http::Request request) {
  if (request.method() == http::Method::get || request.method() == http::Method::head)
    co_return http::Response::text("OK");
  if (request.method() == http::Method::trace)  // what it sends back is the request, not a body
    throw http::Error(501, "no loop-back here");
  std::string body = co_await request.body().read_all();
  co_return http::Response::of("application/octet-stream", std::move(body));
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
      cookie.remove_prefix(std::min(cookie.find_first_not_of(" \t"), cookie.size()));
      cookie = cookie.substr(0, cookie.find_last_not_of(" \t") + 1);
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
