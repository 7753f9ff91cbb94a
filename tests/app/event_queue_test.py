"""The example with keyboard and mouse: what it makes of bytes, and how it leaves the terminal."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
import unittest

from program import PATIENCE_SECONDS, example

EVENT_QUEUE = example("event_queue")


class OnAPipe(unittest.TestCase):
    def output_of(self, typed, *arguments):
        return subprocess.run([EVENT_QUEUE, *arguments], input=typed, capture_output=True,
                              timeout=PATIENCE_SECONDS, check=True).stdout.decode()

    def test_keys_and_mouse_are_told_in_their_order(self):
        typed = b"a\033[<0;10;5M\033[<0;10;5m\033[<35;11;6Mb"
        for model in ("thread", "epoll"):
            with self.subTest(model):
                self.assertEqual(self.output_of(typed, "--model", model).splitlines(), [
                    "key 'a'", "mouse pressed at 10,5, button 0", "mouse released at 10,5, button 0",
                    "mouse moved at 11,6, button 3", "key 'b'", "the end; 0 dropped"])

    def test_q_ends_it(self):
        self.assertEqual(self.output_of(b"aqb").splitlines(), ["key 'a'", "the end; 0 dropped"])

    def test_what_is_no_report_is_shown(self):
        self.assertEqual(self.output_of(b"\033[A\033OP").splitlines()[:2],
                         ["key Escape[A", "key EscapeOP"])

    def test_a_wheel_is_no_button(self):
        self.assertEqual(self.output_of(b"\033[<64;5;6M").splitlines()[0],
                         "mouse wheel turned at 5,6")

    def test_what_is_too_much_is_counted_and_the_end_is_told(self):
        lines = self.output_of(b"a" * 200_000).splitlines()
        self.assertEqual(lines[-1], f"the end; {200_000 - len(lines) + 1} dropped")


class OnATerminal(unittest.TestCase):
    def setUp(self):
        self.ours, theirs = pty.openpty()
        self.addCleanup(os.close, self.ours)
        self.before = termios.tcgetattr(self.ours)
        self.said = b""
        self.process = subprocess.Popen([EVENT_QUEUE], stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.expect(b"\033[?1003;1006h")
        self.assertNotEqual(termios.tcgetattr(self.ours)[3], self.before[3], "raw mode")

    def expect(self, text):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.said:
            ready = select.select([self.ours], [], [], deadline - time.monotonic())[0]
            self.assertTrue(ready, f"{text} in {self.said}")
            try:
                self.said += os.read(self.ours, 1000)
            except OSError:  # nobody has the other end any more
                self.fail(f"{text} in {self.said}")

    def expect_restored(self):
        self.assertEqual(termios.tcgetattr(self.ours), self.before)
        self.expect(b"\033[?1003;1006l")

    def test_ends_by_q_and_restores_the_terminal(self):
        os.write(self.ours, b"x\033[<2;7;3Mq")
        self.expect(b"key 'x'")
        self.expect(b"mouse pressed at 7,3, button 2")
        self.assertEqual(self.process.wait(PATIENCE_SECONDS), 0)
        self.expect_restored()

    def test_escape_alone_is_a_key_and_ctrl_c_behind_it_ends(self):
        os.write(self.ours, b"\033")
        self.expect(b"key Escape\r\n")
        os.write(self.ours, b"\003")
        self.assertEqual(self.process.wait(PATIENCE_SECONDS), 0)
        self.expect_restored()

    def test_restores_the_terminal_when_a_signal_ends_it(self):
        for signal_number in (signal.SIGTERM, signal.SIGSEGV):
            with self.subTest(signal_number):
                self.process.send_signal(signal_number)
                self.assertEqual(self.process.wait(PATIENCE_SECONDS), -signal_number)
                self.expect_restored()
            self.doCleanups()
            self.setUp()


if __name__ == "__main__":
    unittest.main()
