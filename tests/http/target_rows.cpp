#include "http/request_rows.hpp"

using namespace std::string_literals;

namespace duet::http {
namespace {

RequestRow get(std::string name, const std::string& target, std::string expected) {
  return {std::move(name), "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", std::move(expected)};
}

RequestRow by(const std::string& method, std::string name, const std::string& target,
              std::string expected) {
  return {std::move(name), method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n",
          std::move(expected)};
}

std::string of(const std::string& path, const std::string& authority) {
  return "GET " + path + " of " + authority + ", 1.1, keep, no body";
}

}  // namespace

std::vector<RequestRow> target_rows() {
  return {
      get("a_path_with_a_query_is_accepted", "/a/b?c=d&e", of("/a/b?c=d&e", "a")),
      get("a_query_keeps_what_browsers_leave_as_it_is", "/?q=a|b^{c}", of("/?q=a|b^{c}", "a")),
      get("a_path_is_not_decoded_by_the_parser", "/%2e%2e/%zz", of("/%2e%2e/%zz", "a")),
      get("a_target_of_two_slashes_is_a_path", "//evil", of("//evil", "a")),
      get("a_fragment_is_refused", "/a#b", "400"),
      get("a_target_of_utf_8_is_refused", "/\xc3\xa4", "400"),
      get("a_target_of_overlong_utf_8_is_refused", "/\xc0\xae", "400"),
      get("a_nul_in_the_target_is_refused", "/a\0b"s, "400"),
      get("a_control_character_in_the_target_is_refused", "/a\x01", "400"),
      get("a_delete_character_in_the_target_is_refused", "/a\x7f", "400"),
      get("a_cr_in_the_target_is_refused", "/a\rb", "400"),
      get("a_relative_path_is_refused", "a/b", "400"),
      get("an_authority_without_connect_is_refused", "a:80", "400"),
      get("an_asterisk_without_options_is_refused", "*", "400"),
      by("OPTIONS", "an_asterisk_with_options_is_accepted", "*",
         "OPTIONS  of a, 1.1, keep, no body"),
      by("OPTIONS", "two_asterisks_are_refused", "**", "400"),

      get("an_absolute_target_overrides_host", "http://b.example:81/c?d",
          of("/c?d", "b.example:81")),
      get("an_absolute_target_may_have_no_path", "http://b", of("", "b")),
      get("an_absolute_target_may_have_a_query_alone", "http://b?c", of("?c", "b")),
      get("an_absolute_target_has_a_scheme_in_any_case", "HtTpS://b/", of("/", "b")),
      get("an_absolute_target_of_another_scheme_is_refused", "ftp://b/", "400"),
      get("an_absolute_target_without_authority_is_refused", "http:///a", "400"),
      get("an_absolute_target_with_user_information_is_refused", "http://u:p@b/", "400"),
      get("an_absolute_target_with_a_malformed_port_is_refused", "http://b:8x/", "400"),
      {"an_absolute_target_does_not_replace_host", "GET http://b/ HTTP/1.1\r\n\r\n", "400"},
      {"an_absolute_target_does_not_excuse_a_malformed_host",
       "GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},

      by("CONNECT", "connect_names_host_and_port", "b:443",
         "CONNECT  of b:443, 1.1, keep, no body"),
      by("CONNECT", "connect_without_port_is_refused", "b", "400"),
      by("CONNECT", "connect_with_an_empty_port_is_refused", "b:", "400"),
      by("CONNECT", "connect_with_a_path_is_refused", "/", "400"),
      by("CONNECT", "connect_with_a_url_is_refused", "http://b:443/", "400"),
  };
}

}  // namespace duet::http
