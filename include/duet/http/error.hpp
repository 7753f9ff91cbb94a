#pragma once
// The failure of a request as an HTTP status. A handler may throw one to answer with it; reading a
// body throws one when what the peer sends breaks the rules (400), is too large (413) or too slow
// (408).

#include <stdexcept>
#include <string>

namespace duet::http {

class Error : public std::runtime_error {
 public:
  // `reason` is shown to the client. `status` is final, 200 to 999; with another one the client
  // gets 500.
  Error(int status, const std::string& reason) : std::runtime_error(reason), status_(status) {}

  int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace duet::http
