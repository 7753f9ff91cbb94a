"""Wrong usage ends with code 2, whatever else fails with code 1; each says so in one clear line."""

import json
import os
import socket
import subprocess
import unittest

from program import (DUET, EPOLL, PATIENCE_SECONDS, SANITIZER, URING, WORKER_MODELS, ServerCase,
                     as_nobody, built, run, under)


# Who looks for leaks at the end of a program needs a thread for it.
NO_THREAD = ["env", "ASAN_OPTIONS=detect_leaks=0", built("refuse"), "clone=EAGAIN", "clone3=EAGAIN",
             "--"]


class WrongUsage(ServerCase):
    def refuse(self, *arguments, says=()):
        """Runs the program with arguments that it must refuse, before it does anything."""
        done = run(*arguments)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        self.assert_one_line(done.stderr, *says)
        return done.stderr

    def test_an_unknown_model_is_answered_with_the_nearest_name(self):
        for wrong, right in {"epol": "epoll", "treads": "thread", "Uring": "uring",
                             "proces": "process", "polll": "poll", "singel": "single"}.items():
            self.refuse("echo", "--model", wrong, says=[f"'{wrong}'", f"did you mean '{right}'?"])

    def test_an_unknown_engine_is_answered_with_the_nearest_name(self):
        self.refuse("echo", "--model", "thread", "--engine", "epol",
                    says=["'epol'", "did you mean 'epoll'?"])

    def test_more_workers_are_for_models_whose_connections_share_a_loop(self):
        for model in "single", "process", "thread":
            said = self.refuse("echo", "--model", model, "--workers", "2", says=["--workers"])
            self.assertIn("(pool, spin, select, signal, poll, epoll, aio, uring, auto)", said)
            self.assertIn(f"model {model} has none", said)

    def test_those_models_take_more_workers(self):
        for model in json.loads(run("models", "--json").stdout):
            done = run("echo", "--model", model["name"], "--workers", "2", "--listen", "192.0.2.1:0")
            takes_them = model["available"] and model["name"] not in ("single", "process", "thread")
            self.assertEqual(done.returncode, 1 if takes_them else 2, done)

    def test_a_number_of_workers_is_a_number_from_1_on(self):
        for text in "0", "many", "-1", "1.5", "1 ", "", "4294967296", "9" * 30:
            self.refuse("echo", "--workers", text,
                        says=["--workers: a number from 1 to 4294967295", f"'{text}'"])

    def test_a_number_of_connections_is_a_number_from_1_on(self):
        for option in "--connections-max", "--per-address-max":
            for text in "0", "many", "-1", "1e3", "":
                self.refuse("echo", option, text,
                            says=[f"{option}: a number from 1 to {2**64 - 1}", f"'{text}'"])

    def test_a_shared_loop_must_not_block(self):
        for model in "poll", "epoll", "uring":
            self.refuse("echo", "--model", model, "--engine", "blocking", says=[model, "blocking"])

    def test_one_connection_at_a_time_needs_the_blocking_engine(self):
        for engine in "epoll", "poll", "uring":
            self.refuse("echo", "--model", "single", "--engine", engine, says=["single", engine])

    def test_an_address_has_a_host_and_a_port(self):
        for text in ["", "here", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
                     "127.0.0.1:-1", "127.0.0.1:80x", "::1:80", "[::1]", "unix:"]:
            with self.subTest(text):
                self.refuse("echo", "--listen", text)
                self.refuse("relay", "--listen", "127.0.0.1:0", "--to", text)

    def test_a_host_that_nobody_knows_is_named(self):
        self.refuse("echo", "--listen", "no.such.host.invalid:0", says=["no.such.host.invalid"])

    def test_a_drain_time_is_a_time(self):
        for text in "soon", "10x", "-1s", "":
            self.refuse("echo", "--drain", text, says=["--drain"])

    def test_an_unknown_option_is_named(self):
        for command in ["echo"], ["relay", "--to", "127.0.0.1:9"], ["serve", "."], ["models"]:
            self.refuse(*command, "--colour", says=["--colour"])

    def test_an_unknown_command_is_named(self):
        self.refuse("ecco", says=["ecco"])

    def test_a_command_is_needed(self):
        self.refuse()

    def test_an_option_without_its_value_is_named(self):
        self.refuse("echo", "--model", says=["--model"])

    def test_a_relay_needs_a_target(self):
        self.refuse("relay", says=["--to"])

    def test_a_folder_is_needed_to_serve(self):
        self.refuse("serve", says=["DIR"])

    def test_an_argument_too_many_is_named(self):
        self.refuse("echo", "surplus", says=["surplus"])


class Failure(ServerCase):
    def fail(self, *arguments, says=(), **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        self.assert_one_line(done.stderr, *says)

    def fail_as_nobody(self, *arguments, says):
        if os.geteuid() == 0:
            if run("--version", launcher=as_nobody()).returncode != 0:
                self.skipTest("the build folder can be read by root only")
            self.fail(*arguments, says=says, launcher=as_nobody())
        else:
            self.fail(*arguments, says=says)

    @under(*WORKER_MODELS)
    def test_a_port_that_is_taken_is_named_with_its_owner(self, model):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.fail("echo", *model.arguments, "--listen", f"127.0.0.1:{port}",
                      says=[f"127.0.0.1:{port}", "in use", f"process {os.getpid()}"])

    def test_a_port_of_another_duet_is_taken_too(self):
        server = self.start("echo")
        self.fail("relay", "--to", "127.0.0.1:9", "--listen", server.address,
                  says=[server.address, "in use", f"by duet, process {server.pid}"])

    @under(EPOLL, URING)
    def test_a_port_of_several_workers_is_taken_for_several_others(self, model):
        server = self.start("echo", "--workers", "2", under=model)
        self.fail("echo", *model.arguments, "--workers", "2", "--listen", server.address,
                  says=[server.address, "in use", f"by duet, process {server.pid}"])

    def test_when_one_of_several_addresses_is_taken_none_is_listened_on(self):
        server = self.start("echo")
        path = f"{self.folder()}/socket"
        self.fail("echo", "--listen", f"unix:{path}", "--listen", server.address,
                  says=[server.address])
        self.assertFalse(os.path.exists(path))

    def test_workers_for_which_descriptors_lack_are_an_error_and_no_hang(self):
        """Whichever worker lacks them, and for whatever: those that run already end."""
        if SANITIZER:
            self.skipTest("a sanitizer needs descriptors of its own to look at memory")
        codes = set()
        for limit in range(6, 56):
            server = subprocess.Popen(
                ["prlimit", f"--nofile={limit}:{limit}", DUET, "echo", "--workers", "8",
                 "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)
            if server.stdout.readline().startswith("listening"):
                server.terminate()
            _, said = server.communicate(timeout=PATIENCE_SECONDS)
            codes.add(server.returncode)
            if server.returncode != 0:
                self.assertEqual(server.returncode, 1, (limit, said))
                self.assertRegex(said.splitlines()[-1], "^duet: .*Too many open files$")
        self.assertEqual(codes, {0, 1})

    def test_a_pool_without_a_single_thread_is_an_error(self):
        """At the start, and not when the first connection comes."""
        self.fail("echo", "--model", "pool", "--listen", "127.0.0.1:0",
                  says=["start a thread of the pool within ulimit -u", "temporarily unavailable"],
                  launcher=NO_THREAD)

    def test_workers_for_which_there_is_no_memory_are_an_error(self):
        if SANITIZER:
            self.skipTest("a sanitizer takes all of the address space for itself")
        self.fail("echo", "--workers", "4294967295", "--listen", "127.0.0.1:0",
                  says=["not enough memory"], launcher=["prlimit", f"--as={1 << 34}", "--"])

    def test_a_worker_without_a_thread_is_an_error_that_names_the_limit(self):
        self.fail("echo", "--workers", "2", "--listen", "127.0.0.1:0",
                  says=["start a worker within ulimit -u", "temporarily unavailable"],
                  launcher=NO_THREAD)

    def test_signal_driven_i_o_without_a_helper_thread_is_an_error(self):
        self.fail("echo", "--model", "signal", "--listen", "127.0.0.1:0",
                  says=["start the helper thread within ulimit -u", "temporarily unavailable"],
                  launcher=NO_THREAD)


    def test_the_same_address_twice_is_taken_the_second_time(self):
        path = f"{self.folder()}/socket"
        self.fail("echo", "--listen", f"unix:{path}", "--listen", f"unix:{path}", says=[path])

    def test_an_address_of_another_machine_cannot_be_listened_on(self):
        self.fail("echo", "--listen", "192.0.2.1:0", says=["192.0.2.1:0"])

    def test_no_permission_for_a_low_port_is_explained(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
            if int(file.read()) <= 80:
                self.skipTest("this machine lets everybody listen on port 80")
        self.fail_as_nobody("echo", "--listen", "127.0.0.1:80",
                            says=["127.0.0.1:80: Permission denied", "root"])

    def test_no_permission_for_a_unix_address_is_no_matter_of_ports(self):
        folder = self.folder()
        os.chmod(folder, 0o555)
        self.fail_as_nobody("echo", "--listen", f"unix:{folder}/socket",
                            says=[f"{folder}/socket: Permission denied\n"])

    def test_a_folder_that_is_missing_is_named(self):
        self.fail("serve", "/no/such/folder", "--listen", "127.0.0.1:0",
                  says=["/no/such/folder", "No such file or directory"])

    def test_a_file_is_no_folder(self):
        self.fail("serve", DUET, "--listen", "127.0.0.1:0", says=[DUET, "Not a directory"])

    def test_a_folder_without_permission_is_named(self):
        folder = self.folder()
        os.chmod(folder, 0o000)
        self.addCleanup(os.chmod, folder, 0o700)
        self.fail_as_nobody("serve", folder, "--listen", "127.0.0.1:0",
                            says=[folder, "Permission denied"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
