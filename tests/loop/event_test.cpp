#include "duet/loop/event.hpp"

#include <atomic>
#include <string>
#include <thread>

#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "loop/loop_fixture.hpp"
#include "loop/overwritten.hpp"

namespace duet {
namespace {

class EventTest : public test::LoopTest {
 protected:
  Task<> wait_and_note(char letter) {
    co_await event_.wait();
    order_ += letter;
  }

  Event event_;
  std::string order_;
};

INSTANTIATE_TEST_SUITE_P(engines, EventTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EventTest, wakes_all_who_wait_in_their_order) {
  auto setter = [&]() -> Task<> {
    co_await yield();
    event_.set();
  };
  run([&]() -> Task<> {
    co_await all(wait_and_note('a'), wait_and_note('b'), wait_and_note('c'), test::owned(setter));
  });
  EXPECT_EQ(order_, "abc");
}

TEST_P(EventTest, stays_set_until_it_is_cleared) {
  run([&]() -> Task<> {
    event_.set();
    co_await wait_and_note('a');
    co_await wait_and_note('b');
    EXPECT_TRUE(event_.is_set());
    event_.clear();
    EXPECT_FALSE(event_.is_set());
  });
  EXPECT_EQ(order_, "ab");
}

TEST_P(EventTest, wakes_even_who_finds_it_cleared_again) {
  auto pulse = [&]() -> Task<> {
    co_await yield();
    event_.set();
    event_.clear();
  };
  run([&]() -> Task<> { co_await all(wait_and_note('a'), test::owned(pulse)); });
  EXPECT_EQ(order_, "a");
}

TEST_P(EventTest, a_wait_ends_when_its_scope_is_cancelled) {
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_and_note('a'));
    co_await yield();
    scope.cancel();
    event_.set();  // too late for it
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(order_, "");
}

TEST_P(EventTest, set_and_cancelled_in_one_turn_resumes_once) {
  auto body = [&](Scope& scope) -> Task<> {
    scope.spawn(wait_and_note('a'));
    co_await yield();
    event_.set();
    scope.cancel();
  };
  run([&]() -> Task<> { co_await scoped(body); });
  EXPECT_EQ(order_, "a");
}

TEST_P(EventTest, a_wait_in_a_cancelled_scope_ends_at_once) {
  run([&]() -> Task<> {
    CancelScope cancelled(nullptr);
    cancelled.cancel(CancelReason::requested);
    bool is_cancelled = false;
    try {
      Task<> task = wait_and_note('a');
      co_await std::move(task).in(cancelled);
    } catch (const Cancelled&) {
      is_cancelled = true;
    }
    EXPECT_TRUE(is_cancelled);
  });
}

// Who has set it is still on the way out then, and used to unlock what was gone.
TEST_P(EventTest, may_be_destroyed_by_the_task_that_it_has_woken) {
  std::atomic<Event*> to_set = nullptr;
  std::atomic<bool> is_over = false;
  std::thread other([&] {
    while (!is_over.load()) {
      Event* event = to_set.load();
      if (event == nullptr) {
        std::this_thread::yield();
        continue;
      }
      event->set();
      to_set.store(nullptr);
    }
  });
  run([&]() -> Task<> {
    for (int i = 0; i < test::rounds(200); ++i) {
      test::Overwritten<Event> event;
      to_set.store(&event.get());
      co_await event.get().wait();
      event.end();
      while (to_set.load() != nullptr) std::this_thread::yield();
      EXPECT_TRUE(event.is_untouched());
    }
  });
  is_over = true;
  other.join();
}

}  // namespace
}  // namespace duet
