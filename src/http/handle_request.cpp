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

// What follows the head in the input is body now, if there is one.
void expect_body(Conversation& with, std::size_t head_bytes, BodyReader& body) {
  const RequestHead& head = with.parser.head();
  bool has_body = head.framing() == Framing::chunked || head.content_length() > 0;
  std::uint64_t at_hand = with.input.text().size() - head_bytes;
  bool has_more = head.framing() == Framing::chunked || head.content_length() > at_hand;
  if (with.input.hold(head_bytes, has_more)) with.parser.parse(with.input.text());
  if (!has_body) return;
  body.expect(head.framing(), head.content_length());
  if (head.expects_continue()) body.invite_first();
}

// What the client is told of what the handler threw. Rethrows cancellation.
Response page_for(std::exception_ptr thrown, const Exchange& exchange) {
  std::string mistake;
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    if (is_final_status(error.status())) return error_page(error.status(), error.what());
    mistake = fmt::format("an error of status {}: {}", error.status(), error.what());
  } catch (const std::exception& error) {
    mistake = error.what();
  } catch (...) {
    mistake = "an exception of unknown type";
  }
  if (!exchange.body.is_lost())
    Loop::current().log().error("{} asked for {} and the handler failed: {}", exchange.peer.text(),
                                exchange.head.request_line(), mistake);
  return error_page(500, "the handler failed");
}

Task<Response> refuse_for_now() {
  co_return error_page(503, "too many requests at a time").field("Retry-After", "1");
}

// Whether the connection must end because of what is left of the request's body.
bool leaves_too_much(const BodyReader& body) noexcept {
  if (body.is_at_end()) return false;
  return !body.has_invited() || body.has_failed() || body.length() > discarded_body_bytes_max;
}

bool is_last_answer(const Conversation& with, const Exchange& exchange, const Response& response,
                    const Answer& answer) {
  return !exchange.head.keep_alive() || with.scope.is_draining() ||
         leaves_too_much(exchange.body) || answer.must_close(response);
}

// The usual case, without a coroutine: the request has been read, and the answer only needs to be
// copied.
std::optional<After> answer_at_once(const Conversation& with, const Exchange& exchange,
                                    const Response& response, Answer& answer) {
  if (!exchange.body.is_at_end() || answer.ends_with_connection(response)) return std::nullopt;
  bool is_last = is_last_answer(with, exchange, response, answer);
  if (!answer.collect(response, is_last)) return std::nullopt;
  return is_last ? After::close : After::keep;
}

Task<After> send_answer(Conversation& with, Exchange& exchange, Response& response,
                        bool is_rejected, Answer& answer) {
  BodyReader& body = exchange.body;
  // A stream may be going to read the body, and behind a head it is too late for the invitation.
  if (response.has_stream() && !body.has_invited()) {
    Task<> inviting = body.invite();
    co_await std::move(inviting);
  }
  bool is_last = is_rejected || is_last_answer(with, exchange, response, answer);
  bool ends_body = answer.ends_with_connection(response);
  if (ends_body) with.peer.reset_at_close(true);
  Task<> sending = answer.send(response, is_last);
  co_await std::move(sending);
  if (ends_body) co_return After::end_body;
  if (is_last) co_return After::close;
  Task<bool> discarding = body.discard(discarded_body_bytes_max);
  try {
    bool is_at_end = co_await std::move(discarding);
    co_return is_at_end ? After::keep : After::close;
  } catch (const Error&) {
    co_return After::close;  // what nobody reads broke a rule: the answer stands
  }
}

// If the answer fails, a rule that the request's body broke still becomes one, as long as nothing
// else has been sent; all other failures are seen by the answer's being cut. What was collected
// before, whole answers among it, is sent in any case.
Task<After> try_to_send_answer(Conversation& with, Exchange& exchange, Response& response,
                               bool is_rejected, Answer& answer) {
  if (exchange.body.is_lost()) co_return After::gone;
  std::string mistake;
  std::optional<Response> instead;
  try {
    Task<After> sending = send_answer(with, exchange, response, is_rejected, answer);
    co_return co_await std::move(sending);
  } catch (const Error& error) {
    int status = is_final_status(error.status()) ? error.status() : 500;
    instead = error_page(status, error.what());
  } catch (const IoError&) {
    mistake.clear();  // the peer is gone, or was promised what cannot be read
  } catch (const std::exception& error) {
    mistake = error.what();
  }
  if (!mistake.empty())
    Loop::current().log().error("{} asked for {} and its answer was broken off: {}",
                                exchange.peer.text(), exchange.head.request_line(), mistake);
  if (instead && answer.take_back()) {
    Task<> sending = answer.send(*instead, true);
    auto sent = co_await as_expected(std::move(sending));
    co_return sent ? After::end_body : After::gone;
  }
  if (!with.writer.is_empty()) {
    auto sent = co_await as_expected(with.writer.flush());
    (void)sent;  // the peer may be gone
  }
  co_return After::gone;
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
  Exchange exchange{head, with.peer.peer(), body, with.parameters};
  Answer answer(head, with.writer, with.lines);
  AccessLog* log = options.access_log.get();
  std::chrono::system_clock::time_point begun;
  if (log != nullptr) begun = Loop::current().wall_now();

  RequestLimit::Entry entry(options.requests_max);
  std::optional<After> after;
  Response response;
  if (rejection) {
    response = error_page(rejection.status, rejection.reason);
  } else {
    expect_body(with, parsed.consumed, body);
    try {
      Task<Response> handling =
          entry.is_refused() ? refuse_for_now() : with.handler(Request(exchange));
      Response made = co_await std::move(handling);
      Answer::check(made);
      after = answer_at_once(with, exchange, made, answer);
      if (!after) response = std::move(made);
    } catch (...) {
      response = page_for(std::current_exception(), exchange);
    }
  }
  if (!after) {
    Task<After> sending = try_to_send_answer(with, exchange, response, bool(rejection), answer);
    After sent = co_await std::move(sending);
    after = sent;
  }
  if (log != nullptr)
    write_down(*log, exchange, request_line_of(head, with.input.text()), answer, begun);
  co_return *after;
}

}  // namespace duet::http
