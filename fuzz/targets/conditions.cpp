// The fields of conditional requests, fed to the real parser: a date that is read is written and
// read as the same again, and verdicts keep to what RFC 9110 §13 makes of each method.

#include <cstdint>
#include <string>

#include "cuts.hpp"
#include "duet/http/date.hpp"
#include "duet/http/preconditions.hpp"
#include "duet/http/request_parser.hpp"

namespace duet::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr sys_seconds now{1'800'000'000s};

void check_date(std::string_view text) {
  std::optional<sys_seconds> time = parse_date(text, now);
  if (!time) return;
  if (*time < std::chrono::sys_days(std::chrono::year(1) / 1 / 1)) return;  // cannot be written
  DateText written = format_date(*time);
  if (parse_date({written.data(), written.size()}, now) != time) fail("another date", text);
}

void check_tag(std::string_view text) {
  std::optional<EntityTag> tag = parse_entity_tag(text);
  if (!tag) return;
  if ((tag->is_weak ? "W/" : "") + std::string(tag->opaque) != text) fail("another tag", text);
  if (!match_weakly(*tag, *tag)) fail("a tag unlike itself", text);
  if (match_strongly(*tag, *tag) == tag->is_weak) fail("a weak tag that is strong", text);
}

void check_verdict(const RequestHead& head, const Validators& current) {
  bool is_read = head.method() == Method::get || head.method() == Method::head;
  Precondition verdict = evaluate(head, current, now);
  if (verdict == Precondition::not_modified && !is_read) fail("304 to a change");
  if (!current.exists && verdict == Precondition::not_modified) fail("304 for nothing");
  if (!head.field("If-Range") && !if_range_holds(head, current, now)) fail("no part of anything");
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duet::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_date(text);
  check_tag(text);
  const std::string bytes = std::string(size % 2 ? "GET" : "PUT") + " / HTTP/1.1\r\nHost: a\r\n" +
                            std::string(text) + "\r\n\r\n";
  RequestParser parser;
  if (parser.parse(bytes).state != ParseResult::State::complete) return 0;
  for (bool exists : {false, true}) {
    check_verdict(parser.head(), {.etag = "\"a\"", .last_modified = now - 1h, .exists = exists});
    check_verdict(parser.head(), {.etag = "W/\"a\"", .exists = exists});
  }
  return 0;
}
