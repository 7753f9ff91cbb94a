#pragma once
// The head of an HTTP/1.1 request (RFC 9112): request line and fields, judged and ready to use.
//
// A RequestParser fills it; what holds for its views is said at MessageHead. A request that says
// nothing about a body has none.

#include <string_view>

#include "duet/http/message_head.hpp"

namespace duet::http {

enum class Method : unsigned char {
  get,
  head,
  post,
  put,
  delete_,
  connect,
  options,
  trace,
  patch,
  other,  // a well-formed token that is none of these; answer 501 unless you know it
};

// RFC 9112 §3.2. `authority` comes with CONNECT alone, `asterisk` with OPTIONS alone.
enum class TargetForm : unsigned char { origin, absolute, authority, asterisk };

class RequestHead : public MessageHead {
 public:
  Method method() const noexcept { return method_; }
  std::string_view method_token() const noexcept { return view(method_token_); }

  // The request line as sent, without its line end: what an access log shows.
  std::string_view request_line() const noexcept { return view(request_line_); }

  std::string_view target() const noexcept { return view(target_); }
  TargetForm target_form() const noexcept { return target_form_; }

  // The part of the target that names a resource, for decode_path: "/a?b" of "http://host/a?b".
  // Empty for `*`, for CONNECT and for an absolute target without a path.
  std::string_view path_and_query() const noexcept { return view(path_and_query_); }

  // Whom the request is for, "host" or "host:port": from the target if that says so, else from
  // Host (RFC 9112 §3.3). Empty only for HTTP/1.0 without either.
  std::string_view authority() const noexcept { return view(authority_); }

  // The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const noexcept { return expects_continue_; }

 private:
  friend class RequestParser;

  Slice request_line_;
  Slice method_token_;
  Slice target_;
  Slice path_and_query_;
  Slice authority_;
  Method method_ = Method::other;
  TargetForm target_form_ = TargetForm::origin;
  bool expects_continue_ = false;
};

}  // namespace duet::http
