// The rules of duet doctor, fed with the facts of good and of bad machines.

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "finding.hpp"

namespace duet::app {
namespace {

PairFacts own_pair(const char* model, const char* engine) {
  PairFacts pair;
  pair.model = model;
  pair.engine = engine;
  pair.is_own = true;
  return pair;
}

MachineFacts good_machine() {
  MachineFacts facts;
  facts.kernel = "6.1.0-18-amd64";
  facts.versions = {"duet 0.1.0"};
  facts.pairs = {own_pair("thread", "blocking"), own_pair("epoll", "epoll"),
                 own_pair("uring", "uring")};
  facts.taken_by_auto = "epoll";
  facts.cores = 4;
  facts.descriptors = {1024, 524288};
  facts.pending_signals = {96350, 96350};
  facts.locked_bytes = {8U << 20U, 8U << 20U};
  facts.descriptors_of_a_process = 1048576;
  facts.io_uring_disabled = 0;
  facts.somaxconn = 4096;
  facts.first_port = 32768;
  facts.last_port = 60999;
  facts.tcp_syncookies = 1;
  facts.tcp_fin_timeout = 60;
  facts.tcp_tw_reuse = 2;
  facts.sockets_in_time_wait = 0;
  return facts;
}

void refuse(PairFacts& pair, std::errc error, const char* reason) {
  pair.is_available = false;
  pair.code = std::make_error_code(error);
  pair.reason = reason;
  pair.cure = "the table's cure";
}

Finding named(const Findings& all, std::string_view name) {
  auto found = std::ranges::find(all, name, &Finding::name);
  if (found == all.end()) throw std::out_of_range("no finding " + std::string(name));
  return *found;
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Row {
  const char* name;  // in words, of the test
  const char* finding;
  void (*spoil)(MachineFacts&);
  Verdict verdict;
  const char* cure;  // what the cure says
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

constexpr Verdict fine = Verdict::fine;
constexpr Verdict better = Verdict::could_be_better;
constexpr Verdict hurts = Verdict::will_hurt;

const Row rows[] = {
    {"a_hard_limit_of_few_descriptors_hurts", "descriptors",
     [](MachineFacts& facts) { facts.descriptors = {256, 1024}; }, hurts, "LimitNOFILE"},
    {"fewer_descriptors_than_connections_could_be_better", "descriptors",
     [](MachineFacts& facts) { facts.descriptors = {1024, 4096}; }, better, "1048576"},
    {"a_low_soft_limit_is_fine_since_it_is_raised", "descriptors",
     [](MachineFacts& facts) { facts.descriptors = {64, 20000}; }, fine, ""},
    {"few_pending_signals_hurt", "pending signals",
     [](MachineFacts& facts) { facts.pending_signals = {100, 100}; }, hurts, "ulimit -i"},
    {"fewer_pending_signals_than_connections_could_be_better", "pending signals",
     [](MachineFacts& facts) { facts.pending_signals = {4000, 4000}; }, better, "ulimit -i"},
    {"little_locked_memory_is_fine_since_5_12", "locked memory",
     [](MachineFacts& facts) { facts.locked_bytes = {65536, 65536}; }, fine, ""},
    {"little_locked_memory_could_be_better_before_5_12", "locked memory",
     [](MachineFacts& facts) {
       facts.kernel = "5.11.0";
       facts.locked_bytes = {65536, 65536};
     },
     better, "ulimit -l"},
    {"a_short_backlog_could_be_better", "net.core.somaxconn",
     [](MachineFacts& facts) { facts.somaxconn = 128; }, better, "somaxconn=4096"},
    {"a_backlog_of_next_to_nothing_hurts", "net.core.somaxconn",
     [](MachineFacts& facts) { facts.somaxconn = 16; }, hurts, "somaxconn=4096"},
    {"a_backlog_that_is_not_shown_is_no_fault", "net.core.somaxconn",
     [](MachineFacts& facts) { facts.somaxconn.reset(); }, fine, ""},
    {"a_narrow_port_range_could_be_better", "net.ipv4.ip_local_port_range",
     [](MachineFacts& facts) { facts.last_port = 36000; }, better, "ip_local_port_range"},
    {"a_port_range_of_next_to_nothing_hurts", "net.ipv4.ip_local_port_range",
     [](MachineFacts& facts) { facts.last_port = 32800; }, hurts, "ip_local_port_range"},
    {"no_syncookies_hurt", "net.ipv4.tcp_syncookies",
     [](MachineFacts& facts) { facts.tcp_syncookies = 0; }, hurts, "tcp_syncookies=1"},
    {"syncookies_always_could_be_better", "net.ipv4.tcp_syncookies",
     [](MachineFacts& facts) { facts.tcp_syncookies = 2; }, better, "tcp_syncookies=1"},
    {"a_long_fin_timeout_could_be_better", "net.ipv4.tcp_fin_timeout",
     [](MachineFacts& facts) { facts.tcp_fin_timeout = 600; }, better, "tcp_fin_timeout=60"},
    {"reuse_of_ports_in_time_wait_is_fine", "net.ipv4.tcp_tw_reuse",
     [](MachineFacts& facts) { facts.tcp_tw_reuse = 1; }, fine, ""},
    {"recycling_time_wait_hurts", "net.ipv4.tcp_tw_recycle",
     [](MachineFacts& facts) { facts.tcp_tw_recycle = 1; }, hurts, "tcp_tw_recycle=0"},
    {"recycling_that_is_off_is_fine", "net.ipv4.tcp_tw_recycle",
     [](MachineFacts& facts) { facts.tcp_tw_recycle = 0; }, fine, ""},
    {"a_quota_below_the_cores_could_be_better", "cores",
     [](MachineFacts& facts) { facts.cores_of_quota = 1.5; }, better, "--workers 1"},
    {"a_quota_of_all_cores_is_fine", "cores", [](MachineFacts& facts) { facts.cores_of_quota = 4; },
     fine, ""},
    {"a_kernel_before_5_6_hurts", "kernel", [](MachineFacts& facts) { facts.kernel = "4.19.0"; },
     hurts, "5.11"},
    {"a_kernel_before_5_11_could_be_better", "kernel",
     [](MachineFacts& facts) { facts.kernel = "5.10.0-28-amd64"; }, better, "5.11"},
    {"a_ring_forbidden_by_sysctl_could_be_better", "model uring",
     [](MachineFacts& facts) {
       facts.io_uring_disabled = 2;
       refuse(facts.pairs[2], std::errc::operation_not_permitted, "io_uring_setup: …");
     },
     better, "kernel.io_uring_disabled=0"},
    {"a_ring_forbidden_by_a_filter_names_the_filter", "model uring",
     [](MachineFacts& facts) {
       facts.is_filtered = true;
       refuse(facts.pairs[2], std::errc::operation_not_permitted, "io_uring_setup: …");
     },
     better, "seccomp"},
    {"a_call_that_the_kernel_lacks_wants_another_kernel", "model uring",
     [](MachineFacts& facts) {
       refuse(facts.pairs[2], std::errc::function_not_supported, "io_uring_setup: …");
     },
     better, "newer"},
    {"a_ring_without_memory_wants_memory", "model uring",
     [](MachineFacts& facts) {
       refuse(facts.pairs[2], std::errc::not_enough_memory, "io_uring_setup: …");
     },
     better, "memory.max"},
    {"a_ring_without_memory_before_5_12_wants_locked_memory", "model uring",
     [](MachineFacts& facts) {
       facts.kernel = "5.11.0";
       refuse(facts.pairs[2], std::errc::not_enough_memory, "io_uring_setup: …");
     },
     better, "ulimit -l"},
    {"a_timer_without_pending_signals_wants_more_of_them", "model thread",
     [](MachineFacts& facts) {
       refuse(facts.pairs[0], std::errc::resource_unavailable_try_again, "timer_create: …");
     },
     better, "ulimit -i"},
    {"any_other_refusal_has_the_cure_of_the_table", "model thread",
     [](MachineFacts& facts) { refuse(facts.pairs[0], std::errc::io_error, "timer_create: …"); },
     better, "the table's cure"},
    {"auto_without_epoll_hurts", "model auto",
     [](MachineFacts& facts) {
       facts.taken_by_auto = "poll";
       refuse(facts.pairs[1], std::errc::operation_not_permitted, "epoll_create1: …");
     },
     hurts, "the table's cure"},
    {"auto_without_any_selector_hurts", "model auto",
     [](MachineFacts& facts) {
       facts.taken_by_auto.clear();
       refuse(facts.pairs[1], std::errc::operation_not_permitted, "epoll_create1: …");
     },
     hurts, "the table's cure"},
};

class Doctor : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(, Doctor, testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(Doctor, says_so_and_finds_nothing_else) {
  MachineFacts facts = good_machine();
  GetParam().spoil(facts);
  Finding found = named(findings(facts), GetParam().finding);
  EXPECT_EQ(found.verdict, GetParam().verdict) << found.is;
  EXPECT_TRUE(says(found.cure, GetParam().cure)) << found.cure;
  EXPECT_EQ(found.verdict == fine, found.cure.empty()) << found.cure;
}

TEST(DoctorOfAGoodMachine, finds_everything_fine) {
  for (const Finding& found : findings(good_machine()))
    EXPECT_EQ(found.verdict, fine) << found.name << ": " << found.is;
}

TEST(DoctorOfAGoodMachine, says_how_to_raise_the_limit_of_descriptors_all_the_same) {
  Finding found = named(limit_findings(good_machine()), "descriptors");
  for (const char* part : {"ulimit -n,", "ulimit -Hn", "LimitNOFILE", "--ulimit nofile", "1048576"})
    EXPECT_TRUE(says(found.why, part)) << part;
}

TEST(DoctorOfAGoodMachine, names_the_other_engines_that_a_model_may_have) {
  MachineFacts facts = good_machine();
  PairFacts pair = own_pair("thread", "epoll");
  pair.is_own = false;
  facts.pairs.push_back(pair);
  EXPECT_TRUE(says(named(model_findings(facts), "model thread").is, "also with epoll"));
}

TEST(DoctorOfAGoodMachine, leaves_out_engines_that_a_model_may_not_have) {
  MachineFacts facts = good_machine();
  PairFacts pair = own_pair("epoll", "blocking");
  pair.is_own = pair.exists = pair.is_available = false;
  facts.pairs.push_back(pair);
  EXPECT_FALSE(says(named(model_findings(facts), "model epoll").is, "blocking"));
}

TEST(DoctorOfAGoodMachine, says_once_why_models_may_not_have_an_engine) {
  MachineFacts facts = good_machine();
  for (const char* model : {"poll", "epoll"}) {
    PairFacts pair = own_pair(model, "blocking");
    pair.is_own = pair.exists = pair.is_available = false;
    pair.reason = fmt::format("many share {}'s loop", model);
    facts.pairs.push_back(pair);
  }
  EXPECT_EQ(named(model_findings(facts), "other pairs").why,
            "many share poll's loop (likewise epoll). ");
}

TEST(DoctorOfAGoodMachine, explains_what_reusing_an_address_cures_and_what_it_does_not) {
  Finding found = named(tcp_findings(good_machine()), "address already in use");
  EXPECT_EQ(found.verdict, fine);
  EXPECT_TRUE(says(found.why, "SO_REUSEADDR"));
  EXPECT_TRUE(says(found.why, "does not cure"));
  EXPECT_TRUE(says(found.why, "a server of uring was killed"));
  EXPECT_TRUE(says(found.cure, "ss -ltnp"));
}

}  // namespace
}  // namespace duet::app
