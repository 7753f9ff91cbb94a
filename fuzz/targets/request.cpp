// A stream of requests, heads and bodies: the same in any pieces, and the same to Boost.Beast but
// for the differences of differences.hpp.

#include <algorithm>
#include <cstdint>
#include <string>

#include "cuts.hpp"
#include "differences.hpp"

namespace duet::http {
namespace {

RequestStream read_whole(std::string_view text) {
  RequestStream stream(head_limits, chunk_limits);
  stream.feed(text);
  return stream;
}

// What must be the same in a request whose head both have.
void compare(const SeenRequest& ours, const SeenRequest& beasts) {
  if (ours.method != beasts.method) fail("another method", beasts.method);
  if (ours.target != beasts.target) fail("another target", beasts.target);
  if (ours.framing != beasts.framing) fail("another framing", ours.target);
  auto fields = beasts.fields;
  std::erase_if(fields, [](const auto& field) { return is_left_out(field.first); });
  if (ours.fields != fields) fail("other fields", ours.target);
  if (ours.version_minor != beasts.version_minor) fail("another version", ours.target);
  std::size_t common = std::min(ours.body.size(), beasts.body.size());
  if (ours.body.compare(0, common, beasts.body, 0, common) != 0) fail("another body", ours.body);
  bool have_both_ended = ours.has_ended && beasts.has_ended;
  if (have_both_ended && ours.body != beasts.body) fail("a body of another size", ours.body);
}

// Whether the requests after these two can be compared.
bool can_go_on(const SeenRequest& ours, const SeenRequest& beasts) {
  if (!ours.has_ended || !beasts.has_ended) return false;
  if (ours.keep_alive == beasts.keep_alive) return ours.keep_alive;
  if (is_meant_end_of_connection(ours)) return false;
  fail("another end of the connection", ours.target);
}

// We may still wait for the end of a line in which Beast has seen enough already; then we must
// refuse it at its end.
bool is_refused_at_the_end_of_the_line(std::string_view bytes) {
  return read_whole(std::string(bytes) + "\r\n\r\n").state() == RequestStream::State::refused;
}

// Judges the request at which the two streams part.
void judge(const Parting& parting, bool has_ours_ended, bool has_beasts_ended) {
  bool is_refused = !parting.reason.empty();
  bool is_refused_by_beast = !parting.error_of_beast.empty();
  if (is_refused && is_refused_by_beast) return;
  if (is_refused) {
    // We refuse at the first byte or line that is wrong; Beast may wait for more before it looks.
    bool is_early = !has_beasts_ended && (parting.ours || !parting.beasts);
    if (!is_early && !is_meant_strictness(parting)) fail("Beast accepts", parting.reason);
  } else if (is_refused_by_beast) {
    bool is_late = !parting.ours && is_refused_at_the_end_of_the_line(parting.bytes);
    if (!is_late && !is_meant_leniency(parting)) fail("Beast refuses", parting.error_of_beast);
  } else if (has_ours_ended != has_beasts_ended) {
    fail("another end of a body", parting.bytes);
  } else if ((parting.ours != nullptr) != (parting.beasts != nullptr)) {
    fail("another end of a head", parting.bytes);
  }
}

void compare_streams(std::string_view text, const RequestStream& ours, const BeastStream& beasts) {
  const auto& requests = ours.requests();
  std::size_t i = 0;
  for (; i < requests.size() && i < beasts.requests.size() && beasts.requests[i].has_head; ++i) {
    compare(requests[i], beasts.requests[i].seen);
    bool have_both_ended = requests[i].has_ended && beasts.requests[i].seen.has_ended;
    if (!have_both_ended) break;
    if (!can_go_on(requests[i], beasts.requests[i].seen)) return;
  }
  if (i == beasts.requests.size()) {  // no byte is left
    if (i < requests.size()) fail("one more request", text);
    return;
  }
  const BeastRequest& request = beasts.requests[i];
  bool is_refused = i + 1 >= requests.size() && ours.state() == RequestStream::State::refused;
  bool is_last_of_beast = i + 1 == beasts.requests.size();
  const SeenRequest* seen = i < requests.size() ? &requests[i] : nullptr;
  // A request that ended is refused no more: then it is the next one that is.
  if (seen && seen->has_ended) is_refused = false;
  judge({.bytes = text.substr(request.begin),
         .reason = is_refused ? ours.rejection().reason : std::string_view(),
         .ours = seen,
         .beasts = request.has_head ? &request.seen : nullptr,
         .error_of_beast = is_last_of_beast ? std::string_view(beasts.error) : std::string_view()},
        seen && seen->has_ended, request.seen.has_ended);
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duet::http;
  const CutInput input = cut_input(data, size);
  const RequestStream whole = read_whole(input.text);
  RequestStream pieces(head_limits, chunk_limits);
  for_each_piece(input, [&](std::string_view piece) { pieces.feed(piece); });
  if (!(pieces == whole)) fail("the pieces matter", input.text);
  compare_streams(input.text, whole, read_by_beast(input.text));
  return 0;
}
