"""duet serve sends nothing from outside its folder, whatever a client or a link says."""

import os
import subprocess
import sys
import threading
import unittest

from program import ALL_MODELS, EPOLL, PROCESS, THREAD, URING, Model, built, run, under
from site_clients import SiteCase, ask, get, write

SECRET = b"this is outside"

WAYS_UP = ["/../secret", "/../../../../../../etc/passwd", "/sub/../../secret", "/./../secret",
           "/%2e%2e/secret", "/%2E%2E/secret", "/.%2e/secret", "/%2e./secret", "/..%2fsecret",
           "/..%2Fsecret", "/%2e%2e%2fsecret", "/sub/%2e%2e/%2e%2e/secret", "//../secret",
           "/sub/..%2f..%2fsecret", "/%252e%252e/secret", "/..\\secret", "/..%5csecret",
           "/%c0%ae%c0%ae/secret", "/..;/secret", "/..%00/secret", "/../site/../secret"]


# In a process of its own: else it would wait for the one that asks.
RENAME_FOR_EVER = """
import os, sys
while True:
    os.rename(sys.argv[1], sys.argv[1] + ".new")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
"""


class Folder(SiteCase):
    def setUp(self):
        self.outside = self.make({"secret": SECRET, "site/sub/inside": b"this is inside",
                                  "elsewhere/secret": SECRET})
        self.site = f"{self.outside}/site"

    def assert_kept_in(self, address, target):
        answer = get(address, target)
        self.assertIn(answer.status, (400, 403, 404), target)
        self.assertNotIn(SECRET, answer.body)
        self.assertNotIn(b"root:", answer.body)

    @under(*ALL_MODELS)
    def test_no_writing_of_dots_leads_up(self, model):
        server = self.serve(self.site, under=model)
        for target in [*WAYS_UP, f"{self.outside}/secret", f"/{self.outside}/secret"]:
            self.assert_kept_in(server.address, target)
        for target in ["http://x/../secret", "http://x/%2e%2e/secret", "file:///etc/passwd"]:
            self.assertNotIn(SECRET, get(server.address, target).body)

    @under(*ALL_MODELS)
    def test_no_link_leads_out(self, model):
        for name, target in {"file": "../secret", "whole": f"{self.outside}/secret",
                             "folder": "../elsewhere", "up": "..", "root": "/",
                             "etc": "/etc/passwd", "self": f"/proc/{os.getpid()}/root"}.items():
            os.symlink(target, f"{self.site}/{name}")
        server = self.serve(self.site, under=model)
        for target in ["/file", "/whole", "/folder/secret", "/folder/", "/up/secret",
                       f"/root{self.outside}/secret", "/etc", "/root/etc/passwd",
                       "/self/etc/passwd"]:
            self.assert_kept_in(server.address, target)

    @under(*ALL_MODELS)
    def test_a_link_within_the_folder_is_followed(self, model):
        os.symlink("sub/inside", f"{self.site}/link")
        server = self.serve(self.site, under=model)
        self.assertEqual(get(server.address, "/link").body, b"this is inside")

    def test_the_folder_may_be_named_by_a_link(self):
        os.symlink(self.site, f"{self.outside}/name")
        server = self.serve(f"{self.outside}/name")
        self.assertEqual(get(server.address, "/sub/inside").body, b"this is inside")
        self.assert_kept_in(server.address, "/../secret")

    def test_the_folder_may_be_named_relative_to_where_the_server_starts(self):
        server = self.serve("site", cwd=self.outside)
        self.assertEqual(get(server.address, "/sub/inside").body, b"this is inside")
        self.assert_kept_in(server.address, "/../secret")

    @under(PROCESS, THREAD, EPOLL, URING)
    def test_links_that_change_during_the_look_up_lead_nowhere(self, model):
        """A folder of the path is replaced by a link to the outside and back, all the time."""
        write(self.site, {"a/b/secret": b"this is inside"})
        os.symlink("../../elsewhere", f"{self.site}/a/out")
        server = self.serve(self.site, under=model)
        done = threading.Event()

        def swap():
            while not done.is_set():
                os.rename(f"{self.site}/a/b", f"{self.site}/a/real")
                os.rename(f"{self.site}/a/out", f"{self.site}/a/b")
                os.rename(f"{self.site}/a/b", f"{self.site}/a/out")
                os.rename(f"{self.site}/a/real", f"{self.site}/a/b")

        swapper = threading.Thread(target=swap)
        swapper.start()
        try:
            statuses = self.ask_often(server, "/a/b/secret", 3000)
        finally:
            done.set()
            swapper.join()
        self.assertGreater(statuses.get(200, 0), 0, statuses)
        self.assertGreater(sum(statuses.values()) - statuses[200], 0, f"no race: {statuses}")

    @under(PROCESS, THREAD, Model("pool"), EPOLL, Model("aio"), URING)
    def test_renames_elsewhere_do_not_lose_a_file_behind_a_link_upwards(self, model):
        """Whatever is renamed on the machine, the kernel cannot tell whether a ".." leads out."""
        os.symlink("../sub/inside", f"{self.site}/sub/link")
        server = self.serve(self.site, under=model)
        with subprocess.Popen([sys.executable, "-c", RENAME_FOR_EVER, f"{self.outside}/secret"]) \
                as renamer:
            try:
                statuses = self.ask_often(server, "/sub/link", 3000)
            finally:
                renamer.kill()
        self.assertEqual(statuses, {200: 3000})

    def ask_often(self, server, target, count):
        """How often which status came; every body is from inside."""
        statuses = {}
        client = self.connect(server)
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        with client.makefile("rb") as answers:
            for _ in range(count):
                client.sendall(request)
                status = int(answers.readline().split()[1])
                length = 0
                while (line := answers.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                self.assertNotIn(SECRET, answers.read(length))
                statuses[status] = statuses.get(status, 0) + 1
        return statuses

    @under(*ALL_MODELS)
    def test_what_is_no_plain_file_is_neither_sent_nor_waited_for(self, model):
        os.mkfifo(f"{self.site}/pipe")
        server = self.serve(self.site, under=model)
        self.assertIn(get(server.address, "/pipe").status, (403, 404))
        self.assertEqual(get(server.address, "/sub/inside").status, 200)

    @under(EPOLL, THREAD, URING)
    def test_where_openat2_is_refused_it_does_not_start(self, model):
        """Only it keeps the kernel's look-up inside: without it there is no second best."""
        done = run("serve", self.site, *model.arguments, "--listen", "127.0.0.1:0",
                   launcher=[built("refuse"), "openat2", "--"])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assert_one_line(done.stderr, "openat2", self.site, "Operation not permitted")

    @under(EPOLL)
    def test_a_folder_that_is_replaced_stays_the_one_it_was(self, model):
        server = self.serve(self.site, under=model)
        os.rename(self.site, f"{self.outside}/old")
        os.symlink(f"{self.outside}/elsewhere", self.site)
        self.assert_kept_in(server.address, "/secret")
        self.assertEqual(get(server.address, "/sub/inside").body, b"this is inside")

    def test_an_absolute_target_is_a_path_within_the_folder(self):
        server = self.serve(self.site)
        self.assertEqual(get(server.address, "http://x/sub/inside").body, b"this is inside")
        self.assertEqual(ask(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                             b"\r\n").status, 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
