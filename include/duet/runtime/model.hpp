#pragma once
// The table of concurrency models. A model is two independent choices: how many connections share a
// loop, and which engine the loop has; its name is a shorthand for the pair.

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/io/engines.hpp"

namespace duet {

// Which connections share a loop.
enum class Sharing : std::uint8_t {
  none,        // one connection at a time, on the program's only loop
  by_process,  // a forked process with a loop for each connection
  by_thread,   // a thread with a loop for each connection
  by_pool,     // a loop for each connection, run by a few threads
  by_worker,   // all connections of a worker share its loop
};

// Whether this machine can run something, and if not, why and what would change that.
struct Availability {
  bool is_available = true;
  std::string reason;
  std::string cure;
  std::error_code code = {};  // of the call that was refused, if it was one
};

struct EngineFacts {
  std::string_view name;
  std::string_view summary;
};

struct ModelFacts {
  std::string_view name;
  Sharing sharing;
  std::string_view engine;  // empty: the best that is available
  std::string_view textbook_name;
  std::string_view summary;
  bool is_for_comparison;
};

std::span<const ModelFacts> models();
std::vector<EngineFacts> engines();
Availability probe_engine(std::string_view name);
Availability probe_model(const ModelFacts& model);

// Why a model cannot have an engine, on whatever machine; empty if it can.
std::string why_no_pair(const ModelFacts& model, std::string_view engine);

// Of a pair that there is: its engine, and the one that accepts.
Availability probe_pair(const ModelFacts& model, std::string_view engine);

// A name that is unknown, or a pair that does not exist or that this machine refuses.
class UnavailableModel : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The pair that a program runs with. Reads "epoll" or "thread, engine epoll".
class Model {
 public:
  // `engine` is empty for the model's own. Throws UnavailableModel.
  static Model choose(std::string_view name, std::string_view engine = {});

  std::string text() const;
  Sharing sharing() const noexcept { return facts_->sharing; }
  const ModelFacts& facts() const noexcept { return *facts_; }
  std::string_view engine() const noexcept { return engine_; }
  const std::string& fallback() const noexcept { return fallback_; }  // why auto took a lesser one

  // For the loop that a connection runs on; and for the loop that accepts, which is the same unless
  // each connection has its own: then it blocks, and starts no thread.
  io::EngineFactory connection_engine(std::shared_ptr<io::WorkPools> pools) const;
  io::EngineFactory acceptor_engine(std::shared_ptr<io::WorkPools> pools) const;

 private:
  Model() = default;

  const ModelFacts* facts_ = nullptr;
  std::string_view engine_;
  std::string fallback_;
};

}  // namespace duet
