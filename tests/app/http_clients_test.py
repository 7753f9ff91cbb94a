"""Clients of others against duet's HTTP servers: curl, wrk, ab and h2load find not one error."""

import os
import re
import subprocess
import unittest

from program import (ALL_MODELS, EPOLL, MIB, SANITIZER, SINGLE, Server, example, under)
from site_clients import SITE, SiteCase, ask, curl, get
from traffic import pattern

CONNECTIONS = 16
REQUESTS = 200 if SANITIZER else 2000


class ClientCase(SiteCase):
    def example(self, name, model, **options):
        if not os.path.exists(example(name)):
            self.skipTest("the examples were not built")
        return self.keep(Server([example(name)], ["--listen", "127.0.0.1:0", *model.arguments],
                                listens=1, **options))

    def each_server(self, model):
        """The URL of something small on each server, which runs only while it is used."""
        for name, path in ("http_hello", "/"), ("http_probe", "/"):
            server = self.example(name, model)
            yield server.url + path
            server.stop()
        server = self.serve(SITE, under=model)
        yield server.url + "/style.css"
        server.stop()

    def run_tool(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


def at_once(model):
    return 1 if model == SINGLE else CONNECTIONS


class Curl(ClientCase):
    def setUp(self):
        self.need("curl")

    @under(*ALL_MODELS)
    def test_a_body_of_known_length_comes_back(self, model):
        server = self.example("http_probe", model)
        for size in 0, 1, 4096, 65537, MIB - 1:
            body = pattern(size)
            self.assertEqual(curl("--data-binary", "@-", server.url, input=body), body, size)

    @under(*ALL_MODELS)
    def test_a_body_in_chunks_comes_back(self, model):
        server = self.example("http_probe", model)
        for size in 0, 1, 65537, MIB - 1:
            body = pattern(size)
            self.assertEqual(curl("--upload-file", "-", server.url, input=body), body, size)

    @under(*ALL_MODELS)
    def test_a_body_comes_back_that_waited_to_be_invited(self, model):
        server = self.example("http_probe", model)
        body = pattern(100_000)
        for how in ("--data-binary", "@-"), ("--upload-file", "-"):
            said = curl("-v", "--stderr", "-", "-o", "/dev/null", "-H", "Expect: 100-continue",
                        "--expect100-timeout", "15", *how, server.url, input=body).decode()
            self.assertIn("< HTTP/1.1 100 Continue", said)
            self.assertIn("< HTTP/1.1 200 OK", said)

    @under(*ALL_MODELS)
    def test_version_1_0_is_spoken(self, model):
        server = self.example("http_probe", model)
        self.assertEqual(curl("--http1.0", server.url), b"OK")
        body = pattern(100_000)
        self.assertEqual(curl("--http1.0", "--data-binary", "@-", server.url, input=body), body)

    @under(*ALL_MODELS)
    def test_fields_and_cookies_arrive(self, model):
        server = self.example("http_probe", model)
        self.assertIn(b"\nX-Test: a b\n", curl("-H", "X-Test: a b", f"{server.url}/echo"))
        self.assertEqual(curl("--cookie", "a=1; b=2", f"{server.url}/cookie"), b"a=1\nb=2\n")

    @under(*ALL_MODELS)
    def test_what_may_be_compressed_is_understood(self, model):
        for url in self.each_server(model):
            self.assertEqual(curl("--compressed", url), curl(url))


class Probe(ClientCase):
    @under(*ALL_MODELS)
    def test_a_body_that_breaks_a_rule_is_400(self, model):
        server = self.example("http_probe", model)
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"xx\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloxx0\r\n\r\n",
                     b"5\nhello\r\n0\r\n\r\n"):
            self.assertEqual(ask(server.address, head + body).status, 400, body)

    def test_cookies_are_told_apart_whatever_blanks_are_around_them(self):
        server = self.example("http_probe", EPOLL)
        answer = get(server.address, "/cookie", cookie="a=1;\tb=2 ; c=3\t;;d= 4")
        self.assertEqual(answer.body, b"a=1\nb=2\nc=3\nd= 4\n")

    def test_trace_is_not_answered_with_a_body_of_the_request(self):
        server = self.example("http_probe", EPOLL)
        answer = ask(server.address, b"TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                                     b"Connection: close\r\n\r\nhello")
        self.assertEqual(answer.status, 501)


class Upload(ClientCase):
    def test_only_a_plain_name_becomes_a_file(self):
        folder = self.make({"sub/a": b"inside"})
        server = self.example("http_upload", EPOLL, cwd=folder)
        for name, status in {"fine": 201, "sub": 409, "a" * 300: 409, ".a": 400, "%2ea": 400,
                             "secret.sh%00.jpg": 400, "%zz": 400, "sub%2f.hidden": 400,
                             "sub%2f..%2fb": 400}.items():
            self.assertEqual(get(server.address, f"/{name}", "PUT").status, status, name)
        self.assertEqual(sorted(os.listdir(folder)), ["fine", "sub"])
        self.assertEqual(os.listdir(f"{folder}/sub"), ["a"])


class Load(ClientCase):
    @under(*ALL_MODELS)
    def test_wrk_has_no_error(self, model):
        if SANITIZER:
            self.skipTest("wrk measures nothing in a sanitizer build")
        wrk = self.need("wrk")
        for url in self.each_server(model):
            said = self.run_tool(wrk, "-t1", f"-c{at_once(model)}", "-d1s", "--timeout", "20s", url)
            self.assertGreater(int(re.search(r"(\d+) requests in", said)[1]), 100, said)
            self.assertNotIn("Socket errors", said)
            self.assertNotIn("Non-2xx", said)

    @under(*ALL_MODELS)
    def test_ab_has_no_error_with_and_without_keeping_connections(self, model):
        ab = self.need("ab")
        for url in self.each_server(model):
            for keep in ["-k"], []:
                said = self.run_tool(ab, "-q", "-n", f"{REQUESTS}", "-c", f"{at_once(model)}",
                                     *keep, url)
                self.assertRegex(said, rf"Complete requests: +{REQUESTS}\n")
                self.assertRegex(said, r"Failed requests: +0\n")
                self.assertNotIn("Non-2xx", said)

    @under(*ALL_MODELS)
    def test_h2load_has_no_error(self, model):
        h2load = self.need("h2load")
        for url in self.each_server(model):
            said = self.run_tool(h2load, "--h1", "-n", f"{REQUESTS}", "-c", f"{at_once(model)}",
                                 url)
            self.assertRegex(said, rf"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout")
            self.assertRegex(said, rf"{REQUESTS} 2xx, 0 3xx, 0 4xx, 0 5xx")

    @under(*ALL_MODELS)
    def test_h2load_has_no_error_with_pipelined_requests(self, model):
        h2load = self.need("h2load")
        for url in self.each_server(model):
            said = self.run_tool(h2load, "--h1", "-m", "16", "-n", f"{REQUESTS}", "-c",
                                 f"{at_once(model)}", url)
            self.assertRegex(said, rf"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout")


if __name__ == "__main__":
    unittest.main(verbosity=2)
