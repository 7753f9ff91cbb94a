// One connection, from its first request to its last answer.

#include <array>

#include "duet/http/server.hpp"
#include "duet/loop/scope.hpp"
#include "http/answer.hpp"
#include "http/input.hpp"

namespace duet::http {
namespace {

// A body that nobody reads is taken off the connection up to this size; beyond, it is closed.
constexpr std::uint64_t discarded_body_bytes_max = 64 * 1024;

// Closing at once after an answer, with input unread, would reset the connection and could take the
// answer away from the client: so our side ends first, and what still comes is thrown away for a
// while (RFC 9112 §9.6).
Task<> close_gently(Stream& peer) {
  constexpr Duration patience = std::chrono::seconds(1);
  constexpr std::size_t discarded_max = 256 * 1024;
  std::array<std::byte, 4096> discarded;
  peer.finish();
  for (std::size_t total = 0; total < discarded_max;) {
    auto n = co_await as_expected(peer.read_some(discarded).within(patience));
    if (!n || *n == 0) co_return;
    total += *n;
  }
}

// What the handler makes of a request, also if it fails.
Task<Response> respond(const Handler& handler, Exchange& exchange) {
  int status = 500;
  std::string reason = "the handler failed";
  std::string mistake = "an exception of unknown type";
  try {
    Task<Response> handling = handler(Request(exchange));
    co_return co_await std::move(handling);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    status = error.status();
    reason = error.what();
  } catch (const std::exception& error) {
    mistake = error.what();
  } catch (...) {
  }
  if (status == 500 && !exchange.body.is_lost())
    Loop::current().log().error("{} asked for {} and the handler failed: {}", exchange.peer.text(),
                                exchange.head.request_line(), mistake);
  co_return error_page(status, reason);
}

// What the server itself has against a request whose head is well-formed.
Rejection refuse(const RequestHead& head, const ServeOptions& options) {
  if (head.method() == Method::connect) return {501, "no tunnels here"};
  if (head.content_length() > options.body_bytes_max) return {413, "the body is too large"};
  return {};
}

BodyLimits limits_of(const ServeOptions& options) noexcept {
  return {options.body_bytes_max, options.body_rate_min, options.head_time};
}

bool has_body(const RequestHead& head) noexcept {
  return head.framing() == Framing::chunked || head.content_length() > 0;
}

enum class After : bool { keep, close };

// Everything from a head that was parsed to the answer in the writer. Throws IoError when the peer
// is gone or was promised what cannot be sent.
Task<After> handle(const Handler& handler, Exchange& exchange, Rejection rejection, Writer& writer,
                   bool is_draining) {
  const RequestHead& head = exchange.head;
  BodyReader& body = exchange.body;
  Answer answer(head, writer);
  Response response;
  if (rejection) {
    response = error_page(rejection.status, rejection.reason);
  } else {
    Task<Response> responding = respond(handler, exchange);
    Response responded = co_await std::move(responding);
    response = std::move(responded);
    if (body.is_lost()) co_return After::close;
  }
  // A stream may be going to read the request's body, and it is too late for that word behind a
  // head.
  if (response.has_stream() && !body.has_invited()) {
    Task<> inviting = body.invite();
    co_await std::move(inviting);
  }
  bool leaves_body = !body.is_at_end() && (!body.has_invited() || body.has_failed() ||
                                           body.length() > discarded_body_bytes_max);
  bool is_last =
      rejection || !head.keep_alive() || is_draining || leaves_body || answer.must_close(response);
  Task<> sending = answer.send(response, is_last);
  co_await std::move(sending);
  if (is_last) co_return After::close;
  Task<bool> discarding = body.discard(discarded_body_bytes_max);
  bool is_at_end = co_await std::move(discarding);
  co_return is_at_end ? After::keep : After::close;
}

}  // namespace

Task<> serve_connection(Stream peer, std::shared_ptr<const ServeOptions> options, Handler handler) {
  Loop& loop = Loop::current();
  CancelScope* scope = co_await this_scope();
  Input input(options->head.head_bytes_max);
  Writer writer(peer, Writer::default_bytes, options->send_time);
  RequestParser parser(options->head);
  TimePoint head_deadline = never;

  for (;;) {
    ParseResult parsed = parser.parse(input.text());
    if (parsed.state == ParseResult::State::incomplete) {
      if (!writer.is_empty()) {  // no more requests at hand: send the answers to those before
        auto sent = co_await as_expected(writer.flush());
        if (!sent) co_return;
      }
      bool has_begun = parser.has_begun();
      peer.expect_more(has_begun);
      if (has_begun && head_deadline == never)
        head_deadline = after(loop.now(), options->head_time);
      Duration time = has_begun ? head_deadline - loop.now() : options->idle_time;
      auto n = co_await as_expected(peer.read_some(input.room()).within(time));
      if (n && *n > 0) {
        input.commit(*n);
        continue;
      }
      bool is_too_slow = !n && n.error() == Errc::timed_out && has_begun;
      if (!is_too_slow) co_return;  // gone, or done
      parsed.rejection = {408, "the request comes too slowly"};
    }

    peer.expect_more(true);
    const RequestHead& head = parser.head();
    if (!parsed.rejection) parsed.rejection = refuse(head, *options);
    BodyReader body(peer, input, writer, limits_of(*options));
    if (!parsed.rejection) {
      input.hold(parsed.consumed, has_body(head));
      parser.parse(input.text());  // the head may have moved
      body.expect(head.framing(), head.content_length());
      if (head.expects_continue()) body.invite_first();
    }
    Exchange exchange{head, peer.peer(), body};
    Task<After> handling =
        handle(handler, exchange, parsed.rejection, writer, scope->is_draining());
    auto next = co_await as_expected(std::move(handling));
    if (!next) co_return;
    if (*next == After::close) {
      auto sent = co_await as_expected(writer.flush());
      if (!sent) co_return;
      Task<> closing = close_gently(peer);
      auto closed = co_await as_expected(std::move(closing));
      (void)closed;  // a peer that resets instead is as gone
      co_return;
    }
    input.drop_head();
    parser.reset();
    head_deadline = never;
  }
}

}  // namespace duet::http
