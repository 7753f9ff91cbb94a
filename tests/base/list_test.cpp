#include "duet/base/list.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

struct Element : ListNode {
  explicit Element(int of) : number(of) {}
  int number;
};

std::vector<int> numbers_of(List<Element>& list) {
  std::vector<int> numbers;
  list.for_each([&](Element& element) { numbers.push_back(element.number); });
  return numbers;
}

class ListTest : public ::testing::Test {
 protected:
  ListTest() {
    for (Element* element : {&one_, &two_, &three_}) list_.push_back(*element);
  }
  List<Element> list_;
  Element one_{1}, two_{2}, three_{3};
};

TEST_F(ListTest, keeps_the_order_of_insertion) {
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3}));
  EXPECT_EQ(list_.front().number, 1);
}

TEST_F(ListTest, an_element_leaves_without_knowing_its_list) {
  two_.unlink();
  EXPECT_FALSE(two_.is_linked());
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 3}));
  two_.unlink();
  list_.push_back(two_);
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 3, 2}));
}

TEST_F(ListTest, an_element_leaves_when_it_is_destroyed) {
  {
    Element four(4);
    list_.push_back(four);
  }
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3}));
}

TEST_F(ListTest, a_copy_of_an_element_is_in_no_list) {
  Element copy = one_;
  EXPECT_FALSE(copy.is_linked());
  EXPECT_TRUE(one_.is_linked());
}

TEST_F(ListTest, elements_outlive_their_list) {
  Element element(1);
  {
    List<Element> list;
    list.push_back(element);
  }
  EXPECT_FALSE(element.is_linked());
}

TEST_F(ListTest, takes_over_all_elements_of_another) {
  List<Element> other;
  Element four(4), five(5);
  other.push_back(four);
  other.push_back(five);
  list_.append(other);
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3, 4, 5}));
  list_.append(other);
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3, 4, 5}));
  four.unlink();
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3, 5}));
}

TEST_F(ListTest, a_visit_may_unlink_the_element_that_it_is_given) {
  list_.for_each([](Element& element) {
    if (element.number != 2) element.unlink();
  });
  EXPECT_EQ(numbers_of(list_), (std::vector{2}));
}

TEST_F(ListTest, a_visit_may_unlink_later_and_earlier_elements) {
  std::vector<int> visited;
  list_.for_each([&](Element& element) {
    visited.push_back(element.number);
    if (element.number == 1) two_.unlink();
    if (element.number == 3) one_.unlink();
  });
  EXPECT_EQ(visited, (std::vector{1, 3}));
  EXPECT_EQ(numbers_of(list_), (std::vector{3}));
}

TEST_F(ListTest, a_visit_may_destroy_later_elements) {
  auto four = std::make_unique<Element>(4);
  list_.push_back(*four);
  list_.for_each([&](Element& element) {
    if (element.number == 1) four.reset();
  });
  EXPECT_EQ(numbers_of(list_), (std::vector{1, 2, 3}));
}

// Visiting what the visit itself adds would never end when each visit adds one.
TEST_F(ListTest, does_not_visit_what_is_added_during_the_visits) {
  std::vector<std::unique_ptr<Element>> added;
  std::vector<int> visited;
  list_.for_each([&](Element& element) {
    visited.push_back(element.number);
    if (added.size() > 10) return;
    added.push_back(std::make_unique<Element>(element.number + 10));
    list_.push_back(*added.back());
  });
  EXPECT_EQ(visited, (std::vector{1, 2, 3}));
  EXPECT_EQ(numbers_of(list_).size(), 6U);
}

using ListDeathTest = ListTest;

TEST_F(ListDeathTest, refuses_an_element_that_is_in_a_list) {
  EXPECT_DEATH(list_.push_back(one_), "broken invariant");
}

}  // namespace
}  // namespace duet
