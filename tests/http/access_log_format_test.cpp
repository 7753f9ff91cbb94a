// What the lines of the access log look like, and that nothing from outside can spoil one.

#include "http/access_log_format.hpp"

#include <algorithm>
#include <chrono>
#include <climits>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace duet::http {
namespace {

using namespace std::chrono_literals;

constexpr auto moment = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + 15h + 17min + 6s;
const Address client = Address::ip4({192, 0, 2, 1}, 4711);
const Address nobody;

std::string combined(const AccessEntry& entry) {
  AccessLine line;
  return std::string(format_combined(line, entry));
}

std::string json(const AccessEntry& entry) {
  AccessLine line;
  return std::string(format_json(line, entry));
}

AccessEntry with_request(std::string_view request) {
  return {.peer = client, .time = moment, .request = request, .status = 200};
}

std::string combined_request(std::string_view request) {
  std::string line = combined(with_request(request));
  const std::size_t begin = line.find('"') + 1;
  return line.substr(begin, line.find("\" 200 -") - begin);
}

// What any reader of the line gets.
std::string json_request(std::string_view request) {
  return nlohmann::json::parse(json(with_request(request))).at("request");
}

// As it stands in the line.
std::string raw_json_request(std::string_view request) {
  std::string line = json(with_request(request));
  const std::size_t begin = line.find(R"("request":")") + 11;
  return line.substr(begin, line.find(R"(","status")") - begin);
}

std::string host_of(const Address& peer) {
  std::string line = combined({.peer = peer, .time = moment});
  return line.substr(0, line.find(' '));
}

std::string peer_of(const Address& peer) {
  return nlohmann::json::parse(json({.peer = peer, .time = moment})).at("peer");
}

TEST(AccessLogFormat, is_what_apache_calls_combined) {
  EXPECT_EQ(combined({.peer = client,
                      .time = moment,
                      .duration = 1234us,
                      .request = "GET /a?b=c HTTP/1.1",
                      .status = 200,
                      .body_bytes = 612,
                      .referer = "https://example.org/",
                      .user_agent = "curl/8.5"}),
            "192.0.2.1 - - [21/Nov/2026:15:17:06 +0000] \"GET /a?b=c HTTP/1.1\" 200 612 "
            "\"https://example.org/\" \"curl/8.5\"\n");
}

TEST(AccessLogFormat, has_a_dash_for_what_there_is_not_in_combined) {
  EXPECT_EQ(combined({.peer = client, .time = moment, .status = 400}),
            "192.0.2.1 - - [21/Nov/2026:15:17:06 +0000] \"-\" 400 - \"-\" \"-\"\n");
}

TEST(AccessLogFormat, is_one_json_object_with_all_of_the_entry) {
  EXPECT_EQ(json({.peer = client,
                  .time = moment + 45ms,
                  .duration = 1234us,
                  .request = "GET /a?b=c HTTP/1.1",
                  .status = 200,
                  .body_bytes = 612,
                  .referer = "https://example.org/",
                  .user_agent = "curl/8.5"}),
            R"({"time":"2026-11-21T15:17:06.045Z","peer":"192.0.2.1:4711",)"
            R"("request":"GET /a?b=c HTTP/1.1","status":200,"bytes":612,"duration_ms":1.234,)"
            R"("referer":"https://example.org/","user_agent":"curl/8.5"})"
            "\n");
}

TEST(AccessLogFormat, has_every_month_in_both_formats) {
  const std::string names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (unsigned month = 1; month <= 12; ++month) {
    const auto time = std::chrono::sys_days(std::chrono::year(2024) / static_cast<int>(month) / 9);
    const AccessEntry entry{.peer = client, .time = time};
    EXPECT_TRUE(combined(entry).contains("[09/" + names.substr(month * 3 - 3, 3) +
                                         "/2024:00:00:00 +0000]"));
    EXPECT_TRUE(json(entry).contains(fmt::format("\"2024-{:02}-09T00:00:00.000Z\"", month)));
  }
}

TEST(AccessLogFormat, has_a_time_before_the_epoch) {
  EXPECT_TRUE(json({.peer = client, .time = std::chrono::sys_seconds(0s) - 1ms})
                  .contains("\"1969-12-31T23:59:59.999Z\""));
}

TEST(AccessLogFormat, takes_numbers_of_any_size) {
  const AccessEntry largest{.peer = client,
                            .time = std::chrono::system_clock::time_point::max(),
                            .duration = Duration::max(),
                            .status = INT_MAX,
                            .body_bytes = UINT64_MAX};
  EXPECT_EQ(nlohmann::json::parse(json(largest)).at("bytes"), UINT64_MAX);
  EXPECT_TRUE(combined(largest).contains(" 18446744073709551615 "));
  const AccessEntry least{.peer = client,
                          .time = std::chrono::system_clock::time_point::min(),
                          .duration = Duration::min(),
                          .status = INT_MIN};
  EXPECT_EQ(nlohmann::json::parse(json(least)).at("duration_ms"), 0);
}

TEST(AccessLogFormat, names_the_peer_as_addresses_are_written) {
  for (std::string_view text :
       {"1.2.3.4:5", "255.255.255.255:65535", "[::]:80", "[::1]:80", "[1::]:80", "[1:2::7:8]:80",
        "[1:0:3:4:5:6:7:8]:80", "[1:0:0:4:5:0:0:8]:80", "[1:0:0:4::8]:80", "[::ffff:1.2.3.4]:80",
        "[::1.2.3.4]:80", "[2001:db8::ff00:42:8329]:443", "[::2:3:4:5:6:7:8]:1",
        "[::fffe:1:2]:1"}) {
    const std::optional<Address> address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(peer_of(*address), address->text());
  }
}

TEST(AccessLogFormat, agrees_with_the_system_on_any_ip6_address) {
  std::mt19937 chance(1);
  Address address;
  address.family = Address::Family::ip6;
  for (int i = 0; i < 2000; ++i) {
    for (std::size_t word = 0; word < 8; ++word) {
      const unsigned value = chance() % 3 == 0   ? chance() % 0x10000
                             : chance() % 4 == 0 ? 0xffff
                                                 : 0;
      address.bytes[2 * word] = static_cast<std::uint8_t>(value >> 8);
      address.bytes[2 * word + 1] = static_cast<std::uint8_t>(value & 0xff);
    }
    ASSERT_EQ(peer_of(address), address.text());
  }
}

TEST(AccessLogFormat, has_the_host_without_port_in_combined) {
  EXPECT_EQ(host_of(client), "192.0.2.1");
  EXPECT_EQ(host_of(*Address::parse("[2001:db8::1]:80")), "2001:db8::1");
}

TEST(AccessLogFormat, names_the_scope_of_an_address_by_number) {
  Address address = *Address::parse("[fe80::1]:80");
  address.scope = 2;
  EXPECT_EQ(host_of(address), "fe80::1%2");
  EXPECT_EQ(peer_of(address), "[fe80::1%2]:80");
}

TEST(AccessLogFormat, marks_a_peer_on_a_unix_socket) {
  EXPECT_EQ(host_of(nobody), "unix:");
  EXPECT_EQ(peer_of(nobody), "unix:");
  EXPECT_EQ(peer_of(Address::local("/run/a\"b\n")), "unix:/run/a\"b\n");
  EXPECT_EQ(host_of(Address::local("/run/a b")), "unix:");
}

struct Escaped {
  std::string_view text, in_combined, in_json;
};

TEST(AccessLogFormat, escapes_what_would_spoil_a_line) {
  for (const auto& [text, in_combined, in_json] : std::initializer_list<Escaped>{
           {"a\r\nb", R"(a\x0d\x0ab)", R"(a\u000d\u000ab)"},
           {"\x1b[31m", R"(\x1b[31m)", R"(\u001b[31m)"},
           {"a\"b", R"(a\x22b)", R"(a\u0022b)"},
           {"a\\b", R"(a\x5cb)", R"(a\u005cb)"},
           {"\t\x7f", R"(\x09\x7f)", R"(\u0009\u007f)"},
           {{"\0", 1}, R"(\x00)", R"(\u0000)"},
           {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "ä€😀", "ä€😀"},
           {"\xc2\x85", R"(\xc2\x85)", R"(\u0085)"},  // C1: next line
           {"\xc2\x9b"
            "31m",
            R"(\xc2\x9b31m)", R"(\u009b31m)"},                              // C1: begins a sequence
           {"\xe2\x80\xae", R"(\xe2\x80\xae)", R"(\u202e)"},                // right to left
           {"\xe2\x81\xa6", R"(\xe2\x81\xa6)", R"(\u2066)"},                // isolate
           {"\xe2\x80\xa8", R"(\xe2\x80\xa8)", R"(\u2028)"},                // line separator
           {"\xef\xbb\xbf", R"(\xef\xbb\xbf)", R"(\ufeff)"},                // byte order mark
           {"\xf3\xa0\x81\x81", R"(\xf3\xa0\x81\x81)", R"(\udb40\udc41)"},  // tag
       }) {
    EXPECT_EQ(combined_request(text), in_combined);
    EXPECT_EQ(raw_json_request(text), in_json);
    EXPECT_EQ(json_request(text), text);
  }
}

TEST(AccessLogFormat, escapes_each_byte_that_is_not_utf_8) {
  for (const auto& [text, in_combined, in_json] : std::initializer_list<Escaped>{
           {"\x80", R"(\x80)", R"(\u0080)"},
           {"\xff", R"(\xff)", R"(\u00ff)"},
           {"a\xc3", R"(a\xc3)", R"(a\u00c3)"},                           // ends early
           {"\xc3(", R"(\xc3()", R"(\u00c3()"},                           // goes on wrong
           {"\xc0\xaf", R"(\xc0\xaf)", R"(\u00c0\u00af)"},                // too long for a slash
           {"\xe0\x80\xaf", R"(\xe0\x80\xaf)", R"(\u00e0\u0080\u00af)"},  // likewise
           {"\xed\xa0\x80", R"(\xed\xa0\x80)", R"(\u00ed\u00a0\u0080)"},  // surrogate
           {"\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)", R"(\u00f4\u0090\u0080\u0080)"},  // too large
       }) {
    EXPECT_EQ(combined_request(text), in_combined);
    EXPECT_EQ(raw_json_request(text), in_json);
  }
}

TEST(AccessLogFormat, stays_one_line_and_valid_json_with_any_byte_in_any_field) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* around : {"", "a", "\xe2\x80", "\\", "\""}) {
      const std::string text = around + std::string(1, static_cast<char>(byte)) + around;
      const Address peer = Address::local(text);
      const AccessEntry entry{.peer = peer,
                              .time = moment,
                              .request = text,
                              .status = 200,
                              .referer = text,
                              .user_agent = text};
      for (const std::string& line : {combined(entry), json(entry)}) {
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        EXPECT_TRUE(std::ranges::none_of(line, [](char c) {
          return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
        }));
      }
      EXPECT_EQ(std::ranges::count(combined(entry), '"'), 6);
      const nlohmann::json parsed = nlohmann::json::parse(json(entry));
      EXPECT_EQ(parsed.size(), 8);
      EXPECT_EQ(parsed.at("request"), parsed.at("user_agent"));
    }
  }
}

TEST(AccessLogFormat, gives_ascii_back_as_it_was_in_json) {
  std::string text;
  for (char c = 0; c < 0x7f; ++c) text += c;
  EXPECT_EQ(json_request(text), text);
}

TEST(AccessLogFormat, cuts_a_field_that_is_too_long_and_marks_it) {
  const std::string request(8192, 'a');
  const std::string kept(AccessLog::request_max_bytes - 3, 'a');
  EXPECT_EQ(combined_request(request), kept + "...");
  EXPECT_EQ(raw_json_request(request), kept + "...");
  EXPECT_EQ(combined_request(kept), kept);
  EXPECT_EQ(combined_request(kept + 'a'), kept + "...");
}

TEST(AccessLogFormat, cuts_between_two_characters) {
  for (std::size_t shift = 0; shift < 12; ++shift) {
    std::string text(shift, 'a');
    while (text.size() < 8192) text += "\xf0\x9f\x98\x80\x1b\xf3\xa0\x81\x81";
    const std::string logged = json_request(text);
    ASSERT_TRUE(logged.ends_with("..."));
    EXPECT_TRUE(text.starts_with(logged.substr(0, logged.size() - 3)));
    EXPECT_LE(raw_json_request(text).size(), AccessLog::request_max_bytes);
    EXPECT_GT(raw_json_request(text).size(), AccessLog::request_max_bytes - 16);
    const std::string cut = combined_request(text);
    EXPECT_TRUE(cut.ends_with(R"(\x81...)") || cut.ends_with(R"(\x1b...)") ||
                cut.ends_with("\x80..."));
  }
}

TEST(AccessLogFormat, fits_a_pipe_with_every_field_at_its_limit) {
  const std::string hostile(10000, '\x01');
  const Address peer = Address::local(hostile);
  const AccessEntry entry{.peer = peer,
                          .time = std::chrono::system_clock::time_point::max(),
                          .duration = Duration::max(),
                          .request = hostile,
                          .status = INT_MAX,
                          .body_bytes = UINT64_MAX,
                          .referer = hostile,
                          .user_agent = hostile};
  EXPECT_LE(json(entry).size(), 4096);
  EXPECT_LE(combined(entry).size(), 4096);
  EXPECT_TRUE(nlohmann::json::accept(json(entry)));
}

}  // namespace
}  // namespace duet::http
