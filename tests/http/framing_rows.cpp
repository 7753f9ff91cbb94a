#include "http/request_rows.hpp"

using namespace std::string_literals;

namespace duet::http {
namespace {

RequestRow with(std::string name, const std::string& fields, std::string expected) {
  return {std::move(name), "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n",
          std::move(expected)};
}

RequestRow coded(std::string name, const std::string& value, std::string expected) {
  return with(std::move(name), "Transfer-Encoding:" + value, std::move(expected));
}

RequestRow sized(std::string name, const std::string& value, std::string expected) {
  return with(std::move(name), "Content-Length: " + value, std::move(expected));
}

}  // namespace

std::vector<RequestRow> framing_rows() {
  const std::string post = "POST / of a, 1.1, keep, ";
  const std::string chunked = post + "chunked";
  return {
      with("a_request_that_says_nothing_has_no_body", "A: b", post + "no body"),
      sized("a_length_delimits_the_body", "5", post + "length 5"),
      sized("a_length_of_zero_is_a_length", "0", post + "length 0"),
      sized("a_length_with_leading_zeros_is_decimal", "010", post + "length 10"),
      sized("a_length_may_have_blanks_around_it", " 5\t ", post + "length 5"),
      sized("the_greatest_length_is_63_bits", "9223372036854775807",
            post + "length 9223372036854775807"),
      sized("a_length_of_2_to_the_63_is_refused", "9223372036854775808", "400"),
      sized("a_length_of_2_to_the_64_is_refused", "18446744073709551616", "400"),
      sized("a_length_of_2_to_the_64_and_five_is_refused", "18446744073709551621", "400"),
      sized("an_empty_length_is_refused", "", "400"),
      sized("a_positive_sign_in_a_length_is_refused", "+5", "400"),
      sized("a_negative_length_is_refused", "-5", "400"),
      sized("a_hexadecimal_length_is_refused", "0x5", "400"),
      sized("an_underscore_in_a_length_is_refused", "5_0", "400"),
      sized("a_space_in_a_length_is_refused", "5 5", "400"),
      sized("an_exponent_in_a_length_is_refused", "1e3", "400"),
      sized("a_fraction_in_a_length_is_refused", "5.0", "400"),
      sized("a_quoted_length_is_refused", "\"5\"", "400"),
      sized("a_latin_1_space_after_a_length_is_refused", "5\xa0", "400"),
      sized("a_list_of_equal_lengths_is_refused", "5, 5", "400"),
      sized("the_same_length_twice_is_refused", "5\r\nContent-Length: 5", "400"),
      sized("two_lengths_are_refused", "5\r\ncontent-length: 6", "400"),
      {"a_get_may_have_a_body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
       "GET / of a, 1.1, keep, length 3"},

      coded("chunked_delimits_the_body", " chunked", chunked),
      coded("chunked_may_be_written_in_any_case", " CHUNKED", chunked),
      coded("chunked_needs_no_space_before_it", "chunked", chunked),
      coded("two_spaces_before_chunked_are_refused", "  chunked", "400"),
      coded("a_tab_before_chunked_is_refused", "\tchunked", "400"),
      coded("a_space_after_chunked_is_refused", " chunked ", "400"),
      coded("a_vertical_tab_before_chunked_is_refused",
            "\x0b"
            "chunked",
            "400"),
      coded("a_form_feed_after_chunked_is_refused", "chunked\x0c", "400"),
      coded("a_latin_1_space_after_chunked_is_refused", " chunked\xa0", "400"),
      coded("quoted_chunked_is_refused", " \"chunked\"", "400"),
      coded("chunked_with_a_parameter_is_refused", " chunked;a=b", "400"),
      coded("a_comma_before_chunked_is_refused", " ,chunked", "400"),
      coded("a_comma_after_chunked_is_refused", " chunked,", "400"),
      coded("chunked_twice_is_refused", " chunked, chunked", "400"),
      coded("identity_after_chunked_is_refused", " chunked, identity", "400"),
      coded("an_unknown_coding_alone_is_refused", " xchunked", "400"),
      coded("identity_is_refused", " identity", "400"),
      coded("an_empty_coding_is_refused", "", "400"),
      coded("gzip_alone_is_refused", " gzip", "400"),
      coded("gzip_under_chunked_is_not_supported", " gzip, chunked", "501"),
      coded("an_unknown_coding_under_chunked_is_not_supported", " x, gzip ,chunked", "501"),
      coded("chunked_in_two_fields_is_refused", " chunked\r\nTransfer-Encoding: chunked", "400"),
      coded("codings_in_two_fields_are_refused", " chunked\r\ntransfer-encoding: identity", "400"),
      with("a_coding_after_a_length_is_refused", "Content-Length: 5\r\nTransfer-Encoding: chunked",
           "400"),
      with("a_length_after_a_coding_is_refused", "Transfer-Encoding: chunked\r\nContent-Length: 5",
           "400"),
      {"a_coding_in_version_1_0_is_refused",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},

      with("an_underscore_does_not_make_a_length", "Content_Length: 5", post + "no body"),
      with("an_underscore_does_not_make_a_coding", "Transfer_Encoding: chunked", post + "no body"),
      with("underscored_framing_does_not_clash_with_the_real",
           "Content_Length: 6\r\nContent-Length: 5", post + "length 5"),
  };
}

}  // namespace duet::http
