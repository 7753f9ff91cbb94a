#pragma once
// The access log: one line for each request, in Apache's combined format or as a JSON object. What
// a client sends can neither begin a line nor end a field nor colour a terminal: control
// characters, quotes, backslashes, invisible and bidirectional formatting and whatever is not UTF-8
// are escaped, and fields are cut at named lengths. A line is written by a thread of its own, see
// LineWriter: nothing here waits, and lines that the file does not take in time are dropped and
// counted.
//
// Made and ended by the program, shared by all its loops, inherited by the processes it forks.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "duet/base/log.hpp"
#include "duet/base/time.hpp"
#include "duet/io/line_writer.hpp"
#include "duet/sys/address.hpp"

namespace duet::http {

// One request and its answer. Refers to what it tells of, which need last only for the call.
struct AccessEntry {
  const Address& peer;
  std::chrono::system_clock::time_point time;  // when the request began
  Duration duration{};                         // until the answer had been sent, or could not be
  std::string_view request;                    // the request line as received; empty: none
  int status = 0;
  std::uint64_t body_bytes = 0;  // sent
  std::string_view referer;
  std::string_view user_agent;
};

enum class AccessLogFormat : unsigned char {
  combined,  // 127.0.0.1 - - [21/Nov/2026:15:17:06 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8"
  json,      // time, peer, request, status, bytes, duration_ms, referer, user_agent
};

struct AccessLogOptions {
  AccessLogFormat format = AccessLogFormat::combined;
  std::string path;  // empty: standard output
};

class AccessLog {
 public:
  // In bytes of the log, after escaping. What is cut ends in "...".
  static constexpr std::size_t request_max_bytes = 2048;
  static constexpr std::size_t referer_max_bytes = 768;
  static constexpr std::size_t user_agent_max_bytes = 512;

  // `log` is told of lines dropped and of a file that cannot be reopened. Throws IoError with the
  // path when it cannot be opened.
  explicit AccessLog(const AccessLogOptions& options,
                     std::shared_ptr<Log> log = std::make_shared<Log>());

  // Any thread, any loop, any process forked from here. Allocates only in a process' first call.
  void record(const AccessEntry& entry) noexcept;

  // See LineWriter. A child that leaves by _exit(2) flushes before, and none but it has to.
  bool flush(Delay at_most) noexcept { return lines_.flush(at_most); }
  void reopen() noexcept { lines_.reopen(); }
  std::uint64_t dropped() const noexcept { return lines_.dropped(); }

 private:
  const AccessLogFormat format_;
  io::LineWriter lines_;
};

}  // namespace duet::http
