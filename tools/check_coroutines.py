#!/usr/bin/env python3
"""Finds coroutine code that g++ 12 miscompiles. docs/coroutines.md explains the forms.

    check_coroutines.py FILE|FOLDER...

It sees tokens, not types, so it is stricter than the compiler's bugs are wide. Allowed are exactly

    co_await x;      T v = co_await x;      v = co_await x;      co_return co_await x;

where x has neither braces nor a lambda in it and no operator follows it. A lambda that captures
and is a coroutine may not be called where it is written, nor by its name: its captures would die
with the closure. Findings have the format of compilers; the exit code is 1 if there are any.
"""

import pathlib
import sys

from cpp_tokens import OPENERS, BracketError, Source

AS_STATEMENT = "`T v = co_await x;` as a statement of its own, and use v there"
TASK_FIRST = "`auto task = f(...);` first, then `co_await std::move(task);`"
CONDITIONS = {"if", "while", "for", "switch"}
COROUTINE_WORDS = {"co_await", "co_return", "co_yield"}


def skip_labels_and_conditions(source, first, last):
    """Moves `first` past `if (...)`, `else`, `case x:` and the like: a statement may follow."""
    while first < last:
        word = source[first]
        following = first + 1
        if word in CONDITIONS:
            while following < last and source[following] != "(":  # if constexpr
                following += 1
            first = source.partner[following] + 1
        elif word in ("else", "do"):
            first = following
        elif word in ("case", "default") or (word.isidentifier() and source[following] == ":"):
            while first < last and source[first] != ":":
                first += 1
            first += 1
        else:
            break
    return first


def place_error(source, at):
    """What is wrong with where the co_await at index `at` stands, or None."""
    start, opener = source.statement_start(at)
    if opener == "(":
        before = source[start - 2]
        if before == "constexpr":
            before = source[start - 3]
        if before in CONDITIONS:
            return f"co_await in the head of {before}; write {AS_STATEMENT}"
        return f"co_await in parentheses or as an argument; write {AS_STATEMENT}"
    if opener == "{":
        return f"co_await in an initialiser list; write {AS_STATEMENT}"
    if opener == "[":
        return f"co_await in an index or a capture; write {AS_STATEMENT}"

    start = skip_labels_and_conditions(source, start, at)
    prefix = source.outermost(start, at)
    if not prefix or prefix == ["co_return"]:
        return None
    if "?" in prefix:
        return f"co_await in a ?: expression; write an if and {AS_STATEMENT}"
    if prefix[-1] == "=" and prefix.count("=") == 1 and prefix[0] not in ("return", "co_return"):
        return None
    return f"co_await after '{prefix[-1]}', inside an expression; write {AS_STATEMENT}"


def operand_error(source, at):
    """What is wrong with the operand of the co_await at index `at`, or None."""
    end = source.statement_end(at)
    inside = range(at + 1, end)
    if any(source.is_lambda(i) for i in inside):
        return f"a lambda in the awaited expression; write {TASK_FIRST}"
    if any(source[i] == "{" for i in inside):
        return f"braces in the awaited expression; write {TASK_FIRST}"

    i = at + 1
    while i < end and source[i] in ("*", "&", "+", "-", "~"):  # a sign before the operand
        i += 1
    after_name = False
    while i < end:
        token = source[i]
        if token == "<" and after_name and source.template_end(i, end):
            i = source.template_end(i, end)
        elif token in OPENERS:
            i = source.partner[i] + 1
            after_name = True
        elif source.is_name_or_literal(i) or token in ("::", ".", "->"):
            after_name = source.is_name_or_literal(i)
            i += 1
        elif token == "?":
            return f"co_await in a ?: expression; write an if and {AS_STATEMENT}"
        else:
            return f"an operator '{token}' beside co_await; write {AS_STATEMENT}"
    return None


def is_coroutine(source, body):
    """Whether the braces at index `body` hold a co_ word, inner lambdas left out."""
    i = body + 1
    while i < source.partner[body]:
        if source.is_lambda(i):
            parts = source.lambda_parts(i)
            if parts:
                i = source.partner[parts] + 1
                continue
        if source[i] in COROUTINE_WORDS:
            return True
        i += 1
    return False


def lambda_errors(source, at):
    """Yields (index, error) for calls of the capturing coroutine lambda at index `at`, if it is one."""
    body = source.lambda_parts(at)
    has_captures = source.partner[at] > at + 1
    if body is None or not has_captures or not is_coroutine(source, body):
        return
    advice = "pass what it needs as parameters: its captures die before it ends"
    end = source.partner[body] + 1
    if end < len(source) and source[end] == "(":
        yield at, f"a capturing coroutine lambda is called where it is written; {advice}"
    if at >= 2 and source[at - 1] == "=" and source.is_name_or_literal(at - 2):
        for i in range(end, source.block_end(at)):
            is_call = source[i] == source[at - 2] and source[i + 1] == "("
            if is_call and source[i - 1] not in (".", "->", "::"):
                yield i, f"the capturing coroutine lambda '{source[i]}' is called; {advice}"


def errors_of(text):
    """Yields (line, column, error) of a source text, in order."""
    source = Source(text)
    found = []
    for i in range(len(source)):
        if source[i] == "co_await" and source[i - 1] != "operator":
            error = place_error(source, i) or operand_error(source, i)
            found += [(i, error)] if error else []
        elif source.is_lambda(i):
            found += lambda_errors(source, i)
    for i, error in sorted(found):
        yield *source.position(i), error


def files_of(arguments):
    for argument in map(pathlib.Path, arguments):
        if argument.is_dir():
            yield from sorted(f for f in argument.rglob("*") if f.suffix in (".cpp", ".hpp"))
        else:
            yield argument


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    status = 0
    for file in files_of(sys.argv[1:]):
        try:
            for line, column, error in errors_of(file.read_text()):
                print(f"{file}:{line}:{column}: error: {error}")
                status = 1
        except (OSError, UnicodeDecodeError, BracketError) as error:
            print(f"{file}: error: cannot be read: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
