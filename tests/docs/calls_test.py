"""The calls of one request, docs/models/calls.txt, are those that duet makes; the pages quote them."""

import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(os.environ.get("DUET_SOURCE_DIR", pathlib.Path(__file__).parents[2])).resolve()
DUET = os.environ.get("DUET", str(ROOT / "build/test/duet"))
sys.path.insert(0, str(ROOT / "tools"))
import trace_calls  # noqa: E402

ATTEMPTS = 3  # a timer may be due in the middle of a request
TO_DO = "; to record it: python3 tools/trace_calls.py build/test/duet"


@unittest.skipUnless(os.path.exists(DUET), "the program duet was not built")
class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.options, cls.reasons = trace_calls.models(DUET)
        cls.golden = trace_calls.read_golden()

    def test_each_model_and_pair_has_them(self):
        self.assertEqual(set(self.options) - set(self.golden), set(), TO_DO)

    def test_they_are_what_duet_calls(self):
        if os.environ.get("DUET_SANITIZE"):
            self.skipTest("a sanitizer makes calls of its own")
        for name, options in self.options.items():
            with self.subTest(name):
                if name not in self.reasons:
                    self.compare(name, options)

    def compare(self, name, options):
        for attempt in range(ATTEMPTS):
            try:
                traced = trace_calls.section(DUET, options)
            except trace_calls.CannotTrace as reason:
                self.skipTest(f"cannot trace: {reason}")
            if traced == self.golden.get(name):
                return
        self.assertEqual(traced, self.golden.get(name), f"{name}: {TO_DO}")

    def test_the_page_of_each_model_quotes_them(self):
        for name in self.options:
            page = ROOT / f"docs/models/{name}.md"
            if name in trace_calls.PAIRS:
                continue
            with self.subTest(name):
                self.assertTrue(page.exists(), f"{name} has no page in docs/models")
                text = page.read_text()
                self.assertIn("```calls\n", text)
                self.assertEqual(trace_calls.quote(text, self.golden[name]), text, TO_DO)

    def test_the_page_of_each_model_counts_the_mode_switches_of_a_message(self):
        """A call each; in spin's page the tries that go on and on are told otherwise."""
        numbers = {"Two": 2, "Three": 3, "Four": 4, "Five": 5, "Six": 6}
        for name in self.options:
            page = ROOT / f"docs/models/{name}.md"
            if name in trace_calls.PAIRS or name == "spin":
                continue
            with self.subTest(name):
                said = re.search(r"^(\w+) mode switches .*for a message", page.read_text(), re.M)
                self.assertEqual(numbers[said[1]], len(self.golden[name]["echo"]))

    def test_the_overview_links_the_page_of_each_model(self):
        overview = (ROOT / "docs/models.md").read_text()
        for page in (ROOT / "docs/models").glob("*.md"):
            self.assertIn(f"(models/{page.name})", overview)


class Folding(unittest.TestCase):
    def test_tries_that_go_on_and_on_stand_once(self):
        tries = ["b = -1 EAGAIN", "a = -1 EAGAIN"] * 3
        self.assertEqual(trace_calls.folded([*tries, "c = 1", *tries]),
                         ["a = -1 EAGAIN", "b = -1 EAGAIN …", "c = 1"])

    def test_what_is_called_twice_stands_twice(self):
        self.assertEqual(trace_calls.folded(["a = 1", "a = 1", "b = -1 EAGAIN"]),
                         ["a = 1", "a = 1", "b = -1 EAGAIN"])

    def test_a_call_that_was_interrupted_in_the_record_is_one(self):
        lines = ["7 1.0 recvfrom(5<TCP:[1:2->3:4]>,  <unfinished ...>",
                 "8 1.1 close(6</tmp/x>) = 0 <0.1>",
                 '7 2.0 <... recvfrom resumed>""..., 64, 0, NULL, NULL) = 9 <1.0>']
        self.assertEqual([call.text for call in trace_calls.calls(lines)],
                         ["close(x) = 0", "recvfrom(connection, …, 64) = 9"])


if __name__ == "__main__":
    unittest.main()
