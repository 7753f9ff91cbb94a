// Whose turn it is: fifo, priority, deadline; and that nobody starves.

#include "duet/loop/semaphore.hpp"
#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class TurnOrderTest : public test::ScopeFixture {
 protected:
  void run_in(TurnOrder order, std::function<Task<>()> body) {
    loop_.reset();  // of some engines, a thread has one at a time
    loop_ = std::make_unique<Loop>(test::engine_factory(GetParam()), log_, order);
    run(std::move(body));
  }

  Task<> note(char name) {
    for (int i = 0; i < 2; ++i) {
      co_await yield();
      order_ += name;
    }
  }

  std::string order_;
};
INSTANTIATE_TEST_SUITE_P(engines, TurnOrderTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(TurnOrderTest, is_by_arrival_unless_told_otherwise) {
  run_in(fifo_order, [&]() -> Task<> {
    co_await all(prioritized(-1, note('a')), prioritized(2, note('b')), note('c'));
  });
  EXPECT_EQ(order_, "abcabc");
}

TEST_P(TurnOrderTest, may_be_by_priority) {
  run_in(priority_order, [&]() -> Task<> {
    co_await all(prioritized(-1, note('a')), prioritized(2, note('b')), note('c'));
  });
  EXPECT_EQ(order_, "bcabca");
}

TEST_P(TurnOrderTest, may_be_by_deadline) {
  run_in(deadline_order, [&]() -> Task<> {
    co_await all(within(hours(2), note('a')), within(hours(1), note('b')), note('c'));
  });
  EXPECT_EQ(order_, "bacbac");
}

TEST_P(TurnOrderTest, a_child_has_the_priority_of_its_scope) {
  run_in(priority_order,
         [&]() -> Task<> { co_await all(note('a'), prioritized(1, all(note('b'), note('c')))); });
  EXPECT_EQ(order_.substr(0, 1), "a");  // it began a turn earlier
  EXPECT_EQ(order_.substr(1, 3), "bca");
}

// Completions of operations and of timers are ordered as well as those that yield.
TEST_P(TurnOrderTest, sorts_what_a_timer_made_ready) {
  auto sleep_and_note = [&](char name) -> Task<> {
    co_await sleep_for(milliseconds(2));
    order_ += name;
  };
  run_in(priority_order, [&]() -> Task<> {
    Task<> low = test::owned(sleep_and_note, 'l'), high = test::owned(sleep_and_note, 'h');
    co_await all(std::move(low), prioritized(1, std::move(high)));
  });
  EXPECT_EQ(order_, "hl");
}

// A task that never has to wait and has the highest priority: the others get a turn after its
// budget, and a timer fires in time.
TEST_P(TurnOrderTest, a_hog_starves_nobody) {
  for (const NamedTurnOrder& each : turn_orders) {
    bool is_over = false;
    long rounds = 0;
    auto hog = [&]() -> Task<> {
      Semaphore free(1);
      while (!is_over) {
        Semaphore::Permit permit = co_await free.acquire();
        ++rounds;
      }
    };
    auto meek = [&]() -> Task<> {
      co_await sleep_for(milliseconds(5));
      is_over = true;
    };
    run_in(each.order, [&]() -> Task<> {
      Task<> hogging = test::owned(hog), waiting = test::owned(meek);
      co_await all(prioritized(9, within(hours(1), std::move(hogging))), std::move(waiting));
    });
    EXPECT_GT(rounds, 100) << each.name;
  }
}

}  // namespace
}  // namespace duet
