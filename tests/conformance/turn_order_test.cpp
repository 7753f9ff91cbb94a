// The turn order that is chosen for a server reaches the loops of its connections, from the command
// line and from Options.

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

Task<> note(std::string& order, char name) {
  co_await yield();
  order += name;
}

Task<std::string> note_beside_each_other(Stream&) {
  std::string order;
  co_await all(note(order, 'a'), prioritized(1, note(order, 'b')), prioritized(2, note(order, 'c')),
               within(2h, note(order, 'd')), within(1h, note(order, 'e')));
  co_return order;
}

class TurnOrderOfServer : public ModelTest {
 protected:
  static std::string result_under(const Options& options) {
    ServerProcess server(options, serving(answer, note_beside_each_other));
    return ClientSocket(server.address()).receive_rest();
  }

  std::string result_of_command_line(std::string order) const {
    std::vector<std::string> words{"server", "--model", model().model, "--turn-order=" + order};
    if (!model().engine.empty()) words.push_back("--engine=" + model().engine);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    return result_under(Options::parse(static_cast<int>(arguments.size()), arguments.data()));
  }
};
INSTANTIATE_TEST_SUITE_P(, TurnOrderOfServer, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(TurnOrderOfServer, is_by_arrival_unless_told_otherwise) {
  EXPECT_EQ(result_under(options()), "abcde");
  EXPECT_EQ(result_of_command_line("fifo"), "abcde");
}

TEST_P(TurnOrderOfServer, may_be_by_priority) {
  Options chosen = options();
  chosen.turn_order = priority_order;
  EXPECT_EQ(result_under(chosen), "cbade");
  EXPECT_EQ(result_of_command_line("priority"), "cbade");
}

TEST_P(TurnOrderOfServer, may_be_by_deadline) {
  Options chosen = options();
  chosen.turn_order = deadline_order;
  EXPECT_EQ(result_under(chosen), "edabc");
  EXPECT_EQ(result_of_command_line("deadline"), "edabc");
}

// The other loops have it, too.
TEST_P(TurnOrderOfServer, is_that_of_each_worker) {
  Options chosen = options();
  chosen.turn_order = priority_order;
  if (model().has_workers() || model().has_pool()) chosen.workers = 2;
  ServerProcess server(chosen, serving(answer, note_beside_each_other));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ClientSocket(server.address()).receive_rest(), "cbade");
}

}  // namespace
}  // namespace duet::test
