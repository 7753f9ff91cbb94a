"""The C++ in the documents compiles: each ```cpp block that is a whole program or function.

A block that shows a part (a statement, a form to avoid) is left alone. A function may use what
duet/duet.hpp declares, without a prefix; a program includes what it needs. Whole blocks also keep
to the coroutine forms that every compiler gets right.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(os.environ.get("DUET_SOURCE_DIR", pathlib.Path(__file__).parents[2])).resolve()
sys.path.insert(0, str(ROOT / "tools"))
from check_coroutines import errors_of  # noqa: E402
from check_docs import pages_of  # noqa: E402

BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^[A-Za-z_][\w:<>&*, ]*\([^;]*\)[^;=\n]*\{", re.MULTILINE)
PRELUDE = """#include <array>
#include <duet/duet.hpp>
#include <duet/http/server.hpp>
using namespace duet;
using namespace std::chrono_literals;
"""


def is_whole(block):
    return "#include" in block or FUNCTION.search(block) is not None


def snippets():
    """(page:line, source) of each block to compile."""
    for page in pages_of(ROOT):
        text = page.read_text()
        for match in BLOCK.finditer(text):
            if is_whole(match[1]):
                line = text.count("\n", 0, match.start(1)) + 1
                prelude = "" if "#include" in match[1] else PRELUDE
                yield f"{page.relative_to(ROOT)}:{line}", prelude + match[1]


def sources():
    """(name, source) of what to compile: each program, and all functions in one, for speed."""
    functions = PRELUDE
    for place, source in snippets():
        block = source.removeprefix(PRELUDE)
        if block == source or "int main(" in block:
            yield place, source
        else:
            functions += f"namespace {re.sub('[^A-Za-z0-9]', '_', place)} {{\n{block}}}\n"
    yield "functions", functions


def compiler():
    """The one that this build was configured with; by hand, the environment's CXX or g++."""
    cache = pathlib.Path(os.environ.get("DUET_BINARY_DIR", "")) / "CMakeCache.txt"
    found = cache.exists() and re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache.read_text(),
                                         re.MULTILINE)
    return found[1] if found else os.environ.get("CXX", "g++")


def compile_errors(source):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "snippet.cpp")
        file.write_text(source)
        done = subprocess.run([compiler(), "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra",
                               "-Werror", "-I", str(ROOT / "include"), str(file)],
                              capture_output=True, text=True, timeout=120)
    return done.stderr if done.returncode else ""


class Snippets(unittest.TestCase):
    def test_the_readme_has_some(self):
        self.assertTrue([place for place, _ in snippets() if place.startswith("README.md")])

    def test_each_compiles(self):
        for name, source in sources():
            with self.subTest(name):
                self.assertEqual(compile_errors(source), "")

    def test_each_keeps_to_the_safe_coroutine_forms(self):
        for place, source in snippets():
            with self.subTest(place):
                self.assertEqual(list(errors_of(source)), [])

    def test_one_that_has_rotted_is_found(self):
        rotten = PRELUDE + "Task<> echo(Stream peer) { co_await peer.read_none(); }\n"
        self.assertIn("read_none", compile_errors(rotten))

    def test_parts_are_left_alone(self):
        for part in ("co_await x;\nT v = co_await x;\n", "auto task = f(peer, {.retries = 3});\n",
                     "runtime.serve(address, count, hits);\n"):
            self.assertFalse(is_whole(part), part)

    def test_programs_and_functions_are_whole(self):
        for whole in ("#include <array>\nint main() {}\n", "Task<> echo(Stream peer) {\n}\n",
                      "Task<> count(Stream peer, Shared<long> hits) {\n  co_return;\n}\n"):
            self.assertTrue(is_whole(whole), whole)


if __name__ == "__main__":
    unittest.main()
