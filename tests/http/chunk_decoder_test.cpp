#include "duet/http/chunk_decoder.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace duet::http {
namespace {

using namespace std::string_literals;
using State = ChunkResult::State;

// A body and what becomes of it: the data, a bar, and "more", "400" or the like, or "end" and what
// is left of the bytes behind it.
struct ChunkRow {
  std::string name;
  std::string bytes;
  std::string expected;
};

void PrintTo(const ChunkRow& row, std::ostream* out) { *out << row.name; }

// Collects what a decoder makes of pieces. Each is copied to bytes of its own, so that a sanitizer
// sees a look beyond them.
class Collector {
 public:
  explicit Collector(const ChunkLimits& limits = {}) : decoder_(limits) {}

  void feed(std::string_view piece) {
    auto copy = std::make_unique<char[]>(piece.size());
    piece.copy(copy.get(), piece.size());
    std::string_view rest(copy.get(), piece.size());
    for (;;) {
      result_ = decoder_.next(rest);
      EXPECT_LE(result_.data.size(), result_.consumed);
      EXPECT_LE(result_.consumed, rest.size());
      rest.remove_prefix(result_.consumed);
      body_ += result_.data;
      if (result_.state != State::more || result_.consumed == 0) break;
    }
    if (result_.state == State::end) left_ += rest;
    EXPECT_TRUE(result_.state != State::more || rest.empty());
  }

  std::string outcome() const {
    if (result_.state == State::more) return body_ + "|more";
    if (result_.state == State::end) return body_ + "|end" + left_;
    return fmt::format("{}|{}", body_, result_.rejection.status);
  }

  std::string whole_outcome() const {
    return fmt::format("{} {}", outcome(), result_.rejection.reason);
  }

 private:
  ChunkDecoder decoder_;
  ChunkResult result_;
  std::string body_;
  std::string left_;
};

std::string in_pieces(std::string_view bytes, std::size_t piece_bytes) {
  Collector collector;
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes)
    collector.feed(bytes.substr(at, piece_bytes));
  return collector.whole_outcome();
}

std::string split_at(std::string_view bytes, std::size_t at) {
  Collector collector;
  collector.feed(bytes.substr(0, at));
  collector.feed(bytes.substr(at));
  return collector.whole_outcome();
}

class Chunks : public testing::TestWithParam<ChunkRow> {};

TEST_P(Chunks, have_the_stated_outcome_however_they_are_split) {
  const std::string& bytes = GetParam().bytes;
  Collector collector;
  collector.feed(bytes);
  EXPECT_EQ(collector.outcome(), GetParam().expected);

  const std::string whole = collector.whole_outcome();
  for (std::size_t piece_bytes : {1, 2, 3, 7}) EXPECT_EQ(in_pieces(bytes, piece_bytes), whole);
  const std::size_t stride = bytes.size() > 4096 ? 61 : 1;
  for (std::size_t at = 0; at <= bytes.size(); at += stride)
    ASSERT_EQ(split_at(bytes, at), whole) << "split at " << at;
}

const std::string abc = "3\r\nabc\r\n";
const std::string last = "0\r\n\r\n";

// `line` in the place of a chunk's size and extensions, of three bytes that are there.
ChunkRow line(std::string name, const std::string& text, std::string expected) {
  return {std::move(name), text + "\r\nabc\r\n0\r\n\r\n", std::move(expected)};
}

ChunkRow trailer(std::string name, const std::string& text, std::string expected) {
  return {std::move(name), abc + "0\r\n" + text + "\r\n\r\nGET", std::move(expected)};
}

const ChunkRow body_rows[] = {
    {"nothing_is_incomplete", "", "|more"},
    {"the_last_chunk_alone_is_an_empty_body", last, "|end"},
    {"a_chunk_gives_its_data", abc + last, "abc|end"},
    {"chunks_are_joined", abc + "1\r\nd\r\n" + last, "abcd|end"},
    {"data_may_hold_any_byte", "5\r\n\r\n0\0\n\r\n"s + last, "\r\n0\0\n|end"s},
    {"what_follows_the_body_is_left_alone", abc + last + "GET /", "abc|endGET /"},
    {"a_body_without_its_last_chunk_is_incomplete", abc, "abc|more"},
    {"a_body_without_its_last_line_feed_is_incomplete", abc + "0\r\n\r", "abc|more"},
    {"a_part_of_a_chunk_is_handed_out", "5\r\nab", "ab|more"},

    line("a_size_is_hexadecimal_in_any_case", "0A\r\n0123456789\r\n3", "0123456789abc|end"),
    line("a_size_in_lower_case_is_read", "a\r\n0123456789\r\n3", "0123456789abc|end"),
    line("a_size_may_have_leading_zeros", "0003", "abc|end"),
    line("a_size_may_have_16_digits", "0000000000000003", "abc|end"),
    {"the_greatest_size_is_63_bits", "7fffffffffffffff\r\nabc", "abc|more"},
    {"a_last_chunk_may_have_several_zeros", "000\r\n\r\n", "|end"},
    line("an_empty_size_is_refused", "", "|400"),
    line("a_positive_sign_in_a_size_is_refused", "+3", "|400"),
    line("a_negative_size_is_refused", "-3", "|400"),
    line("a_size_with_0x_before_it_is_refused", "0x3", "|400"),
    line("an_underscore_in_a_size_is_refused", "0_3", "|400"),
    line("a_space_before_a_size_is_refused", " 3", "|400"),
    line("a_tab_before_a_size_is_refused", "\t3", "|400"),
    line("a_space_after_a_size_is_refused", "3 ", "|400"),
    line("a_tab_after_a_size_is_refused", "3\t", "|400"),
    line("a_letter_in_a_size_is_refused", "3g", "|400"),
    line("a_size_of_17_digits_is_refused", "00000000000000003", "|400"),
    line("a_size_of_2_to_the_63_is_refused", "8000000000000000", "|400"),
    line("a_size_of_2_to_the_64_is_refused", "10000000000000000", "|400"),
    line("a_size_of_2_to_the_64_and_three_is_refused", "10000000000000003", "|400"),
    line("a_nul_after_a_size_is_refused", "3\0"s, "|400"),

    {"bare_lf_after_a_size_is_refused", "3\nabc\r\n" + last, "|400"},
    {"bare_cr_after_a_size_is_refused", "3\rabc\r\n" + last, "|400"},
    {"two_crs_after_a_size_are_refused", "3\r\r\nabc\r\n" + last, "|400"},
    {"bare_lf_after_data_is_refused", "3\r\nabc\n" + last, "abc|400"},
    {"bare_cr_after_data_is_refused", "3\r\nabc\r0\r\n\r\n", "abc|400"},
    {"bare_lf_after_the_last_chunk_is_refused", abc + "0\n\r\n", "abc|400"},
    {"bare_lf_after_the_trailers_is_refused", abc + "0\r\n\n", "abc|400"},
    {"bare_cr_after_the_trailers_is_refused", abc + "0\r\n\rG", "abc|400"},
    {"a_chunk_longer_than_its_size_is_refused", "2\r\nabc\r\n" + last, "ab|400"},
    {"a_chunk_shorter_than_its_size_is_refused", "5\r\nabc\r\n" + last, "abc\r\n|400"},
    {"a_chunk_without_its_line_end_is_refused", "3\r\nabc0\r\n\r\n", "abc|400"},
    {"a_request_in_place_of_the_final_line_is_refused", abc + "0\r\nGET / HTTP/1.1\r\n", "abc|400"},
};

const ChunkRow extension_rows[] = {
    line("an_extension_has_no_effect", "3;a=b", "abc|end"),
    line("an_extension_needs_no_value", "3;a", "abc|end"),
    line("several_extensions_are_accepted", "3;a;b=c;d=\"e\"", "abc|end"),
    line("a_quoted_value_may_hold_any_text", "3;a=\" ;\t=\\\"\\\\\xc3\xa4\"", "abc|end"),
    line("an_empty_quoted_value_is_accepted", "3;a=\"\"", "abc|end"),
    {"the_last_chunk_may_have_an_extension", "0;a=b\r\n\r\n", "|end"},
    line("a_bare_semicolon_is_refused", "3;", "|400"),
    line("two_semicolons_are_refused", "3;;a", "|400"),
    line("a_semicolon_after_an_extension_is_refused", "3;a;", "|400"),
    line("an_extension_without_name_is_refused", "3;=a", "|400"),
    line("an_extension_without_value_is_refused", "3;a=", "|400"),
    line("two_values_are_refused", "3;a=b=c", "|400"),
    line("a_space_before_an_extension_is_refused", "3 ;a", "|400"),
    line("a_space_in_an_extension_is_refused", "3;a =b", "|400"),
    line("a_bracket_in_an_extension_is_refused", "3;a(b", "|400"),
    line("a_control_character_in_an_extension_is_refused", "3;a\x01", "|400"),
    line("a_control_character_in_a_quoted_value_is_refused", "3;a=\"\x7f\"", "|400"),
    line("an_escaped_control_character_is_refused", "3;a=\"\\\x01\"", "|400"),
    line("bare_lf_in_an_extension_is_refused", "3;a\nb", "|400"),
    line("bare_lf_in_a_quoted_value_is_refused", "3;a=\"\n\"", "|400"),
    line("a_line_end_in_a_quoted_value_is_refused", "3;a=\"\r\n\"", "|400"),
    line("text_after_a_quoted_value_is_refused", "3;a=\"b\"c", "|400"),
    line("a_chunk_line_of_256_bytes_is_accepted", "3;" + std::string(254, 'a'), "abc|end"),
    line("a_chunk_line_beyond_256_bytes_is_refused", "3;" + std::string(255, 'a'), "|400"),
    {"an_extension_of_64_kib_is_refused_before_it_ends", "3;" + std::string(65536, 'a'), "|400"},
};

const ChunkRow trailer_rows[] = {
    trailer("a_trailer_is_dropped", "A: b", "abc|endGET"),
    trailer("several_trailers_are_dropped", "A: b\r\nC:\r\nD: \te\xc3\xa4 ", "abc|endGET"),
    trailer("framing_in_trailers_has_no_effect",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: c",
            "abc|endGET"),
    trailer("a_trailer_without_colon_is_refused", "A", "abc|400"),
    trailer("a_trailer_without_name_is_refused", ": b", "abc|400"),
    trailer("a_space_before_the_colon_of_a_trailer_is_refused", "A : b", "abc|400"),
    trailer("a_space_before_a_trailer_is_refused", " A: b", "abc|400"),
    trailer("a_folded_trailer_is_refused", "A: b\r\n c", "abc|400"),
    trailer("a_bracket_in_the_name_of_a_trailer_is_refused", "A[: b", "abc|400"),
    trailer("a_nul_in_a_trailer_is_refused", "A: b\0c"s, "abc|400"),
    trailer("a_control_character_in_a_trailer_is_refused", "A: b\x1b", "abc|400"),
    trailer("a_trailer_that_ends_in_bare_lf_is_refused", "A: b\nC: d", "abc|400"),
    trailer("a_trailer_that_ends_in_bare_cr_is_refused", "A: b\rC: d", "abc|400"),
    trailer("trailers_of_8_kib_are_accepted", "A:" + std::string(8192 - 6, 'b'), "abc|endGET"),
    trailer("trailers_beyond_8_kib_are_refused", "A:" + std::string(8192 - 5, 'b'), "abc|431"),
};

std::string name_of(const testing::TestParamInfo<ChunkRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(body, Chunks, testing::ValuesIn(body_rows), name_of);
INSTANTIATE_TEST_SUITE_P(extension, Chunks, testing::ValuesIn(extension_rows), name_of);
INSTANTIATE_TEST_SUITE_P(trailer, Chunks, testing::ValuesIn(trailer_rows), name_of);

std::string trailers_of(std::size_t count) {
  std::string text = "0\r\n";
  for (std::size_t i = 0; i < count; ++i) text += "A: b\r\n";
  return text + "\r\n";
}

TEST(ChunkDecoder, bounds_the_number_of_trailers) {
  Collector full;
  full.feed(trailers_of(32));
  EXPECT_EQ(full.outcome(), "|end");
  Collector too_many;
  too_many.feed(trailers_of(33));
  EXPECT_EQ(too_many.outcome(), "|431");
}

TEST(ChunkDecoder, bounds_the_extensions_of_all_chunks_together) {
  Collector collector;
  for (int i = 0; i < 16; ++i) collector.feed("1;" + std::string(250, 'a') + "\r\nx\r\n");
  EXPECT_EQ(collector.outcome(), std::string(16, 'x') + "|more");
  collector.feed("1;" + std::string(250, 'a') + "\r\nx\r\n");
  EXPECT_EQ(collector.outcome(), std::string(16, 'x') + "|400");
}

TEST(ChunkDecoder, holds_to_the_limits_it_was_given) {
  const ChunkLimits tight = {.line_bytes_max = 3, .trailer_bytes_max = 7, .trailer_fields_max = 1};
  for (auto [bytes, expected] :
       {std::pair{"3;a\r\nabc\r\n0\r\nA:b\r\n\r\n", "abc|end"}, std::pair{"03;a\r\n", "|400"},
        std::pair{"0\r\nA:bc\r\n\r\n", "|431"}, std::pair{"0\r\nA:\r\nB", "|431"}}) {
    Collector collector(tight);
    collector.feed(bytes);
    EXPECT_EQ(collector.outcome(), expected) << bytes;
  }
}

TEST(ChunkDecoder, gives_data_as_a_view_of_the_input) {
  ChunkDecoder decoder;
  const std::string input = abc;
  ChunkResult result = decoder.next(input);
  EXPECT_EQ(result.data.data(), input.data() + 3);
  EXPECT_EQ(result.data, "abc");
}

TEST(ChunkDecoder, consumes_nothing_after_the_end_until_it_is_reset) {
  ChunkDecoder decoder;
  decoder.next(last);
  ChunkResult again = decoder.next(abc);
  EXPECT_EQ(again.state, State::end);
  EXPECT_EQ(again.consumed, 0U);
  decoder.reset();
  EXPECT_EQ(decoder.next(abc).data, "abc");
}

TEST(ChunkDecoder, stays_rejected_until_it_is_reset) {
  ChunkDecoder decoder;
  decoder.next("x");
  EXPECT_EQ(decoder.next(abc).rejection.status, 400);
  decoder.reset();
  EXPECT_EQ(decoder.next(abc).data, "abc");
}

}  // namespace
}  // namespace duet::http
