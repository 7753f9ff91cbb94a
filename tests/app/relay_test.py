"""duet relay: both directions at once, each end passed on by itself, under every model."""

import unittest

from program import ALL_MODELS, CONCURRENT_MODELS, MIB, ServerCase, under
from traffic import both, ends, exchange, fill, finish, pattern, reset, take, take_all


class Relay(ServerCase):
    def start_between(self, model, *arguments):
        """A relay to a socket of the test's own: the client's socket, the target's, the server."""
        listener = self.listen()
        server = self.start("relay", "--to", address_of(listener), *arguments, under=model)
        client = self.connect(server)
        return client, self.closing(listener.accept()[0]), server

    @under(*ALL_MODELS)
    def test_8_mib_go_both_ways_at_once(self, model):
        client, target, _ = self.start_between(model)
        there, back = pattern(8 * MIB, 1), pattern(8 * MIB, 2)
        _, _, at_target, at_client = both(
            lambda: client.sendall(there), lambda: target.sendall(back),
            lambda: take(target, len(there)), lambda: take(client, len(back)))
        self.assertEqual(at_target, there)
        self.assertEqual(at_client, back)

    @under(*ALL_MODELS)
    def test_the_client_may_end_its_side_and_still_get_an_answer(self, model):
        client, target, _ = self.start_between(model)
        client.sendall(b"question")
        finish(client)
        self.assertEqual(take_all(target), b"question")
        target.sendall(b"answer")
        target.close()
        self.assertEqual(take_all(client), b"answer")

    @under(*ALL_MODELS)
    def test_the_target_may_end_its_side_and_still_be_told_something(self, model):
        client, target, _ = self.start_between(model)
        target.sendall(b"greeting")
        finish(target)
        self.assertEqual(take_all(client), b"greeting")
        client.sendall(b"reply")
        client.close()
        self.assertEqual(take_all(target), b"reply")

    @under(*ALL_MODELS)
    def test_full_buffers_in_both_directions_are_no_deadlock(self, model):
        client, target, _ = self.start_between(model)
        from_client, from_target = fill(client, target)
        self.assertGreater(min(from_client, from_target), 65536)
        both(lambda: take(target, from_client), lambda: take(client, from_target))
        self.assertEqual(exchange_across(client, target, b"moving again"), b"moving again")

    @under(*ALL_MODELS)
    def test_a_relay_to_an_echo_server_is_an_echo_server(self, model):
        echo = self.start("echo", under=model)
        client = self.connect(self.start("relay", "--to", echo.address, under=model))
        for count in [1, 16384, 16385, 8 * MIB]:
            data = pattern(count, count)
            self.assertEqual(exchange(client, data), data, count)
        finish(client)
        self.assertEqual(take_all(client), b"")

    @under(*ALL_MODELS)
    def test_a_target_that_refuses_closes_the_client_and_is_logged(self, model):
        listener = self.listen()
        nobody = address_of(listener)
        listener.close()
        server = self.start("relay", "--to", nobody, under=model)
        self.assertTrue(ends(self.connect(server)))
        self.assertTrue(ends(self.connect(server)), "and the next client is treated alike")
        server.may_log = True
        server.signal()
        self.assertEqual(server.wait(), 0)
        lines = server.log().splitlines()
        self.assertEqual(len(lines), 2, lines)
        for line in lines:
            self.assertRegex(line, r"^duet: error: connection of 127\.0\.0\.1:\d+ ended: ")
            self.assertIn(f"connect to {nobody}: Connection refused", line)

    @under(*ALL_MODELS)
    def test_a_reset_by_either_side_ends_the_other_side_and_nothing_else(self, model):
        client, target, server = self.start_between(model)
        server.may_log = True
        self.assertEqual(exchange_across(client, target, b"a"), b"a")
        reset(target)
        self.assertTrue(ends(client))
        client.close()
        client = self.connect(server)
        reset(client)
        echo = self.start("echo", under=model)
        other = self.start("relay", "--to", echo.address, under=model)
        self.assertEqual(exchange(self.connect(other), b"fine"), b"fine")

    @under(*ALL_MODELS)
    def test_unix_addresses_and_names_can_be_relayed_to(self, model):
        echo = self.start("echo", under=model, listen=[f"unix:{self.folder()}/echo", "127.0.0.1:0"])
        local, tcp = echo.addresses
        port = tcp.rpartition(":")[2]
        for target in [local, f"localhost:{port}"]:
            client = self.connect(self.start("relay", "--to", target, under=model))
            self.assertEqual(exchange(client, pattern(MIB)), pattern(MIB))
            client.close()

    @under(*CONCURRENT_MODELS)
    def test_32_clients_are_relayed_at_once(self, model):
        echo = self.start("echo", under=model)
        server = self.start("relay", "--to", echo.address, under=model)
        clients = [self.connect(server) for _ in range(32)]
        for client in clients:
            client.sendall(pattern(8192))
        for client in clients:
            self.assertEqual(take(client, 8192), pattern(8192))


def address_of(listener):
    host, port = listener.getsockname()
    return f"{host}:{port}"


def exchange_across(client, target, data):
    client.sendall(data)
    return take(target, len(data))


if __name__ == "__main__":
    unittest.main(verbosity=2)
