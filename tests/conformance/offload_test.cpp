// Blocking work within a handler: where it runs, how its outcome comes back, who waits for whom.

#include <unistd.h>

#include <array>
#include <semaphore>
#include <thread>

#include "conformance/handlers.hpp"
#include "duet/fs/file.hpp"
#include "duet/loop/channel.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

constexpr Work narrow("narrow", 1, 1, 1);
constexpr Work unqueued("unqueued", 1, 1, 0);

constexpr Work elastic() {
  Work work("elastic", 1, 3);
  work.grow_after = 1ms;
  work.idle_time = 1ms;
  return work;
}

class Offloading : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Offloading, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// What can only be where somebody else goes on while the work blocks.
class OffloadingElsewhere : public Offloading {
  void SetUp() override {
    Offloading::SetUp();
    if (model().blocks() && !IsSkipped())
      GTEST_SKIP() << refused("work blocks the connection's thread: nothing happens beside it",
                              "Offloading.runs_elsewhere_unless_the_model_blocks_and_comes_back");
  }
};
INSTANTIATE_TEST_SUITE_P(, OffloadingElsewhere, testing::ValuesIn(model_cases()),
                         name_of<ModelCase>);

Task<std::string> offload_and_compare_threads(Stream&) {
  std::thread::id here = std::this_thread::get_id();
  Loop* loop = Loop::current_or_null();
  auto work = offload(Work::compute, [] { return std::this_thread::get_id(); });
  std::thread::id there = co_await std::move(work);
  bool is_back = Loop::current_or_null() == loop;
  co_return std::string(there == here ? "ran here" : "ran elsewhere") + (is_back ? "" : ", lost");
}

TEST_P(Offloading, runs_elsewhere_unless_the_model_blocks_and_comes_back) {
  EXPECT_EQ(result_of(offload_and_compare_threads),
            model().blocks() ? "ran here" : "ran elsewhere");
}

Task<std::string> offload_a_failure(Stream&) {
  auto work = offload(Work::compute, [] { throw std::runtime_error("the function's own"); });
  co_await std::move(work);
  co_return "nothing thrown";
}

TEST_P(Offloading, brings_an_exception_back) {
  EXPECT_EQ(result_of(offload_a_failure), "failed: the function's own");
}

Task<std::string> offload_a_wait_for_a_channel(Stream&) {
  Channel<int> numbers(1);
  int seven = 7;
  numbers.try_send(seven);
  auto work = offload(Work::compute, [&] { return wait(numbers.receive()).value_or(0); });
  int number = co_await std::move(work);
  co_return std::to_string(number);
}

TEST_P(Offloading, may_wait_for_a_channel_as_a_thread_does) {
  EXPECT_EQ(result_of(offload_a_wait_for_a_channel), "7");
}

Task<TimePoint> deadline_of_work() {
  auto work = offload(Work::compute, [](const WorkOrder& order) { return order.deadline; });
  co_return co_await std::move(work);
}

Task<std::string> offload_with_deadlines(Stream&) {
  TimePoint expected = Loop::current().now() + 1h;
  Task<TimePoint> inner = within(2h, deadline_of_work());
  Task<TimePoint> middle = by(expected, std::move(inner));
  Task<TimePoint> outer = within(3h, std::move(middle));
  TimePoint deadline = co_await std::move(outer);
  co_return deadline == expected ? "the earliest" : "another";
}

TEST_P(Offloading, carries_the_deadline_through_three_levels) {
  EXPECT_EQ(result_of(offload_with_deadlines), "the earliest");
}

Task<> offload_square(int number, long& sum) {
  auto work = offload(Work::compute, [number] { return long{number} * number; });
  long square = co_await std::move(work);
  sum += square;
}

Task<> offload_squares(Scope& scope, int count, long* sum) {
  for (int i = 1; i <= count; ++i) scope.spawn(offload_square(i, *sum));
  co_return;
}

Task<std::string> offload_many(Stream&) {
  long sum = 0;
  co_await scoped(offload_squares, 500, &sum);
  co_return std::to_string(sum);
}

TEST_P(Offloading, carries_out_as_much_as_is_asked_for) {
  EXPECT_EQ(result_of(offload_many), "41791750");
}

// Keeps a thread of the class until it is let go.
struct Hog {
  std::binary_semaphore begun{0}, let_go{0};

  static Task<> occupy(Work of, Hog& hog) {
    auto work = offload(of, [&] {
      hog.begun.release();
      hog.let_go.acquire();
    });
    co_await std::move(work);
  }
};

Task<> offload_note(Work of, std::string text, std::string& notes) {
  auto work = offload(of, [&] { notes += text; });
  try {
    co_await std::move(work);
  } catch (const Cancelled& cancelled) {
    notes += cancelled.reason == CancelReason::deadline ? "cancelled by deadline, " : "cancelled, ";
    throw;
  } catch (const IoError& error) {
    notes += error.what();
  }
}

// Runs body(notes) while the one thread of `narrow` is busy.
Task<> occupied(Scope& scope, Task<> (*body)(Scope&, std::string&), std::string* notes) {
  Hog hog;
  scope.spawn(Hog::occupy(narrow, hog));
  co_await yield();
  hog.begun.acquire();
  co_await body(scope, *notes);
  hog.let_go.release();
  co_await scope.join();
}

Task<> be_too_late(Scope&, std::string& notes) {
  try {
    co_await within(1ms, offload_note(narrow, "done, ", notes));
  } catch (const TimedOut&) {
    notes += "timed out";
  }
}

Task<std::string> cancel_before_the_start(Stream&) {
  std::string notes;
  co_await scoped(occupied, be_too_late, &notes);
  co_return notes;
}

TEST_P(OffloadingElsewhere, that_is_cancelled_before_its_turn_is_never_begun) {
  EXPECT_EQ(result_of(cancel_before_the_start), "cancelled by deadline, timed out");
}

Task<> be_one_too_many(Scope& scope, std::string& notes) {
  scope.spawn(offload_note(narrow, "; one waited", notes));
  co_await yield();
  co_await yield();
  co_await offload_note(narrow, "not refused", notes);
}

Task<std::string> offload_too_much(Stream&) {
  std::string notes;
  co_await scoped(occupied, be_one_too_many, &notes);
  co_return notes;
}

TEST_P(OffloadingElsewhere, beyond_what_may_wait_is_refused_with_a_sentence) {
  EXPECT_EQ(result_of(offload_too_much),
            "offload to narrow: as much work waits already as may; one waited");
}

// Each finds the thread free that has just given back the last, although none may wait for it.
Task<std::string> offload_one_by_one(Stream&) {
  long sum = 0;
  for (int i = 0; i < 200; ++i) {
    auto work = offload(unqueued, [i] { return long{i}; });
    long value = co_await std::move(work);
    sum += value;
  }
  co_return std::to_string(sum);
}

TEST_P(Offloading, to_a_class_in_which_nothing_may_wait_is_done_by_a_free_thread) {
  EXPECT_EQ(result_of(offload_one_by_one), "19900");
}

Task<> read_this_file(Scope&, std::string& notes) {
  Directory directory(DUET_SOURCE_DIR);
  File file = co_await File::open(directory, "README.md");
  std::array<std::byte, 16> start;
  std::size_t count = co_await file.read_at(start, 0);
  notes += count == 16 ? "read a file, " : "read nothing, ";
  co_await offload_note(Work::compute, "computed", notes);
}

Task<std::string> use_other_classes(Stream&) {
  std::string notes;
  co_await scoped(occupied, read_this_file, &notes);
  co_return notes;
}

TEST_P(OffloadingElsewhere, holds_up_no_other_class) {
  EXPECT_EQ(result_of(use_other_classes), "read a file, computed");
}

Task<> work_until_told(Event& begun, std::string& notes) {
  auto work = offload(Work::compute, [&](const WorkOrder& order) {
    std::binary_semaphore told(0);
    std::stop_callback tell(order.stop, [&] { told.release(); });
    begun.set();
    told.acquire();
    notes += "over, ";
    return 7;
  });
  int value = co_await std::move(work);
  notes += std::to_string(value);
}

Task<> cancel_when_begun(Scope& scope, std::string* notes) {
  Event begun;
  scope.spawn(work_until_told(begun, *notes));
  co_await begun.wait();
  scope.cancel();
  co_await scope.join();
}

Task<std::string> cancel_during_work(Stream&) {
  std::string notes;
  co_await scoped(cancel_when_begun, &notes);
  co_return notes;
}

TEST_P(OffloadingElsewhere, that_has_begun_is_told_to_stop_and_its_result_counts) {
  EXPECT_EQ(result_of(cancel_during_work), "over, 7");
}

// Three hogs begin although one thread is there at once; then the class needs none.
Task<> outgrow(Scope& scope, std::string* notes) {
  std::array<Hog, 3> hogs;
  for (Hog& hog : hogs) scope.spawn(Hog::occupy(elastic(), hog));
  co_await yield();
  for (Hog& hog : hogs) hog.begun.acquire();
  *notes += "grown";
  for (Hog& hog : hogs) hog.let_go.release();
  co_await scope.join();
}

Task<std::string> offload_to_an_elastic_class(Stream&) {
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own along with the first
  std::size_t threads = threads_of(::getpid()).size();
  std::string notes;
  co_await scoped(outgrow, &notes);
  bool has_shrunk = eventually([&] { return threads_of(::getpid()).size() <= threads; });
  co_return notes + (has_shrunk ? ", shrunk" : ", stayed");
}

TEST_P(OffloadingElsewhere, grows_when_work_waits_and_shrinks_when_it_is_idle) {
  EXPECT_EQ(result_of(offload_to_an_elastic_class), "grown, shrunk");
}

// As servers of names that do not answer would: all threads of the class, and more waits.
Task<> look_names_up_slowly(Scope& scope, std::string* notes) {
  std::vector<std::unique_ptr<Hog>> hogs;
  for (unsigned i = 0; i < Work::names.threads_max; ++i) hogs.push_back(std::make_unique<Hog>());
  for (auto& hog : hogs) scope.spawn(Hog::occupy(Work::names, *hog));
  co_await yield();
  for (auto& hog : hogs) hog->begun.acquire();
  Task<std::vector<Address>> resolving = resolve("nowhere.invalid:80");
  auto resolve_in_time = [](Task<std::vector<Address>> task, std::string& text) -> Task<> {
    try {
      co_await within(20ms, std::move(task));
    } catch (const TimedOut&) {
      text += ", no name";
    }
  };
  Task<> in_time = resolve_in_time(std::move(resolving), *notes);
  co_await all(read_this_file(scope, *notes), std::move(in_time));
  for (auto& hog : hogs) hog->let_go.release();
  co_await scope.join();
}

Task<std::string> read_beside_slow_names(Stream&) {
  std::string notes;
  co_await scoped(look_names_up_slowly, &notes);
  co_return notes;
}

TEST_P(OffloadingElsewhere, of_slow_name_look_ups_starves_no_file_reads) {
  EXPECT_EQ(result_of(read_beside_slow_names), "read a file, computed, no name");
}

// The moment of the cancellation moves over that of the completion.
Task<> race_a_deadline(int round, int& done, int& cancelled) {
  bool was_begun = false;
  auto task = [](bool& flag) -> Task<> {
    auto work = offload(Work::compute, [&flag] { flag = true; });
    co_await std::move(work);
  };
  try {
    co_await within(std::chrono::microseconds(round % 100), task(was_begun));
    ++done;
  } catch (const TimedOut&) {
    ++cancelled;
    if (was_begun) throw std::runtime_error("cancelled after its start");
  }
}

Task<> race_beside_work(Scope& scope, int rounds, std::string* text) {
  int done = 0, cancelled = 0;
  for (int round = 0; round < rounds; ++round) {
    Scope racing(&scope.cancel_scope());
    for (int i = 0; i < 4; ++i) racing.spawn(race_a_deadline(round + i, done, cancelled));
    co_await racing.join();
    racing.rethrow_failure();
  }
  *text = done + cancelled == 4 * rounds ? "each once" : "some lost";
}

Task<std::string> race(Stream&) {
  std::string text;
  co_await scoped(race_beside_work, scaled(500, 50), &text);
  co_return text;
}

TEST_P(Offloading, that_races_with_its_cancellation_ends_once) {
  EXPECT_EQ(result_of(race), "each once");
}

}  // namespace
}  // namespace duet::test
