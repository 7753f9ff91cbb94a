#include "duet/loop/within.hpp"

namespace duet {

DeadlineScope::DeadlineScope(CancelScope* parent, TimePoint deadline, std::string_view name)
    : CancelScope(parent, deadline, name), Timer(fire), parent_(parent) {
  bool is_the_earliest = parent == nullptr || deadline < parent->deadline();
  if (!is_the_earliest || deadline == never) return;
  Loop& loop = Loop::current();
  if (deadline <= loop.now())
    cancel(CancelReason::deadline);
  else
    loop.timers().add(*this, deadline);
}

void DeadlineScope::fire(Timer& timer) {
  static_cast<DeadlineScope&>(timer).cancel(CancelReason::deadline);
}

}  // namespace duet
