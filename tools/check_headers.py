#!/usr/bin/env python3
"""Checks that each public header compiles alone.

    check_headers.py COMPILER...

Run from the root of the repository. Each header is the only line of a source of its own; nothing
but syntax is checked, so nothing is written.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude",
         "-x", "c++", "-"]


def error_of(compiler, header):
    """The compiler's words about a header, or an empty string."""
    source = f'#include "{header.relative_to("include")}"\n'
    result = subprocess.run([compiler, *FLAGS], input=source, capture_output=True, text=True)
    return f"{compiler}: {header} does not compile alone\n{result.stderr}" if result.returncode else ""


def main():
    headers = sorted(pathlib.Path("include/duet").glob("**/*.hpp"))
    pairs = [(compiler, header) for compiler in sys.argv[1:] for header in headers]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = [error for error in pool.map(lambda pair: error_of(*pair), pairs) if error]
    print("".join(errors), end="", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
