#include "http/request_rows.hpp"

using namespace std::string_literals;

namespace duet::http {

std::vector<RequestRow> request_line_rows() {
  const std::string host = "Host: a\r\n\r\n";
  const std::string get = "GET / of a, 1.1, keep, no body";
  return {
      {"nothing_is_incomplete", "", "incomplete"},
      {"a_plain_request_is_complete", "GET / HTTP/1.1\r\n" + host, get},
      {"a_request_without_its_last_line_feed_is_incomplete", "GET / HTTP/1.1\r\nHost: a\r\n\r",
       "incomplete"},
      {"what_follows_the_head_is_left_alone", "GET / HTTP/1.1\r\n" + host + "\0\n\rbody"s, get},

      {"one_empty_line_before_the_request_is_skipped", "\r\nGET / HTTP/1.1\r\n" + host, get},
      {"two_empty_lines_before_the_request_are_skipped", "\r\n\r\nGET / HTTP/1.1\r\n" + host, get},
      {"a_third_empty_line_before_the_request_is_refused", "\r\n\r\n\r\n", "400"},
      {"an_empty_line_of_bare_lf_is_refused", "\nGET / HTTP/1.1\r\n" + host, "400"},
      {"a_cr_before_the_request_is_refused", "\rGET / HTTP/1.1\r\n" + host, "400"},
      {"a_space_before_the_request_is_refused", " GET / HTTP/1.1\r\n" + host, "400"},

      {"a_tls_hello_is_refused_at_once", "\x16\x03\x01\x02", "400"},
      {"binary_garbage_is_refused_at_once", "\x80\xff\xfe", "400"},
      {"a_body_taken_for_a_request_is_refused", "{\"a\":1}", "400"},
      {"a_method_that_is_no_token_is_refused", "G(T / HTTP/1.1\r\n" + host, "400"},
      {"a_method_of_other_bytes_than_ascii_is_refused", "G\xc3\x8bT / HTTP/1.1\r\n" + host, "400"},
      {"a_method_of_32_bytes_is_accepted", std::string(32, 'M') + " / HTTP/1.1\r\n" + host,
       std::string(32, 'M') + " / of a, 1.1, keep, no body"},
      {"a_method_of_33_bytes_is_refused_before_it_ends", std::string(33, 'M'), "400"},
      {"an_unknown_method_is_accepted", "BREW / HTTP/1.1\r\n" + host,
       "BREW / of a, 1.1, keep, no body"},
      {"a_method_in_lower_case_is_another_method", "get / HTTP/1.1\r\n" + host,
       "get / of a, 1.1, keep, no body"},

      {"two_spaces_before_the_target_are_refused", "GET  / HTTP/1.1\r\n" + host, "400"},
      {"two_spaces_before_the_version_are_refused", "GET /  HTTP/1.1\r\n" + host, "400"},
      {"a_space_after_the_version_is_refused", "GET / HTTP/1.1 \r\n" + host, "400"},
      {"a_space_in_the_target_is_refused", "GET /a b HTTP/1.1\r\n" + host, "400"},
      {"a_tab_before_the_target_is_refused", "GET\t/ HTTP/1.1\r\n" + host, "400"},
      {"a_tab_before_the_version_is_refused", "GET /\tHTTP/1.1\r\n" + host, "400"},
      {"a_request_line_without_target_is_refused", "GET HTTP/1.1\r\n" + host, "400"},
      {"a_request_line_of_a_method_alone_is_refused", "GET\r\n" + host, "400"},

      {"a_request_line_that_ends_in_bare_lf_is_refused", "GET / HTTP/1.1\nHost: a\r\n\r\n", "400"},
      {"a_request_line_that_ends_in_bare_cr_is_refused", "GET / HTTP/1.1\rxHost: a\r\n\r\n", "400"},
      {"two_crs_at_the_end_of_the_request_line_are_refused", "GET / HTTP/1.1\r\r\n" + host, "400"},

      {"version_1_0_is_accepted_and_closes", "GET / HTTP/1.0\r\n" + host,
       "GET / of a, 1.0, close, no body"},
      {"version_1_2_is_treated_as_1_1", "GET / HTTP/1.2\r\n" + host, get},
      {"version_1_9_is_treated_as_1_1", "GET / HTTP/1.9\r\n" + host, get},
      {"version_0_9_is_not_supported", "GET / HTTP/0.9\r\n" + host, "505"},
      {"version_2_0_is_not_supported", "GET / HTTP/2.0\r\n" + host, "505"},
      {"the_preface_of_http_2_is_not_supported", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"version_9_9_is_not_supported", "GET / HTTP/9.9\r\n" + host, "505"},
      {"version_1_10_is_not_supported", "GET / HTTP/1.10\r\n" + host, "505"},
      {"version_01_1_is_not_supported", "GET / HTTP/01.1\r\n" + host, "505"},
      {"a_version_beyond_32_bits_is_not_1_1", "GET / HTTP/4294967297.1\r\n" + host, "505"},
      {"a_version_without_minor_is_refused", "GET / HTTP/1\r\n" + host, "400"},
      {"a_version_that_ends_in_a_dot_is_refused", "GET / HTTP/1.\r\n" + host, "400"},
      {"a_version_that_begins_with_a_dot_is_refused", "GET / HTTP/.1\r\n" + host, "400"},
      {"a_version_with_a_sign_is_refused", "GET / HTTP/1.+1\r\n" + host, "400"},
      {"a_version_with_a_letter_is_refused", "GET / HTTP/1.1x\r\n" + host, "400"},
      {"a_version_in_lower_case_is_refused", "GET / http/1.1\r\n" + host, "400"},
      {"another_protocol_is_refused", "GET / ICY/1.1\r\n" + host, "400"},
      {"a_request_line_of_http_0_9_is_refused", "GET /\r\n", "400"},
  };
}

}  // namespace duet::http
