#!/usr/bin/env python3
"""citations.py - what the source and its papers say of each other, looked up.

    citations.py check ROOT [--strict]   the tree at ROOT
    citations.py self-check              small bad samples, each of which must be found

Looked up are
  - every citation `PAPER.md, "Heading"` in the text files of the tree (PAPER.md stands for any):
    a file of this name must be there, and have this heading. A paper that is only named must be
    there;
  - every word that begins a line of either port, as it stands in the string literals of the rooms
    that speak them: its syntax must stand in an indented block of PROTOCOL.md;
  - every key of HELLO and every last word of PING: in the section of PROTOCOL.md that is about it;
  - every --option that src/cli names: in stampede(1); every key of topology.conf: in
    topology.conf(5). With --strict these two pages must be there; without, they may be missing.

Prints each offender with its place. Exit code: 0 well, 1 offenders, 2 usage.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = ("src", "include", "tests", "perf", "README.md", ".github")
ROOMS = ("src/core/protocol", "src/core/peering", "src/core/node")
PROTOCOL = "include/stampede/PROTOCOL.md"
COMMANDS_PAGE, FILE_PAGE = "src/man/stampede.1", "src/man/topology.conf.5"
PLACEHOLDER = "PAPER.md"
KEYS_MIN = 20  # topology.conf has more; fewer mean that the table is not read as it is written

NEXT_LINE = r"[ \t]*\n[ \t]*(?:\*+|//|#+|\.\\\")?[ \t]*"  # a sentence that goes on in a comment
CITATION = re.compile(rf'\b([\w-]+\.md),(?: |{NEXT_LINE})"((?:[^"\n]|{NEXT_LINE})+)"')
PAPER = re.compile(r"\b[A-Z][A-Z_-]+\.md\b")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.M)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
WORD_OF_LINE = re.compile(r"([A-Z]{2,}) *")
PING_FUNCTION = re.compile(r"^[a-z][^;{}]*\w*ping\w*\([^;{}]*\)\s*\{.*?^\}", re.S | re.M)
KEY_ROW = re.compile(r'\{(?:\.section = )?"(?:|node|limits|places|tls)",\s*'
                     r'(?:\.name = )?"([a-z_]+)",')


# -- reading ---------------------------------------------------------------------------------------

def file_names(root):
    """What git knows or would take; in a tree that is no checkout, all there is."""
    def git(*arguments):
        command = ["git", "-C", root, *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout
    try:
        if os.path.realpath(git("rev-parse", "--show-toplevel").decode().strip()) == \
                os.path.realpath(root):
            listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *TOP)
            return sorted(set(os.fsdecode(listed).split("\0")) - {""})
    except (OSError, subprocess.CalledProcessError):
        pass
    found = [root / name for name in TOP if (root / name).is_file()]
    for name in TOP:
        found += [path for path in (root / name).rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(root)) for path in found)


def text_files(root):
    """Name -> text, of all files that are text."""
    texts = {}
    for name in file_names(root):
        path = root / name
        if "corpus" in path.parts or not path.is_file():
            continue  # a fuzzer's input, or deleted and not yet committed
        data = path.read_bytes()
        if b"\0" not in data:
            try:
                texts[name] = data.decode()
            except UnicodeDecodeError:
                pass
    return texts


def headings(text):
    return HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def section(text, heading):
    """From a heading to the next of its level or above; empty when there is none."""
    begun = re.search(rf"^(#+) +{re.escape(heading)}$", text, re.M)
    if not begun:
        return ""
    end = re.compile(rf"^#{{1,{len(begun[1])}}} ", re.M).search(text, begun.end())
    return text[begun.end():end.start() if end else len(text)]


def code(text):
    """C without its comments, each as many lines as it was."""
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n") or " ", text)


def in_folder(texts, folder, *suffixes):
    return {name: code(text) for name, text in texts.items()
            if name.startswith(folder + "/") and name.endswith(suffixes)}


def place(name, text, at):
    return f"{name}:{text.count(chr(10), 0, at) + 1}"


# -- what is looked up -----------------------------------------------------------------------------

def bad_citations(texts):
    papers = {}
    for name, text in texts.items():
        if name.endswith(".md"):
            papers.setdefault(os.path.basename(name), set()).update(headings(text))
    for name, text in texts.items():
        for cited in CITATION.finditer(text):
            heading = re.sub(NEXT_LINE, " ", cited[2])
            if cited[1] != PLACEHOLDER and cited[1] in papers and heading not in papers[cited[1]]:
                yield f'{place(name, text, cited.start())}: {cited[1]} has no heading "{heading}"'
        named = {m.start(): m[0] for m in PAPER.finditer(text)}
        named |= {m.start(): m[1] for m in CITATION.finditer(text)}
        for at, paper in named.items():
            if paper != PLACEHOLDER and paper not in papers:
                yield f"{place(name, text, at)}: there is no {paper}"


def bad_words(texts):
    """Words that begin a line: a literal that is nothing else is how one is written or read."""
    protocol = texts.get(PROTOCOL, "")
    known = set(re.findall(r"^    ([A-Z]{2,})\b", protocol, re.M))
    for room in ROOMS:
        words = {}
        for name, text in in_folder(texts, room, ".c", ".h").items():
            for literal in LITERAL.finditer(text):
                word = WORD_OF_LINE.fullmatch(literal[1])
                if word:
                    words.setdefault(word[1], place(name, text, literal.start()))
        if not words and room != "src/core/node":  # which leaves the words to the others
            yield f"{room}: no word of a port is found; is it there?"
        for word, where in words.items():
            if word not in known:
                yield f"{where}: {word} stands in no indented block of {PROTOCOL}"


def hello_keys(texts):
    text = in_folder(texts, "src/core/protocol", "hello.c").get("src/core/protocol/hello.c", "")
    return set(re.findall(r'\bKEY\("([a-z]+)"\)|put_field\(\w+, "([a-z]+)"|" ([a-z]+)="', text))


def bad_keys_of_lines(texts):
    protocol = texts.get(PROTOCOL, "")
    keys = {"".join(groups) for groups in hello_keys(texts)}
    if not keys:
        yield "src/core/protocol/hello.c: no key of HELLO is found"
    for key in sorted(keys):
        if not re.search(rf"^\| `{key}` \|", section(protocol, "HELLO"), re.M):
            yield f'HELLO\'s key "{key}" has no row in {PROTOCOL}, "HELLO"'
    words = {}
    for name, text in in_folder(texts, "src/core/peering", ".c").items():
        for function in PING_FUNCTION.finditer(text):
            for literal in LITERAL.findall(function[0]):
                if re.fullmatch(r" ?[a-z]{3,}", literal):
                    words[literal.strip()] = place(name, text, function.start())
    if not words:
        yield "src/core/peering: no last word of PING is found"
    for word, where in words.items():
        if f"`{word}`" not in section(protocol, "PING and PONG"):
            yield f'{where}: PING\'s word "{word}" is not in {PROTOCOL}, "PING and PONG"'


def bad_pages(texts, strict):
    options = {}
    for name, text in in_folder(texts, "src/cli", ".c").items():
        for literal in LITERAL.finditer(text):
            for option in re.findall(r"(?<![\w-])--([a-z][a-z-]*[a-z])", literal[1]):
                options.setdefault(option, place(name, text, literal.start()))
    keys = {}
    for name, text in in_folder(texts, "src/core/topology", ".c").items():
        for row in KEY_ROW.finditer(text):
            keys.setdefault(row[1], place(name, text, row.start()))
    if not options:
        yield "src/cli: no option is found"
    if len(keys) < KEYS_MIN:
        yield f"src/core/topology: {len(keys)} keys of topology.conf found, not {KEYS_MIN} or more"
    for page in (COMMANDS_PAGE, FILE_PAGE):
        if page not in texts and strict:
            yield f"there is no {page}"
    if COMMANDS_PAGE in texts:
        page = texts[COMMANDS_PAGE].replace("\\-", "-")
        for option, where in options.items():
            if not re.search(rf"(--|\bFl -){option}(?![\w-])", page):
                yield f"{where}: --{option} is not in {COMMANDS_PAGE}"
    if FILE_PAGE in texts:  # keys are ordinary words, so only where a macro sets them
        macros = "\n".join(re.findall(r"^\..*", texts[FILE_PAGE], re.M))
        for key, where in keys.items():
            if not re.search(rf"(?<![\w-]){key}(?![\w-])", macros):
                yield f"{where}: {key} is in no macro of {FILE_PAGE}"


def offenders(root, strict=False):
    texts = text_files(root)
    if PROTOCOL not in texts:
        yield f"there is no {PROTOCOL}"
    yield from bad_citations(texts)
    yield from bad_words(texts)
    yield from bad_keys_of_lines(texts)
    yield from bad_pages(texts, strict)


# -- samples ---------------------------------------------------------------------------------------

def cite(paper, heading, between=" "):
    return f'{paper}.md,{between}"{heading}"'


LETTERS = "abcdefghijklmnopqrst"
GOOD = {
    PROTOCOL: "# Protocol\n\n## Replies\n\n    AT <origin>\n    IAMAT <id>\n\n## HELLO\n\n"
              "    HELLO stampede/1\n\n| key |\n|---|\n| `herd` |\n| `lazy` |\n\n"
              "## PING and PONG\n\n"
              "    PING <ns> [behind]\n\n`behind`: not all was sent.\n",
    "README.md": f"See {cite('PROTOCOL', 'Replies')} and {cite('PAPER', 'Heading')}.\n",
    "src/core/protocol/command.c": f'/* {cite("PROTOCOL", "PING and", " ")[:-1]}\n * PONG". */\n'
                                   'int x = is("IAMAT") || is("IAMAT is late");\n',
    "src/core/protocol/hello.c": 'KEY("herd"), put(" herd="), put_field(out, "lazy", 1), '
                                 'put("HELLO ");\n',
    "src/core/peering/out.c": 'static bool put_ping(int x)\n{\n    put("PING ");\n'
                              '    put(" behind");\n}\nvoid f(void)\n{\n    put("AT ");\n}\n',
    "src/core/node/node.c": '/* "NEVER" */ int y;\n',
    "src/core/topology/values.c": "".join(f'    {{"limits", "k{letter}", COUNT}},\n'
                                          for letter in LETTERS),
    "src/cli/status.c": 'help = "  -j, --json  all; see --help"; // --none\n',
    COMMANDS_PAGE: ".Fl \\-json\n\\-\\-help\n",
    FILE_PAGE: "".join(f".It Ic k{letter}\n" for letter in LETTERS),
}
KEYS = GOOD["src/core/topology/values.c"]

BAD = (  # file, its text (None: missing), what is said of it
    (PROTOCOL, None, f"there is no {PROTOCOL}"),
    (PROTOCOL, GOOD[PROTOCOL].replace("## Replies", "## Answers"), 'no heading "Replies"'),
    (PROTOCOL, GOOD[PROTOCOL].replace("    AT", "AT"), "src/core/peering/out.c:8: AT stands in no"),
    (PROTOCOL, GOOD[PROTOCOL].replace("| `lazy` |", "`lazy`"), 'key "lazy" has no row'),
    (PROTOCOL, GOOD[PROTOCOL].replace("`behind`", "behind"), 'out.c:1: PING\'s word "behind"'),
    ("src/bad.h", f"/* {cite('PROTOCOL', 'Replys')} */", 'src/bad.h:1: PROTOCOL.md has no heading'),
    ("src/bad.c", f"x\n// {cite('PROTOCOL', 'Peer', chr(10) + '// ')}", "src/bad.c:2: PROTOCOL.md"),
    ("src/bad.c", "/* " + cite("PROTOCOL", "PING and") + " */", 'no heading "PING and"'),
    ("perf/bad.py", f"# {cite('NOWHERE', 'Replies')}", "perf/bad.py:1: there is no NOWHERE"),
    ("tests/bad.md", "\nas NOWHERE" + ".md says\n", "tests/bad.md:2: there is no NOWHERE"),
    (".github/bad.md", cite("nowhere", "Replies"), ".github/bad.md:1: there is no nowhere"),
    ("include/bad.h", cite("README", "First"), 'README.md has no heading "First"'),
    ("tests/bad.md", f"```\n# Code\n```\n{cite('bad', 'Code')}\n", 'bad.md has no heading "Code"'),
    ("src/core/node/bad.c", 'int x = is("QUIT");', "src/core/node/bad.c:1: QUIT stands in no"),
    ("src/core/peering/bad.h", '#define X "LATE "', "src/core/peering/bad.h:1: LATE stands in no"),
    ("src/core/protocol/hello.c", 'KEY("since")', 'key "since" has no row'),
    ("src/core/protocol/hello.c", 'put(" since=")', 'key "since" has no row'),
    ("src/core/protocol/hello.c", 'put_field(out, "since", x)', 'key "since" has no row'),
    ("src/core/protocol/hello.c", 'put("HELLO");', "no key of HELLO"),
    ("src/core/peering/bad.c", 'int on_ping(int x)\n{\n    is("early");\n}\n', 'word "early"'),
    ("src/core/peering/out.c", 'put("AT ");', "no last word of PING"),
    ("src/core/peering/out.c", "\n", "src/core/peering: no word of a port"),
    ("src/cli/bad.c", 'x = "\\n  --quiet";', "src/cli/bad.c:1: --quiet is not in"),
    ("src/cli/bad.c", 'x = "--js";', "src/cli/bad.c:1: --js is not in"),
    ("src/cli/status.c", "\n", "src/cli: no option"),
    ("src/core/topology/values.c", KEYS + '{"", "spin", TIME}', "values.c:21: spin is in no macro"),
    ("src/core/topology/keys.c", '{.section = "tls", .name = "ca", .kind = 1}', "keys.c:1: ca is"),
    ("src/core/topology/values.c", "\n", "0 keys of topology.conf"),
    (FILE_PAGE, GOOD[FILE_PAGE].replace(".It Ic kc", "kc"), "values.c:3: kc is in no macro"),
    (FILE_PAGE, None, f"there is no {FILE_PAGE}"),
    (COMMANDS_PAGE, None, f"there is no {COMMANDS_PAGE}"),
)


def found_in(folder, files, strict=True):
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(offenders(pathlib.Path(folder), strict))


def self_check():
    failed = False

    def expect(files, words, strict=True):
        nonlocal failed
        with tempfile.TemporaryDirectory() as folder:
            found = found_in(folder, files, strict)
        if (words not in "\n".join(found)) if words else found:
            print(f"expected {words!r}, found {found}")
            failed = True

    expect(GOOD, "")
    expect({name: text for name, text in GOOD.items() if "man/" not in name}, "", strict=False)
    for name, text, words in BAD:
        files = {**GOOD, name: text}
        if text is None:
            del files[name]
        expect(files, words)
    return failed


def main(arguments):
    if arguments == ["self-check"]:
        return int(self_check())
    strict = arguments[2:] == ["--strict"]
    if arguments[:1] != ["check"] or len(arguments) != 2 + strict:
        print("usage: citations.py check ROOT [--strict] | self-check", file=sys.stderr)
        return 2
    found = list(offenders(pathlib.Path(arguments[1]), strict))
    print("\n".join(found), end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
