"""tools/check_coroutines.py: each forbidden form is found, each allowed one passes."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
TOOL = os.path.join(ROOT, "tools/check_coroutines.py")
sys.path.insert(0, os.path.join(ROOT, "tools"))
from check_coroutines import errors_of  # noqa: E402

ALLOWED = {
    "a statement": "co_await f(x);",
    "a declaration": "std::size_t n = co_await peer.read_some(buffer);",
    "a reference": "auto&& x = co_await f();",
    "a structured binding": "auto [a, b] = co_await f();",
    "an attribute": "[[maybe_unused]] auto x = co_await f();",
    "an assignment": "x = co_await f();",
    "an assignment to a member": "this->x_[i] = co_await f();",
    "a return": "co_return co_await f();",
    "a task that was built before": "co_await std::move(task);",
    "nested calls": "co_await peer.write_all(std::span(buffer).first(n));",
    "template arguments": "auto r = co_await as_expected<std::pair<int, int>>(f());",
    "a dereference": "co_await *task;",
    "the body of an if": "if (n == 0 && m) co_await f();",
    "the body of an if constexpr": "if constexpr (n) co_await f(); else co_await g();",
    "the body of a for": "for (int i = 0; i < n; ++i) co_await f();",
    "the body of a while": "while (n < m) { co_await f(); }",
    "the body of a do": "do co_await f(); while (n);",
    "a case": "switch (n) { case A::b: co_await f(); break; default: co_await g(); }",
    "a try block": "try { co_await f(); } catch (const E& e) { log(e); }",
    "after a block": "{ int x; } co_await f();",
    "after an initialiser list": "int x{3}; std::array a = {1, 2}; co_await f();",
    "after a lambda": "auto g = [](int x) { return x; }; co_await f(g);",
    "a lambda without captures": "auto g = [](S s) -> Task<int> { co_return co_await s; }; g(s);",
    "a capturing lambda that is no coroutine": "[&] { return 1; }();",
    "a capturing lambda given away": "scope.spawn([x]() -> Task<> { co_await f(x); });",
    "a comment": "// if (co_await x)\n/* f(co_await y) */",
    "a string": 'log("if (co_await x)"); log(R"(f(co_await y))");',
    "a character": "char c = '\"'; co_await f(); char d = '\\'';",
    "a digit separator": "int n = 1'000'000; co_await f();",
    "a macro": "#define X \\\n  if (co_await y)\n",
    "an operator's declaration": "Awaiter operator co_await() &&;",
}

FORBIDDEN = {
    "the condition of an if": ("if (co_await f()) g();", "head of if"),
    "the initialiser of an if": ("if (T x = co_await f()) g();", "head of if"),
    "the second part of an if": ("if (auto t = f(); co_await t) g();", "head of if"),
    "the condition of an if constexpr": ("if constexpr (co_await f()) g();", "head of if"),
    "a negated condition": ("if (!co_await f()) g();", "head of if"),
    "the condition of a while": ("while (co_await f()) g();", "head of while"),
    "the condition of a do": ("do g(); while (co_await f());", "head of while"),
    "the condition of a for": ("for (; co_await f();) g();", "head of for"),
    "the range of a for": ("for (auto x : co_await f()) g(x);", "head of for"),
    "a switch": ("switch (co_await f()) { default: break; }", "head of switch"),
    "a part of a condition": ("if (a && (co_await f()) == 1) g();", "in parentheses"),
    "the branch of a ternary": ("auto x = c ? co_await f() : g();", "?:"),
    "the last branch of a ternary": ("auto x = c ? g() : co_await f();", "?:"),
    "the condition of a ternary": ("auto x = co_await f() ? a : b;", "?:"),
    "an argument": ("g(co_await f());", "argument"),
    "the second argument": ("g(1, co_await f());", "argument"),
    "an argument of an awaited call": ("co_await g(co_await f());", "argument"),
    "an argument of a macro": ("EXPECT_EQ(co_await f(), 1);", "argument"),
    "parentheses": ("auto x = (co_await f()).size();", "in parentheses"),
    "a constructor": ("T x(co_await f());", "argument"),
    "an initialiser list": ("T x{co_await f()};", "initialiser list"),
    "an assigned initialiser list": ("std::array<int, 2> x = {1, co_await f()};", "initialiser"),
    "a nested initialiser list": ("T x = {{co_await f()}};", "initialiser list"),
    "a designated initialiser": ("T x{.a = co_await f()};", "initialiser list"),
    "a returned aggregate": ("co_return T{co_await f()};", "initialiser list"),
    "a container's initialiser list": ("auto x = std::vector{co_await f(), 1};", "initialiser"),
    "a subscript": ("auto x = a[co_await f()];", "index"),
    "a capture": ("auto x = [y = co_await f()] {};", "index or a capture"),
    "an and": ("auto x = a && co_await f();", "'&&'"),
    "the left side of an and": ("auto x = co_await f() && a;", "'&&'"),
    "an or": ("bool x = co_await f() || a;", "'||'"),
    "a not": ("bool x = !co_await f();", "'!'"),
    "a sum": ("int x = co_await f() + 1;", "'+'"),
    "a comparison": ("bool x = co_await f() < 1;", "'<'"),
    "a compound assignment": ("x += co_await f();", "'+='"),
    "a chained assignment": ("a = b = co_await f();", "'='"),
    "an output": ("std::cout << co_await f();", "'<<'"),
    "a yield": ("co_yield co_await f();", "'co_yield'"),
    "a throw": ("throw co_await f();", "'throw'"),
    "a closure in the awaited call": ("co_await f([x] { return x; });", "lambda"),
    "a coroutine in the awaited call": ("co_await f([]() -> Task<> { co_await g(); });", "lambda"),
    "an aggregate in the awaited call": ('co_await f(Options{.name = "a"});', "braces"),
    "braces in the awaited call": ('auto x = co_await f({"a", "b"});', "braces"),
    "an aggregate awaiter": ("co_await Awaiter{x};", "braces"),
    "a capturing lambda called in place": ("auto t = [x]() -> Task<> { co_await x; }();",
                                           "called where it is written"),
    "a capturing lambda called by name": ("auto f = [&]() -> Task<> { co_return; };\nauto t = f();",
                                          "'f' is called"),
}

WRAPPERS = {
    "a function": "Task<> h(S s) {{\n{}\n}}",
    "a function with a trailing return type": "auto h() -> duet::Task<std::pair<int, S>> {{\n{}\n}}",
    "a qualified member": "struct A : B {{ Task<> h() && {{\n{}\n}} }};",
    "a constant member": "Task<> A::h() const noexcept {{\n{}\n}}",
    "a constrained template": "template <class T> requires C<T> Task<> h(T t) {{\n{}\n}}",
    "a lambda": "auto h = [](S s) -> Task<> {{\n{}\n}};",
    "a lambda in a call": "TEST(A, B) {{ run([](S s) mutable -> Task<> {{\n{}\n}}, 1); }}",
    "an inner block": "namespace a {{ Task<> h() {{ for (;;) {{ if (x) {{\n{}\n}} }} }} }}",
    "a catch block": "Task<> h() try {{ }} catch (...) {{\n{}\n}}",
}


class CheckCoroutines(unittest.TestCase):
    def test_allowed_forms_pass(self):
        for name, code in ALLOWED.items():
            for wrapper, text in WRAPPERS.items():
                with self.subTest(form=name, within=wrapper):
                    self.assertEqual(list(errors_of(text.format(code))), [])

    def test_forbidden_forms_are_found_in_their_line(self):
        for name, (code, message) in FORBIDDEN.items():
            for wrapper, text in WRAPPERS.items():
                with self.subTest(form=name, within=wrapper):
                    errors = list(errors_of(text.format(code)))
                    self.assertEqual(len(errors), 1, errors)
                    self.assertIn(message, errors[0][2])
                    self.assertEqual(errors[0][0], 2 + code.count("\n"))

    def run_tool(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.cpp")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            result = subprocess.run([sys.executable, TOOL, path], capture_output=True, text=True)
            return result.returncode, result.stdout.replace(path, "a.cpp"), result.stderr

    def test_a_finding_has_the_format_of_compilers_and_fails_the_run(self):
        code, out, _ = self.run_tool("Task<> f() {\n  if (co_await g()) h();\n}\n")
        self.assertEqual(code, 1)
        self.assertRegex(out, r"^a\.cpp:2:7: error: .*write `T v = co_await x;`")

    def test_a_clean_file_is_silent(self):
        self.assertEqual(self.run_tool("Task<> f() { co_await g(); }\n"), (0, "", ""))

    def test_a_file_that_cannot_be_understood_fails_the_run(self):
        code, _, err = self.run_tool("void f() { (]; }\n")
        self.assertEqual(code, 1)
        self.assertIn("unmatched ']' in line 1", err)


if __name__ == "__main__":
    unittest.main()
