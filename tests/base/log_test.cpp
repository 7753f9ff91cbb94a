#include "duet/base/log.hpp"

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

TEST(Log, is_silent_below_its_level) {
  Log log(Log::Level::error);
  EXPECT_EQ(written_by(log, "low on memory"), "");
}

}  // namespace
}  // namespace duet
