"""C++ as a list of tokens with matched brackets: enough to see statements, blocks and lambdas."""

import re

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
# Order matters: what looks like another token comes first. `>>` stays two tokens, for templates.
TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
      | (?P<raw>(?:u8|u|U|L)?R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)")
      | (?P<string>(?:u8|u|U|L)?"(?:\\.|[^"\\\n])*")
      | (?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)
      | (?P<char>(?:u8|u|U|L)?'(?:\\.|[^'\\\n])*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<operator>->\*|<=>|\.\.\.|<<=|::|->|\+\+|--|<<|&&|\|\||[=!<>+\-*/%&|^]=|[^\s\w])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE)
LITERALS = {"raw", "string", "number", "char"}
NOT_OPERANDS = {"return", "co_return", "co_await", "co_yield", "throw", "case", "else", "do"}


class BracketError(Exception):
    pass


class Source:
    """The tokens of a text. source[i] is the i-th one's spelling; literals are spelled '0'.

    partner maps the index of each bracket to that of its counterpart; enclosing holds, for each
    token, the index of the innermost bracket around it, or -1.
    """

    def __init__(self, text):
        self._text = text
        self._tokens, self._offsets = [], []
        for match in TOKEN.finditer(text):
            kind = match.lastgroup if match.lastgroup != "mark" else "raw"
            if kind in ("comment", "directive"):
                continue
            self._tokens.append("0" if kind in LITERALS else match.group())
            self._offsets.append(match.start())
        self.partner = self._match_brackets()

    def __len__(self):
        return len(self._tokens)

    def __getitem__(self, i):
        return self._tokens[i] if 0 <= i < len(self._tokens) else ";"

    def position(self, i):
        """(line, column) of a token, both from 1."""
        before = self._text[: self._offsets[i]]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def _match_brackets(self):
        partner, open_ones, self.enclosing = {}, [-1], []
        for i, token in enumerate(self._tokens):
            self.enclosing.append(open_ones[-1])
            if token in OPENERS:
                open_ones.append(i)
            elif token in CLOSERS:
                if self[open_ones[-1]] != CLOSERS[token]:
                    raise BracketError(f"unmatched '{token}' in line {self.position(i)[0]}")
                partner[i] = open_ones.pop()
                partner[partner[i]] = i
        if len(open_ones) > 1:
            raise BracketError(f"unmatched bracket in line {self.position(open_ones[-1])[0]}")
        return partner

    def is_name_or_literal(self, i):
        token = self[i]
        return token.isidentifier() or token == "0"

    def is_block(self, i):
        """Whether the brace at index `i` opens statements, and no initialiser list."""
        before = self[i - 1]
        if before in (";", "}", ":", "else", "do", "try", "mutable", "noexcept", "override",
                      "const", "final"):
            return True
        if before == "{":
            return self.is_block(i - 1)
        if before == ")":  # decltype(x){...} is a value; every other one ends a head
            return self[self.partner[i - 1] - 1] != "decltype"
        if before in ("&", "&&") and self[i - 2] == ")":  # a member function's qualifier
            return True
        if before == "]":
            return self.is_lambda(self.partner[i - 1])
        return self._follows_return_type(i)

    def _follows_return_type(self, i):
        """Whether `-> Type` or a trailing requires or noexcept clause stands before index `i`."""
        i -= 1
        while i >= 0 and (self.is_name_or_literal(i) or self[i] in ("::", "<", ">", "*", "&", "&&",
                                                                    ",", ")", "]", "...")):
            if self[i] in ("requires", "namespace", "struct", "class", "union", "enum"):
                return True
            if self[i] in NOT_OPERANDS:
                return False
            i = self.partner[i] - 1 if self[i] in CLOSERS else i - 1
        return self[i] == "->" and self[i - 1] in (")", "]", "mutable", "noexcept", "const", "&",
                                                   "&&", "constexpr", "static")

    def statement_start(self, at):
        """(start, None): the first token of the statement of index `at`; or, if it lies in an
        expression's or a head's brackets, (the first token in there, the bracket)."""
        around = self.enclosing[at]
        if around >= 0 and not (self[around] == "{" and self.is_block(around)):
            return around + 1, self[around]
        i = at - 1
        while i > around and self[i] != ";":
            if self[i] == "}" and self.is_block(self.partner[i]):
                break
            i = self.partner[i] - 1 if self[i] in CLOSERS else i - 1
        return i + 1, None

    def statement_end(self, at):
        """The index of the token that ends the statement or bracket in which `at` lies."""
        i = at
        while i < len(self) and self[i] != ";" and self[i] not in CLOSERS:
            i = self.partner[i] + 1 if self[i] in OPENERS else i + 1
        return i

    def block_end(self, at):
        """The index of the bracket that closes the block around `at`, or the end."""
        i = at
        while i < len(self) and self[i] not in CLOSERS:
            i = self.partner[i] + 1 if self[i] in OPENERS else i + 1
        return i

    def outermost(self, first, last):
        """The tokens from first to last, without what stands in brackets."""
        tokens, i = [], first
        while i < last:
            tokens.append(self[i])
            i = self.partner[i] + 1 if self[i] in OPENERS else i + 1
        return tokens

    def template_end(self, i, end):
        """The index after `<...>` that opens at `i`, if that can be a template's arguments."""
        depth = 0
        while i < end:
            if self[i] in OPENERS:
                i = self.partner[i]
            elif self[i] in ("<", ">"):
                depth += 1 if self[i] == "<" else -1
                if depth == 0:
                    return i + 1 if self[i + 1] in ("(", "::", "{", ";", ".", ")") else None
            elif self[i] in ("&&", "||", ";", "?", "=="):
                return None
            i += 1
        return None

    def is_lambda(self, i):
        """Whether index `i` is the `[` that begins a lambda."""
        if self[i] != "[" or self[i + 1] == "[" or self[i - 1] == "[":
            return False  # [[attribute]]
        before = self[i - 1]
        if before in ("&", "&&") and self[i - 2] == "auto" or before == "auto":
            return False  # auto& [a, b]
        if before in (")", "]", "operator", "delete"):
            return False
        return before in NOT_OPERANDS or not self.is_name_or_literal(i - 1)

    def lambda_parts(self, i):
        """The index of the `{` of the body of the lambda at index `i`, or None."""
        i = self.partner[i] + 1
        while i < len(self) and self[i] not in (";", "}", ")", "]"):
            if self[i] == "{":
                return i
            i = self.partner[i] + 1 if self[i] in OPENERS else i + 1
        return None
