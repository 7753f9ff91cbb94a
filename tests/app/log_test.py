"""What duet serve writes down about requests, and how many connections it lets an address have."""

import json
import os
import re
import signal
import time
import unittest

from program import ALL_MODELS, CONCURRENT_MODELS, PATIENCE_SECONDS, connect, run, under
from site_clients import SiteCase, ask, get
from traffic import take_all

COMBINED = re.compile(r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                      r'"([^"]*)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"')


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


class AccessLog(SiteCase):
    def logged(self, path, count):
        """The lines of a log when it has that many: they come a moment after the answers."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not os.path.exists(path) or len(lines_of(path)) < count:
            self.assertLess(time.monotonic(), end, "the log stays short")
            time.sleep(0.01)
        return lines_of(path)

    def start_logging(self, *arguments, **options):
        path = os.path.join(self.folder(), "access.log")
        site = self.make({"a.txt": b"hello"})
        return self.serve(site, "--access-log", path, *arguments, **options), path

    @under(*ALL_MODELS)
    def test_each_request_is_a_line_in_the_combined_format(self, model):
        server, path = self.start_logging(under=model)
        ask(server.address, b"GET /a.txt?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            b"Referer: http://there/\r\nUser-Agent: me\r\n\r\n")
        self.logged(path, 1)  # or the processes of both connections would write at the same time
        get(server.address, "/missing", "HEAD")
        first, second = (COMBINED.fullmatch(line) for line in self.logged(path, 2))
        self.assertEqual(first.groups(),
                         ("GET /a.txt?x HTTP/1.1", "200", "5", "http://there/", "me"))
        self.assertEqual(second.groups(), ("HEAD /missing HTTP/1.1", "404", "-", "-", "-"))

    def test_by_default_the_lines_go_to_standard_output(self):
        site = self.make({"a.txt": b"hello"})
        server = self.start("serve", site, "--access-log-format", "combined")
        get(server.address, "/a.txt")
        server.signal()
        server.wait()
        lines = server.process.stdout.read().decode().splitlines()
        self.assertEqual([COMBINED.fullmatch(line)[1] for line in lines], ["GET /a.txt HTTP/1.1"])

    def test_json_has_an_object_per_line(self):
        server, path = self.start_logging("--access-log-format", "json")
        get(server.address, "/a.txt")
        entry = json.loads(self.logged(path, 1)[0])
        self.assertEqual((entry["request"], entry["status"], entry["bytes"]),
                         ("GET /a.txt HTTP/1.1", 200, 5))

    def test_what_a_client_sends_cannot_break_a_line(self):
        server, path = self.start_logging()
        ask(server.address, b'GET /"\x1b[31m\xff HTTP/1.1\r\nHost: x\r\n\r\n')
        ask(server.address, b'GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: a" 200 "\xe2\x80\xae\r\n'
                            b"Connection: close\r\n\r\n")
        for line in self.logged(path, 2):
            self.assertRegex(line, COMBINED)
            self.assertTrue(line.isascii(), line)

    @under(*ALL_MODELS)
    def test_sighup_opens_the_file_anew_and_loses_no_line(self, model):
        server, path = self.start_logging(under=model)
        get(server.address, "/before")
        self.logged(path, 1)
        with self.closing(connect(server.address)) as kept:
            kept.sendall(b"GET /kept HTTP/1.1\r\nHost: x\r\n\r\n")
            kept.recv(1)
            os.rename(path, path + ".1")
            server.signal(signal.SIGHUP)
            kept.sendall(b"GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            take_all(kept)
        later = 0
        while not os.path.exists(path) or not lines_of(path):  # the signal takes its time
            get(server.address, "/later")
            later += 1
            self.assertLess(later, 1000, "no new file")
            time.sleep(0.02)
        server.stop()
        requests = [COMBINED.fullmatch(line)[1].split()[1]
                    for line in lines_of(path + ".1") + lines_of(path)]
        self.assertEqual(sorted(requests), ["/after", "/before", "/kept"] + ["/later"] * later)

    @under(*ALL_MODELS)
    def test_sighup_does_not_end_a_server_without_a_log(self, model):
        server = self.serve(self.make({"a.txt": b"hello"}), "--no-access-log", under=model)
        for _ in range(3):
            server.signal(signal.SIGHUP)
            self.assertEqual(get(server.address, "/a.txt").status, 200)
        server.stop()

    def test_a_log_that_cannot_be_opened_is_an_error_at_start(self):
        done = run("serve", ".", "--listen", "127.0.0.1:0", "--access-log", "/no/such/folder/log")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/folder/log", done.stderr)


class Limits(SiteCase):
    @under(*CONCURRENT_MODELS)
    def test_an_address_has_no_more_connections_than_it_may(self, model):
        server = self.serve(self.make({"a.txt": b"x"}), "--per-address-max", "2", under=model)
        server.may_log = True  # it warns
        head = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        first, second = self.connect(server), self.connect(server)
        for client in first, second:
            client.sendall(head)
            self.assertTrue(client.recv(1))
        self.assertEqual(take_all(self.connect(server)), b"")
        first.close()
        end = time.monotonic() + PATIENCE_SECONDS
        while get_or_nothing(server.address) is None:
            self.assertLess(time.monotonic(), end, "no connection although one has ended")
        self.assertIn("has 2 already", server.log())

    def test_flags_that_say_nothing_are_wrong_usage(self):
        for flags in (["--header-time", "soon"], ["--body-max", "much"], ["--log-level", "loud"],
                      ["--access-log-format", "xml"], ["--head-max", "1MiB"],
                      ["--request-line-max", "0"], ["--request-line-max", str(2**64 - 1)],
                      ["--head-max", "0"], ["--headers-max", "0"], ["--headers-max", "101"],
                      ["--requests-max", "-1"], ["--body-max", "-1"], ["--body-rate", "-1"],
                      ["--per-address-max", "0"], ["--no-access-log", "--access-log", "x"]):
            done = run("serve", ".", "--listen", "127.0.0.1:0", *flags)
            self.assertEqual(done.returncode, 2, flags)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(flags[0], done.stderr)

    def test_a_limit_is_what_its_flag_says(self):
        server = self.serve(self.make({"a.txt": b"x"}), "--request-line-max", "64", "--head-max",
                            "1KiB", "--headers-max", "3", "--body-max", "10")
        self.assertEqual(get(server.address, "/" + "a" * 64).status, 414)
        for head, status in ((b"A: " + b"b" * 1024, 431), (b"A: 1\r\nB: 2\r\nC: 3", 431),
                             (b"Content-Length: 11", 413), (b"Content-Length: 0", 200)):
            answer = ask(server.address, b"GET /a.txt HTTP/1.1\r\nHost: x\r\n" + head +
                         (b"" if status != 200 else b"\r\nConnection: close") + b"\r\n\r\n")
            self.assertEqual(answer.status, status, head)


def get_or_nothing(address):
    try:
        return get(address, "/a.txt")
    except (OSError, IndexError, ValueError):
        return None


if __name__ == "__main__":
    unittest.main()
