// The only place that names every mechanism.

#include "duet/runtime/model.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "duet/base/error.hpp"
#include "sys/quiet_thread.hpp"

namespace duet {
namespace {

using Pools = std::shared_ptr<io::WorkPools>;

constexpr std::string_view acceptor = "blocking";  // the engine that accepts for loops of others

struct EngineEntry {
  EngineFacts facts;
  std::unique_ptr<io::Engine> (*make)(JobQueue&, const Pools&, bool serves_many);
  std::string_view cure;  // when the system refuses it
};

template <std::unique_ptr<io::SelectorMechanism> (*make_mechanism)(io::Trigger)>
std::unique_ptr<io::Engine> make_reactor(JobQueue& completed, const Pools& pools, bool) {
  return io::make_reactor_engine(completed, make_mechanism(io::Trigger::once), pools);
}

void require_a_thread() {
  try {
    sys::QuietThread([] {});
  } catch (const std::system_error& error) {
    throw IoError(error.code(), "start the helper thread", [] { return "within ulimit -u"; });
  }
}

// The helper thread of its selector waits in epoll; who has no epoll is told before it is needed,
// and so is a worker, which waits for signals by it, if there can be no thread.
std::unique_ptr<io::Engine> make_signal(JobQueue& completed, const Pools& pools, bool serves_many) {
  io::make_epoll_mechanism(io::Trigger::once);
  if (serves_many) require_a_thread();
  return make_reactor<io::make_signal_mechanism>(completed, pools, serves_many);
}

template <io::AioNotice notice>
std::unique_ptr<io::Engine> make_aio(JobQueue& completed, const Pools& pools, bool) {
  return io::make_aio_engine(completed, io::make_epoll_mechanism(io::Trigger::once), pools, notice);
}

// In the order of preference of `auto`, which takes the first selector that works.
constexpr std::array engine_table = {
    EngineEntry{{"epoll", "reactor: tries each call, waits in epoll(7)"},
                make_reactor<io::make_epoll_mechanism>,
                "allow epoll_create1 and epoll_pwait2 (Linux 5.11) in the seccomp filter"},
    EngineEntry{{"poll", "reactor: tries each call, waits in poll(2)"},
                make_reactor<io::make_poll_mechanism>,
                "allow ppoll in the seccomp filter"},
    EngineEntry{{"select", "reactor: tries each call, waits in select(2)"},
                make_reactor<io::make_select_mechanism>,
                "allow pselect6 in the seccomp filter"},
    EngineEntry{{"spin", "reactor: tries each call again and again, waits nowhere"},
                make_reactor<io::make_spin_mechanism>,
                "allow pipe2 in the seccomp filter"},
    EngineEntry{{"signal", "reactor: tries each call, waits for signals, fcntl(2) F_SETSIG"},
                make_signal,
                "allow rt_sigtimedwait, epoll_create1 and epoll_pwait2 in the seccomp filter"},
    EngineEntry{
        {"blocking", "waits inside each blocking call"},
        [](JobQueue& completed, const Pools&, bool) { return io::make_blocking_engine(completed); },
        "allow timer_create, or raise the limit of pending signals (ulimit -i)"},
    EngineEntry{{"aio", "files by aio(7), a signal tells their end; sockets as under epoll"},
                make_aio<io::AioNotice::signal>,
                "allow epoll_create1 and epoll_pwait2 (Linux 5.11) in the seccomp filter"},
    EngineEntry{{"aio_poll", "files by aio(7), asked for their end; sockets as under epoll"},
                make_aio<io::AioNotice::polling>,
                "allow epoll_create1 and epoll_pwait2 (Linux 5.11) in the seccomp filter"},
#ifdef DUET_HAVE_URING
    EngineEntry{{"uring", "proactor: the kernel completes each call, io_uring(7)"},
                [](JobQueue& completed, const Pools& pools, bool serves_many) {
                  return io::make_uring_engine(completed, serves_many ? 512 : 8, pools);
                },
                "set the sysctl kernel.io_uring_disabled to 0, allow io_uring_setup in the seccomp "
                "filter (containers deny it by default), use Linux 5.11 or later"},
#endif
};

constexpr std::array model_table = {
    ModelFacts{"single", Sharing::none, "blocking", "single-threaded synchronous",
               "one connection at a time", true},
    ModelFacts{"process", Sharing::by_process, "blocking", "one process per request",
               "a forked process per connection", false},
    ModelFacts{"thread", Sharing::by_thread, "blocking", "one thread per request",
               "a thread per connection", false},
    ModelFacts{"pool", Sharing::by_pool, "epoll",
               "event loop with a thread pool, half-sync/half-async",
               "a loop per connection, run by a few threads", false},
    ModelFacts{"spin", Sharing::by_worker, "spin", "non-blocking I/O, busy polling",
               "an event loop that never waits", true},
    ModelFacts{"select", Sharing::by_worker, "select", "I/O multiplexing, reactor pattern",
               "an event loop over select(2)", true},
    ModelFacts{"signal", Sharing::by_worker, "signal", "signal-driven I/O",
               "an event loop that is told by signals", true},
    ModelFacts{"poll", Sharing::by_worker, "poll", "I/O multiplexing, reactor pattern",
               "an event loop over poll(2)", false},
    ModelFacts{"epoll", Sharing::by_worker, "epoll", "I/O multiplexing, reactor pattern",
               "an event loop over epoll(7)", false},
    ModelFacts{"aio", Sharing::by_worker, "aio", "asynchronous I/O, POSIX",
               "an event loop whose files go through aio(7)", true},
    ModelFacts{"uring", Sharing::by_worker, "uring", "asynchronous I/O, proactor pattern",
               "an event loop over io_uring(7)", false},
    ModelFacts{"auto", Sharing::by_worker, "", "I/O multiplexing",
               "an event loop over the best selector that works", false},
};

// How many letters to change, add or drop to make one word of the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

template <class Table, class Name>
const typename Table::value_type& find(const Table& table, Name name_of, std::string_view what,
                                       std::string_view name) {
  auto found = std::ranges::find(table, name, name_of);
  if (found != table.end()) return *found;
  auto nearest = std::ranges::min_element(
      table, {}, [&](const auto& entry) { return distance(name, name_of(entry)); });
  std::string known;
  for (const auto& entry : table)
    known += (known.empty() ? "" : ", ") + std::string(name_of(entry));
  throw UnavailableModel("unknown " + std::string(what) + " '" + std::string(name) +
                         "'; did you mean '" + std::string(name_of(*nearest)) + "'? There are " +
                         known);
}

const EngineEntry& find_engine(std::string_view name) {
  if (name == "uring" && std::ranges::none_of(engine_table, [](const EngineEntry& entry) {
        return entry.facts.name == "uring";
      }))
    throw UnavailableModel("engine uring was not built: duet was compiled without liburing");
  return find(
      engine_table, [](const EngineEntry& entry) { return entry.facts.name; }, "engine", name);
}

const ModelFacts& find_model(std::string_view name) {
  return find(model_table, [](const ModelFacts& model) { return model.name; }, "model", name);
}

std::string cure_of(const EngineEntry& engine, std::error_code code) {
  if (code == std::errc::too_many_files_open) return "raise the limit of descriptors (ulimit -n)";
  if (code == Errc::descriptor_too_high) return "start it with fewer descriptors open";
  return std::string(engine.cure);
}

Availability probe(const EngineEntry& engine) {
  try {
    JobQueue completed;
    engine.make(completed, nullptr, false)->reap(past);
    return {};
  } catch (const IoError& error) {
    return {false, error.what(), cure_of(engine, error.code()), error.code()};
  }
}

// How to have an engine under a model that serves many.
std::string many_with(std::string_view engine) {
  bool is_model = std::ranges::find(model_table, engine, &ModelFacts::name) != model_table.end();
  return fmt::format("{}{}", is_model ? "--model " : "--model epoll --engine ", engine);
}

bool is_selector(const EngineEntry& engine) {
  return engine.facts.name == "epoll" || engine.facts.name == "poll" ||
         engine.facts.name == "select";
}

}  // namespace

std::span<const ModelFacts> models() { return model_table; }

std::vector<EngineFacts> engines() {
  std::vector<EngineFacts> facts;
  for (const EngineEntry& entry : engine_table) facts.push_back(entry.facts);
  return facts;
}

Availability probe_engine(std::string_view name) {
  try {
    return probe(find_engine(name));
  } catch (const UnavailableModel& error) {
    return {false, error.what(), "install liburing-dev and build duet again"};
  }
}

std::string why_no_pair(const ModelFacts& model, std::string_view engine) {
  bool is_blocking = engine == "blocking";
  if (is_blocking && model.sharing == Sharing::by_worker)
    return fmt::format(
        "model {} cannot have the engine blocking: many connections share its loop, and one that "
        "blocks would stop all of them; use --model thread or process",
        model.name);
  if (!is_blocking && model.sharing == Sharing::none)
    return fmt::format(
        "model single has the engine blocking only: it serves one connection at a time; use {} to "
        "serve many",
        many_with(engine));
  if (model.sharing == Sharing::by_pool && engine != model.engine)
    return "model pool has the engine epoll only: all its loops are parked on one epoll; use "
           "--model thread for a loop per connection with another engine";
  return {};
}

Availability probe_pair(const ModelFacts& model, std::string_view engine) {
  Availability found = probe_engine(engine);
  if (!found.is_available || model.sharing == Sharing::by_worker || engine == acceptor)
    return found;
  found = probe_engine(acceptor);
  if (!found.is_available)
    found.reason += fmt::format(", for the engine {}, which accepts", acceptor);
  return found;
}

Availability probe_model(const ModelFacts& model) {
  if (!model.engine.empty()) return probe_pair(model, model.engine);
  Availability last;
  for (const EngineEntry& engine : engine_table) {
    if (!is_selector(engine)) continue;
    last = probe(engine);
    if (last.is_available) return last;
  }
  return last;
}

Model Model::choose(std::string_view name, std::string_view engine) {
  Model model;
  model.facts_ = &find_model(name);
  if (engine.empty() && model.facts_->engine.empty()) {
    for (const EngineEntry& entry : engine_table) {
      if (!is_selector(entry)) continue;
      Availability found = probe(entry);
      model.engine_ = entry.facts.name;
      if (found.is_available) return model;
      model.fallback_ +=
          std::string(entry.facts.name) + " is not available (" + found.reason + "); ";
    }
    throw UnavailableModel("no selector is available: " + model.fallback_);
  }
  std::string_view wanted = engine.empty() ? model.facts_->engine : engine;
  const EngineEntry& entry = find_engine(wanted);
  if (std::string why = why_no_pair(model.facts(), wanted); !why.empty())
    throw UnavailableModel(why);
  if (Availability found = probe_pair(model.facts(), wanted); !found.is_available)
    throw UnavailableModel(
        fmt::format("model {} with the engine {} is not available: {}; to have it, {}", name,
                    wanted, found.reason, found.cure));
  model.engine_ = entry.facts.name;
  return model;
}

std::string Model::text() const {
  if (engine_ == facts_->engine) return std::string(facts_->name);
  if (facts_->engine.empty()) return std::string(engine_);
  return std::string(facts_->name) + ", engine " + std::string(engine_);
}

io::EngineFactory Model::connection_engine(Pools pools) const {
  const EngineEntry& entry = find_engine(engine_);
  bool serves_many = sharing() == Sharing::by_worker;
  return [&entry, pools = std::move(pools), serves_many](JobQueue& completed) {
    return entry.make(completed, pools, serves_many);
  };
}

io::EngineFactory Model::acceptor_engine(Pools pools) const {
  if (sharing() == Sharing::by_worker) return connection_engine(std::move(pools));
  return io::make_blocking_engine;  // as probe_pair says
}

}  // namespace duet
