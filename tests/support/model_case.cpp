#include "support/model_case.hpp"

#include <algorithm>
#include <cstdlib>
#include <ranges>

namespace duet::test {
namespace {

bool is_asked_for(const std::string& pair) {
  const char* text = std::getenv("DUET_TEST_PAIRS");
  if (text == nullptr) return false;
  return std::string_view(text) == "all" ||
         std::ranges::any_of(std::views::split(std::string_view(text), ','), [&](auto part) {
           return std::string_view(part.begin(), part.end()) == pair;
         });
}

// Pairs that no model's name stands for. One with workers is the model of its engine, if there is
// one: poll with the engine epoll is epoll.
bool is_pair(const ModelFacts& model, const EngineFacts& engine) {
  if (model.sharing == Sharing::by_worker)
    return model.name == "epoll" && engine.name != "blocking" &&
           std::ranges::find(models(), engine.name, &ModelFacts::name) == models().end();
  return (model.sharing == Sharing::by_process || model.sharing == Sharing::by_thread) &&
         engine.name != model.engine;
}

}  // namespace

Options ModelCase::options() const {
  Options options;
  options.model = model;
  options.engine = engine;
  return options;
}

std::vector<ModelCase> model_cases() {
  std::vector<ModelCase> cases;
  for (const ModelFacts& facts : models())
    if (facts.name != "auto")
      cases.push_back({std::string(facts.name), std::string(facts.name), {}});
  for (const char* engine : {"epoll", "uring"})
    cases.push_back({std::string("thread_") + engine, "thread", engine});
  for (const ModelFacts& model : models())
    for (const EngineFacts& engine : engines()) {
      ModelCase pair = {std::string(model.name) + "_" + std::string(engine.name),
                        std::string(model.name), std::string(engine.name)};
      bool is_there = std::ranges::find(cases, pair.name, &ModelCase::name) != cases.end();
      if (is_pair(model, engine) && is_asked_for(pair.name) && !is_there)
        cases.push_back(std::move(pair));
    }
  return cases;
}

}  // namespace duet::test
