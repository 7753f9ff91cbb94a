#include "io/line_outlet.hpp"

#include <algorithm>
#include <new>

#include "sys/call.hpp"

namespace duet::io {
namespace {

constexpr Duration look_around = std::chrono::milliseconds(100);  // while a pipe is full

std::int64_t seconds_of(TimePoint time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

LineOutlet::LineOutlet(const std::string& path, std::shared_ptr<Log> log)
    : log_(std::move(log)),
      file_(path),
      memory_(sizeof(Shared), sys::ForkMemory::InChild::shared),
      shared_(*new(memory_.get()) Shared) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);  // or processes cannot share it
}

void LineOutlet::write(std::string_view lines, const std::atomic<int>& giving_up) {
  open_anew_if_asked();
  std::int64_t n = 1;
  // A line that the disk had no room for in full ends where it is, whoever began it.
  bool is_torn = shared_.is_torn.exchange(false);
  if (is_torn) {
    n = write_some("\n", giving_up);
    is_torn = n <= 0;
  }
  while (n > 0 && !lines.empty()) {
    n = write_some(lines, giving_up);
    if (n <= 0) break;
    const auto written = static_cast<std::size_t>(n);
    is_torn = lines[written - 1] != '\n';
    lines.remove_prefix(written);
  }
  if (is_torn) shared_.is_torn = true;
  drop(lines, n);
  report_drops_if_due();
}

std::int64_t LineOutlet::write_some(std::string_view lines, const std::atomic<int>& giving_up) {
  for (;;) {
    const std::int64_t n = file_.write_some_interruptible(lines, Clock::now() + look_around);
    const bool is_full = n == -EAGAIN || n == -EINTR;
    if (!is_full) return n;
    if (giving_up != 0) return 0;
    report_drops_if_due();
  }
}

void LineOutlet::open_anew_if_asked() {
  const std::uint64_t wanted = shared_.generation;
  if (generation_ == wanted) return;
  const std::int64_t result = file_.reopen();
  generation_ = wanted;  // after it: a child forked in between tries once more
  if (result < 0 && shared_.complained.exchange(wanted) != wanted)
    log_->error("cannot open {} anew, going on with the old file: {}", file_.name(),
                sys::error_code(result).message());
}

void LineOutlet::reopen() noexcept {
  shared_.is_torn = false;
  ++shared_.generation;
}

void LineOutlet::drop(std::string_view lines, std::int64_t error) noexcept {
  if (lines.empty()) return;
  if (error < 0) shared_.error = error;
  shared_.dropped += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
}

void LineOutlet::report_drops_if_due() {
  if (shared_.reported == shared_.dropped) return;
  std::int64_t last_s = shared_.reported_last_s;
  const std::int64_t now_s = seconds_of(Clock::now());
  if (now_s > last_s && shared_.reported_last_s.compare_exchange_strong(last_s, now_s))
    report_drops();
}

void LineOutlet::report_drops() {
  const std::uint64_t dropped = shared_.dropped;
  std::uint64_t reported = shared_.reported;
  if (reported >= dropped) return;
  if (!shared_.reported.compare_exchange_strong(reported, dropped)) return;  // another process did
  const std::int64_t error = shared_.error.exchange(0);
  log_->error("{}: dropped {} {}: {}", file_.name(), dropped - reported,
              dropped - reported == 1 ? "line" : "lines",
              error < 0 ? sys::error_code(error).message() : "it does not take them as they come");
}

}  // namespace duet::io
