#include "conformance/http_probe.hpp"

#include <array>

#include <fmt/format.h>

#include "duet/http/router.hpp"

namespace duet::test {
namespace {

using http::Request;
using http::Response;

Task<Response> root(Request request) {
  if (request.method() == http::Method::get || request.method() == http::Method::head)
    co_return Response::text("OK");
  if (request.method() == http::Method::trace) throw http::Error(501, "no loop-back here");
  std::string body = co_await request.body().read_all();
  co_return Response::of("application/octet-stream", std::move(body));
}

Task<Response> fields(Request request) {
  std::string text;
  for (std::size_t i = 0; i < request.head().field_count(); ++i) {
    http::Field field = request.head().field_at(i);
    text += fmt::format("{}: {}\n", field.name, field.value);
  }
  co_return Response::text(std::move(text));
}

Task<Response> about(Request request) {
  const http::RequestHead& head = request.head();
  co_return Response::text(fmt::format("{} {} {} {}\n", head.method_token(), head.authority(),
                                       request.path(), request.query()));
}

Task<> send_back(http::BodyReader& body, http::BodyWriter& out) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await body.read_some(buffer);
    if (n == 0) co_return;
    co_await out.write(std::span(buffer).first(n));
  }
}

Task<Response> stream(Request request) {
  http::BodyReader& body = request.body();
  auto send = [&body](http::BodyWriter& out) { return send_back(body, out); };
  co_return Response::stream("application/octet-stream", std::move(send), body.length());
}

Task<Response> leave(Request) { co_return Response::text("left"); }

}  // namespace

Task<Response> probe(Request request) {
  if (request.path() == "/fields") return fields(request);
  if (request.path() == "/about" || request.path().empty()) return about(request);
  if (request.path() == "/stream") return stream(request);
  if (request.path() == "/leave") return leave(request);
  if (request.path() != "/only") return root(request);
  http::Router router;
  router.get("/only", leave);
  return router(request);
}

}  // namespace duet::test
