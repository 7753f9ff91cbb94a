// duet doctor: what this machine allows a server to do, and what to change.

#include <algorithm>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "finding.hpp"

namespace duet::app {
namespace {

constexpr std::size_t text_width = 96;

std::string_view text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::fine: return "fine";
    case Verdict::could_be_better: return "could be better";
    case Verdict::will_hurt: return "will hurt a server";
  }
  return "";
}

void print_json(const MachineFacts& facts, const Findings& found) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : found)
    list.push_back({{"name", finding.name},
                    {"verdict", text_of(finding.verdict)},
                    {"is", finding.is},
                    {"why", finding.why},
                    {"cure", finding.cure}});
  nlohmann::ordered_json pairs = nlohmann::ordered_json::array();
  for (const PairFacts& pair : facts.pairs)
    pairs.push_back({{"model", pair.model},
                     {"engine", pair.engine},
                     {"exists", pair.exists},
                     {"available", pair.is_available},
                     {"reason", pair.reason},
                     {"cure", cure_of(pair, facts)}});
  nlohmann::ordered_json all = {{"findings", list}, {"pairs", pairs}};
  fmt::print("{}\n", all.dump(2));
}

// Breaks a text between words; each line begins with the indent.
void print_wrapped(std::string_view indent, const std::string& text) {
  std::istringstream words(text);
  std::string line(indent);
  for (std::string word; words >> word;) {
    bool is_first = line.size() == indent.size();
    if (!is_first && line.size() + 1 + word.size() > text_width) {
      fmt::print("{}\n", line);
      line.assign(indent.size(), ' ');
      is_first = true;
    }
    if (!is_first) line += ' ';
    line += word;
  }
  fmt::print("{}\n", line);
}

void print_text(const Findings& found) {
  std::map<Verdict, int> counts;
  for (const Finding& finding : found) {
    ++counts[finding.verdict];
    std::string verdict(text_of(finding.verdict));
    if (finding.verdict != Verdict::fine) verdict.insert(0, "! ");
    fmt::print("{}: {}: {}\n", finding.name, verdict, finding.is);
    if (!finding.why.empty()) print_wrapped("    ", finding.why);
    if (!finding.cure.empty()) print_wrapped("    to do: ", finding.cure);
  }
  fmt::print("\n{} fine, {} could be better, {} will hurt a server\n", counts[Verdict::fine],
             counts[Verdict::could_be_better], counts[Verdict::will_hurt]);
}

int run(bool as_json) {
  MachineFacts facts = read_machine_facts();
  Findings found = findings(facts);
  if (as_json) {
    print_json(facts, found);
  } else {
    print_text(found);
  }
  flush_output();
  return std::ranges::count(found, Verdict::will_hurt, &Finding::verdict) > 0 ? 1 : 0;
}

}  // namespace

Command add_doctor(CLI::App& app) {
  CLI::App* parser =
      app.add_subcommand("doctor", "what this machine allows a server, and what to change");
  auto as_json = std::make_shared<bool>(false);
  parser->add_flag("--json", *as_json, "as JSON");
  return {parser, [as_json] { return run(*as_json); }};
}

}  // namespace duet::app
