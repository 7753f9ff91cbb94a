#pragma once
// An intrusive doubly linked list: adding and removing cost a few writes and no allocation, and an
// element removes itself without knowing its list. An element derives from ListNode and leaves the
// list when it is destroyed. Not thread-safe.

#include "duet/base/assert.hpp"

namespace duet {

class ListNode {
 public:
  ListNode() noexcept = default;
  ListNode(const ListNode&) noexcept {}  // a copy starts outside every list
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool is_linked() const noexcept { return next_ != nullptr; }

  void unlink() noexcept {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T>
  friend class List;

  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

template <class T>
class List {
 public:
  List() noexcept { head_.next_ = head_.previous_ = &head_; }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (!empty()) front().unlink();
    head_.next_ = head_.previous_ = nullptr;
  }

  bool empty() const noexcept { return head_.next_ == &head_; }
  T& front() noexcept { return static_cast<T&>(*head_.next_); }

  void push_back(T& element) noexcept {
    ListNode& node = element;
    DUET_ASSERT(!node.is_linked());
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  // Moves all elements of `other` behind ours.
  void append(List& other) noexcept {
    if (other.empty()) return;
    head_.previous_->next_ = other.head_.next_;
    other.head_.next_->previous_ = head_.previous_;
    head_.previous_ = other.head_.previous_;
    head_.previous_->next_ = &head_;
    other.head_.next_ = other.head_.previous_ = &other.head_;
  }

  // The first element that `test(element)` holds for, or nullptr.
  template <class Test>
  T* find(Test test) noexcept {
    for (ListNode* node = head_.next_; node != &head_; node = node->next_)
      if (T& element = static_cast<T&>(*node); test(element)) return &element;
    return nullptr;
  }

  // Calls `visit(element)` for each element that is in the list now; `visit` may unlink any of them
  // and add others.
  template <class Visit>
  void for_each(Visit visit) {
    List to_visit;
    to_visit.append(*this);
    while (!to_visit.empty()) {
      T& element = to_visit.front();
      static_cast<ListNode&>(element).unlink();
      push_back(element);
      visit(element);
    }
  }

 private:
  ListNode head_;
};

}  // namespace duet
