"""The threads of --model pool: they are there before the first connection, and where the system
does not give as many as were asked for, those that there are serve."""

import os
import re
import unittest

from program import MIB, POOL, SANITIZER, ServerCase
from traffic import exchange

STACK = 32 * MIB
WANTED = 40
FEWER = 10


def threads_of(server):
    return len(os.listdir(f"/proc/{server.pid}/task"))


def address_space_of(server):
    with open(f"/proc/{server.pid}/status") as file:
        return int(re.search(r"VmSize:\s+(\d+) kB", file.read())[1]) * 1024


class PoolThreads(ServerCase):
    def start_pool(self, workers, limits=()):
        """With stacks of a known size, and no memory besides that each thread sets apart."""
        environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
        return self.start("echo", "--workers", f"{workers}", under=POOL, env=environment,
                          launcher=["prlimit", f"--stack={STACK}:{STACK}", *limits])

    def test_they_are_there_before_the_first_connection(self):
        self.assertEqual(threads_of(self.start_pool(5)) - threads_of(self.start_pool(1)), 4)

    def test_the_line_of_a_server_says_how_many_there_are(self):
        self.assertIn("(model pool, 5 workers)", self.start_pool(5).lines[0])

    def test_with_fewer_than_asked_for_it_serves_and_says_so_once(self):
        if SANITIZER:
            self.skipTest("a sanitizer takes all of the address space for itself")
        one = address_space_of(self.start_pool(1))
        room = one + STACK * (FEWER - 1) + STACK // 2
        server = self.start_pool(WANTED, [f"--as={room}:{room}"])
        server.may_log = True
        there = threads_of(server) - threads_of(self.start_pool(1)) + 1
        self.assertEqual(there, FEWER)
        self.assertIn(f"(model pool, {there} workers)", server.lines[0])
        clients = [self.connect(server) for _ in range(2 * FEWER)]
        for client in clients:
            self.assertEqual(exchange(client, b"all the same"), b"all the same")
        self.assert_one_line(server.log(), "warning", f"the pool has {there} threads and not "
                             f"{WANTED}", "Resource temporarily unavailable", "ulimit -u")


if __name__ == "__main__":
    unittest.main(verbosity=2)
