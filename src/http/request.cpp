#include "duet/http/request.hpp"

#include "duet/http/error.hpp"
#include "http/percent.hpp"

namespace duet::http {

std::string_view Request::path() const noexcept {
  std::string_view whole = head().path_and_query();
  return whole.substr(0, whole.find('?'));
}

std::string_view Request::query() const noexcept {
  std::string_view whole = head().path_and_query();
  std::size_t mark = whole.find('?');
  return mark == whole.npos ? std::string_view() : whole.substr(mark + 1);
}

std::string Request::parameter(std::string_view name) const {
  for (const Parameter& parameter : parameters()) {
    if (parameter.name != name) continue;
    std::optional<std::string> decoded = percent_decoded(parameter.value);
    if (!decoded) throw Error(400, "malformed percent-encoding in the path");
    return std::move(*decoded);
  }
  return {};
}

std::optional<std::string_view> Request::rest() const noexcept {
  for (const Parameter& parameter : parameters())
    if (parameter.is_rest) return parameter.value;
  return std::nullopt;
}

std::span<const Parameter> Request::parameters() const noexcept {
  return std::span(exchange_->parameters).first(exchange_->parameter_count);
}

}  // namespace duet::http
