#include "duet/net/stream.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "duet/loop/event.hpp"
#include "net/net_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::StreamPair;

class StreamTest : public test::NetTest {
 protected:
  static Task<> write_text(Stream& stream, std::string text) {
    co_await stream.write_all(bytes_of(text));
  }

  static Task<> expect_text(Stream& stream, std::string expected) {
    std::string text(expected.size(), '\0');
    co_await stream.read_exact(std::as_writable_bytes(std::span(text)));
    EXPECT_EQ(text, expected);
  }

  std::array<std::byte, 64> buffer_{};
  std::array<std::byte, 64> other_buffer_{};
};

INSTANTIATE_TEST_SUITE_P(engines, StreamTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(StreamTest, carries_bytes_both_ways) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    co_await write_text(pair.ours, "ping");
    co_await expect_text(pair.peer, "ping");
    co_await write_text(pair.peer, "pong");
    co_await expect_text(pair.ours, "pong");
  });
}

TEST_P(StreamTest, knows_both_addresses) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    EXPECT_EQ(pair.ours.peer(), pair.peer.local());
    EXPECT_EQ(pair.peer.peer(), pair.ours.local());
    co_return;
  });
}

TEST_P(StreamTest, reads_0_when_the_peer_has_ended_its_side_and_still_writes) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    co_await write_text(pair.peer, "last");
    pair.peer.finish();
    co_await expect_text(pair.ours, "last");
    std::size_t end = co_await pair.ours.read_some(buffer_);
    EXPECT_EQ(end, 0U);
    co_await write_text(pair.ours, "answer");
    co_await expect_text(pair.peer, "answer");
  });
}

TEST_P(StreamTest, read_exact_reports_a_stream_that_ends_too_early) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    co_await write_text(pair.peer, "short");
    pair.peer.finish();
    auto result = co_await as_expected(pair.ours.read_exact(buffer_));
    EXPECT_EQ(result.error(), Errc::end_of_stream);
  });
}

// recv(2) into no memory waits for a first byte.
TEST_P(StreamTest, an_empty_buffer_is_full_at_once) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    std::span<std::byte> nowhere;
    std::size_t nothing = co_await pair.ours.read_exact(nowhere);
    EXPECT_EQ(nothing, 0U);
    auto late = co_await as_expected(pair.ours.read_some(buffer_).within(milliseconds(1)));
    EXPECT_EQ(late.error(), Errc::timed_out);
    std::size_t still_nothing = co_await pair.ours.read_exact(nowhere);
    EXPECT_EQ(still_nothing, 0U);
    std::size_t none_written = co_await pair.ours.write_all(nowhere);
    EXPECT_EQ(none_written, 0U);
  });
}

TEST_P(StreamTest, an_error_names_the_operation_and_the_peer) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    std::string peer = pair.ours.peer().text();
    pair.ours.close();
    std::string text;
    try {
      co_await pair.ours.read_some(buffer_);
    } catch (const IoError& error) {
      text = error.what();
    }
    EXPECT_EQ(text, "receive from " + peer + ": closed");
  });
}

TEST_P(StreamTest, a_deadline_ends_the_wait_and_loses_no_byte) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    TimePoint before = Clock::now();
    auto late = co_await as_expected(pair.ours.read_some(buffer_).within(milliseconds(3)));
    EXPECT_EQ(late.error(), Errc::timed_out);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_GE(Clock::now(), before + milliseconds(3));
    co_await write_text(pair.peer, "late");
    co_await expect_text(pair.ours, "late");
  });
}

TEST_P(StreamTest, a_deadline_that_has_passed_still_takes_what_is_there) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    co_await write_text(pair.peer, "here");
    co_await sleep_for(milliseconds(1));
    if (GetParam() != "blocking" && GetParam() != "uring") {
      std::size_t count = co_await pair.ours.read_some(buffer_).within(Duration::zero());
      EXPECT_EQ(count, 4U);
    } else {
      auto result = co_await as_expected(pair.ours.read_some(buffer_).within(Duration::zero()));
      EXPECT_TRUE(result ? *result == 4 : result.error() == Errc::timed_out);
    }
  });
}

TEST_P(StreamTest, a_huge_deadline_is_none) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    co_await write_text(pair.peer, "x");
    std::size_t count = co_await pair.ours.read_some(buffer_).within(Duration::max() - Duration(1));
    EXPECT_EQ(count, 1U);
  });
}

TEST_P(StreamTest, deadlines_and_bytes_race_and_none_is_lost) {
  const int rounds = test::rounds(2'000);
  run_with_pair([&](StreamPair& pair) -> Task<> {
    auto writer = [&]() -> Task<> {
      for (int i = 0; i < rounds; ++i) {
        co_await write_text(pair.peer, "x");
        if (i % 16 == 0) co_await sleep_for(std::chrono::microseconds(1200));
      }
      pair.peer.finish();
    };
    std::size_t received = 0;
    auto reader = [&]() -> Task<> {
      for (;;) {
        auto result = co_await as_expected(pair.ours.read_some(buffer_).within(milliseconds(1)));
        if (!result) {
          EXPECT_EQ(result.error(), Errc::timed_out);
          continue;
        }
        received += *result;
        if (*result == 0) co_return;
      }
    };
    Task<> writing = test::owned(writer);
    Task<> reading = test::owned(reader);
    co_await all(std::move(writing), std::move(reading));
    EXPECT_EQ(received, static_cast<std::size_t>(rounds));
  });
}

TEST_P(StreamTest, close_ends_a_reader_and_a_writer) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    std::vector<std::byte> much(64 << 20);
    std::error_code read_error, write_error;
    auto reader = [&]() -> Task<> {
      std::error_code error = co_await error_of_wait(pair.ours.read_some(buffer_));
      read_error = error;
    };
    auto writer = [&]() -> Task<> {
      std::error_code error = co_await error_of_wait(pair.ours.write_all(much));
      write_error = error;
    };
    auto closer = [&]() -> Task<> {
      co_await sleep_for(milliseconds(5));
      pair.ours.close();
    };
    Task<> reading = test::owned(reader);
    Task<> writing = test::owned(writer);
    Task<> closing = test::owned(closer);
    co_await all(std::move(reading), std::move(writing), std::move(closing));
    EXPECT_EQ(read_error, Errc::closed);
    EXPECT_EQ(write_error, Errc::closed);
  });
}

TEST_P(StreamTest, a_second_reader_is_busy_and_the_first_goes_on) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    std::size_t count = 0;
    auto first = [&]() -> Task<> {
      std::size_t received = co_await pair.ours.read_some(buffer_);
      count = received;
    };
    auto second = [&]() -> Task<> {
      auto result = co_await as_expected(pair.ours.read_some(other_buffer_));
      EXPECT_EQ(result.error(), Errc::busy);
      co_await write_text(pair.peer, "abc");
    };
    Task<> reading = test::owned(first);
    Task<> disturbing = test::owned(second);
    co_await all(std::move(reading), std::move(disturbing));
    EXPECT_EQ(count, 3U);
  });
}

TEST_P(StreamTest, a_read_in_a_cancelled_scope_does_not_begin) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    co_await write_text(pair.peer, "kept");
    CancelScope cancelled(nullptr);
    cancelled.cancel(CancelReason::requested);
    auto reader = [&]() -> Task<> { co_await pair.ours.read_some(buffer_); };
    bool is_cancelled = false;
    try {
      Task<> task = test::owned(reader);
      co_await std::move(task).in(cancelled);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
    EXPECT_TRUE(is_cancelled);
    co_await expect_text(pair.ours, "kept");
  });
}

TEST_P(StreamTest, cancellation_ends_a_read_that_waits) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    auto reader = [&]() -> Task<> { co_await pair.ours.read_some(buffer_); };
    bool has_timed_out = false;
    try {
      Task<> task = test::owned(reader);
      co_await within(milliseconds(2), std::move(task));
    } catch (const TimedOut&) {
      has_timed_out = true;
    }
    EXPECT_TRUE(has_timed_out);
    co_await write_text(pair.peer, "after");
    co_await expect_text(pair.ours, "after");
  });
}

TEST_P(StreamTest, may_be_moved_while_somebody_reads_from_it) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    std::size_t count = 0;
    auto reader = [&]() -> Task<> {
      std::size_t received = co_await pair.ours.read_some(buffer_);
      count = received;
    };
    auto mover = [&]() -> Task<> {
      Stream moved = std::move(pair.ours);
      co_await write_text(pair.peer, "found");
      co_await sleep_for(milliseconds(1));
      while (count == 0) co_await yield();
    };
    Task<> reading = test::owned(reader);
    Task<> moving = test::owned(mover);
    co_await all(std::move(reading), std::move(moving));
    EXPECT_EQ(count, 5U);
  });
}

TEST_P(StreamTest, a_drain_ends_an_idle_read_after_the_quiet_time_only) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    CancelScope scope(nullptr);
    std::optional<CancelReason> reason;
    auto reader = [&]() -> Task<> {
      try {
        co_await pair.ours.read_some(buffer_);
      } catch (const Cancelled& cancelled) {
        reason = cancelled.reason;
      }
    };
    auto drainer = [&]() -> Task<> {
      co_await yield();
      scope.drain(milliseconds(3));
    };
    Task<> reading = test::owned(reader);
    Task<> inside = test::in_scope(std::move(reading), scope);
    Task<> draining = test::owned(drainer);
    TimePoint before = Clock::now();
    co_await all(std::move(inside), std::move(draining));
    EXPECT_EQ(reason, CancelReason::drain);
    EXPECT_GE(Clock::now(), before + milliseconds(2));
  });
}

TEST_P(StreamTest, a_drain_leaves_a_read_within_a_request_alone) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    CancelScope scope(nullptr);
    scope.drain(milliseconds(1));
    pair.ours.expect_more(true);
    auto reader = [&]() -> Task<> {
      std::size_t count = co_await pair.ours.read_some(buffer_);
      EXPECT_EQ(count, 1U);
    };
    auto writer = [&]() -> Task<> {
      co_await sleep_for(milliseconds(4));
      co_await write_text(pair.peer, "x");
    };
    Task<> reading = test::owned(reader);
    Task<> inside = test::in_scope(std::move(reading), scope);
    Task<> writing = test::owned(writer);
    co_await all(std::move(inside), std::move(writing));
  });
}

TEST_P(StreamTest, an_idle_read_in_a_draining_scope_takes_what_comes_in_time) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    CancelScope scope(nullptr);
    scope.drain(hours(1));
    auto reader = [&]() -> Task<> {
      std::size_t count = co_await pair.ours.read_some(buffer_);
      EXPECT_EQ(count, 1U);
    };
    Task<> reading = test::owned(reader);
    co_await write_text(pair.peer, "x");
    co_await std::move(reading).in(scope);
  });
}

std::byte pattern_at(std::size_t at) { return static_cast<std::byte>(at * 31 >> 3); }

Task<> write_pattern(Stream& to, std::size_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = pattern_at(i);
  co_await to.write_all(bytes);
  to.finish();
}

Task<> expect_pattern(Stream& from, std::size_t size_bytes) {
  std::vector<std::byte> block(1 << 16);
  std::size_t total = 0, wrong = 0;
  for (;;) {
    std::size_t count = co_await from.read_some(block);
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i, ++total)
      if (block[i] != pattern_at(total)) ++wrong;
  }
  EXPECT_EQ(total, size_bytes);
  EXPECT_EQ(wrong, 0U);
}

TEST_P(StreamTest, moves_16_mib_through_full_buffers_both_ways_at_once) {
  constexpr std::size_t size_bytes = std::size_t{16} << 20;
  run_with_pair([](StreamPair& pair) -> Task<> {
    co_await all(write_pattern(pair.ours, size_bytes), expect_pattern(pair.peer, size_bytes),
                 write_pattern(pair.peer, size_bytes), expect_pattern(pair.ours, size_bytes));
  });
}

TEST_P(StreamTest, connecting_to_a_port_that_nobody_listens_on_is_an_error) {
  run([&]() -> Task<> {
    std::optional<Address> address;
    {
      Listener listener(Address::loopback(0));
      address = listener.local();
    }
    std::string text;
    try {
      co_await connect(*address);
    } catch (const IoError& error) {
      text = error.what();
    }
    EXPECT_EQ(text, "connect to " + address->text() + ": Connection refused");
  });
}

TEST_P(StreamTest, connecting_to_no_address_at_all_is_an_error) {
  run([]() -> Task<> {
    Task<Stream> task = connect(Address());
    auto result = co_await as_expected(std::move(task));
    EXPECT_FALSE(result.has_value());
  });
}

TEST_P(StreamTest, sending_to_a_peer_that_is_gone_is_an_error) {
  run_with_pair([&](StreamPair& pair) -> Task<> {
    pair.peer.close();
    std::error_code error;
    for (int i = 0; i < 1000 && !error; ++i) {
      auto result = co_await as_expected(pair.ours.write_all(std::span<const std::byte>(buffer_)));
      if (!result) error = result.error();
      co_await yield();
    }
    EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset);
  });
}

}  // namespace
}  // namespace duet
