#include "duet/io/line_writer.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

#include "duet/base/assert.hpp"
#include "io/line_outlet.hpp"
#include "sys/quiet_thread.hpp"

namespace duet::io {
namespace {

// The first line of a batch waits so long for others. One write(2) for each line, and one wake-up,
// would cost a busy loop's processor more than the requests do.
constexpr Duration batch_delay = std::chrono::milliseconds(10);
constexpr std::size_t batch_bytes = LineWriter::buffer_bytes / 2;  // one is filled, one written
constexpr std::size_t batch_hurry_bytes = batch_bytes / 4;
constexpr Duration interrupt_repeat = std::chrono::milliseconds(5);
constexpr int interrupts_max = 200;  // a disk that hangs cannot be interrupted

using Lines = std::array<char, batch_bytes>;

// What belongs to one process.
struct Process {
  std::mutex mutex;
  std::condition_variable wanted;   // there is something for the thread to do
  std::condition_variable settled;  // a batch was written or dropped
  std::optional<sys::QuietThread> thread;
  std::size_t collected_bytes = 0;
  std::uint64_t batches_taken = 0;
  std::uint64_t batches_settled = 0;
  int flushes = 0;
  std::atomic<int> giving_up = 0;  // flushes that wait no longer
  bool is_ending = false;
  std::array<Lines, 2> batches;  // batches_taken % 2 is filled; no page is touched before its time

  Lines& filled() noexcept { return batches[batches_taken % 2]; }
  std::string_view collected() noexcept { return {filled().data(), collected_bytes}; }
  bool is_settled(std::uint64_t batch) const noexcept {
    return batches_settled >= batch || (collected_bytes == 0 && batches_settled == batches_taken);
  }
};

// Lies in memory that is emptied for a child: whatever the parent's threads were doing with its
// Process, the child makes itself a new one.
struct ProcessPlace {
  enum class State : std::uint32_t { empty = 0, making, made };
  std::atomic<State> state = State::empty;
  alignas(Process) std::array<std::byte, sizeof(Process)> bytes;
};

}  // namespace

class LineWriter::Parts {
 public:
  Parts(const std::string& path, std::shared_ptr<Log> log)
      : outlet(path, std::move(log)),
        memory_(sizeof(ProcessPlace), sys::ForkMemory::InChild::emptied),
        place_(*new(memory_.get()) ProcessPlace) {}
  ~Parts();

  Process* process_or_null() noexcept;
  Process& process() noexcept;
  bool has_thread(Process& process) noexcept;  // its mutex is held
  void give_up(Process& process, std::unique_lock<std::mutex>& lock) noexcept;

  LineOutlet outlet;

 private:
  void run(Process& process);

  const sys::ForkMemory memory_;
  ProcessPlace& place_;
};

Process* LineWriter::Parts::process_or_null() noexcept {
  if (place_.state.load(std::memory_order_acquire) != ProcessPlace::State::made) return nullptr;
  return std::launder(reinterpret_cast<Process*>(place_.bytes.data()));
}

Process& LineWriter::Parts::process() noexcept {
  using State = ProcessPlace::State;
  for (;;) {
    if (Process* made = process_or_null()) return *made;
    State before = State::empty;
    if (place_.state.compare_exchange_strong(before, State::making)) {
      Process* process = new (place_.bytes.data()) Process;
      place_.state.store(State::made, std::memory_order_release);
      return *process;
    }
    std::this_thread::yield();  // another thread's first line comes at the same time
  }
}

bool LineWriter::Parts::has_thread(Process& process) noexcept {
  if (process.thread) return true;
  try {
    process.thread.emplace([this, &process] { run(process); });
    return true;
  } catch (const std::exception&) {
    return false;  // the system has no thread to give; the next line asks again
  }
}

void LineWriter::Parts::run(Process& process) {
  std::unique_lock lock(process.mutex);
  for (;;) {
    process.wanted.wait(lock, [&] { return process.collected_bytes > 0 || process.is_ending; });
    process.wanted.wait_for(lock, batch_delay, [&] {
      return process.collected_bytes >= batch_hurry_bytes || process.flushes > 0 ||
             process.is_ending;
    });
    const std::string_view lines = process.collected();
    if (process.is_ending) return;  // after a flush
    if (lines.empty()) continue;    // a flush gave them up
    ++process.batches_taken;
    process.collected_bytes = 0;
    lock.unlock();
    outlet.write(lines, process.giving_up);
    lock.lock();
    ++process.batches_settled;
    process.settled.notify_all();
  }
}

void LineWriter::Parts::give_up(Process& process, std::unique_lock<std::mutex>& lock) noexcept {
  outlet.drop(process.collected(), 0);
  process.collected_bytes = 0;
  const std::uint64_t last = process.batches_taken;
  ++process.giving_up;
  for (int i = 0; i < interrupts_max && process.batches_settled < last; ++i) {
    process.thread->interrupt();
    process.settled.wait_for(lock, interrupt_repeat,
                             [&] { return process.batches_settled >= last; });
  }
  --process.giving_up;
  process.settled.notify_all();
}

LineWriter::Parts::~Parts() {
  Process* process = process_or_null();
  if (process == nullptr) return;
  {
    std::lock_guard lock(process->mutex);
    process->is_ending = true;
  }
  process->wanted.notify_one();
  process->thread.reset();
  process->~Process();
}

LineWriter::LineWriter(const std::string& path, std::shared_ptr<Log> log)
    : parts_(std::make_unique<Parts>(path, std::move(log))) {}

LineWriter::~LineWriter() { flush(std::chrono::seconds(1)); }

void LineWriter::append(std::string_view line) noexcept {
  DUET_ASSERT(!line.empty() && line.size() <= line_max_bytes);
  Process& process = parts_->process();
  std::unique_lock lock(process.mutex);
  const std::size_t before = process.collected_bytes;
  if (line.size() > batch_bytes - before) return parts_->outlet.drop(line, 0);
  if (!parts_->has_thread(process)) return parts_->outlet.drop(line, -EAGAIN);
  std::memcpy(process.filled().data() + before, line.data(), line.size());
  process.collected_bytes = before + line.size();
  const bool is_hurried =
      before < batch_hurry_bytes && process.collected_bytes >= batch_hurry_bytes;
  lock.unlock();
  if (before == 0 || is_hurried) process.wanted.notify_one();
}

bool LineWriter::flush(Delay at_most) noexcept {
  Process* process = parts_->process_or_null();
  if (process == nullptr) return true;  // this process has appended nothing
  const TimePoint deadline = after(Clock::now(), at_most);
  std::unique_lock lock(process->mutex);
  const std::uint64_t batch = process->batches_taken + (process->collected_bytes > 0 ? 1 : 0);
  ++process->flushes;
  process->wanted.notify_one();
  const bool is_done =
      process->settled.wait_until(lock, deadline, [&] { return process->is_settled(batch); });
  if (!is_done) parts_->give_up(*process, lock);
  --process->flushes;
  return is_done;
}

void LineWriter::reopen() noexcept { parts_->outlet.reopen(); }

std::uint64_t LineWriter::dropped() const noexcept { return parts_->outlet.dropped(); }

}  // namespace duet::io
