#include "duet/base/error.hpp"

#include <mutex>

namespace duet {
namespace {

class Category : public std::error_category {
 public:
  const char* name() const noexcept override { return "duet"; }

  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::end_of_stream: return "the peer ended the stream too early";
      case Errc::timed_out: return "timed out";
      case Errc::closed: return "closed";
      case Errc::cut_short: return "an earlier write was cut short";
      case Errc::busy: return "another such operation, or a wait of another thread, is in flight";
      case Errc::misaligned: return "not aligned for direct access";
      case Errc::queue_full: return "as much work waits already as may";
      case Errc::no_descriptor:
        return "this engine has no descriptor to wait for; epoll and uring have one";
      case Errc::descriptor_too_high:
        return "select(2) cannot wait for descriptors from number 1024 (FD_SETSIZE) on; poll, "
               "epoll and uring can";
    }
    return "unknown error";
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    if (static_cast<Errc>(code) == Errc::timed_out) return std::errc::timed_out;
    return {code, *this};
  }
};

// A C string: a NUL byte in a path, which is why it was refused, must not cut the reason off.
std::string without_nul(std::string text) {
  for (std::size_t at = 0; (at = text.find('\0', at)) != text.npos;) text.replace(at, 1, "\\0");
  return text;
}

}  // namespace

const std::error_category& duet_category() noexcept {
  static const Category category;
  return category;
}

struct IoError::Details {
  Details(std::string_view name, Subject about) : operation(name), subject(std::move(about)) {}

  const std::string_view operation;
  const Subject subject;
  std::once_flag formatted;  // an error may be rethrown in several threads
  std::string text;
};

IoError::IoError(std::error_code code, std::string_view operation, Subject subject)
    : std::system_error(code), details_(std::make_shared<Details>(operation, std::move(subject))) {}

std::string_view IoError::operation() const noexcept { return details_->operation; }
std::string IoError::subject() const {
  return details_->subject ? details_->subject() : std::string();
}

const char* IoError::what() const noexcept {
  try {
    std::call_once(details_->formatted, [this] {
      std::string about = without_nul(subject());
      details_->text = std::string(details_->operation);
      if (!about.empty()) details_->text += " " + about;
      details_->text += ": " + code().message();
    });
    return details_->text.c_str();
  } catch (...) {
    return std::system_error::what();
  }
}

}  // namespace duet
