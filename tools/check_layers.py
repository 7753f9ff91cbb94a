#!/usr/bin/env python3
"""Checks who may include whom, and where the operating system may be seen.

    check_layers.py [ROOT]

TABLE is the one place that states which layer may use which. Beyond it:
  - include/duet holds no header of the operating system, so that users see plain C++ only;
  - of the sources only src/sys includes such headers; what it wraps reaches src/io by headers
    private to src/sys, and reaches nobody else;
  - the library reads no environment and has one thread-local variable: the current loop. Beside
    it, THREAD_LOCALS_BESIDE, stand what a debug build watches on each thread and who takes its
    signals.
Programs, examples and tests are free.
"""

import pathlib
import re
import sys

BELOW_RUNTIME = ["base", "sys", "task", "io", "loop", "net", "fs", "process", "sim"]
TABLE = {
    "base": [],
    "sys": ["base"],
    "task": ["base"],
    "io": ["base", "sys"],
    "loop": ["base", "sys", "io", "task"],
    "net": ["base", "sys", "io", "task", "loop"],
    "fs": ["base", "sys", "io", "task", "loop"],
    "process": ["base", "sys", "io", "task", "loop", "net"],
    "sim": ["base", "sys", "io", "task", "loop"],
    "runtime": BELOW_RUNTIME,
    "stage": BELOW_RUNTIME + ["runtime"],
    "http": BELOW_RUNTIME + ["runtime"],
    "observe": BELOW_RUNTIME + ["runtime", "stage", "http"],
}
ROOF = "duet"  # include/duet/*.hpp: headers that only gather others
TABLE[ROOF] = list(TABLE)
# process, runtime: signals, processes and limits, which are no I/O of a connection.
SEES_PRIVATE_SYS = ["sys", "io", "process", "runtime"]
THREAD_LOCALS_BESIDE = ["src/sys/held_mutexes.cpp", "src/sys/readiness_signal.cpp"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def without_comments(text):
    """The text with comments and strings blanked, so that line numbers still hold."""
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def is_standard(header):
    """Names of the C++ library have no extension and no folder; fmt is the one other dependency."""
    return header.startswith("fmt/") or ("." not in header and "/" not in header)


def target_of(root, file, header):
    """The file of this repository that an include names, relative to the root, or None."""
    for folder in (file.parent, root / "include", root / "src"):
        path = (folder / header).resolve()
        if path.is_file() and path.is_relative_to(root):
            return path.relative_to(root)
    return None


def place_of(path):
    """(layer, is_public) of a path below include/duet or src, else (None, False)."""
    parts = path.parts
    if parts[:2] == ("include", "duet"):
        return parts[2] if len(parts) > 3 else ROOF, True
    if parts[0] == "src" and len(parts) > 2:
        return parts[1], False
    return None, False


def include_error(root, file, quote, header):
    """What is wrong with one include of `file`, or None."""
    layer, is_public = place_of(file.relative_to(root))
    target = target_of(root, file, header)
    if target is None and header.startswith("duet/"):
        return f"{header} does not exist"
    if target is None:
        if is_standard(header):
            return None
        if is_public:
            return f"public headers show no header of the system: move <{header}> to src/sys"
        return None if layer == "sys" else f"only src/sys may include <{header}>: wrap it there"

    target_layer, target_is_public = place_of(target)
    if target_layer is None:
        return f"{header} belongs to no layer"
    if target_layer != layer and target_layer not in TABLE[layer]:
        return f"layer {layer} may not include layer {target_layer}"
    if is_public and not target_is_public:
        return f"a public header may not include the private {header}"
    if target_is_public or target_layer == layer:
        return None
    if target_layer == "sys" and layer in SEES_PRIVATE_SYS:
        return None
    return f"{header} is private to layer {target_layer}"


def check(root):
    """All findings of the tree at `root`, in the format of compilers."""
    findings, thread_locals = [], []
    files = sorted([*root.glob("include/duet/**/*.hpp"), *root.glob("src/**/*.[ch]pp")])
    for file in files:
        name = file.relative_to(root)
        layer, _ = place_of(name)
        if layer not in TABLE:
            findings.append(f"{name}:1: error: lies in no known layer; see TABLE in check_layers.py")
            continue
        text = file.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            error = match and include_error(root, file, *match.groups())
            if error:
                findings.append(f"{name}:{number}: error: {error}")
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            if re.search(r"\b(secure_)?getenv\b", line):
                findings.append(f"{name}:{number}: error: the library reads no environment")
            if re.search(r"\bthread_local\b", line) and str(name) not in THREAD_LOCALS_BESIDE:
                thread_locals.append(f"{name}:{number}")
    if len(thread_locals) > 1:
        findings += [f"{place}: error: one thread_local in the library, the current loop, is enough"
                     for place in thread_locals]
    return findings


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings = check(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
