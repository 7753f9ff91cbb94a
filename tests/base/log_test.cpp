#include "duet/base/log.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace duet {
namespace {

std::string written_by(Log& log, std::string_view text) {
  ::testing::internal::CaptureStderr();
  log.warning("{}", text);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, writes_one_line_with_its_level) {
  Log log;
  EXPECT_EQ(written_by(log, "low on memory"), "duet: warning: low on memory\n");
}

TEST(Log, escapes_what_would_break_or_colour_a_line) {
  Log log;
  EXPECT_EQ(written_by(log, "a\nb\x1b[31mc\x7f"), "duet: warning: a\\x0ab\\x1b[31mc\\x7f\n");
}

// In 8-bit terminals 9b is ESC [, alone or as U+009B; U+202E turns what follows around.
TEST(Log, escapes_what_would_turn_a_line_around_and_bytes_that_are_no_utf_8) {
  Log log;
  EXPECT_EQ(written_by(log,
                       "a\x9b"
                       "b\xc2\x9b"
                       "c\xe2\x80\xae"
                       "d\xff"),
            "duet: warning: a\\x9bb\\xc2\\x9bc\\xe2\\x80\\xaed\\xff\n");
  EXPECT_EQ(written_by(log,
                       "gr\xc3\xb6\xc3\x9f"
                       "e"),
            "duet: warning: gr\xc3\xb6\xc3\x9f"
            "e\n");
}

// Else who sends the four characters \x0a and who sends a line feed would look the same.
TEST(Log, escapes_the_backslash) {
  Log log;
  EXPECT_EQ(written_by(log, "a\\x0ab"), "duet: warning: a\\x5cx0ab\n");
}

TEST(Log, is_silent_below_its_level) {
  Log log(Log::Level::error);
  EXPECT_EQ(written_by(log, "low on memory"), "");
}

TEST(Log, has_a_name_for_each_level) {
  EXPECT_EQ(Log::parse_level("debug"), Log::Level::debug);
  EXPECT_EQ(Log::parse_level("info"), Log::Level::info);
  EXPECT_EQ(Log::parse_level("warning"), Log::Level::warning);
  EXPECT_EQ(Log::parse_level("error"), Log::Level::error);
  EXPECT_EQ(Log::parse_level("off"), Log::Level::off);
}

TEST(Log, lists_the_levels_when_a_name_is_none_of_them) {
  for (std::string_view name : {"", "Info", "warn", "infos"}) {
    try {
      Log::parse_level(name);
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), fmt::format("'{}' is no log level; there are debug, info, warning, "
                                          "error and off",
                                          name));
    }
  }
}

}  // namespace
}  // namespace duet
