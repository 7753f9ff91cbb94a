#include "duet/base/error.hpp"

#include <cerrno>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

std::error_code system_error(int number) { return {number, std::system_category()}; }

TEST(IoError, names_the_operation_its_subject_and_the_cause) {
  IoError error(system_error(ECONNRESET), "receive from", [] { return "127.0.0.1:4711"; });
  EXPECT_STREQ(error.what(), "receive from 127.0.0.1:4711: Connection reset by peer");
  EXPECT_EQ(error.operation(), "receive from");
  EXPECT_EQ(error.subject(), "127.0.0.1:4711");
}

TEST(IoError, leaves_the_subject_out_when_there_is_none) {
  IoError error(system_error(EMFILE), "epoll_create1");
  EXPECT_STREQ(error.what(), "epoll_create1: Too many open files");
}

// The text was cut there, and with it the reason.
TEST(IoError, tells_the_cause_though_its_subject_has_a_nul_byte) {
  IoError error(system_error(EINVAL), "open", [] { return std::string("a\0b\0", 4); });
  EXPECT_STREQ(error.what(), "open a\\0b\\0: Invalid argument");
}

TEST(IoError, makes_its_text_once_and_not_before_it_is_asked_for) {
  int calls = 0;
  IoError error(system_error(EPIPE), "send to", [&calls] {
    ++calls;
    return std::string("somebody");
  });
  IoError copy = error;
  EXPECT_EQ(calls, 0);
  const char* text = error.what();
  EXPECT_EQ(copy.what(), text) << "copies share the text";
  EXPECT_EQ(calls, 1);
}

TEST(IoError, still_tells_the_cause_when_the_subject_cannot_be_told) {
  IoError error(system_error(EPIPE), "send to", []() -> std::string { throw std::bad_alloc(); });
  EXPECT_NE(std::string_view(error.what()).find("Broken pipe"), std::string_view::npos);
}

TEST(IoError, is_formatted_by_several_threads_at_once) {
  const IoError error(system_error(EPIPE), "send to", [] { return std::string("somebody"); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back(
        [copy = error] { EXPECT_STREQ(copy.what(), "send to somebody: Broken pipe"); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Errc, timed_out_equals_the_standard_condition) {
  std::error_code code = Errc::timed_out;
  EXPECT_EQ(code, std::errc::timed_out);
  EXPECT_NE(std::error_code(Errc::closed), std::errc::timed_out);
}

TEST(Errc, has_a_text_for_each_value_and_for_an_unknown_one) {
  for (Errc code : {Errc::end_of_stream, Errc::timed_out, Errc::closed, Errc::busy})
    EXPECT_NE(std::error_code(code).message(), "unknown error");
  EXPECT_EQ(std::error_code(99, duet_category()).message(), "unknown error");
}

TEST(Cancelled, is_not_caught_as_an_exception) {
  bool is_caught_as_exception = false;
  try {
    throw Cancelled{CancelReason::drain};
  } catch (const std::exception&) {
    is_caught_as_exception = true;
  } catch (const Cancelled& cancelled) {
    EXPECT_EQ(cancelled.reason, CancelReason::drain);
  }
  EXPECT_FALSE(is_caught_as_exception);
}

}  // namespace
}  // namespace duet
