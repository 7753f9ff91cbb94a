"""What the documents say of files, functions, headings and examples holds: tools/check_docs.py."""

import os
import pathlib
import sys
import unittest

ROOT = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from check_docs import check  # noqa: E402


class Pages(unittest.TestCase):
    def test_the_documents_hold(self):
        self.assertEqual(check(pathlib.Path(ROOT).resolve()), [])


if __name__ == "__main__":
    unittest.main()
