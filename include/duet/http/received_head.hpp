#pragma once
// The head of an HTTP/1.1 response as a client receives it: status line and fields, judged and
// ready to use. The one that a server writes is ResponseHead.
//
// A ResponseParser fills it; what holds for its views is said at MessageHead. The framing takes the
// request into account: a response to HEAD, a 204 and the like have no body whatever they say.

#include <string_view>

#include "duet/http/message_head.hpp"

namespace duet::http {

class ReceivedHead : public MessageHead {
 public:
  int status() const noexcept { return status_; }  // 100 to 999

  // Without meaning, often empty; any bytes but control characters.
  std::string_view reason() const noexcept { return view(reason_); }

  // 100 Continue and the like: the response proper follows. 101 is the last of HTTP.
  bool is_interim() const noexcept { return status_ < 200 && status_ != 101; }

 private:
  friend class ResponseParser;

  Slice reason_;
  int status_ = 0;
};

}  // namespace duet::http
