"""duet doctor: on this machine, and where limits are low or calls are refused."""

import json
import os
import re
import subprocess
import unittest

from program import SANITIZER, ServerCase, built, run, with_limit

VERDICTS = ["fine", "could be better", "will hurt a server"]


def doctor(launcher=()):
    """(exit code, the findings by name, the pairs by model and engine)."""
    done = run("doctor", "--json", launcher=launcher)
    found = json.loads(done.stdout)
    return (done.returncode, {finding["name"]: finding for finding in found["findings"]},
            {(pair["model"], pair["engine"]): pair for pair in found["pairs"]})


class ThisMachine(ServerCase):
    def test_the_exit_code_says_whether_something_will_hurt_a_server(self):
        code, findings, _ = doctor()
        hurts = [name for name, found in findings.items() if found["verdict"] == VERDICTS[2]]
        self.assertEqual(code, 1 if hurts else 0, hurts)

    def test_each_finding_has_a_verdict_and_all_but_fine_ones_say_why_and_what_to_do(self):
        _, findings, _ = doctor()
        for finding in findings.values():
            self.assertIn(finding["verdict"], VERDICTS)
            self.assertTrue(finding["is"], finding)
            if finding["verdict"] != "fine":
                self.assertTrue(finding["why"] and finding["cure"], finding)

    def test_it_covers_every_model_and_pair_that_there_is(self):
        _, findings, pairs = doctor()
        models = json.loads(run("models", "--json").stdout)
        for model in models:
            self.assertIn(f"model {model['name']}", findings)
            self.assertEqual(pairs[model["name"], model["engine"]]["available"],
                             model["available"])
        engines = {engine for _, engine in pairs}
        self.assertEqual(set(pairs), {(model["name"], engine) for model in models
                                      for engine in engines})

    def test_it_covers_what_servers_meet(self):
        _, findings, _ = doctor()
        for name in ["kernel", "cores", "versions", "descriptors", "pending signals",
                     "locked memory", "net.core.somaxconn", "net.ipv4.ip_local_port_range",
                     "net.ipv4.tcp_syncookies", "net.ipv4.tcp_fin_timeout",
                     "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_tw_recycle",
                     "address already in use"]:
            self.assertIn(name, findings)

    def test_it_names_the_versions_of_duet_and_its_libraries(self):
        _, findings, _ = doctor()
        for part in run("--version").stdout.strip(), "fmt ", "CLI11 ", "nlohmann-json ":
            self.assertIn(part, findings["versions"]["is"])

    def test_for_people_it_says_the_same_in_short_lines(self):
        code, findings, _ = doctor()
        done = run("doctor")
        self.assertEqual((done.returncode, done.stderr), (code, ""))
        text = " ".join(done.stdout.split())
        for name, finding in findings.items():
            mark = "" if finding["verdict"] == "fine" else "! "
            cure = f"to do: {finding['cure']}" if finding["cure"] else ""
            said = f"{name}: {mark}{finding['verdict']}: {finding['is']} {finding['why']} {cure}"
            # What changes by itself from one run to the next.
            pattern = re.escape(" ".join(said.split()))
            self.assertRegex(text, re.sub(r"\d+(?=\\ sockets)", r"\\d+", pattern))
        self.assertRegex(done.stdout, r"\n\d+ fine, \d+ could be better, \d+ will hurt a server\n\Z")


    def test_it_always_says_how_to_raise_the_limit_of_descriptors(self):
        for launcher in [], with_limit("nofile=256"):
            finding = doctor(launcher)[1]["descriptors"]
            for part in "ulimit -n", "ulimit -Hn", "LimitNOFILE":
                self.assertIn(part, finding["why"] + finding["cure"])


class LowLimits(ServerCase):
    def test_few_descriptors_hurt_and_the_exit_code_is_1(self):
        code, findings, _ = doctor(with_limit("nofile=256"))
        self.assertEqual((code, findings["descriptors"]["verdict"]), (1, VERDICTS[2]))
        self.assertIn("256", findings["descriptors"]["is"])

    def test_without_a_descriptor_for_an_engine_nobody_is_sent_to_a_filter(self):
        if SANITIZER:
            self.skipTest("a sanitizer needs descriptors of its own to look at memory")
        _, findings, pairs = doctor(with_limit("nofile=4"))
        for found in findings["model epoll"], findings["model auto"], pairs["poll", "poll"]:
            self.assertIn("ulimit -n", found["cure"])
            self.assertNotIn("seccomp", found["cure"])

    def test_a_low_soft_limit_is_no_matter_since_servers_raise_it(self):
        before = doctor()[1]["descriptors"]["verdict"]
        _, findings, _ = doctor(with_limit("nofile=256:"))
        self.assertEqual(findings["descriptors"]["verdict"], before)
        self.assertIn("256 now", findings["descriptors"]["is"])

    def test_without_pending_signals_the_blocking_models_are_refused_with_the_cure(self):
        code, findings, pairs = doctor(with_limit("sigpending=0"))
        self.assertEqual((code, findings["pending signals"]["verdict"]), (1, VERDICTS[2]))
        self.assertFalse(pairs["thread", "blocking"]["available"])
        self.assertIn("ulimit -i", findings["model thread"]["cure"])


class OtherSettings(ServerCase):
    """The machine seems to be set otherwise: other files lie over those of /proc."""

    def with_files(self, what, path):
        """A launcher: the command finds at `path` a file of that text, or nothing in a folder."""
        if not os.path.exists(path):
            self.skipTest(f"this kernel has no {path}")
        over = os.path.join(self.folder(), "over")
        if os.path.isdir(path):
            os.mkdir(over)
        else:
            with open(over, "w") as file:
                file.write(what)
        script = f"mount --bind {over} {path} && exec \"$@\""
        launcher = [self.need("unshare"), "--mount", "sh", "-c", script, "sh"]
        done = subprocess.run([*launcher, "true"], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"cannot mount: {done.stderr}")
        return launcher

    def test_a_ring_that_a_sysctl_refuses_names_the_sysctl(self):
        launcher = self.with_files("2\n", "/proc/sys/kernel/io_uring_disabled")
        _, findings, pairs = doctor([*launcher, built("refuse"), "io_uring_setup", "--"])
        for found in findings["model uring"], pairs["thread", "uring"]:
            self.assertIn("sysctl -w kernel.io_uring_disabled=0", found["cure"])
            self.assertNotIn("seccomp", found["cure"])

    def test_a_short_queue_of_connections_hurts(self):
        code, findings, _ = doctor(self.with_files("64\n", "/proc/sys/net/core/somaxconn"))
        self.assertEqual((code, findings["net.core.somaxconn"]["verdict"]), (1, VERDICTS[2]))

    def test_what_cannot_be_read_is_said_and_hurts_nobody(self):
        code, findings, _ = doctor(self.with_files("", "/proc/sys/net"))
        self.assertEqual(code, doctor()[0])
        for name in "core.somaxconn", "ipv4.ip_local_port_range", "ipv4.tcp_syncookies":
            self.assertEqual(findings[f"net.{name}"]["is"], "cannot be read here")

    def test_what_is_no_number_cannot_be_read(self):
        _, findings, _ = doctor(self.with_files("many\n", "/proc/sys/net/core/somaxconn"))
        self.assertEqual(findings["net.core.somaxconn"]["is"], "cannot be read here")


class RefusedCalls(ServerCase):
    def test_a_refused_ring_is_no_harm_and_names_the_filter(self):
        launcher = [built("refuse"), "io_uring_setup", "--"]
        code, findings, pairs = doctor(launcher)
        self.assertEqual(code, doctor()[0])
        self.assertEqual(findings["model uring"]["verdict"], VERDICTS[1])
        self.assertIn("Operation not permitted", findings["model uring"]["is"])
        self.assertIn("seccomp", findings["model uring"]["cure"])
        self.assertFalse(pairs["thread", "uring"]["available"])
        self.assertIn("with the engine epoll", findings["model epoll"]["is"])

    def test_a_pair_that_exists_nowhere_says_so_on_a_machine_that_refuses_its_engine_too(self):
        pairs = doctor([built("refuse"), "io_uring_setup", "--"])[2]
        pair = pairs["single", "uring"]
        self.assertEqual((pair["exists"], pair["available"], pair["cure"]), (False, False, ""))
        self.assertIn("has the engine blocking only", pair["reason"])

    def test_for_people_it_says_why_a_model_cannot_have_an_engine(self):
        done = run("doctor", launcher=[built("refuse"), "io_uring_setup", "--"])
        text = " ".join(done.stdout.split())
        for engine in "thread", "epoll":
            self.assertRegex(text, f"model {engine}: fine: runs, [^:]* Not with uring: "
                             "io_uring_setup: Operation not permitted")
        others = re.search("other pairs: fine: (.*) kernel:", text)[1]
        for part in ("model single has the engine blocking only", "model pool has the engine epoll",
                     "cannot have the engine blocking: many connections share"):
            self.assertEqual(others.count(part), 1, others)

    def test_a_pair_has_the_cure_that_fits_the_machine(self):
        pairs = doctor([built("refuse"), "timer_create", "--"])[2]
        for pair in ("thread", "blocking"), ("pool", "epoll"), ("process", "poll"):
            self.assertFalse(pairs[pair]["available"])
            self.assertIn("a seccomp filter is in force", pairs[pair]["cure"])

    def test_without_epoll_auto_falls_back_which_will_hurt(self):
        code, findings, _ = doctor([built("refuse"), "epoll_create1", "--"])
        self.assertEqual((code, findings["model auto"]["verdict"]), (1, VERDICTS[2]))
        self.assertIn("takes poll", findings["model auto"]["is"])
        self.assertIn("seccomp", findings["model auto"]["cure"])

    def test_a_pair_that_does_not_exist_says_why_and_has_no_cure(self):
        _, _, pairs = doctor()
        pair = pairs["epoll", "blocking"]
        self.assertEqual((pair["exists"], pair["available"], pair["cure"]), (False, False, ""))
        self.assertIn("cannot have the engine blocking", pair["reason"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
