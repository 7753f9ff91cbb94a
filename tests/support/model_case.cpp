#include "support/model_case.hpp"

namespace duet::test {

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
  return cases;
}

}  // namespace duet::test
