"""duet echo: what a client sends comes back, under every model."""

import os
import unittest

from program import ALL_MODELS, CONCURRENT_MODELS, MIB, SINGLE, WORKER_MODELS, ServerCase, under
from traffic import ends, exchange, finish, pattern, reset, take, take_all


class Echo(ServerCase):
    @under(*ALL_MODELS)
    def test_a_connection_gets_back_from_1_byte_to_16_mib(self, model):
        client = self.connect(self.start("echo", under=model))
        for count in [1, 2, 4095, 4096, 4097, 65537, MIB, 16 * MIB]:
            data = pattern(count, seed=count)
            self.assertEqual(exchange(client, data), data, count)

    @under(*ALL_MODELS)
    def test_one_client_after_another_is_served(self, model):
        server = self.start("echo", under=model)
        for i in range(20):
            client = self.connect(server)
            self.assertEqual(exchange(client, b"hello %d" % i), b"hello %d" % i)
            client.close()

    @under(*ALL_MODELS)
    def test_a_client_that_has_ended_its_side_gets_the_rest_and_then_the_end(self, model):
        client = self.connect(self.start("echo", under=model))
        client.sendall(pattern(65536))
        finish(client)
        self.assertEqual(take_all(client), pattern(65536))

    @under(*ALL_MODELS)
    def test_a_client_that_resets_disturbs_no_later_one(self, model):
        server = self.start("echo", under=model)
        server.may_log = True
        for _ in range(5):
            client = self.connect(server)
            client.sendall(pattern(MIB // 4))
            take(client, 1)
            reset(client)
        self.assertEqual(exchange(self.connect(server), b"still here"), b"still here")

    @under(*ALL_MODELS)
    def test_ip6_and_unix_addresses_are_served_too(self, model):
        path = f"unix:{self.folder()}/echo"
        server = self.start("echo", under=model, listen=["[::1]:0", path])
        for address in server.addresses:
            client = self.connect(address)
            self.assertEqual(exchange(client, pattern(MIB)), pattern(MIB))
            client.close()

    @under(*CONCURRENT_MODELS)
    def test_64_clients_talk_in_turns(self, model):
        server = self.start("echo", under=model)
        clients = [self.connect(server) for _ in range(64)]
        for turn in range(10):
            for i, client in enumerate(clients):
                client.sendall(b"%d %d;" % (turn, i))
            for i, client in enumerate(clients):
                message = b"%d %d;" % (turn, i)
                self.assertEqual(take(client, len(message)), message)

    @under(*CONCURRENT_MODELS)
    def test_a_client_that_does_not_read_holds_up_no_other(self, model):
        server = self.start("echo", "--drain", "0s", under=model)
        server.may_log = True
        deaf = self.connect(server)
        deaf.setblocking(False)
        try:
            for _ in range(1000):
                deaf.send(bytes(65536))
        except BlockingIOError:
            pass
        self.assertEqual(exchange(self.connect(server), pattern(MIB)), pattern(MIB))

    @under(*WORKER_MODELS)
    def test_two_workers_serve(self, model):
        server = self.start("echo", "--workers", "2", under=model)
        clients = [self.connect(server) for _ in range(32)]
        for i, client in enumerate(clients):
            self.assertEqual(exchange(client, b"%d" % i), b"%d" % i)
        self.assertGreaterEqual(len(os.listdir(f"/proc/{server.pid}/task")), 2)


class OneAtATime(ServerCase):
    def test_an_idle_connection_ends_as_soon_as_another_client_waits(self):
        server = self.start("echo", under=SINGLE)
        idle = self.connect(server)
        self.assertEqual(exchange(idle, b"me first"), b"me first")
        self.assertEqual(exchange(self.connect(server), b"me, too"), b"me, too")
        self.assertTrue(ends(idle))

    def test_a_silent_connection_ends_as_soon_as_another_client_waits(self):
        server = self.start("echo", under=SINGLE)
        silent = self.connect(server)
        self.assertEqual(exchange(self.connect(server), b"me"), b"me")
        self.assertTrue(ends(silent))

    def test_an_idle_connection_lasts_while_nobody_waits(self):
        server = self.start("echo", under=SINGLE)
        client = self.connect(server)
        self.assertEqual(exchange(client, b"once"), b"once")
        client.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            client.recv(1)
        self.assertEqual(exchange(client, b"again"), b"again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
