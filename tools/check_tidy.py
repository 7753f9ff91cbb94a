#!/usr/bin/env python3
"""Runs clang-tidy over the library and the program.

    check_tidy.py BUILD

BUILD is a configured build folder of clang's. A file that passed is not looked at again until
it, something it includes, its compile command or .clang-tidy changes: BUILD/tidy remembers.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
NOISE = re.compile(r"^(\d+ (warning|error)s? .*(generated|treated as)|Suppressed |Use -header-filter|"
                   r"Error while processing)")


def commands_of(build, root):
    """The compile commands of the files that are linted: those below src and apps."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.is_relative_to(root / "src") or file.is_relative_to(root / "apps"):
            words = shlex.split(entry["command"])
            yield file, words[1:] if words[0].endswith("ccache") else words


def digest_of(command, directory):
    """A hash of all that the result depends on."""
    words, output = [], False
    for word in command:  # -MM must not write the object file
        if output or word in ("-o", "-c"):
            output = word == "-o"
            continue
        words.append(word)
    rule = subprocess.run([*words, "-MM"], cwd=directory, capture_output=True, text=True).stdout
    digest = hashlib.sha256(" ".join(command).encode())
    for name in [".clang-tidy", *rule.replace("\\\n", " ").split()[1:]]:
        digest.update(pathlib.Path(directory, name).read_bytes() if name[0] == "/"
                      else pathlib.Path(name).read_bytes())
    return digest.hexdigest()


def complaint_of(build, file, command):
    """What clang-tidy says about a file, or an empty string."""
    stamp = build / "tidy" / digest_of(command, build)
    if stamp.exists():
        return ""
    result = subprocess.run([TIDY, "--quiet", "-p", build, file], capture_output=True, text=True)
    if result.returncode == 0:
        stamp.touch()
        return ""
    lines = (result.stdout + result.stderr).splitlines()
    return "\n".join(line for line in lines if not NOISE.match(line)) + "\n"


def main():
    root, build = pathlib.Path.cwd(), pathlib.Path(sys.argv[1]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    commands = sorted(commands_of(build, root))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(complaint_of, build, *pair) for pair in commands]
        complaints = [job.result() for job in jobs if job.result()]
    print("".join(complaints), end="")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
