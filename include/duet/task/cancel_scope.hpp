#pragma once
// Cancellation: a tree of scopes, and in each the waits that go on inside of it. Cancelling a scope
// is sticky and flows down: it tells each wait, now, and every later wait ends at once. One thread:
// the loop's. Cancelling from elsewhere means posting to the loop.

#include "duet/base/error.hpp"
#include "duet/base/list.hpp"
#include "duet/base/time.hpp"

namespace duet {

// Something that can be told to end: a wait for an operation, for a timer, for children.
class CancelNode : public ListNode {
 public:
  enum class Notice : unsigned char { cancel, drain };
  using Notify = void (*)(CancelNode&, Notice);

  explicit CancelNode(Notify notify) noexcept : notify_(notify) {}

 private:
  friend class CancelScope;
  Notify notify_;
};

class CancelScope : public ListNode {
 public:
  explicit CancelScope(CancelScope* parent) noexcept;
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  // The first reason stays.
  void cancel(CancelReason reason) noexcept;

  // Lets what runs go on, but ends an idle wait for a peer that lasts longer than `quiet`.
  void drain(Duration quiet) noexcept;

  void add(CancelNode& wait) noexcept { waits_.push_back(wait); }

  bool is_cancelled() const noexcept { return reason_ != CancelReason::none; }
  CancelReason reason() const noexcept { return reason_; }
  bool is_draining() const noexcept { return is_draining_; }
  Duration quiet() const noexcept { return quiet_; }

 private:
  CancelReason reason_ = CancelReason::none;
  bool is_draining_ = false;
  Duration quiet_{};
  List<CancelNode> waits_;
  List<CancelScope> children_;
};

}  // namespace duet
