"""SIGTERM and SIGINT: no new connections, what runs may end, exit code 0; asked twice, at once.

Every server of a ServerCase is stopped by SIGTERM and must end with 0 and leave no process. Here:
what its connections see meanwhile.
"""

import fcntl
import os
import pty
import signal
import termios
import threading
import unittest

from program import (ALL_MODELS, CONCURRENT_MODELS, MIB, PROCESS, THREAD, ServerCase,
                     children_of, connect, eventually, processes_of_session, under)
from traffic import ends, exchange, fill, pattern, take, take_all


def refuses(address):
    """True when nobody listens any more; a client that is let in is not waited for."""
    try:
        connect(address).close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):
        return True


def refuses_later(server):
    eventually(lambda: refuses(server.address), "the server stops accepting")


class DrainCase(ServerCase):
    def assert_no_child_runs(self, server):
        """After an end at once: whom the server had no time to reap is init's zombie."""
        eventually(lambda: not processes_of_session(server.pid, zombies=False), "children end")
        server.kill()


class IdleConnections(ServerCase):
    @under(*ALL_MODELS)
    def test_either_signal_ends_them(self, model):
        for number in signal.SIGTERM, signal.SIGINT:
            server = self.start("echo", "--drain", "1m", under=model)
            client = self.connect(server)
            self.assertEqual(exchange(client, b"x"), b"x")
            server.signal(number)
            self.assertTrue(ends(client))
            self.assertEqual(server.wait(), 0)

    @under(*ALL_MODELS)
    def test_without_any_connection_the_end_comes_at_once(self, model):
        for number in signal.SIGTERM, signal.SIGINT:
            server = self.start("echo", "--drain", "1m", under=model)
            server.signal(number)
            self.assertEqual(server.wait(), 0)

    @under(*CONCURRENT_MODELS)
    def test_64_of_them_end(self, model):
        server = self.start("echo", "--drain", "1m", under=model)
        clients = [self.connect(server) for _ in range(64)]
        for client in clients:
            self.assertEqual(exchange(client, b"x"), b"x")
        server.signal()
        for client in clients:
            self.assertTrue(ends(client))
        self.assertEqual(server.wait(), 0)

    @under(*ALL_MODELS)
    def test_those_of_a_relay_end_on_both_sides(self, model):
        listener = self.listen()
        host, port = listener.getsockname()
        server = self.start("relay", "--to", f"{host}:{port}", "--drain", "1m", under=model)
        client = self.connect(server)
        target = self.closing(listener.accept()[0])
        client.sendall(b"x")
        self.assertEqual(take(target, 1), b"x")
        server.signal()
        self.assertTrue(ends(client))
        self.assertTrue(ends(target))
        self.assertEqual(server.wait(), 0)


class Transfer(DrainCase):
    """A download of which the client has taken the first bytes only."""

    def setUp(self):
        self.site = self.folder()
        self.content = pattern(32 * MIB)
        with open(f"{self.site}/big", "wb") as file:
            file.write(self.content)

    def begin(self, model, *arguments, **options):
        server = self.start("serve", self.site, *arguments, under=model, **options)
        client = self.connect(server)
        client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        return server, client, take(client, 1000)

    def assert_complete(self, beginning, client):
        head, _, body = (beginning + take_all(client)).partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        self.assertEqual(body, self.content)

    @under(*ALL_MODELS)
    def test_it_completes_while_nobody_else_is_let_in(self, model):
        server, client, beginning = self.begin(model, "--drain", "1m")
        server.signal()
        refuses_later(server)
        self.assert_complete(beginning, client)
        self.assertEqual(server.wait(), 0)

    @under(*ALL_MODELS)
    def test_it_is_cut_when_the_drain_time_is_over(self, model):
        server, client, beginning = self.begin(model, "--drain", "300ms")
        server.may_log = True
        server.signal()
        self.assertEqual(server.wait(), 0)
        self.assert_one_line(server.log(), "warning: 1 connection did not end", "drain")
        try:
            self.assertLess(len(take_all(client)), len(self.content))
        except ConnectionResetError:
            pass

    @under(*ALL_MODELS)
    def test_it_is_cut_at_once_by_a_second_signal(self, model):
        for first, second in (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM):
            server, client, _ = self.begin(model, "--drain", "60m")
            server.signal(first)
            refuses_later(server)
            server.signal(second)
            self.assertEqual(server.wait(), 1)
            self.assert_no_child_runs(server)

    def test_under_process_a_signal_to_all_processes_lets_it_complete(self):
        """As when a supervisor stops a whole control group."""
        server, client, beginning = self.begin(PROCESS, "--drain", "1m")
        for process in {*children_of(server.pid), server.pid}:
            os.kill(process, signal.SIGTERM)
        self.assert_complete(beginning, client)
        self.assertEqual(server.wait(), 0)


class ControlC(DrainCase):
    """Ctrl-C at a terminal: SIGINT for each process of the foreground group."""

    def start_at_terminal(self, *arguments, under):
        terminal, inside = pty.openpty()
        self.addCleanup(os.close, terminal)
        options = termios.tcgetattr(inside)
        options[3] &= ~termios.ECHO
        termios.tcsetattr(inside, termios.TCSANOW, options)
        name = os.ttyname(inside)

        def take_terminal():  # in the new session's leader: its first terminal becomes its own
            descriptor = os.open(name, os.O_RDWR)
            fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)
            os.close(descriptor)

        server = self.start(*arguments, under=under, preexec_fn=take_terminal)
        os.close(inside)
        return server, terminal

    @under(*ALL_MODELS)
    def test_it_ends_idle_connections_and_the_server_with_0(self, model):
        server, terminal = self.start_at_terminal("echo", under=model)
        client = self.connect(server)
        self.assertEqual(exchange(client, b"x"), b"x")
        os.write(terminal, b"\x03")
        self.assertTrue(ends(client))
        self.assertEqual(server.wait(), 0)

    @under(*ALL_MODELS)
    def test_it_lets_an_exchange_go_on(self, model):
        server, terminal = self.start_at_terminal("echo", "--drain", "1m", under=model)
        client = self.connect(server)
        data = pattern(32 * MIB)
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        beginning = take(client, MIB)
        os.write(terminal, b"\x03")
        self.assertEqual(beginning + take(client, len(data) - MIB), data)
        sender.join()
        self.assertTrue(ends(client))
        self.assertEqual(server.wait(), 0)

    @under(PROCESS, THREAD)
    def test_twice_it_ends_at_once(self, model):
        server, terminal = self.start_at_terminal("echo", "--drain", "60m", under=model)
        client = self.connect(server)
        fill(client)
        os.write(terminal, b"\x03")
        refuses_later(server)
        os.write(terminal, b"\x03")
        self.assertEqual(server.wait(), 1)
        self.assert_no_child_runs(server)


if __name__ == "__main__":
    unittest.main(verbosity=2)
