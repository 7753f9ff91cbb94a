"""Files that change while duet serve sends them: a client gets one version whole, or sees that it
did not."""

import os
import threading
import unittest

from program import ALL_MODELS, MIB, under
from site_clients import SiteCase, get, parse_answer, write
from traffic import pattern, take, take_all

SIZE = 24 * MIB  # more than the sockets hold
REQUEST = b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class ChangingFiles(SiteCase):
    def setUp(self):
        self.old, self.new = pattern(SIZE, 1), pattern(SIZE // 2, 2)
        self.site = self.make({"big": self.old, "small": b"quick"})

    def begin(self, model):
        """Asks for the file, and takes the beginning of the answer."""
        self.server = self.serve(self.site, under=model)
        self.client = self.connect(self.server)
        self.client.sendall(REQUEST)
        return take(self.client, 1000)

    def rest(self):
        try:
            return take_all(self.client)
        except ConnectionResetError:
            return b""

    @under(*ALL_MODELS)
    def test_a_file_that_is_replaced_is_sent_as_it_was(self, model):
        beginning = self.begin(model)
        write(self.site, {"next": self.new})
        os.rename(f"{self.site}/next", f"{self.site}/big")
        self.assertEqual(parse_answer(beginning + self.rest()).body, self.old)
        self.assertEqual(get(self.server.address, "/big").body, self.new)

    @under(*ALL_MODELS)
    def test_a_file_that_is_removed_is_sent_as_it_was(self, model):
        beginning = self.begin(model)
        os.unlink(f"{self.site}/big")
        self.assertEqual(parse_answer(beginning + self.rest()).body, self.old)
        self.assertEqual(get(self.server.address, "/big").status, 404)

    @under(*ALL_MODELS)
    def test_a_file_that_grows_is_sent_as_long_as_it_was(self, model):
        beginning = self.begin(model)
        with open(f"{self.site}/big", "ab") as file:
            file.write(self.new)
        answer = parse_answer(beginning + self.rest())
        self.assertEqual(answer.headers["content-length"], f"{SIZE}")
        self.assertEqual(answer.body, self.old)

    @under(*ALL_MODELS)
    def test_a_file_that_is_cut_off_ends_the_connection_early(self, model):
        beginning = self.begin(model)
        os.truncate(f"{self.site}/big", MIB)
        answer = parse_answer(beginning + self.rest())
        self.assertEqual(answer.headers["content-length"], f"{SIZE}")
        self.assertLess(len(answer.body), SIZE)
        self.assertTrue(self.old.startswith(answer.body), "bytes that are not the file's")
        self.assertEqual(get(self.server.address, "/small").body, b"quick")

    @under(*ALL_MODELS)
    def test_a_file_that_is_emptied_ends_the_connection_early(self, model):
        beginning = self.begin(model)
        os.truncate(f"{self.site}/big", 0)
        answer = parse_answer(beginning + self.rest())
        self.assertLess(len(answer.body), SIZE)
        self.assertTrue(self.old.startswith(answer.body), "bytes that are not the file's")

    @under(*ALL_MODELS)
    def test_a_part_that_is_cut_off_ends_the_connection_early(self, model):
        server = self.serve(self.site, under=model)
        client = self.client = self.connect(server)
        client.sendall(REQUEST[:-2] + b"Range: bytes=%d-\r\n\r\n" % MIB)
        beginning = take(client, 1000)
        os.truncate(f"{self.site}/big", 2 * MIB)
        answer = parse_answer(beginning + self.rest())
        self.assertEqual(answer.status, 206)
        self.assertLess(len(answer.body), SIZE - MIB)
        self.assertTrue(self.old[MIB:].startswith(answer.body), "bytes that are not the file's")

    @under(*ALL_MODELS)
    def test_requests_during_replacements_get_one_version_each(self, model):
        versions = {pattern(300_000 + 1000 * i, i) for i in range(4)}
        server = self.serve(self.site, under=model)
        write(self.site, {"file": next(iter(versions))})
        done = threading.Event()

        def replace():
            while not done.is_set():
                for version in versions:
                    write(self.site, {"next": version})
                    os.rename(f"{self.site}/next", f"{self.site}/file")

        replacer = threading.Thread(target=replace)
        replacer.start()
        try:
            for _ in range(100):
                answer = get(server.address, "/file")
                self.assertEqual(answer.headers["content-length"], f"{len(answer.body)}")
                self.assertIn(answer.body, versions)
        finally:
            done.set()
            replacer.join()

    @under(*ALL_MODELS)
    def test_requests_during_rewriting_promise_no_more_than_they_get(self, model):
        """In place, as editors do: each byte is one of the file's, the count is as promised, or the
        connection ends early."""
        server = self.serve(self.site, under=model)
        write(self.site, {"file": b"a" * 200_000})
        done = threading.Event()

        def rewrite():
            while not done.is_set():
                for letter in b"a", b"b":
                    write(self.site, {"file": letter * 200_000})

        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            for _ in range(100):
                answer = self.ask_once(server)
                if answer is None:
                    continue
                self.assertEqual(answer.status, 200)
                self.assertLessEqual(len(answer.body), int(answer.headers["content-length"]))
                self.assertEqual(answer.body.strip(b"ab"), b"")
        finally:
            done.set()
            writer.join()

    def ask_once(self, server):
        """Nothing if the connection ended before the answer began."""
        client = self.client = self.connect(server)
        client.sendall(REQUEST.replace(b"/big", b"/file"))
        answer = self.rest()
        client.close()
        return parse_answer(answer) if answer else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
