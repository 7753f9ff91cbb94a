"""duet serve: conditional requests, ranges and compressed variants, by RFC 9110."""

import email.utils
import gzip
import os
import re
import time
import unittest

from program import ALL_MODELS, EPOLL, MIB, under
from site_clients import SiteCase, ask, curl, get
from traffic import pattern

HOUR = 3600


def date_of(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


class FileCase(SiteCase):
    def serve_file(self, content, model=EPOLL, name="a.bin"):
        """Serves a file that was changed an hour ago; self.file and self.changed say more."""
        folder = self.make({name: content})
        self.file = f"{folder}/{name}"
        self.changed = int(os.stat(self.file).st_mtime) - HOUR
        os.utime(self.file, (self.changed, self.changed))
        self.server = self.serve(folder, under=model)
        self.target = f"/{name}"
        self.plain = self.ask()
        return self.server

    def ask(self, method="GET", **fields):
        return get(self.server.address, self.target, method, **fields)

    def assert_not_modified(self, answer):
        self.assertEqual((answer.status, answer.body), (304, b""))
        for name in "etag", "last-modified":
            self.assertEqual(answer.headers[name], self.plain.headers[name])
        self.assertNotIn("content-length", answer.headers)


class Validators(FileCase):
    @under(*ALL_MODELS)
    def test_an_answer_says_what_version_it_is_of(self, model):
        self.serve_file(b"hello", model)
        self.assertRegex(self.plain.headers["etag"], r'\A"[\x21\x23-\x7e]+"\Z')
        self.assertEqual(self.plain.headers["last-modified"], date_of(self.changed))

    def test_another_version_has_another_tag(self):
        self.serve_file(b"hello")
        with open(self.file, "wb") as file:
            file.write(b"world")
        self.assertNotEqual(self.ask().headers["etag"], self.plain.headers["etag"])
        os.utime(self.file, (self.changed + 1, self.changed + 1))
        self.assertNotEqual(self.ask().headers["etag"], self.plain.headers["etag"])

    def test_no_answer_is_of_a_version_to_come(self):
        self.serve_file(b"hello")
        os.utime(self.file, (self.changed + 48 * HOUR,) * 2)
        answer = self.ask()
        sent = email.utils.parsedate_to_datetime(answer.headers["date"])
        changed = email.utils.parsedate_to_datetime(answer.headers["last-modified"])
        self.assertLessEqual(changed, sent)

    @under(*ALL_MODELS)
    def test_if_none_match_spares_what_the_client_has(self, model):
        self.serve_file(b"hello", model)
        tag = self.plain.headers["etag"]
        for value in tag, f"W/{tag}", f'"x", {tag}', f'"x",W/{tag} , "y"', "*":
            for method in "GET", "HEAD":
                self.assert_not_modified(self.ask(method, if_none_match=value))
        for value in '"x"', 'W/"x"', tag.strip('"'), '""':
            answer = self.ask(if_none_match=value)
            self.assertEqual((answer.status, answer.body), (200, b"hello"), value)

    @under(*ALL_MODELS)
    def test_if_modified_since_spares_what_has_not_changed(self, model):
        self.serve_file(b"hello", model)
        for seconds in self.changed, self.changed + 60:
            self.assert_not_modified(self.ask(if_modified_since=date_of(seconds)))
        for value in (date_of(self.changed - 1), "yesterday", "", f"{self.changed}",
                      date_of(self.changed + 60) + "x"):
            self.assertEqual(self.ask(if_modified_since=value).body, b"hello", value)

    def test_dates_are_read_in_their_old_forms(self):
        self.serve_file(b"hello")
        when = email.utils.parsedate_to_datetime(date_of(self.changed))
        for form in "%A, %d-%b-%y %H:%M:%S GMT", "%a %b {:2} %H:%M:%S %Y":
            value = when.strftime(form.format(when.day))
            self.assertEqual(self.ask(if_modified_since=value).status, 304, value)

    def test_a_tag_counts_more_than_a_date(self):
        self.serve_file(b"hello")
        later = date_of(self.changed + 60)
        answer = self.ask(if_none_match='"x"', if_modified_since=later)
        self.assertEqual(answer.status, 200)
        earlier = date_of(self.changed - 60)
        answer = self.ask(if_none_match=self.plain.headers["etag"], if_modified_since=earlier)
        self.assertEqual(answer.status, 304)

    def test_if_match_demands_the_version(self):
        self.serve_file(b"hello")
        tag = self.plain.headers["etag"]
        for value in tag, f'"x", {tag}', "*":
            self.assertEqual(self.ask(if_match=value).body, b"hello", value)
        for value in '"x"', f"W/{tag}":
            self.assertEqual(self.ask(if_match=value).status, 412, value)

    def test_if_unmodified_since_demands_the_version(self):
        self.serve_file(b"hello")
        answer = self.ask(if_unmodified_since=date_of(self.changed))
        self.assertEqual(answer.body, b"hello")
        answer = self.ask(if_unmodified_since=date_of(self.changed - 1))
        self.assertEqual(answer.status, 412)
        self.assertEqual(self.ask(if_unmodified_since="never").status, 200)

    def test_what_is_not_there_has_no_version(self):
        self.serve_file(b"hello")
        answer = get(self.server.address, "/other", If_None_Match="*")
        self.assertEqual(answer.status, 404)

    def test_curl_fetches_only_what_has_changed(self):
        self.need("curl")
        self.serve_file(b"hello")
        url, tags = self.server.url + self.target, f"{self.folder()}/tags"
        fetch = ["--etag-save", tags, "--etag-compare", tags, url]
        self.assertEqual(curl(*fetch), b"hello")
        self.assertEqual(curl(*fetch), b"")
        self.assertEqual(curl("--time-cond", date_of(self.changed), url), b"")
        self.assertEqual(curl("--time-cond", date_of(self.changed - 1), url), b"hello")


class Ranges(FileCase):
    CONTENT = pattern(1000)

    def assert_part(self, value, begin, end):
        answer = self.ask(range=value)
        self.assertEqual((answer.status, answer.body), (206, self.CONTENT[begin:end]), value)
        self.assertEqual(answer.headers["content-range"], f"bytes {begin}-{end - 1}/1000")
        self.assertEqual(answer.headers["content-length"], f"{end - begin}")
        self.assertEqual(answer.headers["etag"], self.plain.headers["etag"])

    def assert_whole(self, **fields):
        answer = self.ask(**fields)
        self.assertEqual((answer.status, answer.body), (200, self.CONTENT), fields)
        self.assertNotIn("content-range", answer.headers)

    def assert_unsatisfiable(self, value):
        answer = self.ask(range=value)
        self.assertEqual(answer.status, 416, value)
        self.assertEqual(answer.headers["content-range"], "bytes */1000")

    @under(*ALL_MODELS)
    def test_a_part_is_sent(self, model):
        self.serve_file(self.CONTENT, model)
        self.assertEqual(self.plain.headers["accept-ranges"], "bytes")
        for value, begin, end in [("bytes=0-0", 0, 1), ("bytes=0-499", 0, 500),
                                  ("bytes=500-999", 500, 1000), ("bytes=999-", 999, 1000),
                                  ("bytes=0-", 0, 1000), ("bytes=-1", 999, 1000),
                                  ("bytes=-1000", 0, 1000), ("bytes=-5000", 0, 1000),
                                  ("bytes=990-5000", 990, 1000), ("BYTES=1-2", 1, 3),
                                  ("bytes=5-99999999999999999999", 5, 1000)]:
            self.assert_part(value, begin, end)

    def test_what_is_beyond_the_end_is_416(self):
        self.serve_file(self.CONTENT)
        for value in ("bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5000-,-0",
                      "bytes=99999999999999999999-", "bytes=18446744073709551616-"):
            self.assert_unsatisfiable(value)

    def test_what_is_no_range_is_overlooked(self):
        self.serve_file(self.CONTENT)
        for value in ("bytes=2-1", "bytes=", "bytes=-", "bytes=a-b", "bytes", "lines=1-2",
                      "bytes=1--2", "bytes 1-2", "bytes=+1-2", "bytes=0x1-2", "", "bytes=1-2-3"):
            self.assert_whole(range=value)

    def test_a_range_of_anything_but_get_is_overlooked(self):
        self.serve_file(self.CONTENT)
        answer = self.ask("HEAD", range="bytes=0-1")
        self.assertEqual((answer.status, answer.headers["content-length"]), (200, "1000"))

    def test_many_ranges_cost_no_more_than_the_whole(self):
        self.serve_file(self.CONTENT)
        for value in ("bytes=" + "0-," * 1000 + "0-", "bytes=" + ",".join(["0-999"] * 200),
                      "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 1000, 2))):
            answer = self.ask(range=value)
            self.assertIn(answer.status, (200, 206, 416), value[:50])
            self.assertLess(len(answer.body), 20_000, value[:50])

    @under(*ALL_MODELS)
    def test_several_parts_are_sent_as_one_body(self, model):
        self.serve_file(self.CONTENT, model)
        answer = self.ask(range="bytes=0-9, 100-199,-5")
        self.assertEqual(answer.status, 206)
        self.assertNotIn("content-range", answer.headers)
        self.assertEqual(answer.headers["content-length"], f"{len(answer.body)}")
        boundary = re.fullmatch(r'multipart/byteranges; boundary="?([^"]+)"?',
                                answer.headers["content-type"])[1].encode()
        before, *parts, after = answer.body.split(b"\r\n--" + boundary)
        self.assertEqual((before, after), (b"", b"--\r\n"))
        found = []
        for part in parts:
            head, _, body = part.partition(b"\r\n\r\n")
            begin, end = re.search(rb"(?i)\r\ncontent-range: bytes (\d+)-(\d+)/1000", head).groups()
            self.assertEqual(body, self.CONTENT[int(begin):int(end) + 1])
            found.append((int(begin), int(end)))
        self.assertEqual(found, [(0, 9), (100, 199), (995, 999)])

    def test_one_of_several_that_is_satisfiable_is_enough(self):
        self.serve_file(self.CONTENT)
        self.assert_part("bytes=5000-,0-9", 0, 10)

    def test_if_range_gives_a_part_of_that_version_only(self):
        self.serve_file(self.CONTENT)
        tag, part = self.plain.headers["etag"], "bytes=0-9"
        for value in tag, date_of(self.changed):
            self.assertEqual(self.ask(range=part, if_range=value).status, 206, value)
        for value in ('"x"', f"W/{tag}", date_of(self.changed - 1), date_of(self.changed + 1), "x"):
            self.assert_whole(range=part, if_range=value)

    def test_a_date_within_its_own_second_gives_no_part(self):
        """Else the end of what was written a moment ago would follow the beginning before it."""
        self.serve_file(self.CONTENT)
        soon = int(time.time()) + HOUR
        os.utime(self.file, (soon, soon))  # what is said is never later than now
        self.plain = self.ask()
        self.assert_whole(range="bytes=0-9", if_range=self.plain.headers["last-modified"])

    def test_ranges_of_two_fields_are_ignored(self):
        """A range is no list: which of the two was meant?"""
        self.serve_file(self.CONTENT)
        answer = ask(self.server.address, f"GET {self.target} HTTP/1.1\r\nHost: x\r\n"
                     "Connection: close\r\nRange: bytes=0-1\r\nRange: bytes=3-4\r\n\r\n".encode())
        self.assertEqual((answer.status, answer.body), (200, self.CONTENT))

    def test_a_condition_comes_before_a_range(self):
        self.serve_file(self.CONTENT)
        self.assert_not_modified(self.ask(range="bytes=0-9",
                                          if_none_match=self.plain.headers["etag"]))
        self.assertEqual(self.ask(range="bytes=5000-", if_match='"x"').status, 412)

    def test_an_empty_file_has_no_range(self):
        self.serve_file(b"")
        answer = self.ask(range="bytes=0-")
        self.assertEqual((answer.status, answer.headers["content-range"]), (416, "bytes */0"))
        self.assertEqual(self.ask(range="bytes=-1").status, 200)  # RFC 9110 §14.1.2: all of it

    @under(*ALL_MODELS)
    def test_curl_goes_on_where_it_was_cut(self, model):
        self.need("curl")
        content = pattern(3 * MIB)
        self.serve_file(content, model)
        got = f"{self.folder()}/got"
        with open(got, "wb") as file:
            file.write(content[:MIB])
        curl("--continue-at", "-", "--output", got, self.server.url + self.target)
        with open(got, "rb") as file:
            self.assertEqual(file.read(), content)


class Compressed(SiteCase):
    TEXT = b"hello " * 1000

    def setUp(self):
        self.site = self.make({"a.txt": self.TEXT, "a.txt.gz": gzip.compress(self.TEXT),
                               "b.txt": b"none", "c.bin": b"plain", "c.bin.gz": b"wrong",
                               "d.txt": self.TEXT, "d.txt.gz": b"old", "d.txt.br": b"brotli",
                               "e.txt": b"e"})
        os.utime(f"{self.site}/d.txt.gz", (1, 1))
        os.mkdir(f"{self.site}/e.txt.gz")

    @under(*ALL_MODELS)
    def test_a_client_that_takes_it_gets_the_file_beside(self, model):
        server = self.serve(self.site, under=model)
        for value in "gzip", "deflate, GZIP", "gzip;q=0.5", "*", "br;q=0, gzip":
            answer = get(server.address, "/a.txt", accept_encoding=value)
            self.assertEqual(answer.headers["content-encoding"], "gzip", value)
            self.assertEqual(gzip.decompress(answer.body), self.TEXT)
            self.assertEqual(answer.headers["content-type"], "text/plain; charset=utf-8")
            self.assertEqual(answer.headers["vary"].lower(), "accept-encoding")

    def test_the_fields_of_what_is_taken_are_one_list(self):
        server = self.serve(self.site)
        for fields, coding in ((b"identity\r\nAccept-Encoding: gzip", "gzip"),
                               (b"deflate\r\nAccept-Encoding: x-gzip", "gzip")):
            answer = ask(server.address, b"GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                         b"Accept-Encoding: " + fields + b"\r\n\r\n")
            self.assertEqual(answer.headers["content-encoding"], coding, fields)

    def test_what_is_wanted_more_is_preferred(self):
        os.utime(f"{self.site}/d.txt.gz")
        server = self.serve(self.site)
        for value, coding in {"gzip;q=1, br;q=0.1": "gzip", "gzip;q=0.8, *;q=0.9": "br",
                              "gzip;q=0.5, br;q=0.501": "br", "br;q=0.9, gzip": "gzip"}.items():
            answer = get(server.address, "/d.txt", accept_encoding=value)
            self.assertEqual(answer.headers["content-encoding"], coding, value)

    def test_others_get_the_plain_one(self):
        server = self.serve(self.site)
        for fields in {}, {"accept_encoding": ""}, {"accept_encoding": "br"}, \
                {"accept_encoding": "gzip;q=0"}, {"accept_encoding": "xgzip, identity"}, \
                {"accept_encoding": "gzip;q=0.000, *"}:
            answer = get(server.address, "/a.txt", **fields)
            self.assertEqual(answer.body, self.TEXT, fields)
            self.assertNotIn("content-encoding", answer.headers)
            self.assertEqual(answer.headers["vary"].lower(), "accept-encoding")

    def test_a_file_beside_that_is_older_or_no_file_is_not_sent(self):
        server = self.serve(self.site)
        self.assertEqual(get(server.address, "/d.txt", accept_encoding="gzip").body, self.TEXT)
        self.assertEqual(get(server.address, "/e.txt", accept_encoding="gzip").body, b"e")

    def test_the_smaller_is_preferred(self):
        server = self.serve(self.site)
        answer = get(server.address, "/d.txt", accept_encoding="gzip, br")
        self.assertEqual((answer.body, answer.headers["content-encoding"]), (b"brotli", "br"))

    def test_each_variant_has_a_tag_of_its_own(self):
        server = self.serve(self.site)
        plain = get(server.address, "/a.txt").headers["etag"]
        packed = get(server.address, "/a.txt", accept_encoding="gzip").headers["etag"]
        self.assertNotEqual(plain, packed)
        answer = get(server.address, "/a.txt", accept_encoding="gzip", if_none_match=plain)
        self.assertEqual(answer.status, 200)
        answer = get(server.address, "/a.txt", accept_encoding="gzip", if_none_match=packed)
        self.assertEqual(answer.status, 304)
        self.assertEqual(answer.headers["vary"].lower(), "accept-encoding")

    def test_a_part_is_one_of_the_variant(self):
        server = self.serve(self.site)
        answer = get(server.address, "/d.txt", accept_encoding="br", range="bytes=0-2")
        self.assertEqual((answer.status, answer.body), (206, b"bro"))
        self.assertEqual(answer.headers["content-encoding"], "br")

    def test_no_link_beside_leads_out(self):
        outside = self.make({"secret": b"this is outside"})
        os.symlink(f"{outside}/secret", f"{self.site}/b.txt.gz")
        server = self.serve(self.site)
        self.assertEqual(get(server.address, "/b.txt", accept_encoding="gzip").body, b"none")

    def test_curl_unpacks_it(self):
        self.need("curl")
        server = self.serve(self.site)
        self.assertEqual(curl("--compressed", f"{server.url}/a.txt"), self.TEXT)

    def test_head_says_the_same(self):
        server = self.serve(self.site)
        whole = get(server.address, "/a.txt", accept_encoding="gzip")
        head = get(server.address, "/a.txt", "HEAD", accept_encoding="gzip")
        for answer in whole, head:
            answer.headers.pop("date")
        self.assertEqual(head.headers, whole.headers)


class Repeated(FileCase):
    def test_conditions_hold_on_a_connection_that_is_kept(self):
        self.serve_file(b"hello")
        request = f"GET {self.target} HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n".encode()
        last = request[:-2] + b"Connection: close\r\n\r\n"
        answers = ask(self.server.address, request * 10 + last)
        self.assertEqual(answers.status, 304)
        self.assertEqual(answers.body.count(b"HTTP/1.1 304"), 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
