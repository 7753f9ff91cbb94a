// Several tasks side by side: all and any.

#include "loop/scope_fixture.hpp"

namespace duet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::number_after;
using test::number_at_once;
using AllTest = test::ScopeFixture;

INSTANTIATE_TEST_SUITE_P(engines, AllTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

Task<int> fail_with_number(std::string text) {
  co_await yield();
  throw std::runtime_error(text);
}

TEST_P(AllTest, gives_the_values_in_the_order_of_the_tasks) {
  run([&]() -> Task<> {
    Task<std::tuple<int, std::monostate, int>> task =
        all(number_after(milliseconds(2), 1), fail_at_once(""), number_at_once(3));
    auto values = co_await std::move(task);
    EXPECT_EQ(std::get<0>(values), 1);
    EXPECT_EQ(std::get<2>(values), 3);
  });
}

TEST_P(AllTest, takes_as_many_tasks_as_there_are) {
  run([]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(number_after(milliseconds(i % 3), i));
    std::vector<int> values = co_await all(std::move(tasks));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(values.at(static_cast<std::size_t>(i)), i);
    co_await all(std::vector<Task<>>());
  });
}

TEST_P(AllTest, a_failure_cancels_those_that_would_give_a_value) {
  auto body = [&]() -> Task<> {
    auto values = co_await all(number_after(hours(1), 1), fail_with_number("broken"));
    (void)values;
  };
  run([&]() -> Task<> {
    Task<> task = test::owned(body);
    co_await expect_outcome(std::move(task), "broken");
  });
}

// Nothing has failed, but there is no value to give.
TEST_P(AllTest, that_one_of_the_tasks_cancels_ends_as_cancelled) {
  auto cancel_all = []() -> Task<int> {
    CancelScope* ours = co_await this_scope();
    ours->cancel(CancelReason::requested);
    co_await sleep_for(hours(1));
    co_return 1;
  };
  auto as_tuple = [&]() -> Task<> {
    auto values = co_await all(test::owned(cancel_all), number_after(hours(1), 2));
    (void)values;
  };
  auto as_vector = [&]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(test::owned(cancel_all));
    std::vector<int> values = co_await all(std::move(tasks));
  };
  auto without_values = [&]() -> Task<> {
    Task<> waiting = wait_for_cancel(reason_);
    Task<int> cancelling = test::owned(cancel_all);
    auto drop_value = [](Task<int> task) -> Task<> {
      int value = co_await std::move(task);
      (void)value;
    };
    Task<> other = test::owned(drop_value, std::move(cancelling));
    co_await all(std::move(waiting), std::move(other));
  };
  run([&]() -> Task<> {
    Task<> tuple = test::owned(as_tuple);
    co_await expect_outcome(std::move(tuple), "cancelled");
    Task<> vector = test::owned(as_vector);
    co_await expect_outcome(std::move(vector), "cancelled");
    Task<> plain = test::owned(without_values);
    co_await expect_outcome(std::move(plain), "cancelled");
  });
}

TEST_P(AllTest, any_gives_the_first_and_cancels_the_others) {
  run([&]() -> Task<> {
    Any<int, int, void> any_of = co_await any(
        number_after(hours(1), 1), number_after(milliseconds(1), 2), wait_for_cancel(reason_));
    EXPECT_EQ(any_of.first(), 1U);
    EXPECT_EQ(std::get<1>(any_of.outcomes).take(), 2);
    EXPECT_FALSE(std::get<0>(any_of.outcomes).has_value());
    EXPECT_THROW(std::get<0>(any_of.outcomes).take(), Cancelled);
    EXPECT_EQ(reason_, CancelReason::requested);
  });
}

TEST_P(AllTest, any_keeps_a_success_that_comes_too_late_to_be_cancelled) {
  run([&]() -> Task<> {
    Any<int, int> any_of = co_await any(number_at_once(1), number_at_once(2));
    EXPECT_EQ(any_of.first(), 0U);
    EXPECT_EQ(std::get<1>(any_of.outcomes).take(), 2);
  });
}

TEST_P(AllTest, a_failure_is_no_success_for_any) {
  run([&]() -> Task<> {
    Any<int, int> any_of =
        co_await any(fail_with_number("first"), number_after(milliseconds(2), 2));
    EXPECT_EQ(any_of.first(), 1U);
    EXPECT_THROW(std::get<0>(any_of.outcomes).take(), std::runtime_error);
  });
}

TEST_P(AllTest, any_tells_when_all_have_failed) {
  run([&]() -> Task<> {
    Any<int, void> any_of = co_await any(fail_with_number("one"), fail_with("two"));
    EXPECT_EQ(any_of.first(), std::nullopt);
    EXPECT_TRUE(std::get<1>(any_of.outcomes).failure() != nullptr);
  });
}

TEST_P(AllTest, any_that_is_cancelled_throws) {
  auto body = [&]() -> Task<> {
    auto any_of = co_await any(wait_for_cancel(reason_), wait_for_cancel(other_reason_));
    (void)any_of;
  };
  run([&]() -> Task<> {
    Task<> waiting = test::owned(body);
    Task<> task = within(milliseconds(1), std::move(waiting));
    co_await expect_outcome(std::move(task), "timed out");
    EXPECT_EQ(reason_, CancelReason::deadline);
  });
}

}  // namespace
}  // namespace duet
