#include "duet/loop/callback.hpp"

namespace duet::detail {

Scope& CallbackScope::current() noexcept {
  Scope* scope = Loop::current().callback_scope;
  if (scope == nullptr)
    assertion_failed("start(x, handler) outside of a callback; write start(scope, x, handler)",
                     __FILE__, __LINE__);
  return *scope;
}

}  // namespace duet::detail
