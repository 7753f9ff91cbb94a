#include "http/access_log_format.hpp"

#include <algorithm>

#include "duet/http/date.hpp"
#include "http/access_log_text.hpp"

namespace duet::http {
namespace {

// Of a Unix socket, escaped. The system's limit is 108 bytes.
constexpr std::size_t path_max_bytes = 256;
constexpr std::size_t punctuation_max_bytes = 400;  // keys, numbers, dates
static_assert(AccessLog::request_max_bytes + AccessLog::referer_max_bytes +
                  AccessLog::user_agent_max_bytes + path_max_bytes + punctuation_max_bytes <=
              std::tuple_size_v<AccessLine>);

// The parts of "Sun, 06 Nov 1994 08:49:37 GMT".
struct DateParts {
  explicit DateParts(std::chrono::system_clock::time_point time) noexcept
      : text(format_date(std::chrono::floor<std::chrono::seconds>(time))) {}

  std::string_view part(std::size_t at, std::size_t size) const noexcept {
    return std::string_view(text.data(), text.size()).substr(at, size);
  }
  std::string_view day() const noexcept { return part(5, 2); }
  std::string_view month() const noexcept { return part(8, 3); }
  std::string_view year() const noexcept { return part(12, 4); }
  std::string_view clock() const noexcept { return part(17, 8); }

  DateText text;
};

unsigned month_number(std::string_view name) noexcept {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  return static_cast<unsigned>(months.find(name) / 3 + 1);
}

void put_combined_time(LineText& to, std::chrono::system_clock::time_point time) noexcept {
  const DateParts date(time);
  to.put(date.day());
  to.put("/");
  to.put(date.month());
  to.put("/");
  to.put(date.year());
  to.put(":");
  to.put(date.clock());
  to.put(" +0000");
}

void put_iso_time(LineText& to, std::chrono::system_clock::time_point time) noexcept {
  using std::chrono::floor, std::chrono::milliseconds, std::chrono::seconds;
  const DateParts date(time);
  to.put(date.year());
  to.put("-");
  to.put_digits(month_number(date.month()), 2);
  to.put("-");
  to.put(date.day());
  to.put("T");
  to.put(date.clock());
  to.put(".");
  to.put_digits(static_cast<unsigned>((floor<milliseconds>(time) - floor<seconds>(time)).count()),
                3);
  to.put("Z");
}

void put_milliseconds(LineText& to, Duration duration) noexcept {
  using Microseconds = std::chrono::duration<std::uint64_t, std::micro>;
  const std::uint64_t us =
      std::chrono::floor<Microseconds>(std::max(duration, Duration::zero())).count();
  to.put_number(us / 1000);
  to.put(".");
  to.put_digits(static_cast<unsigned>(us % 1000), 3);
}

// Without the port, as in every combined log; without the path, which is not quoted here and may
// hold a space.
void put_host(LineText& to, const Address& peer) noexcept {
  switch (peer.family) {
    case Address::Family::ip4: to.put_ip4(peer); break;
    case Address::Family::ip6: to.put_ip6(peer); break;
    case Address::Family::none:
    case Address::Family::local: to.put("unix:"); break;
  }
}

// As Address::text() has it, but for a scope, which is a number: its name takes a system call.
void put_peer(LineText& to, const Address& peer) noexcept {
  switch (peer.family) {
    case Address::Family::ip4: to.put_ip4(peer); break;
    case Address::Family::ip6:
      to.put("[");
      to.put_ip6(peer);
      to.put("]");
      break;
    case Address::Family::none:
    case Address::Family::local:
      to.put("unix:");
      return to.put_escaped(peer.path(), path_max_bytes, Escapes::json);
  }
  to.put(":");
  to.put_number(peer.port);
}

void put_or_dash(LineText& to, std::string_view text, std::size_t size_max) noexcept {
  if (text.empty())
    to.put("-");
  else
    to.put_escaped(text, size_max, Escapes::bytes);
}

}  // namespace

std::string_view format_combined(AccessLine& line, const AccessEntry& entry) noexcept {
  LineText to(line);
  put_host(to, entry.peer);
  to.put(" - - [");
  put_combined_time(to, entry.time);
  to.put("] \"");
  put_or_dash(to, entry.request, AccessLog::request_max_bytes);
  to.put("\" ");
  to.put_number(static_cast<unsigned>(std::max(entry.status, 0)));
  to.put(" ");
  if (entry.body_bytes == 0)
    to.put("-");
  else
    to.put_number(entry.body_bytes);
  to.put(" \"");
  put_or_dash(to, entry.referer, AccessLog::referer_max_bytes);
  to.put("\" \"");
  put_or_dash(to, entry.user_agent, AccessLog::user_agent_max_bytes);
  to.put("\"\n");
  return to.text();
}

std::string_view format_json(AccessLine& line, const AccessEntry& entry) noexcept {
  LineText to(line);
  to.put(R"({"time":")");
  put_iso_time(to, entry.time);
  to.put(R"(","peer":")");
  put_peer(to, entry.peer);
  to.put(R"(","request":")");
  to.put_escaped(entry.request, AccessLog::request_max_bytes, Escapes::json);
  to.put(R"(","status":)");
  to.put_number(static_cast<unsigned>(std::max(entry.status, 0)));
  to.put(R"(,"bytes":)");
  to.put_number(entry.body_bytes);
  to.put(R"(,"duration_ms":)");
  put_milliseconds(to, entry.duration);
  to.put(R"(,"referer":")");
  to.put_escaped(entry.referer, AccessLog::referer_max_bytes, Escapes::json);
  to.put(R"(","user_agent":")");
  to.put_escaped(entry.user_agent, AccessLog::user_agent_max_bytes, Escapes::json);
  to.put("\"}\n");
  return to.text();
}

}  // namespace duet::http
