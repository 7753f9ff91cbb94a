// A request means the same under every model, however its bytes are cut and in whatever way the
// handler is written: the answers are equal byte for byte, those to hostile requests included.
//
// After the bytes of each row the client sends one more request. Its answer shows that the
// connection was kept and that the server is at the right place in the stream; without an answer it
// shows that what follows a request of unknown length, or one that was refused, is never taken for
// a request.

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "conformance/http_probe.hpp"
#include "conformance/http_rows.hpp"
#include "duet/loop/callback.hpp"
#include "support/dialogue.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

const std::string last_request = get("/about?the-end", "Connection: close\r\n");
const std::string last_body = "GET a /about the-end\n";

std::vector<HttpRow> all_rows() {
  std::vector<HttpRow> rows;
  for (auto some :
       {http_line_rows, http_field_rows, http_length_rows, http_chunk_rows, http_sequence_rows})
    for (HttpRow& row : some()) {
      row.bytes += last_request;
      rows.push_back(std::move(row));
    }
  return rows;
}

constexpr const char* no_fibers = "duet was compiled without Boost.Context";

using Cuts = std::vector<std::size_t>;

Cuts whole(std::string_view) { return {}; }

// After each byte; in the middle of long rows, where nothing changes, in larger steps.
Cuts every_cut(std::string_view bytes) {
  constexpr std::size_t edge = 256;
  std::size_t step = bytes.size() > 4096 ? 61 + bytes.size() / 1000 : 1;
  Cuts cuts;
  for (std::size_t at = 1; at < bytes.size();) {
    cuts.push_back(at);
    bool is_at_edge = at < edge || at + edge + step > bytes.size();
    at += is_at_edge ? 1 : step;
  }
  return cuts;
}

Cuts random_cuts(std::string_view bytes, unsigned seed) {
  std::minstd_rand random(seed);
  Cuts cuts(1 + random() % 8);
  for (std::size_t& cut : cuts) cut = 1 + random() % (bytes.size() - 1);
  std::ranges::sort(cuts);
  cuts.erase(std::ranges::unique(cuts).begin(), cuts.end());
  return cuts;
}

std::vector<Dialogue> dialogues_of(const std::vector<HttpRow>& rows, auto cuts_of) {
  std::vector<Dialogue> dialogues;
  for (const HttpRow& row : rows) dialogues.push_back({row.bytes, cuts_of(row.bytes)});
  return dialogues;
}

// What HttpRow::expected and HttpRow::body say.
struct Seen {
  std::string outcome;
  std::string body;
};

Seen see(const HttpRow& row, const Dialogue& dialogue) {
  Seen seen;
  std::string left = dialogue.received;
  std::string_view expected = row.expected;
  while (!left.empty()) {
    bool is_of_head = expected.starts_with("head");
    expected.remove_prefix(std::min(expected.find(' ') + 1, expected.size()));
    Answer answer = *take_answer(left, is_of_head ? Asked::head : Asked::any, true);
    bool is_last = left.empty();
    if (is_last && answer.body == last_body) {
      seen.outcome += "kept";
      return seen;
    }
    seen.outcome += is_of_head ? "head " : fmt::format("{} ", answer.status);
    if (answer.status < 400) seen.body += answer.body;
    if (is_last && answer.field("Connection") != "close") seen.outcome += "not said to be ";
  }
  seen.outcome += dialogue.was_reset ? "reset" : "closed";
  return seen;
}

class HttpDifferential : public ModelTest {
 protected:
  void SetUp() override {
    ModelTest::SetUp();
    rows_ = all_rows();
    for (std::size_t i = 0; i < rows_.size(); ++i) ASSERT_FALSE(rows_[i].name.empty()) << i;
  }

  // Sends every row to the model's server, cut so, and whole to one that polls.
  void compare(auto cuts_of, const ServerProcess::Serve& serve) {
    Options plain;
    plain.model = "poll";
    std::vector<Dialogue> wanted = dialogues_of(rows_, whole);
    ask(wanted, plain, serving_http({}, probe), 64);
    std::vector<Dialogue> found = dialogues_of(rows_, cuts_of);
    ask(found, options(), serve, model().is_one_at_a_time() ? 1 : 64);
    for (std::size_t i = 0; i < rows_.size(); ++i) expect_same(rows_[i], wanted[i], found[i]);
  }

  void compare_cut_at_random(const ServerProcess::Serve& serve) {
    for (unsigned seed = 1; seed <= static_cast<unsigned>(scaled(6)); ++seed)
      compare(
          [seed](std::string_view bytes) {
            return random_cuts(bytes, seed + static_cast<unsigned>(bytes.size()));
          },
          serve);
  }

 private:
  static void ask(std::vector<Dialogue>& dialogues, const Options& options,
                  const ServerProcess::Serve& serve, std::size_t at_once) {
    ServerProcess server(options, serve);
    carry_out(dialogues, server.address(), at_once);
    server.stop();
    EXPECT_EQ(server.log(), "");
  }

  static void expect_same(const HttpRow& row, const Dialogue& wanted, const Dialogue& found) {
    SCOPED_TRACE(row.name);
    Seen seen = see(row, found);
    EXPECT_EQ(seen.outcome, row.expected);
    EXPECT_TRUE(row.body.empty() || seen.body == row.body) << seen.body.substr(0, 200);
    std::string want = without_dates(wanted.received);
    std::string have = without_dates(found.received);
    EXPECT_TRUE(have == want) << have.substr(0, 2000) << "\n--- but whole, under poll\n"
                              << want.substr(0, 2000);
  }

  std::vector<HttpRow> rows_;
};
INSTANTIATE_TEST_SUITE_P(, HttpDifferential, testing::ValuesIn(model_cases()), name_of<ModelCase>);

http::Response probe_in_fiber(http::Request request) { return wait(probe(request)); }

Task<http::Response> probe_by_callbacks(http::Request request) {
  std::optional<http::Response> answer;
  auto ask = [&] {
    start(probe(request), [&](std::expected<http::Response, std::error_code> response) {
      answer = std::move(response.value());
    });
  };
  Task<> asking = callbacks(ask);
  co_await std::move(asking);
  co_return std::move(*answer);
}

const ServerProcess::Serve by_coroutines = serving_http({}, probe);
const ServerProcess::Serve in_fibers = serving_http({}, probe_in_fiber);
const ServerProcess::Serve by_callbacks = serving_http({}, probe_by_callbacks);

TEST_P(HttpDifferential, requests_sent_whole_are_answered_as_stated) {
  compare(whole, by_coroutines);
}

TEST_P(HttpDifferential, requests_sent_byte_by_byte_are_answered_as_if_whole) {
  compare(every_cut, by_coroutines);
}

TEST_P(HttpDifferential, requests_cut_at_random_are_answered_as_if_whole) {
  compare_cut_at_random(by_coroutines);
}

TEST_P(HttpDifferential, requests_handled_in_fibers_are_answered_as_stated) {
  if (!sys::has_fibers()) GTEST_SKIP() << not_here(no_fibers);
  compare(whole, in_fibers);
}

TEST_P(HttpDifferential, requests_sent_byte_by_byte_to_fibers_are_answered_as_if_whole) {
  if (!sys::has_fibers()) GTEST_SKIP() << not_here(no_fibers);
  compare(every_cut, in_fibers);
}

TEST_P(HttpDifferential, requests_cut_at_random_for_fibers_are_answered_as_if_whole) {
  if (!sys::has_fibers()) GTEST_SKIP() << not_here(no_fibers);
  compare_cut_at_random(in_fibers);
}

TEST_P(HttpDifferential, requests_handled_by_callbacks_are_answered_as_stated) {
  compare(whole, by_callbacks);
}

TEST_P(HttpDifferential, requests_sent_byte_by_byte_to_callbacks_are_answered_as_if_whole) {
  compare(every_cut, by_callbacks);
}

TEST_P(HttpDifferential, requests_cut_at_random_for_callbacks_are_answered_as_if_whole) {
  compare_cut_at_random(by_callbacks);
}

}  // namespace
}  // namespace duet::test
