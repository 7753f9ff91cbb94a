"""duet serve --list: pages of folders, and what no page and no redirect gives away."""

import html
import os
import re
import socket
import unittest

from program import ALL_MODELS, EVERY_MODEL, as_nobody, under
from site_clients import SiteCase, curl, get

HOSTILE = ["<script>alert(1)", "a&b", "a&amp;b", "x&lt;y", 'q"uote', "it's", "a b", "größe", "50%",
           "q?x", "h#x", "javascript:alert(1)", "a\nb",
           "\xff".encode("latin-1").decode("utf-8", "surrogateescape")]


def links_of(page):
    """As a browser takes them, which expands the page's "&amp;" and "&lt;"."""
    return [html.unescape(link.decode()).encode() for link in re.findall(rb'href="([^"]*)"', page)]


class Listing(SiteCase):
    @under(*ALL_MODELS)
    def test_a_folder_without_index_html_is_listed(self, model):
        site = self.make({"b.txt": b"x", "a.txt": b"y", "sub/c.txt": b"z"})
        server = self.serve(site, "--list", under=model)
        page = get(server.address, "/")
        self.assertEqual((page.status, page.headers["content-type"]),
                         (200, "text/html; charset=utf-8"))
        names = [link.removeprefix(b"./") for link in links_of(page.body)]
        self.assertEqual(names, [b"sub/", b"a.txt", b"b.txt"])
        below = get(server.address, "/sub/")
        self.assertEqual([link.removeprefix(b"./") for link in links_of(below.body)],
                         [b"../", b"c.txt"])

    def test_an_index_html_is_sent_instead(self):
        server = self.serve(self.make({"index.html": b"start", "a": b""}), "--list")
        self.assertEqual(get(server.address, "/").body, b"start")

    def test_names_are_escaped_and_lead_where_they_say(self):
        folder = self.folder()
        for i, name in enumerate(HOSTILE):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"%d" % i)
        server = self.serve(folder, "--list")
        page = get(server.address, "/")
        self.assertNotIn(b"<script", page.body)
        self.assertIn(b"&lt;script&gt;", page.body)
        self.assertIn("default-src", page.headers["content-security-policy"])
        links = links_of(page.body)
        self.assertEqual(len(links), len(HOSTILE))
        found = set()
        for link in links:
            self.assertTrue(link.startswith(b"./"), link)
            answer = get(server.address, "/" + link.decode().removeprefix("./"))
            self.assertEqual(answer.status, 200, link)
            found.add(int(answer.body))
        self.assertEqual(found, set(range(len(HOSTILE))))

    def test_a_folder_with_a_hostile_name_has_an_escaped_title(self):
        server = self.serve(self.make({"<b>&x/a": b""}), "--list")
        page = get(server.address, "/%3Cb%3E&x/")
        self.assertEqual(page.status, 200)
        self.assertNotIn(b"<b>", page.body)

    def test_hidden_names_are_not_listed_and_not_found(self):
        site = self.make({".hidden": b"secret", ".git/config": b"secret", "a/.b/c": b"secret",
                          "shown": b""})
        server = self.serve(site, "--list")
        self.assertEqual(links_of(get(server.address, "/").body), [b"./a/", b"./shown"])
        for target in ("/.hidden", "/.git/", "/.git/config", "/a/.b/c", "/a/.b/", "/%2ehidden",
                       "/a/../.hidden"):
            answer = get(server.address, target)
            self.assertIn(answer.status, (403, 404), target)
            self.assertNotIn(b"secret", answer.body)

    @under(*EVERY_MODEL)
    def test_only_what_would_be_served_is_listed(self, model):
        """Never a FIFO, a socket or a device, on which a look could wait for ever, and no link that
        leads out of the folder, or nowhere; one within is what it leads to."""
        outside = self.make({"secret": b"", "site/file": b"", "site/sub/c": b""})
        site = f"{outside}/site"
        os.mkfifo(f"{site}/fifo")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{site}/socket")
        for name, target in {"up": "..", "secret": "../secret", "absolute": f"{site}/file",
                             "nowhere": "missing", "circle": "circle", "pipe": "fifo",
                             "device": "/dev/zero", "to-file": "file", "to-folder": "sub"}.items():
            os.symlink(target, f"{site}/{name}")
        server = self.serve(site, "--list", under=model)
        listed = links_of(get(server.address, "/").body)
        self.assertEqual(listed, [b"./sub/", b"./to-folder/", b"./file", b"./to-file"])
        for name in os.listdir(site):
            is_listed = any(link.strip(b"./").decode() == name for link in listed)
            answer = get(server.address, f"/{name}")
            self.assertEqual(answer.status in (200, 301), is_listed, name)

    def test_a_folder_outside_is_not_listed(self):
        outside = self.make({"secret": b"", "site/a": b""})
        os.symlink("..", f"{outside}/site/up")
        server = self.serve(f"{outside}/site", "--list")
        for target in "/up/", "/../", "/%2e%2e/":
            answer = get(server.address, target)
            self.assertIn(answer.status, (400, 403, 404), target)
            self.assertNotIn(b"secret", answer.body)

    def test_a_folder_that_may_not_be_read_is_403(self):
        folder = self.make({"secret/a": b"x"})
        os.chmod(folder, 0o755)
        server = self.serve(folder, "--list", launcher=() if os.geteuid() else as_nobody())
        os.chmod(f"{folder}/secret", 0o711 if os.geteuid() == 0 else 0o311)
        self.assertEqual(get(server.address, "/secret/").status, 403)
        self.assertEqual(get(server.address, "/secret/a").body, b"x")
        os.chmod(f"{folder}/secret", 0o755)

    def test_a_folder_of_many_files_is_listed(self):
        names = {f"file{i:05}": b"" for i in range(3000)}
        server = self.serve(self.make(names), "--list")
        page = get(server.address, "/")
        self.assertEqual(len(links_of(page.body)), 3000)

    def test_head_says_what_get_says(self):
        server = self.serve(self.make({"a": b""}), "--list")
        page, head = get(server.address, "/"), get(server.address, "/", "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], f"{len(page.body)}")


class Redirects(SiteCase):
    def test_a_folder_leads_to_itself_with_a_slash_on_this_server(self):
        """Never to where Host says, nor, as //evil would, to another server."""
        server = self.serve(self.make({"evil/index.html": b"below", "a b/é/index.html": b"deep"}))
        for target, location in {"/evil": "/evil/", "//evil": "/evil/", "///evil": "/evil/",
                                 "/./evil": "/evil/", "/evil?x=//y": "/evil/?x=//y",
                                 "/a%20b/%c3%a9": "/a%20b/%C3%A9/"}.items():
            answer = get(server.address, target)
            self.assertIn(answer.status, (301, 308), target)
            self.assertEqual(answer.headers["location"], location)

    def test_curl_follows(self):
        self.need("curl")
        server = self.serve(self.make({"a b/index.html": b"deep"}))
        self.assertEqual(curl("--location", f"{server.url}/a%20b"), b"deep")


class Types(SiteCase):
    @under(*ALL_MODELS)
    def test_no_client_is_to_guess_a_type(self, model):
        server = self.serve(self.make({"a.html": b"<p>", "a.unknown": b"<html>", "plain": b"<html>"}),
                            under=model)
        for target in "/a.html", "/a.unknown", "/plain", "/missing", "/a%00":
            self.assertEqual(get(server.address, target).headers["x-content-type-options"],
                             "nosniff", target)


if __name__ == "__main__":
    unittest.main(verbosity=2)
