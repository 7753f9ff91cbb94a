#include "duet/http/router.hpp"

#include <algorithm>
#include <compare>
#include <set>
#include <stdexcept>

#include "http/answer.hpp"
#include "http/percent.hpp"

namespace duet::http {
namespace {

struct Segment {
  // In the order of preference.
  enum class Kind : unsigned char { text, name, rest };

  Kind kind;
  std::string text;  // or the name

  bool operator==(const Segment& other) const noexcept {
    return kind == other.kind && (kind != Kind::text || text == other.text);
  }
};

Segment parse_segment(std::string_view text, std::string_view pattern) {
  std::invalid_argument refusal("'" + std::string(pattern) + "' is no pattern for a path");
  if (!text.starts_with('{')) {
    if (text.find_first_of("{}?#") != text.npos) throw refusal;
    return {Segment::Kind::text, std::string(text)};
  }
  if (!text.ends_with('}')) throw refusal;
  std::string_view name = text.substr(1, text.size() - 2);
  bool is_rest = name.ends_with("...");
  if (is_rest) name.remove_suffix(3);
  if (name.empty() || name.find_first_of("{}") != name.npos) throw refusal;
  return {is_rest ? Segment::Kind::rest : Segment::Kind::name, std::string(name)};
}

std::vector<Segment> parse_pattern(std::string_view pattern) {
  std::invalid_argument refusal("'" + std::string(pattern) + "' is no pattern for a path");
  if (!pattern.starts_with('/')) throw refusal;
  std::vector<Segment> segments;
  for (std::string_view left = pattern.substr(1);;) {
    std::size_t slash = left.find('/');
    if (!segments.empty() && segments.back().kind == Segment::Kind::rest) throw refusal;
    segments.push_back(parse_segment(left.substr(0, slash), pattern));
    if (slash == left.npos) break;
    left.remove_prefix(slash + 1);
  }
  auto named = std::ranges::count_if(
      segments, [](const Segment& segment) { return segment.kind != Segment::Kind::text; });
  if (static_cast<std::size_t>(named) > Exchange::parameters_cap) throw refusal;
  return segments;
}

bool is_same(std::string_view encoded, std::string_view text) {
  if (!encoded.contains('%')) return encoded == text;
  return percent_decoded(encoded) == text;
}

using Parameters = std::array<Parameter, Exchange::parameters_cap>;

// Whether the path, without its first slash, fits; and what the named segments stand for.
bool fits(const std::vector<Segment>& pattern, std::string_view path, Parameters& found,
          std::size_t& count) {
  count = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const Segment& segment = pattern[i];
    if (segment.kind == Segment::Kind::rest) {
      found[count++] = {segment.text, path, true};
      return true;
    }
    std::size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    if (segment.kind == Segment::Kind::text && !is_same(part, segment.text)) return false;
    if (segment.kind == Segment::Kind::name && part.empty()) return false;
    if (segment.kind == Segment::Kind::name) found[count++] = {segment.text, part, false};
    bool is_last = i + 1 == pattern.size();
    if (is_last != (slash == path.npos)) return false;
    path.remove_prefix(is_last ? path.size() : slash + 1);
  }
  return true;
}

Task<Response> no_route(std::string allowed, bool is_asked_for) {
  if (allowed.empty()) co_return error_page(404, "there is nothing here");
  Response response = is_asked_for ? Response(204) : error_page(405, "not with this method");
  response.field("Allow", allowed);
  co_return response;
}

}  // namespace

struct Router::Route {
  std::string method;
  std::vector<Segment> pattern;
  Handler handler;

  // Whether this one is preferred where both fit; HEAD before a GET that would answer it, too.
  bool precedes(const Route& other) const noexcept {
    auto order = std::lexicographical_compare_three_way(
        pattern.begin(), pattern.end(), other.pattern.begin(), other.pattern.end(),
        [](const Segment& a, const Segment& b) { return a.kind <=> b.kind; });
    return order < 0 || (order == 0 && method == "HEAD");
  }
};

Router::Router() : routes_(std::make_shared<std::vector<Route>>()) {}

// The routes are kept in the order of preference, so that the first that fits is the one.
void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  Route route{std::string(method), parse_pattern(pattern), std::move(handler)};
  auto at = std::ranges::find_if(*routes_, [&](const Route& other) {
    return other.method == route.method && other.pattern == route.pattern;
  });
  if (at != routes_->end())
    throw std::invalid_argument(route.method + " " + std::string(pattern) + " is there already");
  at = std::ranges::find_if(*routes_, [&](const Route& other) { return route.precedes(other); });
  routes_->insert(at, std::move(route));
}

Task<Response> Router::operator()(Request request) const {
  std::string_view path = request.path();
  if (path.starts_with('/')) path.remove_prefix(1);
  std::string_view method = request.head().method_token();
  bool is_of_all = request.head().target_form() == TargetForm::asterisk;
  std::set<std::string_view> allowed;
  for (const Route& route : *routes_) {
    Exchange& exchange = *request.exchange_;
    if (!is_of_all && !fits(route.pattern, path, exchange.parameters, exchange.parameter_count))
      continue;
    bool is_head_of_get = method == "HEAD" && route.method == "GET";
    if (!is_of_all && (route.method == method || is_head_of_get)) return route.handler(request);
    allowed.insert(route.method);
    if (route.method == "GET") allowed.insert("HEAD");
  }
  return no_route(fmt::format("{}", fmt::join(allowed, ", ")), method == "OPTIONS");
}

}  // namespace duet::http
