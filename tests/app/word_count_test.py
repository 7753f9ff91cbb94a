"""The example that counts words: it counts as wc(1) does, in little memory, under every model."""

import os
import random
import subprocess
import tempfile
import unittest

from program import ALL_MODELS, MIB, SANITIZER, ServerCase, example, under

SIZE = int(100 * MIB * min(1, float(os.environ.get("DUET_TEST_SCALE", 1))))
MEMORY_MAX = 24 * MIB
WORD_COUNT = example("word_count")


def wc(file):
    """(lines, words, bytes)"""
    said = subprocess.run(["wc", "-lwc", file], env={"LC_ALL": "C"}, capture_output=True, text=True,
                          check=True).stdout
    return [int(word) for word in said.split()[:3]]


def write_words(file):
    """Words and spaces of all kinds, of a size that no piece divides."""
    source = random.Random(1)
    spaces = [" ", " ", " ", "  ", "\n", "\n\n", "\t", "\v", "\f", "\r\n"]
    block = "".join("w" * source.randrange(1, 12) + source.choice(spaces) for _ in range(20_000))
    with open(file, "w", newline="") as out:
        for _ in range(SIZE // len(block) + 1):
            out.write(block)
        out.write("the end")


def peak_memory(process):
    """VmHWM, in bytes, as long as the process has memory."""
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status
                         if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


class WordCount(ServerCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="duet-")
        cls.addClassCleanup(folder.cleanup)
        cls.file = f"{folder.name}/words"
        write_words(cls.file)
        cls.wanted = wc(cls.file)

    def count(self, *arguments):
        """What it counts, and the most memory it was seen with."""
        process = subprocess.Popen([WORD_COUNT, *arguments], stdout=subprocess.PIPE, text=True)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_memory(process.pid))
        with process:
            self.assertEqual(process.returncode, 0)
            return [int(word) for word in process.stdout.read().split()[:3]], peak

    def assert_counts_as_wc(self, model, *flags):
        counted, peak = self.count(*model.arguments, *flags, self.file)
        self.assertEqual(counted, self.wanted)
        if not SANITIZER:
            self.assertGreater(peak, 0)
            self.assertLess(peak, MEMORY_MAX)

    @under(*ALL_MODELS)
    def test_counts_as_wc_does_in_little_memory(self, model):
        self.assert_counts_as_wc(model)

    @under(*ALL_MODELS)
    def test_counts_past_the_page_cache_as_wc_does(self, model):
        self.assert_counts_as_wc(model, "--direct")

    def test_counts_nothing_in_an_empty_file(self):
        path = f"{self.folder()}/empty"
        open(path, "w").close()
        self.assertEqual(self.count(path)[0], [0, 0, 0])

    def test_says_what_is_wrong(self):
        done = subprocess.run([WORD_COUNT, f"{self.folder()}/none"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "word_count: open none: No such file or directory\n")
        self.assertEqual(subprocess.run([WORD_COUNT], capture_output=True).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
