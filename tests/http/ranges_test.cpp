#include "duet/http/ranges.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace duet::http {
namespace {

// A value of Range and what it asks of 100 bytes.
struct RangeRow {
  std::string name;
  std::string value;
  std::string expected;  // "first-last ...", "whole" or "416"
};

void PrintTo(const RangeRow& row, std::ostream* out) { *out << row.name; }

std::string asked(std::string_view value, std::uint64_t size) {
  Ranges ranges = parse_ranges(value, size);
  if (ranges.verdict == Ranges::Verdict::ignored) return "whole";
  if (ranges.verdict == Ranges::Verdict::unsatisfiable) return "416";
  std::string text;
  for (ByteRange range : ranges.parts()) {
    EXPECT_EQ(range.size(), range.last - range.first + 1);
    text += fmt::format("{}{}-{}", text.empty() ? "" : " ", range.first, range.last);
  }
  return text;
}

class Range : public testing::TestWithParam<RangeRow> {};

TEST_P(Range, asks_for_the_stated_bytes) {
  EXPECT_EQ(asked(GetParam().value, 100), GetParam().expected);
}

std::string ranges_of(std::size_t count) {
  std::string value = "bytes=";
  for (std::size_t i = 0; i < count; ++i) value += fmt::format("{0}-{0},", i * 2);
  return value;
}

const RangeRow range_rows[] = {
    {"a_single_range_is_read", "bytes=0-9", "0-9"},
    {"a_range_may_be_one_byte", "bytes=5-5", "5-5"},
    {"an_open_range_goes_to_the_end", "bytes=90-", "90-99"},
    {"a_suffix_is_counted_from_the_end", "bytes=-10", "90-99"},
    {"a_suffix_longer_than_the_whole_is_the_whole", "bytes=-1000", "0-99"},
    {"a_range_beyond_the_end_is_cut", "bytes=50-1000", "50-99"},
    {"the_whole_may_be_asked_for_as_a_range", "bytes=0-", "0-99"},
    {"the_unit_may_be_written_in_any_case", "BYTES=0-9", "0-9"},
    {"several_ranges_keep_their_order", "bytes=90-,0-9, 20-29", "90-99 0-9 20-29"},
    {"adjacent_ranges_are_no_overlap", "bytes=0-9,10-19", "0-9 10-19"},
    {"empty_members_are_overlooked", "bytes=, 0-9 ,,\t", "0-9"},
    {"ranges_beyond_the_end_are_left_out", "bytes=100-,0-9,200-300", "0-9"},
    {"sixteen_ranges_are_answered", ranges_of(16),
     "0-0 2-2 4-4 6-6 8-8 10-10 12-12 14-14 16-16 18-18 20-20 22-22 24-24 26-26 28-28 30-30"},

    {"a_range_that_begins_at_the_end_is_unsatisfiable", "bytes=100-", "416"},
    {"a_suffix_of_nothing_is_unsatisfiable", "bytes=-0", "416"},
    {"ranges_all_beyond_the_end_are_unsatisfiable", "bytes=100-100,-0,500-", "416"},
    {"a_range_of_2_to_the_64_is_unsatisfiable", "bytes=18446744073709551616-", "416"},
    {"a_range_of_2_to_the_64_and_five_is_unsatisfiable", "bytes=18446744073709551621-", "416"},
    {"a_range_of_forty_digits_is_unsatisfiable",
     "bytes=1000000000000000000000000000000000000000-2000000000000000000000000000000000000000",
     "416"},
    // The fuzzer's: reversed, but both count as the greatest.
    {"a_range_from_beyond_64_bits_to_their_end_is_unsatisfiable",
     "bytes=10000000000000000000000000000000020-18446744073709551615", "416"},
    {"an_end_of_2_to_the_64_is_cut", "bytes=0-18446744073709551616", "0-99"},
    {"a_suffix_of_2_to_the_64_is_the_whole", "bytes=-18446744073709551616", "0-99"},

    {"a_reversed_range_is_ignored", "bytes=9-0", "whole"},
    {"a_reversed_range_spoils_the_others", "bytes=0-9,30-20", "whole"},
    {"seventeen_ranges_are_ignored", ranges_of(17), "whole"},
    {"a_thousand_ranges_are_ignored", ranges_of(1000), "whole"},
    {"overlapping_ranges_are_ignored", "bytes=0-9,5-14", "whole"},
    {"a_range_within_another_is_ignored", "bytes=0-99,5-6", "whole"},
    {"the_same_range_twice_is_ignored", "bytes=0-9,0-9", "whole"},
    {"a_suffix_that_overlaps_is_ignored", "bytes=80-95,-10", "whole"},
    {"an_empty_value_is_ignored", "", "whole"},
    {"a_unit_without_ranges_is_ignored", "bytes=", "whole"},
    {"a_list_of_empty_members_is_ignored", "bytes=,,", "whole"},
    {"another_unit_is_ignored", "lines=0-9", "whole"},
    {"a_range_without_unit_is_ignored", "0-9", "whole"},
    {"a_unit_without_equals_sign_is_ignored", "bytes 0-9", "whole"},
    {"a_space_before_the_equals_sign_is_ignored", "bytes =0-9", "whole"},
    {"a_dash_alone_is_ignored", "bytes=-", "whole"},
    {"a_number_alone_is_ignored", "bytes=9", "whole"},
    {"a_sign_is_ignored", "bytes=+0-9", "whole"},
    {"two_dashes_are_ignored", "bytes=0--9", "whole"},
    {"a_negative_suffix_is_ignored", "bytes=--9", "whole"},
    {"three_numbers_are_ignored", "bytes=0-9-20", "whole"},
    {"a_space_in_a_range_is_ignored", "bytes=0 -9", "whole"},
    {"a_hexadecimal_range_is_ignored", "bytes=0x0-9", "whole"},
    {"ranges_separated_by_semicolons_are_ignored", "bytes=0-9;20-29", "whole"},
};

std::string name_of(const testing::TestParamInfo<RangeRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(row, Range, testing::ValuesIn(range_rows), name_of);

TEST(ParseRanges, finds_nothing_to_satisfy_in_an_empty_whole) {
  EXPECT_EQ(asked("bytes=0-", 0), "416");
  EXPECT_EQ(asked("bytes=0-0", 0), "416");
}

// A part without bytes cannot be written as a Content-Range.
TEST(ParseRanges, ignores_a_suffix_of_an_empty_whole) { EXPECT_EQ(asked("bytes=-5", 0), "whole"); }

TEST(ParseRanges, reaches_the_last_byte_of_the_greatest_whole) {
  EXPECT_EQ(asked("bytes=-1", UINT64_MAX), "18446744073709551614-18446744073709551614");
  EXPECT_EQ(asked("bytes=18446744073709551615-", UINT64_MAX), "416");
}

}  // namespace
}  // namespace duet::http
