"""duet models, --help and --version; and what is said where the system refuses a mechanism."""

import json
import os
import re
import unittest

from program import (EPOLL, POLL, SANITIZER, THREAD, URING, Model, ServerCase, built, run,
                     with_limit)
from traffic import exchange

NAMES = ["single", "process", "thread", "pool", "spin", "select", "signal",
         "poll", "epoll", "aio", "uring", "auto"]
NO_URING = [built("refuse"), "io_uring_setup", "--"]
NO_EPOLL = [built("refuse"), "epoll_create1", "--"]
NO_SELECTOR = [built("refuse"), "epoll_create1", "ppoll", "pselect6", "--"]


def models(launcher=()):
    done = run("models", "--json", launcher=launcher)
    return {model["name"]: model for model in json.loads(done.stdout)}


class Models(ServerCase):
    def test_as_json_it_is_a_list_of_objects_one_for_each_model(self):
        done = run("models", "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = json.loads(done.stdout)
        self.assertIsInstance(found, list)
        self.assertEqual([model["name"] for model in found], NAMES)
        for model in found:
            self.assertIsInstance(model["available"], bool)
            self.assertIsInstance(model["reason"], str)
            self.assertEqual(model["available"], model["reason"] == "", model)
            self.assertTrue(model["summary"], model)

    def test_as_json_it_says_what_auto_takes(self):
        found = models()
        self.assertEqual(found["auto"]["engine"], "epoll")
        self.assertEqual([name for name in NAMES if found[name]["taken_by_auto"]], ["epoll"])

    def test_for_people_it_has_a_line_for_each_model_and_says_what_auto_takes(self):
        done = run("models")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = {line.split()[0]: line for line in done.stdout.splitlines()[:len(NAMES) + 1]}
        self.assertEqual(list(lines), ["model", *NAMES])
        self.assertIn("here epoll", lines["auto"])
        self.assertEqual({len(line.partition("available")[0]) for line in [lines["model"]]},
                         {len(lines["thread"].rpartition("yes")[0])}, "columns line up")

    def test_both_say_which_are_there_for_comparison(self):
        lines = dict(zip(NAMES, run("models").stdout.splitlines()[1:]))
        marked = {name for name in NAMES if lines[name].endswith(" yes, for comparison")}
        self.assertEqual(marked, {"single", "spin", "select", "signal", "aio"})
        self.assertEqual(marked, {name for name, found in models().items()
                                  if found["for_comparison"]})

    def test_the_list_of_engines_says_which_models_take_them(self):
        done = run("models").stdout
        named = re.search(r"\nengines, for --engine with model (.*):\n", done)[1].split(", ")
        self.assertEqual(named, [name for name in NAMES if name not in ("single", "pool")])
        for name in NAMES:
            done = run("echo", "--model", name, "--engine", "poll", "--listen", "192.0.2.1:0")
            takes_it = name in named
            self.assertEqual(done.returncode, 1 if takes_it else 2, (name, done.stderr))

    def assert_true_of_all(self, launcher=()):
        found = models(launcher)
        for name, model in found.items():
            done = run("echo", "--model", name, "--listen", "192.0.2.1:0", launcher=launcher)
            if model["available"]:
                self.assertEqual(done.returncode, 1, "fails at the address, not at the model")
            else:
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assert_one_line(done.stderr, f"model {name}", model["reason"], model["cure"])
        return {name for name in NAMES if not found[name]["available"]}

    def test_what_it_calls_available_runs_and_nothing_else(self):
        self.assertLessEqual(self.assert_true_of_all(), {"uring"})
        self.assertEqual(self.assert_true_of_all(NO_EPOLL) - {"uring"},
                         {"pool", "signal", "epoll", "aio"})

    # pool accepts with the engine blocking, whose deadlines are a timer of the kernel.
    def test_a_model_needs_what_accepts_for_it_too(self):
        refused = {"single", "process", "thread", "pool"}
        for launcher in [built("refuse"), "timer_create", "--"], with_limit("sigpending=0"):
            self.assertLessEqual(self.assert_true_of_all(launcher) - {"uring"}, refused)
            for model in "pool", "thread":
                done = run("echo", "--model", model, "--engine", "epoll", launcher=launcher)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assert_one_line(done.stderr, "timer_create", "which accepts", "ulimit -i")
            self.assertFalse(refused - {name for name, model in models(launcher).items()
                                        if not model["available"]})

    def test_a_soft_limit_of_few_descriptors_is_raised_before_a_model_is_tried(self):
        done = run("echo", "--listen", "192.0.2.1:0", launcher=with_limit("nofile=4:"))
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_without_descriptors_it_is_their_limit_that_is_to_be_raised(self):
        if SANITIZER:
            self.skipTest("a sanitizer needs descriptors of its own to look at memory")
        epoll = models(with_limit("nofile=4"))["epoll"]
        self.assertIn("Too many open files", epoll["reason"])
        self.assertEqual(epoll["cure"], "raise the limit of descriptors (ulimit -n)")

    def test_what_has_too_many_descriptors_open_for_select_is_told_so(self):
        files = [os.dup(0) for _ in range(1100)]  # inherited, so that what duet opens comes behind
        self.addCleanup(lambda: [os.close(file) for file in files])
        for file in files:
            os.set_inheritable(file, True)
        done = run("echo", "--model", "select", "--listen", "127.0.0.1:0", close_fds=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assert_one_line(done.stderr, "descriptors from number 1024", "FD_SETSIZE",
                             "to have it, start it with fewer descriptors open")

    def test_the_way_to_an_engine_that_a_model_may_not_have_leads_there(self):
        for engine in "epoll", "aio_poll":
            error = run("echo", "--model", "single", "--engine", engine).stderr
            way = re.search(r"use (--model .*) to serve many", error)[1].split()
            done = run("echo", *way, "--listen", "192.0.2.1:0")
            self.assertEqual(done.returncode, 1, done.stderr)


class Help(ServerCase):
    def test_help_names_every_command_and_ends_with_0(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for command in "serve", "echo", "relay", "models":
            self.assertIn(f"\n  {command} ", done.stdout)

    def test_the_help_of_a_server_names_its_options(self):
        for command in "serve", "echo", "relay":
            done = run(command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for option in "--listen", "--model", "--engine", "--workers", "--drain":
                self.assertIn(option, done.stdout)

    def test_version_is_one_line(self):
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aduet \d+\.\d+\.\d+\n\Z")


class Output(ServerCase):
    def test_that_cannot_be_written_is_an_error(self):
        for command in ["models"], ["models", "--json"], ["doctor"], ["doctor", "--json"]:
            for full in "exec \"$@\" > /dev/full", "exec \"$@\" >&-":
                done = run(*command, launcher=["sh", "-c", full, "sh"])
                self.assertEqual(done.returncode, 1, (command, full))
                self.assert_one_line(done.stderr, "cannot write to")


class RefusedRing(ServerCase):
    """io_uring_setup fails with EPERM, as in most containers."""

    def test_the_model_uring_is_an_error_that_says_why_and_what_would_help(self):
        for arguments in ["--model", "uring"], ["--model", "thread", "--engine", "uring"]:
            done = run("echo", *arguments, "--listen", "127.0.0.1:0", launcher=NO_URING)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assert_one_line(done.stderr, "uring", "Operation not permitted", "seccomp")

    def test_the_list_of_models_says_why_and_what_would_help(self):
        uring = models(NO_URING)["uring"]
        self.assertFalse(uring["available"])
        self.assertIn("Operation not permitted", uring["reason"])
        self.assertIn("kernel.io_uring_disabled", uring["cure"])
        self.assertIn("seccomp", uring["cure"])
        line = run("models", launcher=NO_URING).stdout.splitlines()[NAMES.index("uring") + 1]
        self.assertRegex(line, r"^uring .* no: .*Operation not permitted.*seccomp")

    def test_the_list_of_engines_says_so_too(self):
        engines = run("models", launcher=NO_URING).stdout.partition("\nengines, ")[2]
        self.assertRegex(engines, r"\nuring .* no: .*Operation not permitted.*to have it, .*seccomp")

    def test_the_other_models_do_not_mind(self):
        for name, model in models(NO_URING).items():
            self.assertEqual(model["available"], name != "uring", model)
        for model in THREAD, EPOLL:
            server = self.start("echo", under=model, launcher=NO_URING)
            self.assertEqual(exchange(self.connect(server), b"as ever"), b"as ever")


class RefusedEpoll(ServerCase):
    def start_auto(self):
        server = self.start("echo", under=Model("auto"), launcher=NO_EPOLL)
        server.may_log = True
        return server

    def test_auto_takes_poll_and_says_so(self):
        server = self.start_auto()
        self.assertIn("(model poll, 1 worker)", server.lines[0])
        self.assert_one_line(server.log(), "warning", "epoll is not available", "taking poll")
        self.assertEqual(exchange(self.connect(server), b"by poll"), b"by poll")

    def test_the_list_of_models_says_what_auto_takes(self):
        found = models(NO_EPOLL)
        self.assertEqual(found["auto"]["engine"], "poll")
        self.assertTrue(found["auto"]["available"])
        self.assertFalse(found["epoll"]["available"])
        self.assertIn("epoll_create1", found["epoll"]["cure"])

    def test_the_model_epoll_is_an_error_and_never_another_one(self):
        done = run("echo", "--model", "epoll", "--listen", "127.0.0.1:0", launcher=NO_EPOLL)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assert_one_line(done.stderr, "epoll", "Operation not permitted", "seccomp")

    def test_what_else_waits_in_epoll_is_an_error_that_says_why_and_what_would_help(self):
        """The model signal leaves to it what cannot signal, aio its sockets, pool its loops."""
        for name in "signal", "aio", "pool":
            done = run("echo", "--model", name, "--listen", "127.0.0.1:0", launcher=NO_EPOLL)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assert_one_line(done.stderr, "epoll_create1: Operation not permitted",
                                 "to have it, allow", "seccomp")

    def test_the_model_poll_does_not_mind(self):
        server = self.start("echo", under=POLL, launcher=NO_EPOLL)
        self.assertEqual(exchange(self.connect(server), b"poll"), b"poll")

    def test_without_any_selector_auto_is_an_error_and_uring_still_runs(self):
        done = run("echo", "--listen", "127.0.0.1:0", launcher=NO_SELECTOR)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assert_one_line(done.stderr, "epoll", "poll", "select")
        self.skip_without_uring()
        server = self.start("echo", under=URING, launcher=NO_SELECTOR)
        self.assertEqual(exchange(self.connect(server), b"ring"), b"ring")


if __name__ == "__main__":
    unittest.main(verbosity=2)
