#pragma once
// Conditional requests (RFC 9110 §13): entity tags, and whether a request still holds for what a
// resource is now. Pure functions: any thread, no errors. The views they give point into what they
// were given.
//
// To be asked when the answer would be a success otherwise, before anything is changed:
//
//   Validators now_there = {.etag = "\"5f3a\"", .last_modified = time};
//   switch (evaluate(head, now_there, now)) { … }

#include <chrono>
#include <optional>
#include <string_view>

#include "duet/http/request_head.hpp"

namespace duet::http {

// RFC 9110 §8.8.3: "\"x\"" or, weak, "W/\"x\"".
struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};

// Nothing if `text` is not exactly one entity tag.
std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept;

// Byte for byte the same: neither may be weak.
bool match_strongly(EntityTag a, EntityTag b) noexcept;

// As good as the same.
bool match_weakly(EntityTag a, EntityTag b) noexcept;

// What is known of the representation that the answer would have, or that would be changed.
struct Validators {
  std::string_view etag = {};  // as its field says it; empty if there is none
  std::optional<std::chrono::sys_seconds> last_modified = {};
  bool exists = true;  // false before a PUT that makes it
};

enum class Precondition : unsigned char {
  proceed,
  not_modified,  // 304; only for GET and HEAD
  failed,        // 412
};

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in the order of RFC 9110
// §13.2.2. `now` gives years of two digits their century. A malformed list of tags matches nothing:
// the copy of a reader is out of date then, and a change is refused. Malformed dates, and dates
// in more than one field, are ignored.
Precondition evaluate(const RequestHead& request, const Validators& current,
                      std::chrono::sys_seconds now) noexcept;

// Whether a Range may be answered with a part: there is no If-Range, or what it names is current
// still (RFC 9110 §13.1.5): the same strong tag, or exactly the same date if
// that second is over: until then two versions can have it (§8.8.2.2).
bool if_range_holds(const RequestHead& request, const Validators& current,
                    std::chrono::sys_seconds now) noexcept;

}  // namespace duet::http
