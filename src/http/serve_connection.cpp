// One connection, from its first request to its last answer.

#include "duet/http/server.hpp"
#include "duet/loop/scope.hpp"
#include "http/handle_request.hpp"

namespace duet::http {
namespace {

// Behind the part of a head that has come; false when nothing will, and `end` says why.
Task<bool> read_more(Stream& peer, Input& input, Duration time, std::error_code& end) {
  auto n = co_await as_expected(peer.read_some(input.room()).within(time));
  if (!n) end = n.error();
  if (!n || *n == 0) co_return false;
  input.commit(*n);
  co_return true;
}

// Of what a client goes on sending after the last answer.
constexpr std::uint64_t lingering_bytes_max = 256 * 1024 * 1024;

// Closing at once after an answer, with input unread, would reset the connection and could take the
// answer away from a client that sends all of a body before it reads: so our side ends first, and
// what still comes is thrown away for a while (RFC 9112 §9.6). The time is for all of it: one that
// began anew with each byte would let a client hold the connection for ever. Nobody waits for an
// answer meanwhile, so the connection makes room for others as an idle one does.
Task<> close_gently(Stream& peer, Duration linger_time) {
  Loop& loop = Loop::current();
  const TimePoint deadline = after(loop.now(), linger_time);
  peer.finish();
  peer.expect_more(false);
  for (std::uint64_t total = 0; total < lingering_bytes_max;) {
    Duration left = deadline - loop.now();
    if (left <= Duration::zero()) co_return;
    auto received = co_await as_expected(peer.receive().within(left));
    if (!received || !*received) co_return;
    total += received->bytes().size();
  }
}

}  // namespace

void keep(Runtime& runtime, std::shared_ptr<AccessLog> log) {
  runtime.on_hang_up([log] { log->reopen(); });
  runtime.on_loop_end([log](const LoopCensus&) { log->flush(std::chrono::seconds(1)); });
}

Task<> serve_connection(Stream peer, std::shared_ptr<const ServeOptions> options, Handler handler) {
  Loop& loop = Loop::current();
  CancelScope* scope = co_await this_scope();
  Input input(loop.buffers(), options->head.head_bytes_max);
  Writer writer(peer, Writer::default_bytes, options->send_time);
  RequestParser parser(options->head);
  Conversation conversation{peer, input, writer, parser, *options, handler, *scope};
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
      Duration time = has_begun ? head_deadline - loop.now() : Duration(options->idle_time);
      writer.rest();
      std::error_code end;
      if (input.is_empty()) {
        input.rest();
        auto received = co_await as_expected(peer.receive().within(time));
        if (received && *received) {
          input.put(std::move(*received));
          continue;
        }
        if (!received) end = received.error();
      } else {
        Task<bool> reading = read_more(peer, input, time, end);
        bool has_more = co_await std::move(reading);
        if (has_more) continue;
      }
      bool is_too_slow = end == Errc::timed_out && has_begun;
      if (!is_too_slow) co_return;  // gone, or done
      parsed.rejection = {408, "the request comes too slowly"};
    }

    peer.expect_more(true);
    Task<After> handling = handle_request(conversation, parsed);
    After after_it = co_await std::move(handling);
    if (after_it == After::gone) co_return;
    if (after_it != After::keep) {
      auto sent = co_await as_expected(writer.flush());
      if (!sent) co_return;
      if (after_it == After::end_body) peer.reset_at_close(false);
      Task<> closing = close_gently(peer, options->linger_time);
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
