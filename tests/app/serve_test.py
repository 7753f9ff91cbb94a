"""duet serve: a folder over HTTP/1.1, asked by curl and, where curl is too polite, by bytes."""

import os
import re
import subprocess
import unittest

from program import ALL_MODELS, EPOLL, MIB, SINGLE, THREAD, URING, as_nobody, under
from site_clients import SITE, SiteCase, ask, curl, get
from traffic import pattern

TYPES = {"a.html": "text/html", "a.css": "text/css", "a.js": "text/javascript",
         "a.png": "image/png", "a.jpg": "image/jpeg", "a.svg": "image/svg+xml",
         "a.json": "application/json", "a.txt": "text/plain", "a.wasm": "application/wasm",
         "a.unknown": "application/octet-stream", "plain": "application/octet-stream"}


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Files(SiteCase):
    @under(*ALL_MODELS)
    def test_get_sends_each_file_of_the_example_site_byte_for_byte(self, model):
        self.need("curl")
        server = self.serve(SITE, under=model)
        for name in os.listdir(SITE):
            self.assertEqual(curl(f"{server.url}/{name}"), read(f"{SITE}/{name}"), name)

    @under(*ALL_MODELS)
    def test_a_file_of_0_bytes_one_byte_and_many_mib_arrive_whole(self, model):
        self.need("curl")
        files = {"empty": b"", "one": b"1", "buffer": pattern(65536), "big": pattern(32 * MIB + 1)}
        server = self.serve(self.make(files), under=model)
        for name, content in files.items():
            self.assertEqual(curl(f"{server.url}/{name}"), content, name)

    @under(*ALL_MODELS)
    def test_head_sends_the_head_of_get_and_no_body(self, model):
        server = self.serve(self.make({"a.txt": b"hello"}), under=model)
        for target in "/a.txt", "/missing":
            whole, head = get(server.address, target), get(server.address, target, "HEAD")
            self.assertEqual(head.body, b"")
            self.assertEqual(head.status, whole.status)
            for answer in head, whole:
                self.assertTrue(answer.headers.pop("date"))
            self.assertEqual(head.headers, whole.headers)

    def test_curl_understands_head(self):
        self.need("curl")
        server = self.serve(self.make({"a.txt": b"hello"}))
        head = curl("--head", f"{server.url}/a.txt").decode()
        self.assertRegex(head, r"\AHTTP/1\.1 200 ")
        self.assertRegex(head, r"(?i)\r\ncontent-length: 5\r\n")

    @under(EPOLL, THREAD, URING)
    def test_the_type_of_a_file_comes_from_its_name(self, model):
        server = self.serve(self.make({name: b"x" for name in TYPES}), under=model)
        for name, kind in TYPES.items():
            found = get(server.address, f"/{name}").headers["content-type"]
            self.assertEqual(found.partition(";")[0], kind, name)

    def test_text_is_sent_as_utf_8(self):
        text = "größer ≠ kleiner".encode()
        server = self.serve(self.make({"a.html": text, "a.txt": text}))
        for name in "a.html", "a.txt":
            answer = get(server.address, f"/{name}")
            self.assertEqual(answer.headers["content-type"].replace(" ", "").lower(),
                             TYPES[name] + ";charset=utf-8")
            self.assertEqual(answer.body, text)

    @under(*ALL_MODELS)
    def test_a_folder_is_its_index_html(self, model):
        server = self.serve(self.make({"index.html": b"top", "sub/index.html": b"below"}),
                            under=model)
        self.assertEqual(get(server.address, "/").body, b"top")
        below = get(server.address, "/sub/")
        self.assertEqual((below.status, below.body), (200, b"below"))
        self.assertEqual(below.headers["content-type"].partition(";")[0], "text/html")

    def test_a_folder_without_its_slash_leads_to_the_one_with_it(self):
        self.need("curl")
        server = self.serve(self.make({"sub/index.html": b"below"}))
        self.assertIn(get(server.address, "/sub").status, (301, 308))
        self.assertEqual(curl("--location", f"{server.url}/sub"), b"below")

    def test_a_folder_without_index_html_is_not_listed(self):
        server = self.serve(self.make({"sub/secret-name.txt": b"x"}))
        for target in "/", "/sub/":
            answer = get(server.address, target)
            self.assertIn(answer.status, (403, 404))
            self.assertNotIn(b"secret-name", answer.body)

    def test_names_are_decoded_and_a_query_is_no_part_of_them(self):
        files = {"a b.txt": b"space", "größe.txt": b"umlaut", "50%.txt": b"percent",
                 "a+b.txt": b"plus", "q?.txt": b"question"}
        server = self.serve(self.make(files))
        for target, body in {"/a%20b.txt": b"space", "/gr%C3%B6%C3%9Fe.txt": b"umlaut",
                             "/50%25.txt": b"percent", "/a+b.txt": b"plus",
                             "/q%3F.txt": b"question", "/a+b.txt?x=/../y": b"plus"}.items():
            self.assertEqual(get(server.address, target).body, body, target)


class Refusals(SiteCase):
    @under(*ALL_MODELS)
    def test_what_is_not_there_is_404(self, model):
        server = self.serve(self.make({"a.txt": b"x"}), under=model)
        for target in "/b.txt", "/a.txt/", "/a.txt/b", "/sub/", "/" + "x" * 300, "/" + "x/" * 999:
            self.assertEqual(get(server.address, target).status, 404, target)

    @under(*ALL_MODELS)
    def test_other_methods_are_405_and_the_answer_names_those_there_are(self, model):
        server = self.serve(self.make({"a.txt": b"x"}), under=model)
        for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
            answer = get(server.address, "/a.txt", method)
            self.assertEqual(answer.status, 405, method)
            self.assertEqual(answer.headers["allow"].replace(" ", ""), "GET,HEAD")

    def test_a_post_of_curl_is_405_or_too_large(self):
        self.need("curl")
        server = self.serve(self.make({"a.txt": b"x"}))
        for size, expected in (10, b"405"), (MIB, b"405"), (10 * MIB, b"413"):
            status = curl("--data-binary", "@-", "--output", "/dev/null", "--write-out",
                          "%{http_code}", f"{server.url}/a.txt", input=bytes(size))
            self.assertEqual(status, expected, size)

    @under(*ALL_MODELS)
    def test_what_is_no_request_is_400_and_the_connection_ends(self, model):
        server = self.serve(self.make({"a.txt": b"x"}), under=model)
        for data in [b"hello\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\xfc\r\n\r\n",
                     b"GET /a.txt HTTP/1.1\r\n\r\n", b"GET a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /a.txt HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                     b"GET /a.txt HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
                     b"GET /a.txt HTTP/1.1\r\nHost : x\r\n\r\n",
                     b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /a%00.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                     b"Content-Length: 2\r\n\r\n"]:
            self.assertEqual(ask(server.address, data).status, 400, data)

    def test_a_head_without_end_is_refused(self):
        server = self.serve(self.make({"a.txt": b"x"}))
        endless = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n" + b"x: y\r\n" * 100_000
        with self.connect(server) as client:
            client.setblocking(False)
            try:
                client.send(endless)
            except BlockingIOError:
                pass
            client.settimeout(20)
            self.assertRegex(client.recv(100), rb"\AHTTP/1\.1 (431|400) ")

    def test_a_file_that_may_not_be_read_is_not_sent(self):
        folder = self.make({"secret": b"x", "open": b"y"})
        os.chmod(f"{folder}/secret", 0)
        os.chmod(folder, 0o755)
        server = self.serve(folder, launcher=() if os.geteuid() else as_nobody())
        self.assertIn(get(server.address, "/secret").status, (403, 404))
        self.assertEqual(get(server.address, "/open").body, b"y")


class KeepAlive(SiteCase):
    @under(*ALL_MODELS)
    def test_curl_reuses_its_connection(self, model):
        self.need("curl")
        server = self.serve(SITE, under=model)
        done = subprocess.run(
            ["curl", "-v", "--no-progress-meter", f"{server.url}/index.html",
             f"{server.url}/missing", f"{server.url}/primes.txt", f"{server.url}/style.css"],
            capture_output=True)
        said = done.stderr.decode()
        self.assertEqual(len(re.findall(r"Re-using existing connection", said)), 3, said)
        self.assertEqual(len(re.findall(r"Connected to", said)), 1, said)

    @under(*ALL_MODELS)
    def test_requests_sent_at_once_are_answered_in_their_order(self, model):
        server = self.serve(self.make({f"{i}": b"<%d>" % i for i in range(50)}), under=model)
        requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(49))
        requests += b"GET /49 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answers = ask(server.address, requests)
        bodies = re.findall(rb"<(\d+)>", answers.body)
        self.assertEqual(bodies, [b"%d" % i for i in range(50)])

    @under(EPOLL, SINGLE)
    def test_a_request_may_come_byte_by_byte(self, model):
        client = self.connect(self.serve(self.make({"a": b"hello"}), under=model))
        for byte in b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            client.send(bytes([byte]))
        self.assertTrue(client.makefile("rb").read().endswith(b"\r\n\r\nhello"))

    def test_http_1_0_is_closed_after_the_answer_unless_it_asks_otherwise(self):
        server = self.serve(self.make({"a": b"hello"}))
        self.assertEqual(ask(server.address, b"GET /a HTTP/1.0\r\n\r\n").body, b"hello")
        self.need("curl")
        twice = curl("--http1.0", "-H", "Connection: keep-alive", "--write-out", "%{num_connects}",
                     f"{server.url}/a", f"{server.url}/a")
        self.assertEqual(twice, b"hello1hello0")


class Addresses(SiteCase):
    @under(*ALL_MODELS)
    def test_a_unix_address_is_served_to_curl(self, model):
        self.need("curl")
        path = f"{self.folder()}/http"
        server = self.serve(SITE, under=model, listen=[f"unix:{path}"])
        self.assertIn(f"listening on unix:{path} (", server.lines[0])
        for name in "style.css", "primes.txt":
            self.assertEqual(curl("--unix-socket", path, f"http://localhost/{name}"),
                             read(f"{SITE}/{name}"))

    @under(*ALL_MODELS)
    def test_several_addresses_serve_the_same_folder(self, model):
        self.need("curl")
        path = f"{self.folder()}/http"
        server = self.serve(SITE, under=model, listen=["127.0.0.1:0", "[::1]:0", f"unix:{path}"])
        style = read(f"{SITE}/style.css")
        for address in server.addresses[:2]:
            self.assertEqual(curl(f"http://{address}/style.css"), style)
        self.assertEqual(curl("--unix-socket", path, "http://localhost/style.css"), style)


if __name__ == "__main__":
    unittest.main(verbosity=2)
