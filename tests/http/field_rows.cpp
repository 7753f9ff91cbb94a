#include "http/request_rows.hpp"

using namespace std::string_literals;

namespace duet::http {
namespace {

RequestRow with(std::string name, const std::string& fields, std::string expected) {
  return {std::move(name), "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n",
          std::move(expected)};
}

RequestRow hosted(std::string name, const std::string& host, std::string expected) {
  return {std::move(name), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", std::move(expected)};
}

RequestRow accepted_host(std::string name, const std::string& host) {
  return hosted(std::move(name), host, "GET / of " + host + ", 1.1, keep, no body");
}

}  // namespace

std::vector<RequestRow> field_rows() {
  const std::string fine = "GET / of a, 1.1, keep, no body";
  const std::string closes = "GET / of a, 1.1, close, no body";
  return {
      with("an_empty_value_is_accepted", "A:", fine),
      with("a_value_of_blanks_is_empty", "A: \t ", fine),
      with("a_value_may_hold_tabs_and_other_bytes_than_ascii", "A: b\tc \xc3\xa4", fine),
      with("every_character_of_a_token_may_be_in_a_name", "!#$%&'*+-.^_`|~09azAZ: b", fine),
      with("a_field_that_ends_in_bare_lf_is_refused", "A: b\nC: d", "400"),
      with("a_field_that_ends_in_bare_cr_is_refused", "A: b\rCD: e", "400"),
      with("a_field_that_ends_in_two_crs_is_refused", "A: b\r\r\nC: d", "400"),
      with("a_head_that_ends_in_bare_lf_is_refused", "A: b\r\n\nC: d", "400"),
      with("a_nul_before_lf_ends_no_line", "A: b\0\nC: d"s, "400"),
      with("a_nul_in_a_name_is_refused", "A\0: b"s, "400"),
      with("a_nul_in_a_value_is_refused", "A: b\0c"s, "400"),
      with("a_bell_in_a_value_is_refused", "A: b\x07", "400"),
      with("a_vertical_tab_in_a_value_is_refused", "A: b\x0b", "400"),
      with("an_escape_in_a_value_is_refused", "A: \x1b[1m", "400"),
      with("a_delete_character_in_a_value_is_refused", "A: b\x7f", "400"),
      with("a_field_folded_by_a_space_is_refused", "A: b\r\n c", "400"),
      with("a_field_folded_by_a_tab_is_refused", "A: b\r\n\tc: d", "400"),
      with("a_space_before_the_colon_is_refused", "A : b", "400"),
      with("a_tab_before_the_colon_is_refused", "A\t: b", "400"),
      with("a_space_in_a_name_is_refused", "A b: c", "400"),
      with("a_line_without_colon_is_refused", "A", "400"),
      with("an_empty_name_is_refused", ": b", "400"),
      with("a_bracket_in_a_name_is_refused", "A(b): c", "400"),
      with("a_name_in_quotes_is_refused", "\"A\": b", "400"),
      with("a_name_of_other_bytes_than_ascii_is_refused", "\xc3\x84: b", "400"),
      {"a_space_before_the_first_field_is_refused", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},

      with("connection_close_closes", "Connection: close", closes),
      with("connection_options_are_a_list_in_any_case", "connection: upgrade , CLOSE", closes),
      with("close_wins_over_keep_alive", "Connection: close\r\nConnection: keep-alive", closes),
      with("connection_does_not_remove_the_length",
           "Connection: Content-Length\r\nContent-Length: 3", "GET / of a, 1.1, keep, length 3"),
      with("a_part_of_an_option_is_another_option", "Connection: closed, xclose", fine),
      {"keep_alive_keeps_version_1_0", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       "GET / of , 1.0, keep, no body"},
      with("an_upgrade_is_ignored", "Connection: Upgrade\r\nUpgrade: h2c", fine),

      with("a_client_that_waits_for_100_continue_is_known", "Expect: 100-Continue",
           fine + ", continue"),
      with("expectations_are_a_list", "Expect: 100-continue,, 100-continue",
           "GET / of a, 1.1, keep, no body, continue"),
      with("expectations_of_several_fields_are_one_list", "Expect: 100-continue\r\nExpect: x",
           "417"),
      with("an_empty_expectation_expects_nothing", "Expect:", "GET / of a, 1.1, keep, no body"),
      with("another_expectation_fails", "Expect: 200-ok", "417"),
      with("another_expectation_in_a_list_fails", "Expect: 100-continue, x", "417"),
      {"an_expectation_of_version_1_0_is_ignored", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
       "GET / of , 1.0, close, no body"},
  };
}

std::vector<RequestRow> host_rows() {
  return {
      {"version_1_1_without_host_is_refused", "GET / HTTP/1.1\r\nA: b\r\n\r\n", "400"},
      {"version_1_1_without_any_field_is_refused", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"version_1_0_needs_no_host", "GET / HTTP/1.0\r\n\r\n", "GET / of , 1.0, close, no body"},
      {"host_may_be_written_in_any_case", "GET / HTTP/1.1\r\nhOST:a\r\n\r\n",
       "GET / of a, 1.1, keep, no body"},
      hosted("the_same_host_twice_is_refused", "a\r\nHost: a", "400"),
      hosted("two_hosts_are_refused", "a\r\nHost: b", "400"),
      hosted("a_host_and_an_empty_host_are_refused", "a\r\nhost:", "400"),

      accepted_host("a_host_with_a_port_is_accepted", "a.example:8080"),
      accepted_host("a_host_with_an_empty_port_is_accepted", "a:"),
      accepted_host("the_last_port_is_accepted", "a:65535"),
      accepted_host("a_host_with_an_underscore_is_accepted", "my_host"),
      accepted_host("an_escaped_host_is_accepted", "%41b"),
      accepted_host("an_ipv4_host_is_accepted", "127.0.0.1:80"),
      accepted_host("an_ipv6_host_is_accepted", "[::1]:80"),
      accepted_host("the_unspecified_ipv6_host_is_accepted", "[::]"),
      accepted_host("a_full_ipv6_host_is_accepted", "[1:2:3:4:5:6:7:abcd]"),
      accepted_host("an_ipv6_host_with_a_gap_is_accepted", "[fe80::1:2]"),
      accepted_host("an_ipv6_host_that_ends_in_a_gap_is_accepted", "[fe80::]"),
      accepted_host("an_ipv6_host_that_ends_in_ipv4_is_accepted", "[::ffff:10.0.0.1]"),

      hosted("an_empty_host_is_refused", "", "400"),
      hosted("a_port_without_host_is_refused", ":80", "400"),
      hosted("a_comma_in_host_is_refused", "a,b", "400"),
      hosted("user_information_in_host_is_refused", "u@a", "400"),
      hosted("a_path_in_host_is_refused", "a/b", "400"),
      hosted("a_backslash_in_host_is_refused", "a\\b", "400"),
      hosted("a_space_in_host_is_refused", "a b", "400"),
      hosted("a_query_in_host_is_refused", "a?b", "400"),
      hosted("a_fragment_in_host_is_refused", "a#b", "400"),
      hosted("a_quote_in_host_is_refused", "a\"", "400"),
      hosted("an_angle_bracket_in_host_is_refused", "<a>", "400"),
      hosted("other_bytes_than_ascii_in_host_are_refused", "\xc3\xa4", "400"),
      hosted("a_c1_next_line_is_no_blank",
             "\x85"
             "a",
             "400"),
      hosted("a_latin_1_space_is_no_blank", "a\xa0", "400"),
      hosted("a_half_escape_in_host_is_refused", "a%4", "400"),
      hosted("a_port_beyond_65535_is_refused", "a:65536", "400"),
      hosted("a_port_of_many_digits_is_refused", "a:4294967376", "400"),
      hosted("a_port_with_a_sign_is_refused", "a:+80", "400"),
      hosted("two_ports_are_refused", "a:80:80", "400"),
      hosted("an_ipv6_host_without_brackets_is_refused", "::1", "400"),
      hosted("an_ipv6_host_without_end_is_refused", "[::1", "400"),
      hosted("an_ipv6_host_with_text_after_it_is_refused", "[::1]a", "400"),
      hosted("an_empty_literal_is_refused", "[]", "400"),
      hosted("an_ipv6_host_of_seven_groups_is_refused", "[1:2:3:4:5:6:7]", "400"),
      hosted("an_ipv6_host_of_nine_groups_is_refused", "[1:2:3:4:5:6:7:8:9]", "400"),
      hosted("an_ipv6_host_with_a_gap_for_nothing_is_refused", "[1:2:3:4::5:6:7:8]", "400"),
      hosted("an_ipv6_host_with_two_gaps_is_refused", "[1::2::3]", "400"),
      hosted("an_ipv6_host_of_three_colons_is_refused", "[:::]", "400"),
      hosted("an_ipv6_host_that_ends_in_a_colon_is_refused", "[1:2:3:4:5:6:7:]", "400"),
      hosted("an_ipv6_host_with_a_gap_that_ends_in_a_colon_is_refused", "[1::2:]", "400"),
      hosted("an_ipv6_host_that_begins_with_a_colon_is_refused", "[:1:2:3:4:5:6:7]", "400"),
      hosted("an_ipv6_group_of_five_digits_is_refused", "[::12345]", "400"),
      hosted("an_ipv6_host_with_a_zone_is_refused", "[fe80::1%25eth0]", "400"),
      hosted("an_ipv6_host_that_ends_in_a_bad_ipv4_is_refused", "[::10.0.0.256]", "400"),
      hosted("an_ipv6_host_that_ends_in_a_short_ipv4_is_refused", "[::10.0.0]", "400"),
  };
}

}  // namespace duet::http
