#!/usr/bin/env python3
"""owners.py - only its owner writes a struct.

    owners.py check ROOT    the rooms of the tree at ROOT that keep this rule
    owners.py self-check    small bad samples, each of which must be found

In these rooms X.c and X.h are a unit. What X.h declares is written by that unit alone; private.h
belongs to the .c file with the room's name. A member whose comment says "written by Y.c" is Y's
instead. A counter of metrics.h, which everybody has, is written by one file each. The header with
the room's name is its door: what it declares are its callers' values.

The compiler judges: for each unit, copies of the other units' headers get const members, and what
then fails to compile is a write to a struct of somebody else, by assignment, through a pointer or
by a function that was handed its address. A member that is itself a struct of the room is guarded
by its own declaration, so its address may be handed to its owner's functions. Prints each offender
with its place. Exit code: 0 well, 1 offenders, 2 usage. CC and CFLAGS are the compiler's.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOMS = ["src/core/node"]
STRICT = ["-Werror", "-Wcast-qual"]

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\};", re.S | re.M)
NESTED = re.compile(r"\s*((struct|union) \{|\}( \w+(\[\w+\])?)?;)?\s*$")
MEMBER = re.compile(r"(?P<indent>\s*)(?P<type>(?:const )?(?:(?:struct|enum|union) \w+|"
                    r"unsigned \w+(?= [*\w])|\w+)) (?P<names>[^;{}()]+);\s*$")
WRITTEN_BY = re.compile(r"written\s+by\s+(\w+)\.c")
ERROR = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+):\d+: (?:fatal )?error: (?P<text>.*)")
COUNTER = re.compile(r"^ *X\((\w+),", re.M)


class Unreadable(Exception):
    pass


def blank(text):
    """Comments become spaces; lines stay where they are."""
    return COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def const_member(line, structs):
    """A member's line with const added; as it is when its type guards itself."""
    if NESTED.match(line):
        return line
    m = MEMBER.match(line)
    if not m:
        raise Unreadable(line.strip())
    names = [name.strip() for name in m["names"].split(",")]
    pointers = [name.startswith("*") for name in names]
    if any(pointers) != all(pointers):
        raise Unreadable(line.strip())
    if pointers[0]:
        names = [re.sub(r"^(\*+)", r"\1const ", name) for name in names]
        return f"{m['indent']}{m['type']} {', '.join(names)};"
    kind, _, name = m["type"].partition(" ")
    if kind == "struct" and name in structs or m["type"].startswith("const "):
        return line
    return f"{m['indent']}const {m['type']} {', '.join(names)};"


def const_header(text, structs, unit, is_own):
    """The header as it may look to `unit`; and how many of its members are guarded."""
    guarded = 0

    def body(m):
        nonlocal guarded
        # a comment after a member may go on in the lines below it
        raw, lines, out = m[2].split("\n"), blank(m[2]).split("\n"), []
        for i, line in enumerate(lines):
            said, k = raw[i], i + 1
            while k < len(lines) and not lines[k].strip():
                said, k = said + " " + raw[k], k + 1
            owner = WRITTEN_BY.search(re.sub(r"[\s*]+", " ", said)) if line.strip() else None
            writes = owner[1] == unit if owner else is_own
            new = line if writes else const_member(line, structs)
            guarded += new != line
            out.append(new)
        return f"struct {m[1]} {{\n" + "\n".join(out) + "};"

    return STRUCT.sub(body, text), guarded


def owner_of(path, room):
    return room.name if path.stem == "private" else path.stem


def compile_unit(source, include):
    command = [*shlex.split(os.environ.get("CC", "cc")), "-std=gnu17", "-fsyntax-only", *STRICT,
               "-D_GNU_SOURCE", '-DSTAMPEDE_VERSION=""', *(f"-I{i}" for i in include),
               *shlex.split(os.environ.get("CFLAGS", "")), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stderr


def unit_offenders(root, room, source, overlay, include):
    """Writes of one .c file, and of the headers of its unit."""
    returncode, said = compile_unit(source, include)
    place = source.relative_to(root)
    if returncode:
        return [f"{place}: does not compile:\n{said}"]
    unit, structs = source.stem, {}
    headers = sorted(room.glob("*.h"))
    for header in headers:
        for m in STRUCT.finditer(header.read_text()):
            structs[m[1]] = header
    here = overlay / room.relative_to(root / "src")
    shutil.rmtree(overlay, ignore_errors=True)
    here.mkdir(parents=True)
    shutil.copy(source, here)
    guarded = 0
    for header in headers:
        text, owner = header.read_text(), owner_of(header, room)
        if header.stem not in (room.name, "metrics"):
            try:
                text, count = const_header(text, structs, unit, owner == unit)
            except Unreadable as line:
                return [f"{header.relative_to(root)}: cannot read the member: {line}"]
            guarded += count
        (here / header.name).write_text(text)
    if not guarded:
        return [f"{place}: nothing is guarded from it; is the room empty?"]
    _, said = compile_unit(here / source.name, [overlay, *include])
    offenders = []
    for m in ERROR.finditer(said):
        path = Path(m["file"])
        if path.parent == here and owner_of(path, room) == unit:
            offenders.append(f"{(room / path.name).relative_to(root)}:{m['line']}: {m['text']}")
    return offenders


def counter_offenders(root, room):
    header = room / "metrics.h"
    offenders = []
    for name in COUNTER.findall(header.read_text()) if header.exists() else []:
        writes = re.compile(rf"(\+\+|--)[^;=]*metrics\.{name}\b|"
                            rf"metrics\.{name}\s*(\+\+|--|[-+*/%|&^]?=(?!=))")
        writers = [source.name for source in sorted(room.glob("*.[ch]"))
                   if writes.search(blank(source.read_text()))]
        if len(writers) != 1:
            offenders.append(f"{header.relative_to(root)}: {name} is written by "
                             f"{', '.join(writers) or 'nobody'}, and should be by one file")
    return offenders


def offenders_in(root):
    root, offenders = Path(root).resolve(), []
    with tempfile.TemporaryDirectory() as temp:
        for room in (root / name for name in ROOMS):
            sources = sorted(room.glob("*.c"))
            if not sources:
                offenders.append(f"{room.relative_to(root)}: no sources to look at")
            for source in sources:
                offenders += unit_offenders(root, room, source, Path(temp).resolve() / "overlay",
                                            [root / "src", root / "include"])
            offenders += counter_offenders(root, room)
    return offenders


# -- samples ---------------------------------------------------------------------------------------

SAMPLE = {
    "private.h": """#include "core/node/a.h"
#include "core/node/b.h"
#include "core/node/metrics.h"
struct node {
    struct a a;
    struct b b;
    struct metrics metrics;
    int stopping;
};
""",
    "a.h": """#ifndef A_H
#define A_H
struct part {
    int x;
};
struct a {
    int count, most; /* of them */
    unsigned char bytes[8];
    char *at;
    const char *name;
    unsigned flag : 1;
    union {
        long lent; /* while it is
                    * lent; written by b.c */
        long kept;
    };
    struct part part;
    struct part parts[2];
};
static inline void a_count(struct a *a)
{
    a->count++;
}
void a_part(struct part *p);
#endif
""",
    "b.h": "struct b {\n    int count;\n};\n",
    "metrics.h": "#define METRICS(X) \\\n    X(seen, \"\") \\\n    X(lost, \"\")\n"
                 "struct metrics {\n#define M(n, h) unsigned long n;\n    METRICS(M)\n"
                 "#undef M\n};\n",
    "a.c": """#include "core/node/private.h"
void a_part(struct part *p)
{
    p->x = 1;
}
void a_f(struct node *n)
{
    n->a.count = n->b.count;
    n->a.parts[0] = (struct part){.x = 2};
    n->metrics.seen += 1;
}
""",
    "b.c": """#include "core/node/private.h"
void b_f(struct node *n);
void b_f(struct node *n)
{
    n->b.count = n->a.count;
    n->a.lent = 1;
    a_count(&n->a);
    a_part(&n->a.part);
    n->metrics.lost++;
}
""",
    "node.c": """#include "core/node/private.h"
void node_f(struct node *n);
void node_f(struct node *n)
{
    n->stopping = n->a.flag;
}
""",
}

# What is added to b.c, in a function that has a node, and what must be said about it.
WRITES = [
    ("n->a.count = 1;", "src/core/node/b.c:13:"),
    ("n->a.most++;", "most"),
    ("--n->a.count;", "count"),
    ("n->a.bytes[3] |= 1;", "b.c:13:"),
    ("n->a.at = 0;", "at"),
    ("n->a.name = 0;", "name"),
    ("n->a.flag = 1;", "flag"),
    ("n->a.kept = 1;", "kept"),
    ("n->a.part.x = 1;", "x"),
    ("n->a.parts[1].x = 1;", "x"),
    ("n->a = (struct a){0};", "b.c:13:"),
    ("n->stopping = 1;", "stopping"),
    ("struct a *a = &n->a; a->count = 1;", "count"),
    ("int *at = &n->a.count; *at = 1;", "b.c:13:"),
    ("int *at = (int *)&n->a.count; *at = 1;", "b.c:13:"),
    ("__builtin_memset(n->a.bytes, 0, 1);", "b.c:13:"),
    ("n->metrics.seen++;", "metrics.h: seen is written by a.c, b.c"),
    ("++n->metrics.seen;", "seen is written by"),
    ("n->nothing = 1;", "b.c: does not compile"),
]
FILES = [
    ("a.c", "void g(struct node *);void g(struct node *n) { n->a.lent = 1; }", "a.c:12:", "lent"),
    ("node.c", "void g(struct node *);void g(struct node *n) { n->a.lent = 1; }", "node.c:7:",
     "lent"),
    ("b.h", '#include "core/node/a.h"\nstatic inline void g(struct a *a) { a->most = 1; }',
     "b.h:5:", "most"),
    ("b.h", "struct strange {\n    int (*call)(void);\n};", "b.h: cannot read", "call"),
    ("b.h", "struct strange {\n    int *a, b;\n};", "b.h: cannot read", "*a, b"),
    ("metrics.h", "#define MORE(X) \\\n    X(never, \"\")", "never is written by nobody", ""),
]


def self_check():
    failed = 0

    def expect(changes, *words):
        nonlocal failed
        with tempfile.TemporaryDirectory() as temp:
            room = Path(temp) / ROOMS[0]
            room.mkdir(parents=True)
            for name, text in {**SAMPLE, **changes}.items():
                (room / name).write_text(text)
            found = "\n".join(offenders_in(temp))
        if bool(found) != bool(words) or not all(word in found for word in words):
            changed = "\n".join(changes.values())
            print(f"{changed}\nexpected {words}, found: {found}")
            failed = 1

    expect({})
    for write, words in WRITES:
        function = f"void g(struct node *);\nvoid g(struct node *n)\n{{ {write} }}\n"
        expect({"b.c": SAMPLE["b.c"] + function}, words)
    for name, text, *words in FILES:
        expect({name: SAMPLE[name] + text + "\n"}, *words)
    with tempfile.TemporaryDirectory() as temp:
        if not offenders_in(temp):
            print("an empty tree passed")
            failed = 1
    return failed


def main(arguments):
    if arguments[:1] == ["check"] and len(arguments) == 2:
        found = offenders_in(arguments[1])
        print("\n".join(found), end="\n" if found else "")
        return 1 if found else 0
    if arguments == ["self-check"]:
        return self_check()
    print(f"usage: {sys.argv[0]} check ROOT | self-check", file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
