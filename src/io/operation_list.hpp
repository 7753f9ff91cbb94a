#pragma once
// A list of operations, linked through their engine words: an engine that waits for one operation
// at a time, on a thread whose caches are cold whenever it wakes, touches no memory but the
// operation.

#include "duet/io/operation.hpp"

namespace duet::io {

class OperationList {
 public:
  Operation* first() const noexcept { return first_; }
  static Operation* next(const Operation& operation) noexcept {
    return reinterpret_cast<Operation*>(operation.engine_words[0]);
  }
  bool is_empty() const noexcept { return first_ == nullptr; }
  bool has_one() const noexcept { return first_ != nullptr && next(*first_) == nullptr; }

  void add(Operation& operation) noexcept {
    operation.engine_words[0] = reinterpret_cast<std::uint64_t>(first_);
    first_ = &operation;
  }

  // False when it is not in the list.
  bool remove(Operation& operation) noexcept {
    Operation* before = nullptr;
    for (Operation* at = first_; at != nullptr; before = at, at = next(*at)) {
      if (at != &operation) continue;
      if (before == nullptr)
        first_ = next(operation);
      else
        before->engine_words[0] = operation.engine_words[0];
      return true;
    }
    return false;
  }

 private:
  Operation* first_ = nullptr;
};

}  // namespace duet::io
