"""duet serve under clients that come in numbers, or slowly."""

import os
import re
import subprocess
import unittest

from program import (ALL_MODELS, CONCURRENT_MODELS, EPOLL, MIB, PROCESS, SANITIZER,
                     SINGLE, THREAD, URING, WORKER_MODELS, under)
from site_clients import SITE, SiteCase, curl, get, parse_answer
from traffic import pattern, take, take_all

COUNT = 6


class Wrk(SiteCase):
    @under(*WORKER_MODELS, THREAD)
    def test_64_connections_for_2_seconds_have_not_one_error(self, model):
        if SANITIZER:
            self.skipTest("wrk measures nothing in a sanitizer build")
        wrk = self.need("wrk")
        server = self.serve(SITE, under=model)
        self.load(wrk, server)

    @under(EPOLL, URING)
    def test_two_workers_have_not_one_error_either(self, model):
        if SANITIZER:
            self.skipTest("wrk measures nothing in a sanitizer build")
        self.load(self.need("wrk"), self.serve(SITE, "--workers", "2", under=model))

    def load(self, wrk, server):
        said = subprocess.run([wrk, "-t1", "-c64", "-d2s", "--timeout", "20s",
                               f"{server.url}/style.css"], capture_output=True, text=True).stdout
        self.assertGreater(int(re.search(r"(\d+) requests in", said)[1]), 500, said)
        self.assertNotIn("Socket errors", said)
        self.assertNotIn("Non-2xx", said)


class Browserlike(SiteCase):
    @under(*ALL_MODELS)
    def test_curl_fetches_6_files_in_parallel(self, model):
        """Under single, too: there a connection that is idle or silent makes room for the next."""
        self.need("curl")
        files = {f"{i}": pattern(MIB + i, i) for i in range(COUNT)}
        server = self.serve(self.make(files), under=model)
        folder = self.folder()
        curl("--parallel", "--parallel-immediate", "--parallel-max", f"{COUNT}",
             "--output-dir", folder, *(word for name in files
                                       for word in ["--output", name, f"{server.url}/{name}"]))
        for name, content in files.items():
            with open(f"{folder}/{name}", "rb") as file:
                self.assertEqual(file.read(), content, name)

    def test_under_single_silent_connections_make_room(self):
        """As a browser opens them ahead of need."""
        server = self.serve(SITE, under=SINGLE)
        for _ in range(5):
            self.connect(server)
        self.assertEqual(get(server.address, "/style.css").status, 200)

    def test_under_single_a_kept_connection_makes_room_and_is_not_cut_in_an_answer(self):
        server = self.serve(self.make({"big": pattern(16 * MIB)}), under=SINGLE)
        slow = self.connect(server)
        slow.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        beginning = take(slow, 1)
        waiting = self.connect(server)
        waiting.sendall(b"GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(parse_answer(beginning + take_all(slow)).body, pattern(16 * MIB))
        self.assertEqual(parse_answer(take_all(waiting)).status, 404)


class SlowReader(SiteCase):
    @under(*CONCURRENT_MODELS)
    def test_it_holds_up_nobody_and_gets_all_in_the_end(self, model):
        big = pattern(24 * MIB)
        server = self.serve(self.make({"big": big, "small": b"quick"}), under=model)
        slow = self.connect(server)
        slow.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        beginning = take(slow, 1)
        for _ in range(20):
            self.assertEqual(get(server.address, "/small").body, b"quick")
        self.assertEqual(parse_answer(beginning + take_all(slow)).body, big)

    @under(*CONCURRENT_MODELS)
    def test_16_of_them_cost_little_memory(self, model):
        if SANITIZER:
            self.skipTest("memory is the sanitizer's in this build")
        server = self.serve(self.make({"big": bytes(64 * MIB)}), "--drain", "0s", under=model)
        server.may_log = True
        self.assertEqual(get(server.address, "/missing").status, 404)
        before = resident_bytes(server.pid)
        slow = [self.connect(server) for _ in range(16)]
        for client in slow:
            client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in slow:
            take(client, 1000)
        if model == PROCESS:
            return  # each has its own; the acceptor's says nothing
        self.assertLess(resident_bytes(server.pid) - before, 16 * MIB)

    def test_curl_with_a_limited_rate_gets_all(self):
        self.need("curl")
        big = pattern(3 * MIB)
        server = self.serve(self.make({"big": big}))
        self.assertEqual(curl("--limit-rate", "4M", f"{server.url}/big"), big)


def resident_bytes(process):
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Leaving(SiteCase):
    @under(*ALL_MODELS)
    def test_a_client_that_leaves_in_mid_answer_is_no_error(self, model):
        """Browsers do so all the time; nothing is logged, and the next is served."""
        server = self.serve(self.make({"big": bytes(32 * MIB), "small": b"next"}), under=model)
        for _ in range(3):
            client = self.connect(server)
            client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            take(client, 1000)
            client.close()
        self.assertEqual(get(server.address, "/small").body, b"next")


if __name__ == "__main__":
    unittest.main(verbosity=2)
