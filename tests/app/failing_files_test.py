"""duet serve where files cannot be had: no descriptor is left, or the disk fails. The client is
told, and the server goes on."""

import os
import resource
import unittest

from program import (EVERY_MODEL, MIB, SANITIZER, SPIN, built, children_of, connect,
                     eventually, under)
from site_clients import SiteCase, get, parse_answer
from traffic import take, take_all

FAILING_DISK = [built("refuse"), "preadv2=EIO", "--"]
REQUEST = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"


def ask_kept(client, target):
    """Asks for a target over a connection that stays open."""
    client.sendall(REQUEST.format(target).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += take(client, 1)
    length = int(parse_answer(head).headers["content-length"])
    return parse_answer(head + take(client, length))


def has_open(process, folder):
    """Whether it has a file in the folder open."""
    try:
        return any(os.readlink(f"/proc/{process}/fd/{name}").startswith(folder + "/")
                   for name in os.listdir(f"/proc/{process}/fd"))
    except FileNotFoundError:
        return True  # closed while we looked


def leave_no_descriptor(process):
    """The lowest number that is free is beyond the limit. Returns the limits of before."""
    used = {int(name) for name in os.listdir(f"/proc/{process}/fd")}
    free = min(set(range(len(used) + 1)) - used)
    before = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (free, before[1]))
    return before


class NoDescriptors(SiteCase):
    @under(*EVERY_MODEL)
    def test_without_descriptors_a_file_is_503_until_there_are_some_again(self, model):
        if SANITIZER:
            self.skipTest("a sanitizer needs descriptors of its own to look at memory")
        site = self.make({"a.txt": b"here", "sub/b.txt": b""})
        server = self.serve(site, "--list", under=model)
        server.may_log = model == SPIN  # it tries in vain to accept, and warns
        client = self.connect(server)
        self.assertEqual(ask_kept(client, "/a.txt").body, b"here")
        serving = children_of(server.pid)[0] if model.name == "process" else server.pid
        eventually(lambda: not has_open(serving, site), "the file is closed")
        before = leave_no_descriptor(serving)
        for target in "/a.txt", "/", "/sub/", "/a.txt":
            answer = ask_kept(client, target)
            self.assertEqual(answer.status, 503, target)
            self.assertIn(b"too many open files", answer.body)
        resource.prlimit(serving, resource.RLIMIT_NOFILE, before)
        self.assertEqual(ask_kept(client, "/a.txt").body, b"here")
        self.assertIn(b"./b.txt", ask_kept(client, "/sub/").body)
        client.close()
        self.assertEqual(get(server.address, "/a.txt").body, b"here")


class FailingDisk(SiteCase):
    @under(*EVERY_MODEL)
    def test_a_file_that_cannot_be_read_is_500_and_logged_and_the_server_goes_on(self, model):
        """However it would be sent: piece by piece, from memory when it is asked for again, or in
        several parts. What needs no reading is answered as ever."""
        site = self.make({"small.txt": b"a" * 1000, "large": b"b" * (2 * MIB), "empty": b""})
        server = self.serve(site, under=model, launcher=FAILING_DISK)
        server.may_log = True
        for target in "/small.txt", "/small.txt", "/small.txt", "/large":
            answer = get(server.address, target)
            self.assertEqual((answer.status, answer.headers["connection"]), (500, "close"), target)
            self.assertIn(f"{target[1:]}: Input/output error", server.log().splitlines()[-1])
        self.assertEqual(get(server.address, "/large", range="bytes=0-1,5-6").status, 500)
        self.assertEqual(get(server.address, "/empty").status, 200)
        self.assertEqual(get(server.address, "/large", "HEAD").status, 200)
        self.assertEqual(get(server.address, "/missing").status, 404)
        self.assertEqual(len(server.log().splitlines()), 5, server.log())

    def test_answers_that_were_asked_for_before_the_disk_fails_are_sent(self):
        server = self.serve(self.make({"a": b"x", "empty": b""}), launcher=FAILING_DISK)
        server.may_log = True
        with connect(server.address) as client:
            client.sendall((REQUEST.format("/empty") + REQUEST.format("/a")).encode())
            answers = take_all(client)
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK\r\n"), 1, answers)
        self.assertEqual(answers.count(b"HTTP/1.1 500 "), 1, answers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
