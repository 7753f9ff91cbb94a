#include "duet/http/target.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace duet::http {
namespace {

using namespace std::string_literals;

struct PathRow {
  std::string name;
  std::string target;
  std::string expected;  // the path, with a slash after it if it names a folder; or the status
};

void PrintTo(const PathRow& row, std::ostream* out) { *out << row.name; }

std::string decoded(std::string_view target, std::size_t room) {
  std::vector<char> buffer(room);
  auto path = decode_path(target, buffer);
  if (!path) return std::to_string(path.error().status);
  return std::string(path->relative) + (path->has_trailing_slash ? "/" : "");
}

class Path : public testing::TestWithParam<PathRow> {};

TEST_P(Path, is_decoded_as_stated) {
  const std::string& target = GetParam().target;
  EXPECT_EQ(decoded(target, target.size() + 1), GetParam().expected);
}

const PathRow path_rows[] = {
    {"the_root_is_empty", "/", "/"},
    {"a_file_has_no_slash_in_front", "/a.html", "a.html"},
    {"a_folder_keeps_its_slash_as_a_fact", "/a/b/", "a/b/"},
    {"a_query_is_dropped", "/a?b=/../c%zz", "a"},
    {"a_query_after_the_root_is_dropped", "/?a", "/"},
    {"escapes_are_decoded", "/a%20b%C3%a4", "a b\xc3\xa4"},
    {"a_plus_stays_a_plus", "/a+b", "a+b"},
    {"escapes_are_decoded_once", "/%252e%252e/%2541", "%2e%2e/%41"},
    {"an_escaped_question_mark_begins_no_query", "/a%3fb", "a?b"},
    {"an_escaped_percent_at_the_end_is_a_name", "/a%25", "a%"},

    {"empty_segments_vanish", "//a///b//", "a/b/"},
    {"dots_vanish", "/./a/./b", "a/b"},
    {"a_dot_at_the_end_names_a_folder", "/a/.", "a/"},
    {"an_escaped_dot_is_a_dot", "/%2e/a", "a"},
    {"two_dots_take_back_a_segment", "/a/b/../c", "a/c"},
    {"two_dots_take_back_the_only_segment", "/a/../c", "c"},
    {"two_dots_at_the_end_name_a_folder", "/a/b/..", "a/"},
    {"two_dots_back_to_the_root_name_it", "/a/..", "/"},
    {"escaped_dots_take_back_a_segment", "/a/b/%2e%2E/c", "a/c"},
    {"an_empty_segment_is_not_there_to_take_back", "/a//../b", "b"},
    {"two_dots_above_the_root_are_refused", "/../a", "400"},
    {"escaped_dots_above_the_root_are_refused", "/%2e%2e/etc/passwd", "400"},
    {"half_escaped_dots_above_the_root_are_refused", "/.%2e/a", "400"},
    {"dots_above_the_root_are_refused_after_good_segments", "/a/../../b", "400"},
    {"dots_above_the_root_are_refused_after_empty_segments", "///..", "400"},
    {"three_dots_are_a_name", "/.../a", ".../a"},
    {"a_dot_file_is_a_name", "/.a/..b", ".a/..b"},
    {"dots_and_a_space_are_a_name", "/..%20/a", ".. /a"},

    {"an_escaped_slash_is_refused", "/a%2fb", "400"},
    {"an_escaped_slash_after_dots_is_refused", "/..%2fetc", "400"},
    {"a_backslash_is_a_character_of_a_name", "/..\\a", "..\\a"},
    {"an_escaped_backslash_is_a_character_of_a_name", "/..%5c..%5ca", "..\\..\\a"},
    {"overlong_utf_8_is_no_dot", "/%c0%ae%c0%ae/a", "\xc0\xae\xc0\xae/a"},
    {"an_escaped_nul_is_refused", "/a%00.html", "400"},
    {"a_nul_is_refused", "/a\0.html"s, "400"},
    {"an_escape_without_digits_is_refused", "/a%zz", "400"},
    {"an_escape_of_one_digit_is_refused", "/a%4", "400"},
    {"an_escape_over_a_slash_is_refused", "/a%4/1", "400"},
    {"a_percent_at_the_end_is_refused", "/a%", "400"},
    {"an_escape_cut_by_a_query_is_refused", "/a%4?1", "400"},
    {"an_escape_with_a_sign_is_refused", "/a%+1", "400"},

    {"an_empty_target_is_refused", "", "400"},
    {"a_query_alone_is_refused", "?a", "400"},
    {"a_relative_target_is_refused", "a/b", "400"},
    {"an_asterisk_is_refused", "*", "400"},
};

std::string name_of(const testing::TestParamInfo<PathRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(row, Path, testing::ValuesIn(path_rows), name_of);

TEST(DecodePath, puts_a_nul_behind_the_path) {
  std::vector<char> buffer(16, 'x');
  auto path = decode_path("/a/b/../c", buffer);
  ASSERT_TRUE(path);
  EXPECT_EQ(std::string(path->relative.data()), "a/c");
}

TEST(DecodePath, refuses_what_the_buffer_may_not_hold) {
  EXPECT_EQ(decoded("/abc", 4), "414");
  EXPECT_EQ(decoded("/abc", 5), "abc");
  EXPECT_EQ(decoded("/", 0), "414");
}

TEST(DecodePath, needs_no_room_for_the_query) { EXPECT_EQ(decoded("/a?bcdefg", 3), "a"); }

}  // namespace
}  // namespace duet::http
