"""Under process each connection has a process of its own: the end of one is no matter of others."""

import os
import signal
import unittest

from program import PROCESS, ServerCase, children_of, eventually
from traffic import ends, exchange


def crashing_as_without_sanitizers():
    """The environment in which a sanitizer leaves SIGSEGV alone. Else it would turn it into a report
    and an exit code, and start a program that looks names up and may end after the server."""
    return {**os.environ, **{name: os.environ.get(name, "") + ":handle_segv=0"
                             for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")}}


class Crash(ServerCase):
    def setUp(self):
        self.server = self.start("echo", under=PROCESS, env=crashing_as_without_sanitizers())

    def client_and_child(self):
        before = set(children_of(self.server.pid))
        client = self.connect(self.server)
        self.assertEqual(exchange(client, b"hello"), b"hello")
        (child,) = set(children_of(self.server.pid)) - before
        return client, child

    def test_the_crash_of_one_process_hurts_no_other_and_is_logged(self):
        self.server.may_log = True
        others = [self.client_and_child()[0] for _ in range(3)]
        client, child = self.client_and_child()
        address = "%s:%d" % client.getsockname()
        os.kill(child, signal.SIGSEGV)
        self.assertTrue(ends(client))
        for other in [*others, self.client_and_child()[0]]:
            self.assertEqual(exchange(other, b"unhurt"), b"unhurt")
        eventually(lambda: child not in children_of(self.server.pid), "the child is reaped")
        self.assert_one_line(self.server.log(), f"process {child}", address, "Segmentation fault")

    def test_a_process_is_reaped_when_its_connection_has_ended(self):
        children = []
        for _ in range(10):
            client, child = self.client_and_child()
            children.append(child)
            client.close()
        eventually(lambda: not children_of(self.server.pid), "the children are reaped")

    def test_no_process_outlives_the_server_that_is_killed(self):
        client, _ = self.client_and_child()
        self.server.signal(signal.SIGKILL)
        self.assertTrue(ends(client))
        self.server.wait()
        self.server.kill()


if __name__ == "__main__":
    unittest.main(verbosity=2)
