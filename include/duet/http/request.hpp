#pragma once
// A request as a handler gets it: a light reference to what the connection has, to be passed on by
// value. It is good until the answer has been sent, a streamed body included; views that it hands
// out are, too.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "duet/http/body_reader.hpp"
#include "duet/http/request_head.hpp"

namespace duet::http {

// A part of the path that a router's pattern gave a name to.
struct Parameter {
  std::string_view name;
  std::string_view value;  // as in the target, percent-encoded
  bool is_rest = false;    // of a {name...}
};

// What a connection has for one request; Request refers to it.
struct Exchange {
  static constexpr std::size_t parameters_cap = 8;

  const RequestHead& head;
  const Address& peer;
  BodyReader& body;
  std::array<Parameter, parameters_cap>& parameters;
  std::size_t parameter_count = 0;
};

class Request {
 public:
  explicit Request(Exchange& exchange) noexcept : exchange_(&exchange) {}

  Method method() const noexcept { return head().method(); }

  // Of the target, percent-encoded as it came: "/a%20b" and "x=1" of "/a%20b?x=1".
  std::string_view path() const noexcept;
  std::string_view query() const noexcept;

  // The first field of that name, in any case of letters.
  std::optional<std::string_view> field(std::string_view name) const noexcept {
    return head().field(name);
  }

  // What the router's pattern calls `name`, decoded; empty if it has no such part. Throws
  // Error(400) for a '%' without two digits and for "%00". It is any text else: that of a {name},
  // too, may hold a slash (from "%2f"), be ".." or begin with a dot, so look at it before it names
  // a file.
  std::string parameter(std::string_view name) const;

  // What the pattern's {name...} stands for, percent-encoded as it came, if it has one: "a/b%20c".
  std::optional<std::string_view> rest() const noexcept;

  BodyReader& body() const noexcept { return exchange_->body; }
  const Address& peer() const noexcept { return exchange_->peer; }
  const RequestHead& head() const noexcept { return exchange_->head; }

 private:
  friend class Router;

  std::span<const Parameter> parameters() const noexcept;

  Exchange* exchange_;
};

}  // namespace duet::http
