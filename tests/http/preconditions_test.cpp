#include "duet/http/preconditions.hpp"

#include <string>

#include <gtest/gtest.h>

#include "duet/http/request_parser.hpp"

namespace duet::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr sys_seconds modified{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr sys_seconds now{1'800'000'000s};
const std::string then = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string before = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string after = "Sun, 06 Nov 1994 08:49:38 GMT";

const Validators strong = {.etag = "\"a\"", .last_modified = modified};
const Validators weak = {.etag = "W/\"a\"", .last_modified = modified};
const Validators undated = {.etag = "\"a\""};
const Validators untagged = {.last_modified = modified};
const Validators missing = {.exists = false};

// Fields of a request for a resource, and what they come to.
struct ConditionRow {
  std::string name;
  std::string method;
  std::string fields;
  Validators current;
  std::string expected;  // "proceed", "304" or "412"
};

void PrintTo(const ConditionRow& row, std::ostream* out) { *out << row.name; }

std::string head_with(const std::string& method, const std::string& fields) {
  return method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n";
}

class Condition : public testing::TestWithParam<ConditionRow> {};

TEST_P(Condition, comes_to_the_stated_end) {
  const ConditionRow& row = GetParam();
  const std::string bytes = head_with(row.method, row.fields);
  RequestParser parser;
  ASSERT_EQ(parser.parse(bytes).state, ParseResult::State::complete);
  Precondition verdict = evaluate(parser.head(), row.current, now);
  EXPECT_EQ(verdict == Precondition::proceed        ? "proceed"
            : verdict == Precondition::not_modified ? "304"
                                                    : "412",
            row.expected);
}

const ConditionRow tag_rows[] = {
    {"a_request_without_condition_proceeds", "GET", "A: b", strong, "proceed"},

    {"the_tag_a_reader_has_is_not_modified", "GET", "If-None-Match: \"a\"", strong, "304"},
    {"head_is_as_get", "HEAD", "If-None-Match: \"a\"", strong, "304"},
    {"another_tag_proceeds", "GET", "If-None-Match: \"b\"", strong, "proceed"},
    {"a_tag_in_another_case_is_another", "GET", "If-None-Match: \"A\"", strong, "proceed"},
    {"a_weak_tag_is_good_enough_to_read", "GET", "If-None-Match: W/\"a\"", strong, "304"},
    {"a_tag_that_became_weak_is_good_enough_to_read", "GET", "If-None-Match: \"a\"", weak, "304"},
    {"one_tag_of_a_list_is_enough", "GET", "If-None-Match: \"x\" , W/\"a\",\"y\"", strong, "304"},
    {"tags_of_two_fields_are_one_list", "GET", "If-None-Match: \"x\"\r\nif-none-match: \"a\"",
     strong, "304"},
    {"the_first_of_two_fields_may_have_the_tag", "GET",
     "If-None-Match: \"a\"\r\nIf-None-Match: \"x\"", strong, "304"},
    {"a_comma_may_be_in_a_tag", "GET", "If-None-Match: \"x,\",\"a\"", strong, "304"},
    {"a_tag_is_not_found_inside_another", "GET", "If-None-Match: \"x,\"\"a\"", strong, "proceed"},
    {"empty_members_of_a_list_are_overlooked", "GET", "If-None-Match: ,, \"a\" ,", strong, "304"},
    {"an_asterisk_is_whatever_there_is", "GET", "If-None-Match: *", strong, "304"},
    {"an_asterisk_is_what_has_no_tag", "GET", "If-None-Match: *", untagged, "304"},
    {"an_asterisk_is_not_what_is_missing", "PUT", "If-None-Match: *", missing, "proceed"},
    {"an_asterisk_forbids_to_replace", "PUT", "If-None-Match: *", strong, "412"},
    {"a_tag_forbids_to_replace", "PUT", "If-None-Match: \"a\"", strong, "412"},
    {"an_asterisk_in_a_list_cannot_be_read", "GET", "If-None-Match: \"a\", *", strong, "proceed"},
    {"a_bare_word_cannot_be_read", "GET", "If-None-Match: a", strong, "proceed"},
    {"an_open_quote_cannot_be_read", "GET", "If-None-Match: \"a", strong, "proceed"},
    {"a_weak_mark_in_lower_case_cannot_be_read", "GET", "If-None-Match: w/\"a\"", strong,
     "proceed"},
    {"a_list_without_commas_cannot_be_read", "GET", "If-None-Match: \"a\" \"b\"", strong,
     "proceed"},
    {"a_space_in_a_tag_cannot_be_read", "GET", "If-None-Match: \"a\", \"b c\"", strong, "proceed"},
    {"what_cannot_be_read_forbids_to_replace", "PUT", "If-None-Match: a", strong, "412"},
    {"an_empty_list_matches_nothing", "GET", "If-None-Match:", strong, "proceed"},

    {"the_expected_tag_proceeds", "PUT", "If-Match: \"a\"", strong, "proceed"},
    {"another_tag_than_expected_fails", "PUT", "If-Match: \"b\"", strong, "412"},
    {"an_expected_tag_must_be_strong", "PUT", "If-Match: W/\"a\"", weak, "412"},
    {"a_strong_tag_is_not_what_became_weak", "PUT", "If-Match: \"a\"", weak, "412"},
    {"one_expected_tag_of_a_list_is_enough", "PUT", "If-Match: \"b\", \"a\"", strong, "proceed"},
    {"anything_may_be_expected", "PUT", "If-Match: *", untagged, "proceed"},
    {"anything_is_not_what_is_missing", "PUT", "If-Match: *", missing, "412"},
    {"a_tag_is_not_what_is_missing", "PUT", "If-Match: \"a\"", missing, "412"},
    {"a_reader_may_expect_a_tag", "GET", "If-Match: \"b\"", strong, "412"},
    {"an_expectation_that_cannot_be_read_fails", "PUT", "If-Match: \"a\", b", strong, "412"},
    {"an_expectation_that_holds_leaves_the_next_condition", "GET",
     "If-Match: \"a\"\r\nIf-None-Match: \"a\"", strong, "304"},
    {"an_expectation_that_fails_comes_first", "GET", "If-Match: \"b\"\r\nIf-None-Match: \"a\"",
     strong, "412"},
    {"options_has_no_conditions", "OPTIONS", "If-Match: \"b\"", strong, "proceed"},
};

const ConditionRow date_rows[] = {
    {"unchanged_since_the_last_change_is_not_modified", "GET", "If-Modified-Since: " + then, strong,
     "304"},
    {"unchanged_since_later_is_not_modified", "HEAD", "If-Modified-Since: " + after, strong, "304"},
    {"changed_since_proceeds", "GET", "If-Modified-Since: " + before, strong, "proceed"},
    {"an_old_form_of_date_is_read", "GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT",
     strong, "304"},
    {"a_bad_date_is_ignored", "GET", "If-Modified-Since: yesterday", strong, "proceed"},
    {"a_date_for_a_change_is_ignored", "PUT", "If-Modified-Since: " + then, strong, "proceed"},
    {"two_dates_are_ignored", "GET",
     "If-Modified-Since: " + then + "\r\nIf-Modified-Since: " + then, strong, "proceed"},
    {"a_date_without_one_to_compare_is_ignored", "GET", "If-Modified-Since: " + then, undated,
     "proceed"},
    {"a_tag_that_differs_overrides_the_date", "GET",
     "If-None-Match: \"b\"\r\nIf-Modified-Since: " + then, strong, "proceed"},
    {"a_tag_that_matches_overrides_the_date", "GET",
     "If-None-Match: \"a\"\r\nIf-Modified-Since: " + before, strong, "304"},

    {"unmodified_since_the_last_change_proceeds", "PUT", "If-Unmodified-Since: " + then, strong,
     "proceed"},
    {"modified_since_fails", "PUT", "If-Unmodified-Since: " + before, strong, "412"},
    {"modified_since_fails_for_a_reader", "GET", "If-Unmodified-Since: " + before, strong, "412"},
    {"a_bad_date_to_be_unmodified_since_is_ignored", "PUT", "If-Unmodified-Since: x", strong,
     "proceed"},
    {"unmodified_since_is_ignored_for_what_has_no_date", "PUT", "If-Unmodified-Since: " + before,
     undated, "proceed"},
    {"an_expected_tag_overrides_the_date", "PUT",
     "If-Match: \"a\"\r\nIf-Unmodified-Since: " + before, strong, "proceed"},
    {"unmodified_since_comes_before_tags", "GET",
     "If-None-Match: \"a\"\r\nIf-Unmodified-Since: " + before, strong, "412"},
};

std::string name_of(const testing::TestParamInfo<ConditionRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(tag, Condition, testing::ValuesIn(tag_rows), name_of);
INSTANTIATE_TEST_SUITE_P(date, Condition, testing::ValuesIn(date_rows), name_of);

bool range_holds(const std::string& fields, const Validators& current) {
  const std::string bytes = head_with("GET", fields);
  RequestParser parser;
  parser.parse(bytes);
  return if_range_holds(parser.head(), current, now);
}

TEST(IfRange, holds_when_it_is_absent) { EXPECT_TRUE(range_holds("Range: bytes=0-", strong)); }

TEST(IfRange, holds_for_the_same_strong_tag_alone) {
  EXPECT_TRUE(range_holds("If-Range: \"a\"", strong));
  EXPECT_FALSE(range_holds("If-Range: \"b\"", strong));
  EXPECT_FALSE(range_holds("If-Range: W/\"a\"", strong));
  EXPECT_FALSE(range_holds("If-Range: W/\"a\"", weak));
  EXPECT_FALSE(range_holds("If-Range: \"a\"", untagged));
}

TEST(IfRange, holds_for_exactly_the_same_date) {
  EXPECT_TRUE(range_holds("If-Range: " + then, strong));
  EXPECT_FALSE(range_holds("If-Range: " + after, strong));
  EXPECT_FALSE(range_holds("If-Range: " + before, strong));
  EXPECT_FALSE(range_holds("If-Range: " + then, undated));
}

// Else the second half of what was written within that second would be joined to the first half of
// what was there before.
TEST(IfRange, holds_for_a_date_only_when_its_second_is_over) {
  const std::string bytes = head_with("GET", "If-Range: " + then);
  RequestParser parser;
  parser.parse(bytes);
  EXPECT_FALSE(if_range_holds(parser.head(), strong, modified));
  EXPECT_TRUE(if_range_holds(parser.head(), strong, modified + 1s));
}

TEST(IfRange, does_not_hold_for_what_cannot_be_read) {
  EXPECT_FALSE(range_holds("If-Range: *", strong));
  EXPECT_FALSE(range_holds("If-Range:", strong));
  EXPECT_FALSE(range_holds("If-Range: \"a\", \"b\"", strong));
  EXPECT_FALSE(range_holds("If-Range: \"a\"\r\nIf-Range: \"a\"", strong));
  EXPECT_FALSE(range_holds("If-Range: x", undated));
}

TEST(EntityTag, is_read_with_its_quotes) {
  EXPECT_EQ(parse_entity_tag("W/\"a\"")->opaque, "\"a\"");
  EXPECT_TRUE(parse_entity_tag("W/\"a\"")->is_weak);
  EXPECT_FALSE(parse_entity_tag("\"\"")->is_weak);
}

TEST(EntityTag, is_nothing_else) {
  for (std::string_view text : {"", "a", "\"", "\"a", "a\"", "\"a\"b", "\"a\" ", "W/", "W/a",
                                "W\"a\"", "\"a b\"", "\"a\"\"", "*"})
    EXPECT_FALSE(parse_entity_tag(text)) << text;
}

// The table of RFC 9110 §8.8.3.2.
TEST(EntityTag, is_compared_strongly_or_weakly) {
  constexpr EntityTag weak_1 = {"\"1\"", true};
  constexpr EntityTag weak_2 = {"\"2\"", true};
  constexpr EntityTag strong_1 = {"\"1\"", false};
  EXPECT_FALSE(match_strongly(weak_1, weak_1));
  EXPECT_TRUE(match_weakly(weak_1, weak_1));
  EXPECT_FALSE(match_strongly(weak_1, weak_2));
  EXPECT_FALSE(match_weakly(weak_1, weak_2));
  EXPECT_FALSE(match_strongly(weak_1, strong_1));
  EXPECT_TRUE(match_weakly(weak_1, strong_1));
  EXPECT_TRUE(match_strongly(strong_1, strong_1));
  EXPECT_TRUE(match_weakly(strong_1, strong_1));
}

}  // namespace
}  // namespace duet::http
