#include "duet/runtime/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "runtime/supervisor.hpp"
#include "sys/limits.hpp"

namespace duet {

namespace {

unsigned workers_of(const Model& model) {
  return model.sharing() == Sharing::by_pool ? std::max(2U, std::thread::hardware_concurrency())
                                             : 1;
}

bool has_workers(Sharing sharing) {
  return sharing == Sharing::by_worker || sharing == Sharing::by_pool;
}

std::string names_of_those_with_workers() {
  std::string names;
  for (const ModelFacts& model : models())
    if (has_workers(model.sharing)) names += (names.empty() ? "" : ", ") + std::string(model.name);
  return names;
}

// An engine has descriptors, too: the limit is raised before it is tried.
Model choose(const Options& options) {
  sys::raise_descriptor_limit();
  return Model::choose(options.model, options.engine);
}

}  // namespace

struct Runtime::State {
  State(Options chosen, std::shared_ptr<Log> to)
      : options(std::move(chosen)),
        model(choose(options)),
        workers(options.workers > 0 ? options.workers : workers_of(model)),
        log(std::move(to)) {}

  // Workers that accept, and have a loop of the runtime's life.
  unsigned loops() const noexcept {
    return model.sharing() == Sharing::by_worker ? workers.load() : 1;
  }

  // By a program that says itself where it listens, instead of asking options.listen_or().
  void warn_if_listen_is_unused() const {
    const std::optional<Address> wanted = Address::parse(options.listen);
    if (options.listen.empty() || std::ranges::count(services, wanted, &Service::address) > 0)
      return;
    log->warning("--listen {} is not used: this program has an address of its own", options.listen);
  }

  const Options options;
  const Model model;
  std::atomic<unsigned> workers;
  const std::shared_ptr<Log> log;
  std::vector<Service> services;
  std::vector<std::shared_ptr<PerWorker>> per_worker;
  std::function<void(const std::vector<Address>&)> announce;
  LoopEnd loop_end;
  std::function<void()> hang_up;

  std::mutex mutex;
  std::function<void()> stop;  // while it runs
  bool is_stopped = false;
};

Runtime::Runtime(Options options, std::shared_ptr<Log> log)
    : state_(std::make_unique<State>(std::move(options), std::move(log))) {
  if (workers() > 1 && !has_workers(model().sharing()))
    throw UsageError(fmt::format(
        "--workers is for models whose connections share loops or threads ({}); model {} has none "
        "to multiply",
        names_of_those_with_workers(), model().facts().name));
  if (!model().fallback().empty())
    state_->log->warning("{}taking {}", model().fallback(), model().engine());
  sys::ignore_broken_pipes();
}

Runtime::~Runtime() = default;

const Model& Runtime::model() const noexcept { return state_->model; }
unsigned Runtime::workers() const noexcept { return state_->workers; }

std::string Runtime::text() const {
  return fmt::format("model {}, {} worker{}", model().text(), workers(), workers() == 1 ? "" : "s");
}

void Runtime::on_listening(std::function<void(const std::vector<Address>&)> action) {
  state_->announce = std::move(action);
}

void Runtime::announce(std::string scheme) {
  on_listening([this, scheme = std::move(scheme)](const std::vector<Address>& listening) {
    for (const Address& address : listening) {
      bool is_local = address.family == Address::Family::local;
      fmt::print("listening on {}{} ({})\n", is_local ? "" : scheme + "://", address.text(),
                 text());
    }
    std::fflush(stdout);
  });
}

void Runtime::on_loop_end(std::function<void(const LoopCensus&)> action) {
  state_->loop_end = [before = std::move(state_->loop_end),
                      action = std::move(action)](const LoopCensus& census) {
    if (before) before(census);
    action(census);
  };
}

void Runtime::on_hang_up(std::function<void()> action) {
  state_->hang_up = [before = std::move(state_->hang_up), action = std::move(action)] {
    if (before) before();
    action();
  };
}

int Runtime::run() {
  State& state = *state_;
  state.warn_if_listen_is_unused();
  auto pools = std::make_shared<io::WorkPools>();
  Loop loop(state.model.acceptor_engine(pools), *state.log, state.options.turn_order,
            state.options.fibers);
  Supervisor supervisor(
      {state.options, state.model, state.loops(), state.workers, state.services, state.per_worker,
       state.announce, *state.log, state.loop_end, state.hang_up, std::move(pools)},
      loop);
  {
    std::lock_guard lock(state.mutex);
    state.stop = [&] { loop.post([&] { supervisor.drain(); }); };
    if (state.is_stopped) state.stop();
  }
  auto forget = [](State* of) {
    std::lock_guard lock(of->mutex);
    of->stop = nullptr;
  };
  std::unique_ptr<State, decltype(forget)> running(&state);
  loop.run(supervisor.run());
  tell(state.loop_end, loop);
  return 0;
}

void Runtime::stop() {
  std::lock_guard lock(state_->mutex);
  state_->is_stopped = true;
  if (state_->stop) state_->stop();
}

Address Runtime::parse(std::string_view address) {
  if (std::optional<Address> parsed = Address::parse(address)) return *parsed;
  throw UsageError("'" + std::string(address) +
                   "' is no address to listen on; write 127.0.0.1:8080, [::1]:8080 or unix:PATH");
}

void Runtime::add(Service service) { state_->services.push_back(std::move(service)); }

void Runtime::refuse_shared_state_if_forking() const {
  if (model().sharing() == Sharing::by_process)
    throw UnavailableModel(
        "this handler's connections share state, and under model process each has its own memory; "
        "use another model");
}

void Runtime::divide(std::shared_ptr<PerWorker> state) const {
  if (std::ranges::find(state_->per_worker, state) != state_->per_worker.end()) return;
  state->divide(state_->loops());
  state_->per_worker.push_back(std::move(state));
}

bool Runtime::has_one_loop() const noexcept {
  return model().sharing() == Sharing::none ||
         (model().sharing() == Sharing::by_worker && workers() == 1);
}

}  // namespace duet
