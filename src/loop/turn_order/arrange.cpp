#include "loop/turn_order/arrange.hpp"

#include "duet/loop/scope.hpp"
#include "duet/loop/wait.hpp"

namespace duet {

// A job is known by the function that it runs.
const CancelScope* scope_of(const Job& job) noexcept {
  if (job.run == PromiseBase::resume) return static_cast<const PromiseBase&>(job).scope();
  if (job.run == OperationWait::completed) return OperationWait::scope_of(job);
  return Scope::scope_of(job);
}

}  // namespace duet
