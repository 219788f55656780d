"""mutants.py - the one-line changes that can be made to a C file.

A mutant is a file with one line changed: an operator, a constant, a condition, a result, or a
statement that is missing. mutants_of() finds all of them by looking at tokens, not by parsing: it
relies on how the sources are written (a function's body begins with a brace in the first column).
What does not compile is for the compiler to refuse.

Never changed: comments, texts, characters, the preprocessor, declarations and tables of data, and
assertions and prefetches, which do not change what a correct program does.
"""
import collections
import dataclasses
import hashlib
import re

TOKEN = re.compile(r"""
    (?P<space>\s+|/\*.*?\*/|//[^\n]*|^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+')
  | (?P<number>\.?\d(?:[eE][-+]|[\w.])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
    """, re.VERBOSE | re.DOTALL | re.MULTILINE)
INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)")

SWAPS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "++": ("--",), "--": ("++",), "+=": ("-=",), "-=": ("+=",),
    "true": ("false",), "false": ("true",),
}
CONTROL = {"if", "while", "for", "switch"}
OTHER_KEYWORDS = {"else", "do", "return", "break", "continue", "goto", "case", "default"}
BEGINS_DECLARATION = {"static", "const", "struct", "enum", "union", "unsigned", "int", "char",
                      "bool", "long", "double", "void", "_Static_assert", "extern", "volatile"}
NO_BEHAVIOUR = {"ASSERT", "_Static_assert", "__builtin_prefetch", "__builtin_unreachable"}
INTEGERS = re.compile(r"(unsigned|int|size_t|ssize_t|u?int\d+_t|long|unsigned char)( int)?")


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`removed` at `column` of `line`, which begins with 1, becomes `inserted`."""
    file: str
    line: int
    column: int
    function: str
    text: str  # of the line, before the change
    removed: str
    inserted: str
    nth: int = 0  # of several that read the same in one function

    @property
    def changed(self):
        """The line after the change."""
        return self.text[:self.column] + self.inserted + self.text[self.column + len(self.removed):]

    @property
    def change(self):
        """The change in one line, as `git diff --word-diff` shows it."""
        parts = ("[-" + self.removed + "-]" if self.removed else "",
                 "{+" + self.inserted + "+}" if self.inserted else "")
        return (self.text[:self.column] + "".join(parts) +
                self.text[self.column + len(self.removed):]).strip()

    @property
    def key(self):
        """What stays the same when other lines of the file change."""
        return (self.file, self.function, self.change, self.nth)

    def apply(self, source):
        """The whole file with this change."""
        lines = source.split("\n")
        assert lines[self.line - 1] == self.text, f"{self.file} is not the file that was read"
        lines[self.line - 1] = self.changed
        return "\n".join(lines)

    def rank(self, seed):
        """The place in the order that a seed gives. It depends on the mutant alone, so a change
        of the sources leaves the order of all other mutants as it was."""
        return hashlib.sha256("\0".join(map(str, (seed, *self.key))).encode()).digest()


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    at: int


def tokens_of(source):
    found = (Token(m.lastgroup, m.group(), m.start()) for m in TOKEN.finditer(source))
    return [t for t in found if t.kind != "space"]


def closing(tokens, i):
    """The index of the bracket that closes the one at `i`."""
    depth = 0
    while True:
        if tokens[i].text in "([{" and tokens[i].kind == "mark":
            depth += 1
        elif tokens[i].text in ")]}" and tokens[i].kind == "mark":
            depth -= 1
            if not depth:
                return i
        i += 1


def functions_of(tokens, source):
    """(name, type of the result, index of "{", index of "}") of each function."""
    i = head = 0
    while i < len(tokens):
        t = tokens[i]
        if t.text in "({" and t.kind == "mark":
            end = closing(tokens, i)
            if t.text == "{" and source[t.at - 1] == "\n" and tokens[i - 1].text == ")":
                named = next(k for k in range(head, i) if tokens[k].text == "(") - 1
                words = [w.text for w in tokens[head:named] if w.text not in ("static", "inline")]
                yield tokens[named].text, " ".join(words), i, end
                head = end + 1
            i = end
        elif t.text == ";":
            head = i + 1
        i += 1


class Function:
    """One function's body, walked statement by statement; offers every change to `found`."""

    def __init__(self, tokens, source, result, found):
        self.tokens, self.source, self.result, self.found = tokens, source, result, found

    def text(self, first, last):
        return self.source[self.tokens[first].at:
                           self.tokens[last].at + len(self.tokens[last].text)]

    def replace(self, first, last, inserted):
        """Offer to replace tokens `first` to `last`, if they stand in one line."""
        removed = self.text(first, last)
        if "\n" not in removed:
            self.found(self.tokens[first].at, removed, inserted)

    def block(self, i, end):
        while i < end:
            i = self.statement(i)

    def statement(self, i):
        """Offer the changes of the statement that begins at `i`; the index after it."""
        t = self.tokens[i]
        if t.text == "{":
            end = closing(self.tokens, i)
            self.block(i + 1, end)
            return end + 1
        if t.text in CONTROL:
            return self.control(i)
        if t.text in ("else", "do"):
            return self.statement(i + 1)
        if t.text in ("case", "default") or self.tokens[i + 1].text == ":":
            while self.tokens[i].text != ":":
                i += 1
            return i + 1
        end = i
        while self.tokens[end].text != ";":
            end = closing(self.tokens, end) + 1 if self.tokens[end].text in "([{" else end + 1
        if t.text == "return":
            self.returns(i, end)
        elif t.text in ("break", "continue"):
            self.replace(i, end, "{}")
        elif self.declares(i):
            self.declaration(i, end)
        elif end > i and t.text not in OTHER_KEYWORDS and t.text not in NO_BEHAVIOUR:
            self.expression(i, end)
            self.removal(i, end)
        return end + 1

    def control(self, i):
        end = closing(self.tokens, i + 1)
        self.expression(i + 2, end)
        if self.tokens[i].text in ("if", "while"):
            condition = self.text(i + 2, end - 1)
            lone = end == i + 3 or self.tokens[i + 2].text == "!" and end == i + 4
            if lone and self.tokens[i + 2].text != "!" or not lone:
                self.replace(i + 2, end - 1, f"!{condition}" if lone else f"!({condition})")
        if self.tokens[end + 1].text == ";":  # the tail of do … while, or a loop without a body
            return end + 2
        return self.statement(end + 1)

    def declares(self, i):
        first, second = self.tokens[i], self.tokens[i + 1]
        if first.text in BEGINS_DECLARATION or re.fullmatch(r"\w+_t", first.text):
            return True
        return first.kind == "name" and (
            second.kind == "name" or second.text == "*" and self.tokens[i + 2].kind == "name" and
            self.tokens[i + 3].text in ("=", ";", ",", "["))

    def declaration(self, i, end):
        """Only what variables begin with is code; a static one's is data."""
        if self.tokens[i].text in ("static", "_Static_assert", "extern"):
            return
        begins = None
        while i <= end:
            text = self.tokens[i].text
            if begins is None and text in "([{":
                i = closing(self.tokens, i)
            elif begins is None and text == "=":
                begins = i + 1
            elif begins is not None and text in "([{":
                i = closing(self.tokens, i)
            elif begins is not None and text in ",;":
                self.expression(begins, i)
                begins = None
            i += 1

    def returns(self, i, end):
        if end == i + 1:
            self.replace(i, end, "{}")
            return
        self.expression(i + 1, end)
        value = self.text(i + 1, end - 1)
        lone = end == i + 2
        if self.result == "bool" and value not in ("true", "false") and not value.startswith("!"):
            self.replace(i + 1, end - 1, f"!{value}" if lone else f"!({value})")
        elif INTEGERS.fullmatch(self.result) and not INTEGER.fullmatch(value):
            self.replace(i + 1, end - 1, "0")
        elif self.result.endswith("*") and value != "NULL":
            self.replace(i + 1, end - 1, "NULL")

    def removal(self, i, end):
        if self.text(i, i + 2) == "(void)":
            return
        if "\n" in self.text(i, end):
            self.found(self.tokens[i].at, "", "while (0) ")  # so an `else` stays where it belongs
        else:
            self.replace(i, end, "{}")

    def expression(self, i, end):
        while i < end:
            t, before = self.tokens[i], self.tokens[i - 1]
            if t.text in NO_BEHAVIOUR:
                i = closing(self.tokens, i + 1)
            elif t.kind == "number":
                self.constant(t)
            elif t.kind in ("mark", "name"):
                for other in SWAPS.get(t.text, ()):
                    self.found(t.at, t.text, other)
                if t.text == "!":
                    self.found(t.at, "!", "")
                after_value = before.kind in ("number", "name", "text") or before.text in (")", "]")
                if t.text in "+-" and after_value and before.text not in OTHER_KEYWORDS:
                    self.found(t.at, t.text, "-" if t.text == "+" else "+")
            i += 1

    def constant(self, t):
        match = INTEGER.fullmatch(t.text)
        if not match:
            return
        digits, suffix = match.groups()
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 10)
        form = "{:#x}{}" if digits[:2] in ("0x", "0X") else "{}{}"
        for other in (value + 1, value - 1):
            if other >= 0:
                self.found(t.at, t.text, form.format(other, suffix))


def mutants_of(file, source):
    """All mutants of a file, in the order of its text."""
    tokens, mutants, seen = tokens_of(source), [], set()
    twins = collections.Counter()
    for name, result, first, last in functions_of(tokens, source):
        def found(at, removed, inserted, name=name):
            begin = source.rfind("\n", 0, at) + 1
            text = source[begin:source.find("\n", at)]
            if "ASSERT" in text or (at, removed, inserted) in seen:
                return
            seen.add((at, removed, inserted))
            line = source.count("\n", 0, at) + 1
            mutant = Mutant(file, line, at - begin, name, text, removed, inserted)
            nth = twins[mutant.key]
            twins[mutant.key] += 1
            mutants.append(dataclasses.replace(mutant, nth=nth))
        Function(tokens, source, result, found).block(first + 1, last)
    return mutants
