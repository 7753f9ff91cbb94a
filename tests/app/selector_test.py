"""default_selector() takes the best mechanism that the system allows."""

import os
import subprocess
import unittest

from program import PATIENCE_SECONDS, built, example

ECHO = example("selector_echo")


def mechanism_without(*calls):
    """What examples/selector_echo.cpp says it waits by, if these system calls are refused."""
    refusing = [built("refuse"), *calls, "--"] if calls else []
    terminal, end = os.openpty()  # what is written there is not kept back until there is more
    with open(terminal) as said, subprocess.Popen([*refusing, ECHO, "0"], stdin=subprocess.DEVNULL,
                                                  stdout=end) as process:
        os.close(end)
        try:
            return said.readline().rpartition(" by ")[2].strip()
        finally:
            process.kill()
            process.wait(PATIENCE_SECONDS)


@unittest.skipUnless(os.path.exists(ECHO), "the examples were not built")
class DefaultSelector(unittest.TestCase):
    def test_is_epoll_where_nothing_is_refused(self):
        self.assertEqual(mechanism_without(), "epoll")

    def test_is_poll_where_epoll_cannot_be_made(self):
        self.assertEqual(mechanism_without("epoll_create1"), "poll")

    def test_is_poll_where_epoll_cannot_be_waited_for(self):
        self.assertEqual(mechanism_without("epoll_pwait2"), "poll")

    def test_is_select_where_epoll_and_poll_are_refused(self):
        self.assertEqual(mechanism_without("epoll_create1", "ppoll"), "select")


if __name__ == "__main__":
    unittest.main()
