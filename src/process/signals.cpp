#include "duet/process/signals.hpp"

#include <atomic>
#include <bit>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "duet/loop/event.hpp"
#include "duet/loop/wait.hpp"
#include "sys/poll.hpp"
#include "sys/process.hpp"
#include "sys/signal.hpp"
#include "sys/signal_fd.hpp"

namespace duet {
namespace {

int number_of(Signal signal) noexcept { return static_cast<int>(signal); }

[[noreturn]] void refuse(Signal signal, std::errc why, std::string detail = {}) {
  throw IoError(std::make_error_code(why), "take",
                [signal, detail] { return sys::name_of(number_of(signal)) + detail; });
}

void check(Signal signal) {
  int number = number_of(signal);
  bool can_be_taken = signal != Signal::kill && signal != Signal::stop &&
                      signal != Signal::child_ended && number >= 1 &&
                      number <= sys::last_signal() && number != sys::interrupt_signal();
  if (!can_be_taken) refuse(signal, std::errc::invalid_argument);
  if (sys::has_handler(number)) refuse(signal, std::errc::device_or_resource_busy);
  if (std::optional<int> thread = sys::find_other_thread_without_block(number))
    refuse(signal, std::errc::operation_not_permitted,
           ", which thread " + std::to_string(*thread) + " does not block");
}

std::vector<int> checked_numbers(std::initializer_list<Signal> signals) {
  std::vector<int> numbers;
  for (Signal signal : signals) {
    check(signal);
    numbers.push_back(number_of(signal));
  }
  return numbers;
}

}  // namespace

// What the watches of all loops share. Whichever reads a signal tells the others.
struct Signals::Source {
  explicit Source(const std::vector<int>& numbers) : descriptor(std::in_place, numbers) {}

  void tell(Signal signal);

  std::optional<sys::SignalFd> descriptor;
  std::mutex mutex;  // guards the rest
  std::vector<SignalWatch::State*> watches;
  int process = sys::this_process();
};

// A standing read of the signals' descriptor. It outlives its watch until the engine is done with
// it.
struct SignalWatch::State : io::Receive {
  State(Loop& of, std::shared_ptr<Signals::Source> from)
      : io::Receive(
            of.engine().adopt(sys::duplicate(from->descriptor->get()), io::HandleKind::other), {},
            false),
        loop(of),
        source(std::move(from)),
        record(sys::SignalFd::record_bytes) {
    buffer = record;
    run = [](Job& job) { static_cast<State&>(job).completed(); };
  }

  void read();
  void completed();
  void note(Signal signal);
  std::optional<Signal> take() noexcept;

  Loop& loop;
  const std::shared_ptr<Signals::Source> source;
  std::vector<std::byte> record;
  bool is_reading = false;
  std::unique_ptr<State> self;  // when the watch is over
  std::error_code error;
  Event arrived;
  std::atomic<std::uint64_t> pending = 0;  // a bit for each signal
};

void Signals::Source::tell(Signal signal) {
  std::lock_guard lock(mutex);
  for (SignalWatch::State* watch : watches) watch->note(signal);
}

Signals::Signals(std::initializer_list<Signal> taken)
    : source_(std::make_shared<Source>(checked_numbers(taken))) {}

Signals::~Signals() {
  std::lock_guard lock(source_->mutex);
  DUET_ASSERT(source_->watches.empty());
  source_->descriptor->drop_pending();
  source_->descriptor.reset();
}

void SignalWatch::State::read() {
  transferred = 0;
  result = 0;
  is_reading = true;
  if (loop.engine().submit(*this) == io::Progress::done) loop.make_ready(*this);
}

void SignalWatch::State::completed() {
  is_reading = false;
  std::unique_ptr<State> ended = std::move(self);
  if (result > 0) source->tell(static_cast<Signal>(sys::SignalFd::number_in(record)));
  if (ended) return;
  if (result > 0) return read();
  error = error_of(*this);
  arrived.set();
}

// On the thread of any loop. Where signals are pending already, the watch has been told.
void SignalWatch::State::note(Signal signal) {
  std::uint64_t bit = std::uint64_t{1} << (number_of(signal) - 1);
  if (pending.fetch_or(bit) == 0) arrived.set();
}

std::optional<Signal> SignalWatch::State::take() noexcept {
  std::uint64_t found = pending.load();
  if (found == 0) return std::nullopt;
  int lowest = std::countr_zero(found);
  pending.fetch_and(~(std::uint64_t{1} << lowest));
  return static_cast<Signal>(lowest + 1);
}

SignalWatch::SignalWatch(Signals& signals)
    : state_(std::make_unique<State>(Loop::current(), signals.source_)) {
  {
    Signals::Source& source = *signals.source_;
    std::lock_guard lock(source.mutex);
    // The watches of the process that we were forked from are not ours.
    if (std::exchange(source.process, sys::this_process()) != sys::this_process())
      source.watches.clear();
    source.watches.push_back(state_.get());
  }
  state_->read();
}

SignalWatch::~SignalWatch() {
  State& state = *state_;
  {
    std::lock_guard lock(state.source->mutex);
    std::erase(state.source->watches, &state);
  }
  state.loop.engine().release(state.handle);
  if (state.is_reading) state.self = std::move(state_);
}

Task<Signal> SignalWatch::next() {
  for (;;) {
    state_->arrived.clear();  // before the look: another thread may set it after
    if (std::optional<Signal> signal = state_->take()) co_return *signal;
    if (state_->error) throw IoError(state_->error, "take a signal");
    co_await state_->arrived.wait();
  }
}

}  // namespace duet
