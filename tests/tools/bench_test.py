"""bench/: servers are started and stopped, and results are judged by the rules of bench/README.md."""

import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import run  # noqa: E402
from lib import cpu, http, memory, peers, rounds, server, timers  # noqa: E402


class Unplaced:
    """A placement that leaves programs where they are."""

    server_core = load_core = 0

    def start(self, command, core, **options):
        return subprocess.Popen(command, **options)


def serving_python(port):
    return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]


class Servers(unittest.TestCase):
    def test_a_server_that_says_nothing_is_ready_when_its_port_answers_and_stopped_at_the_end(self):
        with server.running(server.Server("python", serving_python), Unplaced()) as (pid, address):
            host, port = address.split(":")
            socket.create_connection((host, int(port)), 10).close()
            self.assertGreater(cpu.between({}, cpu.sample(pid)), 0)
            self.assertLessEqual(cpu.Watch(pid, min(os.sched_getaffinity(0))).others(), 1)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), 10)

    def test_a_server_that_ends_at_once_is_an_error_with_what_it_said(self):
        command = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
        for ending in (command, lambda port: command):
            with self.assertRaisesRegex(server.ServerError, "no such luck"):
                with server.running(server.Server("python", ending), Unplaced()):
                    self.fail("it is not ready")

    @unittest.skipUnless(shutil.which("wrk"), "wrk is not here")
    def test_every_peer_that_is_here_serves_the_file_and_the_short_answer(self):
        with tempfile.TemporaryDirectory() as name:
            bench = run.Bench(pathlib.Path("none"), pathlib.Path(name), Unplaced(), 1)
            loads = argparse.Namespace(loads="hello,file")
            for measurement in http.measurements(bench, loads, []):
                servers, missing = measurement.servers()
                self.assertIn("raw_http", missing)
                for peer in servers:
                    with server.running(peer, Unplaced()) as (_, address):
                        measurement.check_answer(peer.name, address)


def results_of(**samples):
    """Results with the given CPU times, one for each round, by server."""
    results = rounds.Results()
    for name, times in samples.items():
        results.samples[name.replace("duet_", "duet ")] = [
            {"cpu_ns": time, "rate": 1000, "others": 0} for time in times]
    return results


class Rules(unittest.TestCase):
    hello = http.Measurement(None, http.LOADS["hello"], ["epoll"], None)

    def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds(self):
        results = results_of(raw_http=[100, 200, 400], duet_epoll=[110, 200, 480])
        self.assertAlmostEqual(results.ratio("duet epoll", "raw_http", "cpu_ns").median, 1.1)

    def test_a_model_above_its_aim_is_a_miss_and_so_is_one_that_was_not_measured(self):
        results = results_of(raw_http=[100], duet_epoll=[116], raw_thread_http=[200],
                             duet_thread=[229])
        self.assertEqual(self.hello.misses(results), [
            "epoll: 1.160 (1.16–1.16) × the CPU of raw_http, aim 1.15",
            "uring: not measured, aim 1.15 × raw_uring_http"])

    def test_a_reference_that_a_peer_undercuts_makes_a_run_void(self):
        self.assertEqual(self.hello.void_reasons(results_of(raw_http=[100], nginx=[96])), [])
        self.assertRegex(self.hello.void_reasons(results_of(raw_http=[100], nginx=[94]))[0],
                         "nginx takes 0.940 × the CPU of raw_http")

    def test_a_reference_that_varies_between_rounds_makes_a_run_void(self):
        self.assertEqual(self.hello.void_reasons(results_of(raw_http=[100, 107, 114])), [])
        self.assertEqual(self.hello.void_reasons(results_of(raw_http=[100, 100, 120])), [
            "the CPU time of raw_http varies by 20% between rounds, more than 15%"])

    def test_other_programs_beside_the_reference_make_a_run_void(self):
        results = results_of(raw_http=[100])
        results.samples["raw_http"][0]["others"] = 0.15
        self.assertEqual(self.hello.void_reasons(results), [
            "beside raw_http other programs used 15% of its core, more than 5%"])

    def test_a_run_without_the_reference_is_void(self):
        self.assertEqual(self.hello.void_reasons(results_of(nginx=[100])),
                         ["raw_http was not measured"])

    def test_the_table_compares_a_model_with_its_baseline_and_a_peer_with_the_reference(self):
        results = results_of(raw_http=[100], raw_uring_http=[80], duet_uring=[100], nginx=[120])
        rows = {row.split("|")[1].strip(): row for row in self.hello.report(results).splitlines()}
        self.assertRegex(rows["duet uring"], r"1\.000 \| +1\.250 \(1\.25–1\.25\) \| raw_uring_http")
        self.assertRegex(rows["nginx"], r"1\.200 \(1\.20–1\.20\) \| +raw_http")


class CommandLine(unittest.TestCase):
    def chosen(self, *words):
        return run.chosen(run.make_parser().parse_args(words))

    def test_without_a_suite_all_are_measured_with_the_models_that_they_have(self):
        self.assertEqual(self.chosen("--models", "epoll,poll"),
                         {"echo": ["epoll", "poll"], "http": ["epoll"],
                          "memory": ["epoll", "poll"], "idle": ["epoll", "poll"], "timers": []})

    def test_what_does_not_exist_or_has_no_aims_is_refused(self):
        for words in (["tcp"], ["--models", "fast"], ["--loads", "large"],
                      ["echo", "--check", "--bytes", "100"], ["http", "--check", "--models", "epoll"]):
            with self.assertRaises(ValueError):
                self.chosen(*words)


class Memory(unittest.TestCase):
    def test_every_model_has_as_many_connections_as_it_can(self):
        load = memory.LOADS["bench/lease_echo"]
        fewer = {model: load.connections_of(model) for model in memory.DEFAULT_MODELS
                 if load.connections_of(model) != 10_000}
        self.assertEqual(fewer, {"select": 1000, "thread": 1000, "process": 1000})

    def test_the_aim_is_that_of_the_models_whose_connections_share_a_loop(self):
        self.assertEqual(set(memory.DEFAULT_MODELS) - set(memory.AIMS),
                         {"pool", "thread", "process"})


class Timers(unittest.TestCase):
    def test_one_that_takes_longer_than_its_aim_or_was_not_measured_is_a_miss(self):
        results = rounds.Results()
        results.samples |= {"set_and_remove/1000000": [{"cpu_ns": 26.0}],
                            "move_one_of/1000000": [{"cpu_ns": 99.0}]}
        self.assertEqual(timers.Measurement(None).misses(results), [
            "set_and_remove/0 was not measured",
            "set_and_remove/1000000: 26.0 ns, the aim is 25"])


class Peers(unittest.TestCase):
    def test_one_that_is_not_here_is_named_with_its_package(self):
        path, peers.SYSTEM_PATH = peers.SYSTEM_PATH, ""
        environment, os.environ["PATH"] = os.environ["PATH"], ""
        try:
            servers, missing = peers.find(pathlib.Path("/nowhere"), "/nowhere", "hello")
        finally:
            peers.SYSTEM_PATH, os.environ["PATH"] = path, environment
        self.assertEqual(servers, [])
        self.assertIn("apt-get install h2o", missing["h2o"])


if __name__ == "__main__":
    unittest.main()
