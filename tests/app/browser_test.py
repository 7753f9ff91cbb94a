"""A real browser shows the site that duet serves: headless Chromium."""

import os
import subprocess
import unittest

from program import (EPOLL, POLL, PROCESS, SANITIZER, SINGLE, THREAD, URING, Server, example,
                     under)
from site_clients import SITE, SiteCase

PAGE = b"""<!DOCTYPE html><html><head><title>a test</title><link rel="stylesheet" href="style.css">
<link rel="icon" href="data:,"></head>
<body><p id="said">waiting</p><img id="picture" src="models.png">
<script src="look.js"></script></body></html>"""
STYLE = b"#said { color: rgb(1, 2, 3); }"
# What the page looks like in the browser is written into the page, and so into the dumped tree.
LOOK = b"""window.onload = () => {
  const said = document.getElementById("said"), picture = document.getElementById("picture");
  said.textContent = getComputedStyle(said).color + " " + picture.naturalWidth + "x" +
                     picture.naturalHeight;
};"""


class Browser(SiteCase):
    def setUp(self):
        if SANITIZER:
            self.skipTest("a browser's time-outs are not made for sanitizer builds")
        self.chromium = self.need("chromium")

    def browse(self, *arguments):
        done = subprocess.run(
            [self.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={self.folder()}",
             *arguments], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    @under(EPOLL, THREAD, SINGLE, URING)
    def test_it_shows_the_start_page_of_the_example_site(self, model):
        server = self.serve(SITE, under=model)
        tree = self.browse("--dump-dom", f"{server.url}/")
        self.assertIn("<h1>One handler, any concurrency model</h1>", tree)
        self.assertIn("Served by duet.", tree)

    @under(EPOLL, THREAD, SINGLE, URING)
    def test_it_fetches_and_applies_style_script_and_picture(self, model):
        with open(f"{SITE}/models.png", "rb") as file:
            picture = file.read()
        width, height = (int.from_bytes(picture[at:at + 4], "big") for at in (16, 20))
        site = self.make({"index.html": PAGE, "style.css": STYLE, "look.js": LOOK,
                          "models.png": picture})
        server = self.serve(site, under=model)
        tree = self.browse("--dump-dom", f"{server.url}/")
        self.assertIn(f'<p id="said">rgb(1, 2, 3) {width}x{height}</p>', tree)

    @under(EPOLL, THREAD)
    def test_it_shows_what_the_smallest_server_says(self, model):
        if not os.path.exists(example("http_hello")):
            self.skipTest("the examples were not built")
        server = self.keep(Server([example("http_hello")],
                                  ["--listen", "127.0.0.1:0", *model.arguments], listens=1))
        self.assertIn("Hello world", self.browse("--dump-dom", server.url))

    @under(POLL, PROCESS)
    def test_it_takes_a_picture_of_the_example_site(self, model):
        server = self.serve(SITE, under=model)
        shot = f"{self.folder()}/shot.png"
        self.browse(f"--screenshot={shot}", "--window-size=900,1400", f"{server.url}/")
        self.assertGreater(os.path.getsize(shot), 20_000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
