"""Requests byte for byte, well-formed and hostile, to the built program under every model: whole,
byte by byte and cut at random, each is answered with the same bytes, but for the date.

After the bytes of each row comes one more request: its answer shows that the server is at the right
place in the stream, its absence that nothing behind a refused request is taken for one."""

import random
import re
import socket
import unittest

from program import EVERY_MODEL, POLL, SANITIZER, connect, under
from site_clients import SiteCase

SEEDS = range(1, 3 if SANITIZER else 5)
HOST = "Host: x\r\n"
LAST = f"GET /a.txt?last HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode()
LARGE = b"0123456789" * 3000


def request(line, *fields, body=""):
    return f"{line}\r\n{''.join(field + chr(13) + chr(10) for field in fields)}\r\n{body}"


def get(target, *fields):
    return request(f"GET {target} HTTP/1.1", "Host: x", *fields)


def post(*fields, body=""):
    return request("POST /a.txt HTTP/1.1", "Host: x", *fields, body=body)


CHUNKED = "Transfer-Encoding: chunked"

ROWS = {
    # Whole requests, and several at once.
    "a file": get("/a.txt"),
    "a file from its folder": get("/"),
    "a file in parts": get("/large.txt", "Range: bytes=0-9,20-29,-5"),
    "a part": get("/large.txt", "Range: bytes=100-199"),
    "no such part": get("/large.txt", "Range: bytes=40000-"),
    "a large file": get("/large.txt"),
    "a head": request("HEAD /large.txt HTTP/1.1", "Host: x"),
    "a compressed file": get("/c.css", "Accept-Encoding: gzip"),
    "a condition": get("/a.txt", "If-None-Match: *"),
    "a condition that fails": get("/a.txt", 'If-Match: "none"'),
    "nothing there": get("/missing"),
    "a folder without its slash": get("/sub?query"),
    "a folder": get("/sub/"),
    "five at once": get("/a.txt") * 3 + get("/missing") + get("/large.txt"),
    "HTTP/1.0": request("GET /a.txt HTTP/1.0"),
    "HTTP/1.0 kept": request("GET /a.txt HTTP/1.0", "Connection: keep-alive"),
    "an absolute target": get("http://x/a.txt"),
    "an empty line before": "\r\n" + get("/a.txt"),
    "escapes": get("/%61%2etxt"),
    # Bodies, which a folder has no use for.
    "a body": post("Content-Length: 5", body="hello"),
    "a body in chunks": post(CHUNKED, body="3;ext=\"x\"\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"),
    "a body that is waited for": post("Content-Length: 5", "Expect: 100-continue", body="hello"),
    "a get with a body": get("/a.txt", "Content-Length: 3") + "abc",
    # What cannot be told apart with certainty is refused.
    "two lengths": post("Content-Length: 5", "Content-Length: 6", body="hello!"),
    "a length beside chunks": post("Content-Length: 3", CHUNKED, body="0\r\n\r\n"),
    "a length that is none": post("Content-Length: +5", body="hello"),
    "an unknown coding": post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
    "a chunk without a size": post(CHUNKED, body="x\r\n\r\n"),
    "a chunk that is too long": post(CHUNKED, body="2\r\nabc\r\n0\r\n\r\n"),
    "no host": request("GET /a.txt HTTP/1.1"),
    "two hosts": get("/a.txt", "Host: y"),
    "a space before the colon": get("/a.txt", "A : b"),
    "a folded line": get("/a.txt", "A: b", " c"),
    "a bare line feed": "GET /a.txt HTTP/1.1\nHost: x\n\n",
    "a bare carriage return": get("/a.txt", "A: b\rC: d"),
    "a NUL": get("/a.txt", "A: \0"),
    "no method": request("/a.txt HTTP/1.1", "Host: x"),
    "an unknown method": request("BREW /a.txt HTTP/1.1", "Host: x"),
    "a method in vain": request("DELETE /a.txt HTTP/1.1", "Host: x"),
    "a tunnel": request("CONNECT x:80 HTTP/1.1", "Host: x"),
    "two spaces": request("GET  /a.txt HTTP/1.1", "Host: x"),
    "an unknown version": request("GET /a.txt HTTP/2.0", "Host: x"),
    "a way out": get("/../../etc/passwd"),
    "an escaped way out": get("/%2e%2e/%2e%2e/etc/passwd"),
    "a NUL in the target": get("/a%00.txt"),
    "an escape that is none": get("/%zz"),
    "a hidden file": get("/.hidden"),
    "a long target": get("/" + "a" * 9000),
    "a long field": get("/a.txt", "A: " + "b" * 40000),
    "many fields": get("/a.txt", *["A: b"] * 101),
    "noise": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
}


def byte_by_byte(data):
    """Long rows in larger pieces, but for their ends: nothing changes in their middles."""
    edge = 200
    middle = range(edge, max(edge, len(data) - len(LAST) - edge), 997)
    edges = {*range(1, edge), *range(len(data) - len(LAST) - edge, len(data))}
    return sorted(cut for cut in {*edges, *middle} if 0 < cut < len(data))


def at_random(data, seed):
    chance = random.Random(f"{seed} {len(data)}")
    return sorted({chance.randrange(1, len(data)) for _ in range(chance.randrange(1, 9))})


def converse(address, data, cuts):
    """Sends the data in pieces, a segment each, and takes all that comes."""
    with connect(address) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for start, end in zip([0, *cuts], [*cuts, len(data)]):
                client.sendall(data[start:end])
            client.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before its end
        parts = []
        try:
            while part := client.recv(1 << 18):
                parts.append(part)
        except ConnectionResetError:
            parts.append(b"(reset)")
    return re.sub(rb"\r\nDate: [^\r]*", b"", b"".join(parts))


class RawRequests(SiteCase):
    def setUp(self):
        self.site = self.make({"index.html": b"start", "a.txt": b"a file", "large.txt": LARGE,
                               "c.css": b"x{}" * 100, "c.css.gz": b"squeezed", ".hidden": b"",
                               "sub/index.html": b"below"})
        plain = self.serve(self.site, under=POLL)
        self.rows = {name: text.encode("latin-1") + LAST for name, text in ROWS.items()}
        self.wanted = {name: converse(plain.address, data, []) for name, data in self.rows.items()}
        plain.stop()

    def compare(self, model, cuts_of):
        server = self.serve(self.site, under=model)
        for name, data in self.rows.items():
            found = converse(server.address, data, cuts_of(data))
            self.assertEqual(found, self.wanted[name], name)

    def test_the_rows_are_answered_in_every_way_there_is(self):
        """Whole, under poll: what the others are held against is no collection of refusals."""
        answers = b"".join(self.wanted.values())
        statuses = {int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers)}
        self.assertLessEqual({200, 206, 301, 304, 400, 404, 405, 412, 414, 416, 431, 501},
                             statuses)
        for name in "a file", "five at once", "a body in chunks", "a method in vain":
            self.assertTrue(self.wanted[name].endswith(b"\r\n\r\na file"), name)
        for name in "two lengths", "a bare line feed", "a chunk without a size", "no method":
            self.assertEqual(self.wanted[name].count(b"HTTP/1.1 "), 1, name)

    @under(*EVERY_MODEL)
    def test_whole_requests_are_answered_alike(self, model):
        self.compare(model, lambda data: [])

    @under(*EVERY_MODEL)
    def test_requests_that_come_byte_by_byte_are_answered_as_if_whole(self, model):
        self.compare(model, byte_by_byte)

    @under(*EVERY_MODEL)
    def test_requests_cut_at_random_are_answered_as_if_whole(self, model):
        for seed in SEEDS:
            self.compare(model, lambda data, seed=seed: at_random(data, seed))


if __name__ == "__main__":
    unittest.main(verbosity=2)
