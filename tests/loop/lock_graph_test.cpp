// Debug builds report those who hold mutexes and wait for each other in a circle.

#include <thread>

#include "duet/loop/mutex.hpp"
#include "loop/scope_fixture.hpp"
#include "support/remembering_log.hpp"

namespace duet {
namespace {

using Lines = std::vector<std::string>;

class LockGraphTest : public ::testing::Test {
 protected:
#ifdef NDEBUG
  void SetUp() override { GTEST_SKIP() << "a release build watches no locks"; }
#endif

  // Takes one, gives way so that others take theirs, and wants the other.
  static Task<> take_both(Mutex& first, Mutex& second) {
    Mutex::Lock held = co_await first.lock();
    co_await yield();
    co_await lock_and_unlock(second);
  }

  static Task<> lock_and_unlock(Mutex& mutex) { Mutex::Lock lock = co_await mutex.lock(); }

  static Task<bool> is_locked_soon(Mutex& mutex) {
    Task<> locking = lock_and_unlock(mutex);
    try {
      co_await within(std::chrono::milliseconds(1), std::move(locking));
    } catch (const TimedOut&) {
      co_return false;
    }
    co_return true;
  }

  // Who waits in a circle is cancelled in the end.
  Lines reports_of(std::function<void(Scope&)> spawn_all) {
    auto body = [&](Scope& scope) -> Task<> {
      spawn_all(scope);
      for (int i = 0; i < 20; ++i) co_await yield();
      scope.cancel();
    };
    Loop loop(test::engine_factory("epoll"), log_);
    loop.run(scoped(body));
    return log_.lines();
  }

  test::RememberingLog log_;
  Mutex accounts_{"accounts"}, journal_{"journal"}, index_{"index"};
};

TEST_F(LockGraphTest, names_the_tasks_and_mutexes_of_a_circle_of_two) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("cleaner", take_both(accounts_, journal_));
    scope.spawn("auditor", take_both(journal_, accounts_));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "locks form a circle: \"auditor\" waits for \"accounts\", which \"cleaner\" holds; "
            "\"cleaner\" waits for \"journal\", which \"auditor\" holds");
}

TEST_F(LockGraphTest, finds_a_circle_of_three) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("a", take_both(accounts_, journal_));
    scope.spawn("b", take_both(journal_, index_));
    scope.spawn("c", take_both(index_, accounts_));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "locks form a circle: \"c\" waits for \"accounts\", which \"a\" holds; \"a\" waits for "
            "\"journal\", which \"b\" holds; \"b\" waits for \"index\", which \"c\" holds");
}

// The wait is in a coroutine that the holder awaits.
TEST_F(LockGraphTest, finds_a_task_that_waits_for_itself) {
  Lines lines =
      reports_of([&](Scope& scope) { scope.spawn("cleaner", take_both(accounts_, accounts_)); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "locks form a circle: \"cleaner\" waits for \"accounts\", which \"cleaner\" holds");
}

TEST_F(LockGraphTest, finds_a_circle_of_tasks_without_names) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn(take_both(accounts_, journal_));
    scope.spawn(take_both(journal_, accounts_));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("an unnamed task waits for \"accounts\""), std::string::npos) << lines[0];
}

// The holder waits for the one that waits for it.
Task<> lock_around(Mutex& mutex, Task<> inside) {
  Mutex::Lock held = co_await mutex.lock();
  co_await std::move(inside);
}

TEST_F(LockGraphTest, finds_a_task_that_waits_for_a_child_that_wants_its_lock) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("cleaner", lock_around(accounts_, all(lock_and_unlock(accounts_))));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "locks form a circle: \"cleaner\" waits for \"accounts\", which \"cleaner\" holds; "
            "\"cleaner\" waits for its children, \"cleaner\" among them");
}

// By then the child has been waiting for long.
TEST_F(LockGraphTest, finds_that_circle_when_the_join_closes_it) {
  auto body = [](Scope& scope, Mutex* wanted) -> Task<> {
    scope.spawn("child", lock_and_unlock(*wanted));
    for (int i = 0; i < 5; ++i) co_await yield();
  };
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("parent", lock_around(accounts_, scoped(body, &accounts_)));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "locks form a circle: \"child\" waits for \"accounts\", which \"parent\" holds; "
            "\"parent\" waits for its children, \"child\" among them");
}

TEST_F(LockGraphTest, finds_a_circle_through_the_children_of_a_child_and_a_deadline) {
  Lines lines = reports_of([&](Scope& scope) {
    Task<> inner = all(within(std::chrono::hours(1), lock_and_unlock(accounts_)));
    Task<> outer = all(within(std::chrono::hours(1), std::move(inner)));
    scope.spawn("a", lock_around(accounts_, std::move(outer)));
  });
  ASSERT_EQ(lines.size(), 1U);
}

TEST_F(LockGraphTest, finds_a_circle_of_two_whose_children_wait) {
  auto lock_later = [](Mutex* mutex) -> Task<> {
    co_await yield();
    co_await lock_and_unlock(*mutex);
  };
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("a", lock_around(accounts_, all(test::owned(lock_later, &journal_))));
    scope.spawn("b", lock_around(journal_, all(test::owned(lock_later, &accounts_))));
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("\"a\" waits for its children"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("\"b\" waits for its children"), std::string::npos) << lines[0];
}

// The parent unlocks before it joins.
TEST_F(LockGraphTest, says_nothing_when_a_child_waits_for_what_its_parent_gives_up) {
  auto body = [](Scope& scope, Mutex* mutex) -> Task<> {
    Mutex::Lock held = co_await mutex->lock();
    scope.spawn(lock_and_unlock(*mutex));
    for (int i = 0; i < 5; ++i) co_await yield();
  };
  Lines lines = reports_of([&](Scope& scope) { scope.spawn(scoped(body, &accounts_)); });
  EXPECT_EQ(lines, Lines());
}

TEST_F(LockGraphTest, says_nothing_of_children_that_want_a_lock_from_outside) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("holder", take_both(accounts_, journal_));
    scope.spawn("a",
                lock_around(index_, all(lock_and_unlock(accounts_), lock_and_unlock(journal_))));
  });
  EXPECT_EQ(lines, Lines());
}

// Were they taken for one, their common scope for example, each would wait for itself.
TEST_F(LockGraphTest, takes_siblings_without_names_for_two) {
  Lines lines = reports_of([&](Scope& scope) {
    for (int i = 0; i < 3; ++i) scope.spawn(take_both(accounts_, journal_));
  });
  EXPECT_EQ(lines, Lines());
}

TEST_F(LockGraphTest, says_nothing_when_all_lock_in_one_order) {
  Lines lines = reports_of([&](Scope& scope) {
    scope.spawn("a", take_both(accounts_, journal_));
    scope.spawn("b", take_both(journal_, index_));
    scope.spawn("c", take_both(accounts_, index_));
  });
  EXPECT_EQ(lines, Lines());
}

TEST_F(LockGraphTest, forgets_a_wait_that_was_cancelled) {
  Event given_up;
  auto hold_on = [&]() -> Task<> {
    Mutex::Lock held = co_await journal_.lock();
    co_await given_up.wait();
    co_await lock_and_unlock(accounts_);
  };
  auto give_up = [&]() -> Task<> {
    Mutex::Lock held = co_await accounts_.lock();
    bool is_locked = co_await is_locked_soon(journal_);
    EXPECT_FALSE(is_locked);
    given_up.set();
    for (int i = 0; i < 5; ++i) co_await yield();
  };
  Loop loop(test::engine_factory("epoll"), log_);
  loop.run(all(test::owned(hold_on), test::owned(give_up)));
  EXPECT_EQ(log_.lines(), Lines());
}

// The thread may be the one that closes the circle; the task sees it with one of its next waits.
TEST_F(LockGraphTest, finds_a_circle_through_a_thread) {
  Event has_accounts, has_journal;
  std::thread thread([&] {
    Mutex::Lock held = wait(accounts_.lock());
    has_accounts.set();
    wait(has_journal.wait());
    Mutex::Lock wanted = wait(journal_.lock());
  });
  auto cross = [&]() -> Task<> {
    Mutex::Lock held = co_await journal_.lock();
    has_journal.set();
    co_await has_accounts.wait();
    while (log_.lines().empty() && !HasFailure()) {
      bool is_locked = co_await is_locked_soon(accounts_);
      EXPECT_FALSE(is_locked);
    }
  };
  Loop loop(test::engine_factory("epoll"), log_);
  loop.run(test::owned(cross));
  thread.join();
  ASSERT_FALSE(log_.lines().empty());
  EXPECT_EQ(log_.lines()[0],
            "locks form a circle: an unnamed task waits for \"accounts\", which a thread holds; "
            "a thread waits for \"journal\", which an unnamed task holds");
}

}  // namespace
}  // namespace duet
