#pragma once
// A log whose lines are kept instead of written. Any thread.

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "duet/base/log.hpp"

namespace duet::test {

class RememberingLog : public Log {
 public:
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 protected:
  void write(Level, std::string_view text) override {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(text);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace duet::test
