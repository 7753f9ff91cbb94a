#include "duet/http/preconditions.hpp"

#include <algorithm>

#include "duet/http/date.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

using std::chrono::sys_seconds;

// RFC 9110 §8.8.3; a quote ends the tag, and nothing is escaped in it.
bool is_tag_character(char c) noexcept {
  return c != '"' && c != ' ' && c != '\t' && !is_control(c);
}

// Takes one entity tag from the front of `text`.
std::optional<EntityTag> take_entity_tag(std::string_view& text) noexcept {
  bool is_weak = text.starts_with("W/");
  std::string_view rest = text.substr(is_weak ? 2 : 0);
  if (!rest.starts_with('"')) return std::nullopt;
  std::size_t size = 1;
  while (size < rest.size() && is_tag_character(rest[size])) ++size;
  if (size == rest.size() || rest[size] != '"') return std::nullopt;
  text = rest.substr(size + 1);
  return EntityTag{.opaque = rest.substr(0, size + 1), .is_weak = is_weak};
}

enum class Found : unsigned char { no, yes, unreadable };  // the later, the stronger

using Match = bool (*)(EntityTag, EntityTag) noexcept;

// Whether one of the tags in `list` matches. A comma may be part of a tag, so the list is not cut
// at its commas. Empty members are overlooked (RFC 9110 §5.6.1.2).
Found find_in_list(std::string_view list, std::optional<EntityTag> current, Match match) noexcept {
  Found found = Found::no;
  for (;;) {
    list = trim(list);
    if (list.empty()) return found;
    if (!list.starts_with(',')) {
      std::optional<EntityTag> tag = take_entity_tag(list);
      list = trim(list);
      if (!tag || !(list.empty() || list.starts_with(','))) return Found::unreadable;
      if (current && match(*tag, *current)) found = Found::yes;
    }
    if (!list.empty()) list.remove_prefix(1);
  }
}

struct Listed {
  bool is_given = false;  // the request has the field
  Found found = Found::no;
};

// Several fields of one name are one list.
Listed find_in_fields(const RequestHead& request, std::string_view name, const Validators& current,
                      Match match) noexcept {
  std::optional<EntityTag> tag;
  if (current.exists) tag = parse_entity_tag(current.etag);
  Listed listed;
  for (std::size_t i = 0; i < request.field_count(); ++i) {
    Field field = request.field_at(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    Found any = current.exists ? Found::yes : Found::no;
    Found here = field.value == "*" ? any : find_in_list(field.value, tag, match);
    listed.found = std::max(listed.found, here);
    listed.is_given = true;
  }
  return listed;
}

std::optional<sys_seconds> date_of_field(const RequestHead& request, std::string_view name,
                                         sys_seconds now) noexcept {
  FieldCount fields = count_fields(request, name);
  return fields.count == 1 ? parse_date(fields.value, now) : std::nullopt;
}

// Steps 1 and 2 of RFC 9110 §13.2.2: what guards a change.
bool is_still_as_expected(const RequestHead& request, const Validators& current,
                          sys_seconds now) noexcept {
  Listed listed = find_in_fields(request, "If-Match", current, match_strongly);
  if (listed.is_given) return listed.found == Found::yes;
  if (!current.last_modified) return true;
  std::optional<sys_seconds> date = date_of_field(request, "If-Unmodified-Since", now);
  return !date || *current.last_modified <= *date;
}

}  // namespace

std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept {
  std::optional<EntityTag> tag = take_entity_tag(text);
  if (!text.empty()) return std::nullopt;
  return tag;
}

bool match_strongly(EntityTag a, EntityTag b) noexcept {
  return !a.is_weak && !b.is_weak && a.opaque == b.opaque;
}

bool match_weakly(EntityTag a, EntityTag b) noexcept { return a.opaque == b.opaque; }

Precondition evaluate(const RequestHead& request, const Validators& current,
                      sys_seconds now) noexcept {
  Method method = request.method();
  if (method == Method::connect || method == Method::options || method == Method::trace)
    return Precondition::proceed;  // RFC 9110 §13.2.1
  if (!is_still_as_expected(request, current, now)) return Precondition::failed;
  bool is_read = method == Method::get || method == Method::head;
  Listed listed = find_in_fields(request, "If-None-Match", current, match_weakly);
  if (listed.is_given) {
    if (listed.found == Found::no) return Precondition::proceed;
    if (!is_read) return Precondition::failed;
    return listed.found == Found::yes ? Precondition::not_modified : Precondition::proceed;
  }
  if (!is_read || !current.exists || !current.last_modified) return Precondition::proceed;
  std::optional<sys_seconds> date = date_of_field(request, "If-Modified-Since", now);
  bool is_modified = !date || *current.last_modified > *date;
  return is_modified ? Precondition::proceed : Precondition::not_modified;
}

bool if_range_holds(const RequestHead& request, const Validators& current,
                    sys_seconds now) noexcept {
  const auto [count, value] = count_fields(request, "If-Range");
  if (count != 1) return count == 0;
  if (std::optional<EntityTag> tag = parse_entity_tag(value)) {
    std::optional<EntityTag> etag = parse_entity_tag(current.etag);
    return etag && match_strongly(*tag, *etag);
  }
  std::optional<sys_seconds> date = parse_date(value, now);
  if (!date || current.last_modified != date) return false;
  return now - *date >= std::chrono::seconds(1);  // within its second it may change once more
}

}  // namespace duet::http
