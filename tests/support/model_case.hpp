#pragma once
// The models that every behaviour is tested under: the table of duet, and two pairs that show that
// placement and engine are independent. DUET_TEST_PAIRS adds further pairs: names of them with
// commas between, as process_poll, or "all".

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "duet/runtime/model.hpp"
#include "duet/runtime/options.hpp"

namespace duet::test {

struct ModelCase {
  std::string name;  // as in the test's name
  std::string model;
  std::string engine;  // empty: the model's own

  Options options() const;

  // What a behaviour may depend on: whether connections are served side by side, by processes of
  // their own, by threads of their own, on loops of their own that a few threads run, or on the
  // loop of a worker.
  bool is_one_at_a_time() const { return model == "single"; }
  bool forks() const { return model == "process"; }
  bool has_threads() const { return model == "thread"; }
  bool has_pool() const { return model == "pool"; }
  bool has_workers() const {
    return !is_one_at_a_time() && !forks() && !has_threads() && !has_pool();
  }

  // Whether it uses a processor while it waits.
  bool spins() const { return model == "spin" || engine == "spin"; }

  // Of the thread that waits for what cannot signal, which begins after the listening: a set of
  // descriptors, and its end.
  std::size_t helper_threads() const { return model == "signal" ? 1 : 0; }
  std::size_t helper_descriptors() const { return 2 * helper_threads(); }

  // Whether a wait keeps the connection's thread.
  bool blocks() const { return !has_workers() && !has_pool() && engine.empty(); }
};

inline std::ostream& operator<<(std::ostream& out, const ModelCase& model) {
  return out << model.name;
}

std::vector<ModelCase> model_cases();

template <class Case>
std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

}  // namespace duet::test
