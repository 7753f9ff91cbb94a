#include "http/handle_request.hpp"

#include "http/answer.hpp"

namespace duet::http {
namespace {

// A body that nobody reads is taken off the connection up to this size; beyond, it is closed.
constexpr std::uint64_t discarded_body_bytes_max = 64 * 1024;

constexpr int closed_by_client = 499;  // no answer; what others' logs call it, too

// What the server itself has against a request whose head is well-formed.
Rejection refuse(const RequestHead& head, const ServeOptions& options) {
  if (head.method() == Method::connect) return {501, "no tunnels here"};
  if (head.content_length() > options.body_bytes_max) return {413, "the body is too large"};
  return {};
}

bool has_body(const RequestHead& head) noexcept {
  return head.framing() == Framing::chunked || head.content_length() > 0;
}

// What the handler makes of a request, also if it fails.
Task<Response> respond(const Handler& handler, Exchange& exchange) {
  std::string mistake;
  try {
    Task<Response> handling = handler(Request(exchange));
    co_return co_await std::move(handling);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    co_return error_page(error.status(), error.what());
  } catch (const std::exception& error) {
    mistake = error.what();
  } catch (...) {
    mistake = "an exception of unknown type";
  }
  if (!exchange.body.is_lost())
    Loop::current().log().error("{} asked for {} and the handler failed: {}", exchange.peer.text(),
                                exchange.head.request_line(), mistake);
  co_return error_page(500, "the handler failed");
}

// Whether the connection must end because of what is left of the request's body.
bool leaves_too_much(const BodyReader& body) noexcept {
  if (body.is_at_end()) return false;
  return !body.has_invited() || body.has_failed() || body.length() > discarded_body_bytes_max;
}

Task<After> answer_request(Conversation& with, Exchange& exchange, Rejection rejection,
                           Answer& answer) {
  BodyReader& body = exchange.body;
  Response response;
  if (rejection) {
    response = error_page(rejection.status, rejection.reason);
  } else {
    Task<Response> responding = respond(with.handler, exchange);
    Response responded = co_await std::move(responding);
    response = std::move(responded);
    if (body.is_lost()) co_return After::gone;
  }
  // A stream may be going to read the body, and behind a head it is too late for the invitation.
  if (response.has_stream() && !body.has_invited()) {
    Task<> inviting = body.invite();
    co_await std::move(inviting);
  }
  bool is_last = rejection || !exchange.head.keep_alive() || with.scope.is_draining() ||
                 leaves_too_much(body) || answer.must_close(response);
  bool ends_body = answer.ends_with_connection(response);
  if (ends_body) with.peer.reset_at_close(true);
  Task<> sending = answer.send(response, is_last);
  co_await std::move(sending);
  if (ends_body) co_return After::end_body;
  if (is_last) co_return After::close;
  if (body.is_at_end()) co_return After::keep;
  Task<bool> discarding = body.discard(discarded_body_bytes_max);
  bool is_at_end = co_await std::move(discarding);
  co_return is_at_end ? After::keep : After::close;
}

// A request that could not be parsed is shown as it came, up to the end of its first line.
std::string_view request_line_of(const RequestHead& head, std::string_view text) noexcept {
  if (!head.request_line().empty()) return head.request_line();
  return text.substr(0, text.find_first_of("\r\n"));
}

void write_down(AccessLog& log, const Exchange& exchange, std::string_view request_line,
                const Answer& answer, std::chrono::system_clock::time_point begun) {
  auto now = Loop::current().wall_now();
  log.record({.peer = exchange.peer,
              .time = begun,
              .duration = now - begun,
              .request = request_line,
              .status = answer.status() == 0 ? closed_by_client : answer.status(),
              .body_bytes = answer.body_bytes(),
              .referer = exchange.head.field("Referer").value_or(""),
              .user_agent = exchange.head.field("User-Agent").value_or("")});
}

}  // namespace

Task<After> handle_request(Conversation& with, ParseResult parsed) {
  const ServeOptions& options = with.options;
  const RequestHead& head = with.parser.head();
  Rejection rejection = parsed.rejection ? parsed.rejection : refuse(head, options);
  BodyReader body(with.peer, with.input, with.writer,
                  {options.body_bytes_max, options.body_rate_min, options.head_time});
  if (!rejection) {
    with.input.hold(parsed.consumed, has_body(head));
    with.parser.parse(with.input.text());  // the head may have moved
    body.expect(head.framing(), head.content_length());
    if (head.expects_continue()) body.invite_first();
  }
  Exchange exchange{head, with.peer.peer(), body};
  Answer answer(head, with.writer);
  AccessLog* log = options.access_log.get();
  auto begun =
      log != nullptr ? Loop::current().wall_now() : std::chrono::system_clock::time_point();
  After after = After::gone;
  try {
    Task<After> answering = answer_request(with, exchange, rejection, answer);
    After answered = co_await std::move(answering);
    after = answered;
  } catch (const IoError&) {
    // The peer is gone, or what was promised to it cannot be sent.
  } catch (const Error&) {
    // The rest of the body broke a rule when its answer had begun.
  }
  if (log != nullptr)
    write_down(*log, exchange, request_line_of(head, with.input.text()), answer, begun);
  co_return after;
}

}  // namespace duet::http
