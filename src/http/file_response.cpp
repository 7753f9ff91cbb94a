#include "http/file_response.hpp"

#include <vector>

#include "duet/http/date.hpp"
#include "duet/http/error.hpp"
#include "duet/http/ranges.hpp"
#include "http/answer.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

// A disk that fails is no peer that has gone: it is logged, and the client is told as long as
// nothing has been sent.
[[noreturn]] void refuse(const IoError& unread) {
  Loop::current().log().error("{}", unread.what());
  throw Error(500, "the disk failed");
}

// Sends exactly `part`: what is added to the file meanwhile is not sent, and when something has
// been cut off the connection ends, since the length has been promised.
Task<> send_part(File& file, std::uint64_t at, std::uint64_t bytes, BodyWriter& out) {
  for (std::uint64_t end = at + bytes; at < end;) {
    std::span<std::byte> room = out.room();
    if (room.empty()) {
      co_await out.flush();
      continue;
    }
    if (room.size() > end - at) room = room.first(static_cast<std::size_t>(end - at));
    std::size_t n = 0;
    try {
      std::size_t count = co_await file.read_at(room, at);
      n = count;
    } catch (const IoError& unread) {
      refuse(unread);
    }
    if (n == 0) throw IoError(std::make_error_code(std::errc::io_error), "read, cut meanwhile,");
    out.commit(n);
    at += n;
  }
}

std::string content_range(ByteRange range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.last, size);
}

Response one_part(FoundFile found, ByteRange range) {
  std::string_view type = found.content_type;
  if (found.content) {
    std::string_view part = std::string_view(*found.content).substr(range.first, range.size());
    return Response::view(type, part, std::move(found.content));
  }
  auto send = [file = std::move(found.file), range](BodyWriter& out) mutable {
    return send_part(file, range.first, range.size(), out);
  };
  return Response::stream(type, std::move(send), range.size());
}

struct Part {
  std::string head;
  ByteRange range;
};

Task<> send_parts(File& file, const std::vector<Part>& parts, const std::string& end,
                  BodyWriter& out) {
  for (const Part& part : parts) {
    Task<> writing = out.write(part.head);
    co_await std::move(writing);
    Task<> sending = send_part(file, part.range.first, part.range.size(), out);
    co_await std::move(sending);
  }
  Task<> ending = out.write(end);
  co_await std::move(ending);
}

// No line of the file may be the boundary; it would take luck of 1 in 2^64 for one that does not
// know the file's own time to the nanosecond.
std::string boundary_of(const FoundFile& found) {
  std::uint64_t mixed = static_cast<std::uint64_t>(found.facts.modified_ns) * 0x9e3779b97f4a7c15;
  mixed ^= mixed >> 29;
  return fmt::format("duet-{:016x}{:x}", mixed, found.facts.size_bytes);
}

Response many_parts(FoundFile found, const Ranges& ranges) {
  std::string boundary = boundary_of(found);
  std::string end = "\r\n--" + boundary + "--\r\n";
  std::uint64_t length = end.size();
  std::vector<Part> parts;
  for (const ByteRange& range : ranges.parts()) {
    std::string head =
        fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", boundary,
                    found.content_type, content_range(range, found.facts.size_bytes));
    length += head.size() + range.size();
    parts.push_back({std::move(head), range});
  }
  auto send = [file = std::move(found.file), parts = std::move(parts), end = std::move(end)](
                  BodyWriter& out) mutable { return send_parts(file, parts, end, out); };
  return Response::stream("multipart/byteranges; boundary=" + boundary, std::move(send), length);
}

// What all answers about a file say, 304 as well (RFC 9110 §15.4.5).
void describe(Response& response, const Validators& validators, bool depends_on_encoding) {
  DateText date = format_date(*validators.last_modified);
  response.field("ETag", validators.etag).field("Last-Modified", {date.data(), date.size()});
  if (depends_on_encoding) response.field("Vary", "Accept-Encoding");
}

}  // namespace

Response file_response(FoundFile found, const RequestHead& request, std::chrono::sys_seconds now) {
  std::string etag = entity_tag_of(found);
  Validators validators{.etag = etag, .last_modified = std::min(modified_at(found), now)};
  Precondition verdict = evaluate(request, validators, now);
  if (verdict == Precondition::failed) return error_page(412, "the file is not what was expected");
  bool varies = found.depends_on_encoding;
  Response response(304);
  describe(response, validators, varies);
  if (verdict == Precondition::not_modified) return response;

  std::uint64_t size = found.facts.size_bytes;
  std::string_view encoding = found.encoding;
  Ranges ranges;
  const auto [wanted_count, wanted] = count_fields(request, "Range");
  if (wanted_count == 1 && request.method() == Method::get &&
      if_range_holds(request, validators, now))
    ranges = parse_ranges(wanted, size);
  if (ranges.verdict == Ranges::Verdict::unsatisfiable) {
    Response refusal = error_page(416, "the file is shorter");
    refusal.field("Content-Range", fmt::format("bytes */{}", size));
    return refusal;
  }
  bool is_part = ranges.verdict == Ranges::Verdict::satisfiable;
  if (ranges.count > 1)
    response = many_parts(std::move(found), ranges);
  else if (is_part)
    response = one_part(std::move(found), ranges.all[0]);
  else if (size > 0)
    response = one_part(std::move(found), {0, size - 1});
  else
    response = Response::of(found.content_type, "");
  describe(response, validators, varies);
  if (is_part) response.status(206);
  if (is_part && ranges.count == 1)
    response.field("Content-Range", content_range(ranges.all[0], size));
  if (!encoding.empty()) response.field("Content-Encoding", encoding);
  response.field("Accept-Ranges", "bytes").field("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace duet::http
