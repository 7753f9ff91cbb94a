#include "duet/http/response.hpp"

#include "http/field_syntax.hpp"

namespace duet::http {
Response Response::of(std::string_view content_type, std::string body) {
  Response response;
  response.fields_.add("Content-Type", content_type);
  response.body_ = OutgoingBody(std::move(body));
  return response;
}

Response Response::of_known_type(std::string_view line, std::string body) {
  Response response;
  response.fields_.add_line(line);
  response.body_ = OutgoingBody(std::move(body));
  return response;
}

Response Response::text(std::string body) {
  return of_known_type("Content-Type: text/plain; charset=utf-8\r\n", std::move(body));
}
Response Response::html(std::string body) {
  return of_known_type("Content-Type: text/html; charset=utf-8\r\n", std::move(body));
}
Response Response::json(std::string body) {
  return of_known_type("Content-Type: application/json\r\n", std::move(body));
}

Response Response::view(std::string_view content_type, std::string_view body,
                        std::shared_ptr<const void> keeper) {
  Response response;
  response.fields_.add("Content-Type", content_type);
  response.body_ = OutgoingBody(body, std::move(keeper));
  return response;
}

Response Response::stream(std::string_view content_type, Stream stream,
                          std::optional<std::uint64_t> length) {
  Response response;
  response.fields_.add("Content-Type", content_type);
  response.body_ = OutgoingBody(std::move(stream), length);
  return response;
}

Response& Response::field(std::string_view name, std::string_view value) & {
  refuse_framing(name);
  refuse_fields(name, {"Date", "Server"});
  fields_.put(name, value);
  return *this;
}

}  // namespace duet::http
