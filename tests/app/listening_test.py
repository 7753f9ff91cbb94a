"""The line on standard output: when it comes the server is ready, and it says where and how."""

import os
import socket
import stat
import unittest

from program import ALL_MODELS, DUET, EPOLL, WORKER_MODELS, Server, ServerCase, run, under
from traffic import exchange

SERVERS = {"echo": ("tcp", []), "relay": ("tcp", ["--to", "127.0.0.1:9"]), "serve": ("http", ["."])}


class ListeningLine(ServerCase):
    @under(*ALL_MODELS)
    def test_it_names_the_address_the_model_and_the_workers(self, model):
        for command, (scheme, arguments) in SERVERS.items():
            with self.subTest(command):
                server = self.start(command, *arguments, under=model)
                self.assertRegex(server.lines[0],
                                 rf"^listening on {scheme}://127\.0\.0\.1:[1-9]\d* "
                                 rf"\(model {model.text}, 1 worker\)$")
                server.stop()

    @under(*WORKER_MODELS)
    def test_it_counts_the_workers(self, model):
        server = self.start("echo", "--workers", "3", under=model)
        self.assertRegex(server.lines[0], rf" \(model {model.text}, 3 workers\)$")

    def test_without_a_model_the_line_names_what_auto_took(self):
        for arguments in [], ["--model", "auto"]:
            server = self.keep(
                Server([DUET, "echo"], [*arguments, "--listen", "127.0.0.1:0"], listens=1))
            self.assertRegex(server.lines[0], r" \(model epoll, 1 worker\)$")

    @under(*ALL_MODELS)
    def test_each_of_several_addresses_has_its_line_in_the_order_given(self, model):
        path = f"unix:{self.folder()}/socket"
        server = self.start("echo", under=model,
                            listen=["127.0.0.1:0", path, "[::1]:0", "127.0.0.1:0"])
        for line, start in zip(server.lines, ["tcp://127.0.0.1:", path + " ", "tcp://[::1]:",
                                              "tcp://127.0.0.1:"], strict=True):
            self.assertTrue(line.startswith("listening on " + start), line)
        self.assertEqual(len(set(server.addresses)), 4)
        for address in server.addresses:
            client = self.connect(address)
            self.assertEqual(exchange(client, b"here"), b"here")
            client.close()

    def test_a_name_is_looked_up(self):
        server = self.start("echo", listen=["localhost:0"])
        self.assertRegex(server.address, r"^(127\.0\.0\.1|\[::1\]):\d+$")
        self.assertEqual(exchange(self.connect(server), b"here"), b"here")


class UnixAddress(ServerCase):
    def setUp(self):
        self.path = f"{self.folder()}/socket"
        self.address = f"unix:{self.path}"

    def test_its_name_is_gone_when_the_server_has_ended(self):
        server = self.start("echo", listen=[self.address])
        self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
        server.stop()
        self.assertFalse(os.path.exists(self.path))

    def test_a_name_that_a_dead_server_left_is_taken_over(self):
        server = self.start("echo", listen=[self.address])
        server.kill()
        self.assertTrue(os.path.exists(self.path))
        self.assertEqual(
            exchange(self.connect(self.start("echo", listen=[self.address])), b"new"), b"new")

    def test_a_name_that_another_server_listens_on_is_not_taken(self):
        server = self.start("echo", listen=[self.address])
        second = run("echo", "--listen", self.address)
        self.assertEqual(second.returncode, 1)
        self.assert_one_line(second.stderr, self.path, "in use")
        self.assertEqual(exchange(self.connect(server), b"still mine"), b"still mine")

    def test_a_file_of_that_name_is_not_touched(self):
        with open(self.path, "w") as file:
            file.write("precious")
        refused = run("echo", "--listen", self.address)
        self.assertEqual(refused.returncode, 1)
        self.assert_one_line(refused.stderr, self.path)
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_a_path_that_is_too_long_for_the_system_is_wrong_usage(self):
        refused = run("echo", "--listen", "unix:/tmp/" + "x" * 200)
        self.assertEqual(refused.returncode, 2)
        self.assert_one_line(refused.stderr)


class Ports(ServerCase):
    @under(*ALL_MODELS)
    def test_a_port_can_be_had_again_at_once(self, model):
        server = self.start("echo", under=model)
        client = self.connect(server)
        self.assertEqual(exchange(client, b"x"), b"x")
        server.stop()  # it closes the connection first: its end lingers in TIME_WAIT
        again = self.start("echo", under=model, listen=[server.address])
        self.assertEqual(again.address, server.address)

    @under(EPOLL)
    def test_only_the_given_address_is_listened_on(self, model):
        port = int(self.start("echo", under=model).address.rpartition(":")[2])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port))


if __name__ == "__main__":
    unittest.main(verbosity=2)
