#pragma once
// Cancellation: a tree of scopes, and in each the waits that go on inside of it. Cancelling a scope
// is sticky and flows down: it tells each wait, now, and every later wait ends at once. A scope
// also knows until when what is inside may take, and whose it is. One thread: the loop's.
// Cancelling from elsewhere means posting to the loop.

#include <string_view>

#include "duet/base/error.hpp"
#include "duet/base/list.hpp"
#include "duet/base/time.hpp"

namespace duet {

// Something that can be told to end: a wait for an operation, for a timer, for children.
class CancelNode : public ListNode {
 public:
  enum class Notice : unsigned char { cancel, drain, make_room };
  using Notify = void (*)(CancelNode&, Notice);

  explicit CancelNode(Notify notify) noexcept : notify_(notify) {}

 protected:
  TimePoint idle_since_ = never;  // set by a wait for a peer that owes us nothing

 private:
  friend class CancelScope;
  Notify notify_;
};

class CancelScope : public ListNode {
 public:
  // A deadline later than the parent's is the parent's. `name` is of the task that runs inside and
  // outlives the scope; by default it is the parent's.
  explicit CancelScope(CancelScope* parent, TimePoint deadline = never,
                       std::string_view name = {}) noexcept;
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  // The first reason stays. Who cancels the scope that he runs in, by this_scope(), ends the tasks
  // beside him, too: then `scoped` throws nothing, `all` and `within` throw Cancelled.
  void cancel(CancelReason reason) noexcept;

  // Lets what runs go on, but ends an idle wait for a peer that lasts longer than `quiet`.
  void drain(Duration quiet) noexcept;

  // Ends the wait that has been idle longest, if it was by `idle_by`. Looks at every wait.
  void make_room(TimePoint idle_by) noexcept;

  // Waits are added as they begin.
  void add(CancelNode& wait) noexcept { waits_.push_back(wait); }

  bool is_cancelled() const noexcept { return reason_ != CancelReason::none; }
  CancelReason reason() const noexcept { return reason_; }
  bool is_draining() const noexcept { return is_draining_; }
  Duration quiet() const noexcept { return quiet_; }

  // When the scope, or one around it, will be cancelled by its deadline; `never` if none has one.
  // Whoever made the scope sets the timer: DeadlineScope.
  TimePoint deadline() const noexcept { return deadline_; }

  std::string_view name() const noexcept { return name_; }

  // For loops that order by it: higher is sooner. At first the parent's.
  int priority() const noexcept { return priority_; }
  void set_priority(int priority) noexcept { priority_ = priority; }

 private:
  CancelNode* longest_idle() noexcept;

  CancelReason reason_ = CancelReason::none;
  bool is_draining_ = false;
  int priority_ = 0;
  Duration quiet_{};
  TimePoint deadline_;
  std::string_view name_;
  List<CancelNode> waits_;
  List<CancelScope> children_;
};

}  // namespace duet
