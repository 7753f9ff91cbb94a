// duet models: what is built, what this machine can run, and what auto takes.

#include <algorithm>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace duet::app {
namespace {

std::string taken_by_auto() {
  try {
    return std::string(Model::choose("auto").engine());
  } catch (const UnavailableModel&) {
    return "";
  }
}

std::string engine_of(const ModelFacts& model) {
  return model.engine.empty() ? taken_by_auto() : std::string(model.engine);
}

std::vector<std::string_view> models_of_other_engines() {
  std::vector<std::string_view> names;
  for (const ModelFacts& model : models())
    if (std::ranges::any_of(engines(), [&model](const EngineFacts& engine) {
          return engine.name != model.engine && why_no_pair(model, engine.name).empty();
        }))
      names.push_back(model.name);
  return names;
}

std::string text_of(const Availability& found, std::string_view yes) {
  if (found.is_available) return std::string(yes);
  return fmt::format("no: {}; to have it, {}", found.reason, found.cure);
}

void print_json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ModelFacts& model : models()) {
    Availability found = probe_model(model);
    list.push_back({{"name", model.name},
                    {"available", found.is_available},
                    {"reason", found.reason},
                    {"cure", found.cure},
                    {"engine", engine_of(model)},
                    {"summary", model.summary},
                    {"textbook_name", model.textbook_name},
                    {"for_comparison", model.is_for_comparison},
                    {"taken_by_auto", !model.engine.empty() && model.engine == taken_by_auto() &&
                                          model.sharing == Sharing::by_worker}});
  }
  fmt::print("{}\n", list.dump(2));
}

void print_text() {
  fmt::print("{:9} {:10} {:72} {}\n", "model", "engine", "what it is", "available");
  for (const ModelFacts& model : models()) {
    Availability found = probe_model(model);
    std::string what = fmt::format("{} ({})", model.summary, model.textbook_name);
    if (model.engine.empty()) what = fmt::format("{}: here {}", model.summary, engine_of(model));
    std::string_view yes = model.is_for_comparison ? "yes, for comparison" : "yes";
    fmt::print("{:9} {:10} {:72} {}\n", model.name, engine_of(model), what, text_of(found, yes));
  }
  fmt::print("\nengines, for --engine with model {}:\n",
             fmt::join(models_of_other_engines(), ", "));
  for (const EngineFacts& engine : engines()) {
    Availability found = probe_engine(engine.name);
    fmt::print("{:9} {:69} {}\n", engine.name, engine.summary, text_of(found, "yes"));
  }
}

}  // namespace

Command add_models(CLI::App& app) {
  CLI::App* parser =
      app.add_subcommand("models", "the concurrency models, and which of them run here");
  auto as_json = std::make_shared<bool>(false);
  parser->add_flag("--json", *as_json, "as JSON");
  return {parser, [as_json] {
            *as_json ? print_json() : print_text();
            flush_output();
            return 0;
          }};
}

}  // namespace duet::app
