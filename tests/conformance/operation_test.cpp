// What an operation promises besides its result: one at a time in each direction, an end by close,
// by deadline, by the peer. The handlers talk to themselves over a connection of their own, and
// tell the client what they saw.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t more_than_the_kernel_takes = 32U << 20;

class Operations : public ModelTest {
 protected:
  // What `body` returns when it is run under the model.
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Operations, testing::ValuesIn(model_cases()), name_of<ModelCase>);

std::string text_of(std::error_code error) { return error ? error.message() : "no error"; }

// Each notes in `error` how its operation ended.
Task<> read_some(Stream& stream, std::error_code& error) {
  std::array<std::byte, 64> buffer;
  auto count = co_await as_expected(stream.read_some(buffer));
  if (!count) error = count.error();
}

Task<> write_much(Stream& stream, std::error_code& error) {
  std::string bytes(more_than_the_kernel_takes, 'x');
  auto count = co_await as_expected(stream.write_all(bytes_of(bytes)));
  if (!count) error = count.error();
}

Task<> close_soon(Stream& stream) {
  co_await sleep_for(5ms);
  stream.close();
}

Task<std::string> close_while_reading(Stream&) {
  Pair pair = co_await connected_pair();
  std::error_code error;
  co_await all(read_some(pair.near, error), close_soon(pair.near));
  co_return text_of(error);
}

TEST_P(Operations, end_with_closed_when_the_stream_is_closed_in_mid_read) {
  EXPECT_EQ(result_of(close_while_reading), "closed");
}

Task<std::string> close_while_writing(Stream&) {
  Pair pair = co_await connected_pair();
  std::error_code error;
  co_await all(write_much(pair.near, error), close_soon(pair.near));
  co_return text_of(error);
}

TEST_P(Operations, end_with_closed_when_the_stream_is_closed_in_mid_write) {
  EXPECT_EQ(result_of(close_while_writing), "closed");
}

Task<std::string> read_after_close(Stream&) {
  Pair pair = co_await connected_pair();
  pair.near.close();
  std::error_code error;
  co_await read_some(pair.near, error);
  co_return text_of(error);
}

TEST_P(Operations, end_with_closed_when_they_begin_after_the_close) {
  EXPECT_EQ(result_of(read_after_close), "closed");
}

Task<> close_at_once(Stream& stream) {
  stream.close();
  co_return;
}

// Closes a connection in mid-read, and reads from the next, which gets the same numbers.
Task<std::string> reuse_descriptors(Stream&) {
  std::string text;
  for (int round = 0; round < 100; ++round) {
    std::error_code error;
    Pair closed = co_await connected_pair();
    co_await all(read_some(closed.near, error), close_at_once(closed.near));
    if (error != Errc::closed) co_return text_of(error);
    closed.far.close();
    Pair next = co_await connected_pair();
    std::array<char, 2> digits = {char('0' + round / 10), char('0' + round % 10)};
    co_await next.far.write_all(std::as_bytes(std::span(digits)));
    co_await next.near.read_exact(std::as_writable_bytes(std::span(digits)));
    text.append(digits.data(), digits.size());
  }
  co_return text;
}

TEST_P(Operations, of_a_closed_stream_take_nothing_from_the_next_on_the_same_descriptor) {
  std::string result = result_of(reuse_descriptors);
  EXPECT_EQ(result.size(), 200U) << result;
  EXPECT_TRUE(result.starts_with("000102") && result.ends_with("979899")) << result;
}

Task<> read_beside_another(Stream& near, Stream& far, std::error_code& error) {
  co_await yield();
  co_await read_some(near, error);
  co_await far.write_all(bytes_of("x"));
}

Task<std::string> read_twice_at_once(Stream&) {
  Pair pair = co_await connected_pair();
  std::error_code first;
  std::error_code second;
  co_await all(read_some(pair.near, first), read_beside_another(pair.near, pair.far, second));
  co_return text_of(first) + ", " + (second == Errc::busy ? "busy" : text_of(second));
}

TEST_P(Operations, refuse_a_second_reader_and_leave_the_first_alone) {
  EXPECT_EQ(result_of(read_twice_at_once), "no error, busy");
}

Task<> read_much(Stream& stream, std::size_t& count) {
  std::vector<std::byte> buffer(more_than_the_kernel_takes);
  std::size_t n = co_await stream.read_exact(buffer);
  count = n;
}

Task<> write_beside_another(Stream& near, Stream& far, std::error_code& error, std::size_t& count) {
  co_await yield();
  auto second = co_await as_expected(near.write_all(bytes_of("x")));
  if (!second) error = second.error();
  co_await read_much(far, count);
}

Task<std::string> write_twice_at_once(Stream&) {
  Pair pair = co_await connected_pair();
  std::error_code first;
  std::error_code second;
  std::size_t count = 0;
  co_await all(write_much(pair.near, first),
               write_beside_another(pair.near, pair.far, second, count));
  bool is_whole = count == more_than_the_kernel_takes;
  co_return text_of(first) + ", " + (second == Errc::busy ? "busy" : text_of(second)) +
      (is_whole ? ", whole" : ", cut");
}

TEST_P(Operations, refuse_a_second_writer_and_leave_the_first_alone) {
  EXPECT_EQ(result_of(write_twice_at_once), "no error, busy, whole");
}

Task<std::string> read_and_write_nothing(Stream&) {
  Pair pair = co_await connected_pair();
  std::span<std::byte> nothing;
  std::size_t some = co_await pair.near.read_some(nothing);
  std::size_t exact = co_await pair.near.read_exact(nothing);
  std::size_t written = co_await pair.near.write_all(nothing);
  co_return std::to_string(some + exact + written);
}

TEST_P(Operations, complete_at_once_when_the_buffer_is_empty) {
  EXPECT_EQ(result_of(read_and_write_nothing), "0");
}

Task<> write_in_two_parts(Stream& stream, std::string_view first, std::string_view second) {
  co_await stream.write_all(bytes_of(first));
  co_await sleep_for(5ms);
  co_await stream.write_all(bytes_of(second));
  stream.finish();
}

Task<> read_eight(Stream& stream, std::string& text) {
  std::array<char, 8> buffer;
  auto count = co_await as_expected(stream.read_exact(std::as_writable_bytes(std::span(buffer))));
  text = count ? std::string(buffer.data(), *count) : text_of(count.error());
}

Task<std::string> read_exact_whole(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await all(read_eight(pair.near, text), write_in_two_parts(pair.far, "abc", "defgh"));
  co_return text;
}

TEST_P(Operations, read_exactly_what_comes_in_parts) {
  EXPECT_EQ(result_of(read_exact_whole), "abcdefgh");
}

Task<std::string> read_exact_cut_short(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await all(read_eight(pair.near, text), write_in_two_parts(pair.far, "abc", "def"));
  co_return text;
}

TEST_P(Operations, report_an_end_that_cuts_read_exact_short) {
  EXPECT_EQ(result_of(read_exact_cut_short), "the peer ended the stream too early");
}

Task<std::string> connect_to_nobody(Stream&) {
  Address nobody;
  {
    Listener listener(Address::loopback(0));
    nobody = listener.local();
  }
  auto stream = co_await as_expected(connect(nobody));
  if (stream) co_return "connected";
  try {
    co_await connect(nobody);
  } catch (const IoError& error) {
    bool names_it = error.what() == "connect to " + nobody.text() + ": Connection refused";
    co_return names_it ? text_of(stream.error()) : error.what();
  }
  co_return "connected then";
}

TEST_P(Operations, name_the_address_that_refused_a_connection) {
  EXPECT_EQ(result_of(connect_to_nobody), "Connection refused");
}

}  // namespace
}  // namespace duet::test
