#include <array>

#include "duet/http/serve.hpp"
#include "duet/loop/scope.hpp"
#include "http/answer.hpp"
#include "http/input.hpp"

namespace duet::http {
namespace {

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

// Puts the answer to what was parsed into the writer.
Task<After> answer(StaticFiles& files, const RequestHead& head, Rejection rejection, Writer& writer,
                   Duration send_time) {
  CancelScope* scope = co_await this_scope();
  bool is_last = rejection || !head.keep_alive() || has_body(head) || scope->is_draining();
  Exchange exchange{head, writer, send_time, is_last ? After::close : After::keep};
  if (rejection)
    co_return co_await answer_briefly(exchange, rejection.status, std::string(rejection.reason));
  co_return co_await files.answer(exchange);
}

}  // namespace

Task<> serve_connection(Stream peer, StaticFiles files) {
  const ConnectionLimits limits;
  Loop& loop = Loop::current();
  Input input(limits.head.head_bytes_max);
  Writer writer(peer);
  RequestParser parser(limits.head);
  TimePoint head_deadline = never;

  for (;;) {
    ParseResult parsed = parser.parse(input.text());
    if (parsed.state == ParseResult::State::incomplete) {
      if (!writer.is_empty()) {  // no more requests at hand: send the answers to those before
        auto sent = co_await as_expected(writer.flush().within(limits.send_time));
        if (!sent) co_return;
      }
      bool has_begun = parser.has_begun();
      peer.expect_more(has_begun);
      if (has_begun && head_deadline == never) head_deadline = after(loop.now(), limits.head_time);
      Duration time = has_begun ? head_deadline - loop.now() : limits.idle_time;
      auto n = co_await as_expected(peer.read_some(input.room()).within(time));
      if (!n || *n == 0) co_return;  // gone, too slow, or done
      input.commit(*n);
      continue;
    }

    peer.expect_more(true);
    Task<After> answering =
        answer(files, parser.head(), parsed.rejection, writer, limits.send_time);
    auto next = co_await as_expected(std::move(answering));
    if (!next) co_return;  // the peer is gone, or what was promised to it cannot be sent
    if (*next == After::close) {
      auto sent = co_await as_expected(writer.flush().within(limits.send_time));
      if (!sent) co_return;
      Task<> closing = close_gently(peer);
      auto closed = co_await as_expected(std::move(closing));
      (void)closed;  // a peer that resets instead is as gone
      co_return;
    }
    input.consume(parsed.consumed);
    parser.reset();
    head_deadline = never;
  }
}

}  // namespace duet::http
