"""How many system calls a message costs where a connection has a thread of its own: two. And that a
file which is asked for again and again is not read again."""

import collections
import os
import re
import subprocess
import unittest

from program import (DUET, EPOLL, PROCESS, SANITIZER, THREAD, URING, Server,
                     ServerCase, built, under)
from site_clients import SITE, get
from traffic import exchange, take

MESSAGES = 1000
SIZE = 64


class Traced(ServerCase):
    def setUp(self):
        if SANITIZER:
            self.skipTest("a sanitizer makes system calls of its own")
        self.need("strace")

    def end(self, server):
        """strace passes no signal on: the server it traces is told by itself."""
        (traced,) = subprocess.run(["ps", "--ppid", f"{server.pid}", "-o", "pid="],
                                   capture_output=True, text=True).stdout.split()
        os.kill(int(traced), 15)
        self.assertEqual(server.wait(), 0)


class SystemCalls(Traced):
    def count(self, command, listen, model):
        """Of the calls between the first and the last message: by task, then by name."""
        trace = f"{self.folder()}/trace"
        server = self.keep(Server(
            ["strace", "-f", "-qq", "-o", trace, *command],
            [*listen, *model.arguments], listens=1))
        client = self.connect(server)
        self.assertEqual(exchange(client, marker("first")), marker("first"))
        for i in range(MESSAGES):
            message = b"%*d" % (SIZE, i)
            client.sendall(message)
            self.assertEqual(take(client, SIZE), message)
        self.assertEqual(exchange(client, marker("last")), marker("last"))
        client.close()
        self.end(server)
        with open(trace) as file:
            return calls_between_markers(file)

    @under(THREAD, PROCESS)
    def test_an_echo_makes_two_for_each_message(self, model):
        self.assert_two_each(self.count([DUET, "echo"], ["--listen", "127.0.0.1:0"], model))

    @under(THREAD, PROCESS)
    def test_an_echo_with_an_idle_deadline_of_60_s_makes_two_for_each_message(self, model):
        self.assert_two_each(self.count([built("idle_echo")], [], model))

    def assert_two_each(self, calls):
        of_connection = max(calls, key=lambda task: calls[task].total())
        counts = calls.pop(of_connection)
        self.assertEqual(sorted(counts.values()), [MESSAGES, MESSAGES], counts)
        others = sum(counter.total() for counter in calls.values())
        self.assertLess(others, MESSAGES // 100, f"made by other threads meanwhile: {calls}")


class Files(Traced):
    @under(EPOLL, THREAD, URING)
    def test_small_files_that_are_asked_for_again_are_sent_from_memory(self, model):
        trace = f"{self.folder()}/trace"
        server = self.keep(Server(
            ["strace", "-f", "-qq", "-e", "trace=preadv2,pread64", "-o", trace, DUET, "serve",
             SITE, "--no-access-log"], ["--listen", "127.0.0.1:0", *model.arguments], listens=1))
        for name in "models.png", "style.css":
            whole = get(server.address, f"/{name}").body
            for _ in range(9):
                self.assertEqual(get(server.address, f"/{name}").body, whole)
        self.end(server)
        with open(trace) as file:
            reads = [line for line in file if re.search(r" (preadv2|pread64)\(", line)]
        self.assertTrue(reads)
        self.assertLess(len(reads), 10 + 2, "more than once in pieces and once whole")


def marker(name):
    return name.encode().ljust(SIZE, b"-")  # strace shows the beginning


def calls_between_markers(lines):
    """The calls after the first marker was sent and before the last one was received."""
    calls = collections.defaultdict(collections.Counter)
    is_between = False
    for line in lines:
        found = re.match(r"(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)", line)
        if not found:
            continue
        task, begun, resumed = found.groups()
        if "last---" in line:
            break
        if is_between and (begun is None or "<unfinished" not in line):
            calls[task][begun or resumed] += 1
        if "first---" in line and (begun or resumed).startswith(("send", "write")):
            is_between = True
    return calls


if __name__ == "__main__":
    unittest.main(verbosity=2)
