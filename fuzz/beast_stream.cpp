#include "beast_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <limits>

namespace duet::http {
namespace {

namespace beast = boost::beast;
using beast::string_view;
using Error = beast::error_code;

// Keeps what the parser reports, and bounds nothing: limits are compared with by other means.
class Reader : public beast::http::basic_parser<true> {
 public:
  Reader() {
    eager(true);
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  SeenRequest seen;
  bool has_head = false;

 private:
  static std::string text(string_view view) { return {view.data(), view.size()}; }

  void on_request_impl(beast::http::verb, string_view method, string_view target, int version,
                       Error&) override {
    seen.method = text(method);
    seen.target = text(target);
    seen.version_minor = static_cast<unsigned>(version - 10);
  }
  void on_field_impl(beast::http::field, string_view name, string_view value, Error&) override {
    if (!has_head) seen.fields.emplace_back(text(name), text(value));  // else it is a trailer
  }
  void on_header_impl(Error&) override {
    has_head = true;
    seen.keep_alive = keep_alive();
    seen.framing = chunked()          ? Framing::chunked
                   : content_length() ? Framing::length
                                      : Framing::none;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(string_view body, Error&) override {
    seen.body += text(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, Error&) override {
    seen.body += text(body);
    return body.size();
  }
  void on_finish_impl(Error&) override { seen.has_ended = true; }
  void on_response_impl(int, string_view, int, Error&) override {}
};

}  // namespace

BeastStream read_by_beast(std::string_view bytes) {
  BeastStream stream;
  std::size_t at = 0;
  bool goes_on = true;
  while (goes_on) {
    // Beast refuses empty lines before a request, which RFC 9112 §2.2 would have it skip.
    for (int line = 0; line < 2 && bytes.substr(at).starts_with("\r\n"); ++line) at += 2;
    if (at == bytes.size()) break;
    BeastRequest& request = stream.requests.emplace_back();
    request.begin = at;
    Reader reader;
    Error error;
    while (!error && !reader.is_done() && at < bytes.size())
      at += reader.put(boost::asio::buffer(bytes.data() + at, bytes.size() - at), error);
    if (error && error != beast::http::error::need_more) stream.error = error.message();
    request.has_head = reader.has_head;
    request.seen = std::move(reader.seen);
    goes_on = !error && request.seen.has_ended && request.seen.keep_alive;
  }
  return stream;
}

}  // namespace duet::http
