"""test_configuration.py - what the program says to mistakes: in topology.conf, on its command line,
in secrets; and that nobody outside can write lines into its log."""
import ctypes
import errno
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest
import unittest.mock

from herd import ROOT, STAMPEDE, Herd, run

SUBCOMMANDS = ("node", "up", "check", "send", "status", "top", "wait", "drain", "trace",
               "places")


def said(done):
    return (done.stdout + done.stderr).decode()


class Check(unittest.TestCase):
    MISTAKES = (  # a line of topology.conf; words that must stand in what is said of it
        ("herd = demo", ()),
        ("node Goloman {{", ()),
        ('  client = "127.0.0.1:{a}"', ()),
        ('  peer = "127.0.0.1:99999"', ("99999",)),
        ("  talks_to = {{Hads}}", ("Goloman", "Hads", 'did you mean "Hands"')),
        ("}}", ()),
        ("node Hands {{", ()),
        ('  client = "127.0.0.1:{a}"', ("Goloman",)),  # that port is taken
        ('  pear = "127.0.0.1:{b}"', ("pear", 'did you mean "peer"')),
        ('  peer = "127.0.0:{b}"', ("127.0.0:",)),
        ("  talks_to = {{Hands}}", ("itself",)),
        ("}}", ()),
        ("client_close = rely", ("rely", "did you mean reply")),
        ("log_level = verbose", ("verbose", "debug")),
        ("limits {{ lin = 1KiB }}", ("lin", 'did you mean "line"')),
        ("limits {{ output = 5 }}", ("output", "16KiB")),
        ("limits {{ idle = 10parsecs }}", ("idle", "parsecs")),
        ("conections = 5", ("conections",)),
        ("places {{ provider = gazeteer }}", ("gazeteer", "did you mean gazetteer")),
    )

    def check(self, text, expect):
        with Herd(start=False) as herd:
            path = herd.folder / "topology.conf"
            path.write_text(text)
            faults = {}
            for line in said(run("check", path, expect=(expect,))).splitlines():
                place = re.match(r"(.*topology\.conf):(\d+): (.+)", line)
                if place:
                    self.assertEqual(place[1], str(path))
                    faults.setdefault(int(place[2]), []).append(place[3])
            return faults

    def test_all_mistakes_in_one_go(self):
        lines = [line.format(a=20001, b=20002) for line, _ in self.MISTAKES]
        faults = self.check("\n".join(lines) + "\n", 1)
        for number, (line, words) in enumerate(self.MISTAKES, 1):
            with self.subTest(line=line):
                text = "\n".join(faults.get(number, []))
                for word in words:
                    self.assertIn(word, text)
                if not words and number != 7:  # the double port may be told of either node
                    self.assertNotIn("error", text)

    def test_each_mistake_alone(self):
        good = ["herd = demo",
                'node A { client="127.0.0.1:20001" peer="127.0.0.1:20002" talks_to={B} }',
                'node B { client="127.0.0.1:20003" peer="127.0.0.1:20004" }']
        self.assertEqual(self.check("\n".join(good), 0), {})
        for more, word in (('node A { client="127.0.0.1:20005" peer="127.0.0.1:20006" }', "A"),
                           ("herd = again", "herd"), ("frobnicate = 1", "frobnicate"),
                           ("limits { line = 63B }", "64B"), ("limits { line = 9KiB }", "8KiB"),
                           ("limits { connections = 0 }", "connections"),
                           ("limits { connections = -1 }", "connections"),
                           ("limits { connections = 99999999999999999999 }", "connections"),
                           ("limits { stamps = many }", "many"), ("spin = 1s", "spin"),
                           ("limits { future = 1 }", "1"), ("limits { idle = 10m }", "10m"),
                           ("places { timeout = 1h }", "timeout"), ('log_file = ""', "log_file"),
                           ("node C-\u00e9 { }", "C"), ("limit { line = 1KiB }", "limit"),
                           ("node", ""), ('herd = "unterminated', ""), ("}", ""), ("\u0001", "")):
            with self.subTest(more=more):
                faults = self.check("\n".join([*good, more]), 1)
                self.assertIn(4, faults)
                self.assertTrue(any(word in text for text in faults[4]), faults)

    def test_one_mistake_of_syntax_hides_no_other(self):
        lines = [line.format(a=20001, b=20002) for line, _ in self.MISTAKES]
        for number, line in ((1, "herd = demo herd"), (15, "tls { ca_file = a"),
                             (19, "places gone {"), (13, 'client_close = "reply'),
                             (16, "limits tls = 3"), (2, "node Goloman"),
                             (5, "  talks_to {Hads}"), (18, "= 5")):
            with self.subTest(line=line):
                changed = [*lines]
                changed[number - 1] = line
                faults = self.check("\n".join(changed) + "\n", 1)
                self.assertTrue(faults.get(number) or faults.get(number + 1), faults)
                for at in (4, 8, 9, 10, 11, 14, 17):
                    text = "\n".join(faults.get(at, []))
                    for word in self.MISTAKES[at - 1][1]:
                        self.assertIn(word, text)

    def test_nothing_of_a_herd(self):
        for text in ("", "\n", "# nothing\n", "herd = demo\n", "\0", "\0" * 4096, "{" * 10000,
                     "herd = {{{",
                     'node A { client = "127.0.0.1:20001" peer = "127.0.0.1:20002" }\n'):
            with self.subTest(text=text[:20]):
                self.check(text, 1)

    def test_the_shipped_file_is_well(self):
        self.assertIn("no errors", said(run("check", ROOT / "topology.conf")))
        self.assertIn("no errors", said(run("check", folder=ROOT)))

    def test_a_file_that_cannot_be_read(self):
        with Herd(start=False) as herd:
            for path in (herd.folder / "missing.conf", herd.folder):
                with self.subTest(path=path.name):
                    self.assertIn(str(path), said(run("check", path, expect=(1,))))


class Keys(unittest.TestCase):
    """What check --keys prints, and topology.conf(5) of the same keys."""
    PAGE = ROOT / "src/man/topology.conf.5"
    FIELDS = ("section", "name", "type", "bounds", "default", "reopened", "meaning")

    def keys(self):
        done = run("check", "--keys")
        self.assertEqual(done.stderr, b"")
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        for row in rows:
            self.assertEqual(len(row), len(self.FIELDS), row)
            self.assertTrue(all(row), row)
        return [dict(zip(self.FIELDS, row)) for row in rows]

    def documented(self):
        """(section, name) -> the text of the key in the page."""
        entries, section, entry = {}, None, None
        page = self.PAGE.read_text().split(".Sh KEYS\n")[1].split(".Sh MESSAGES")[0]
        for line in page.splitlines():
            if line.startswith(".Ss "):
                section, entry = {"Top": "-"}.get(line.split()[1], line.split()[1]), None
            elif line.startswith(".It Ic "):
                entry = (section, line.split()[2])
                self.assertNotIn(entry, entries, "a key stands twice in the page")
                entries[entry] = ""
            elif entry:
                entries[entry] += line + " "
        return entries

    def test_the_page_has_every_key_and_no_other(self):
        self.assertEqual(sorted(self.documented()),
                         sorted((key["section"], key["name"]) for key in self.keys()))

    def test_the_page_says_of_each_key_what_the_program_says(self):
        page = self.documented()
        for key in self.keys():
            with self.subTest(key=key["name"], section=key["section"]):
                text = page[key["section"], key["name"]]
                bounds = "" if key["bounds"] == "-" else f", {key['bounds']}"
                default = key["default"] if key["default"] == "required" else \
                    f"default: {key['default']}"
                kind = key["type"].capitalize()
                self.assertTrue(text.startswith(
                    f"{kind}{bounds}; {default}. {key['meaning']}. "), text)
                self.assertIn(key["reopened"], ("reopened", "-"))
                self.assertEqual(key["reopened"] == "reopened", "SIGHUP" in text)

    def test_a_default_is_taken_and_a_bound_is_a_bound(self):
        keys = [key for key in self.keys() if key["type"] in ("size", "time", "count", "percentage")]
        self.assertGreater(len(keys), 8)
        for key in keys:
            least, most = key["bounds"].split(" to ")
            unit = re.sub(r"\d", "", most)
            for value, code in ((key["default"], 0), (least, 0), (most, 0),
                                (f"{int(re.match(r'[0-9]+', most)[0]) + 1}{unit}", 1)):
                with self.subTest(key=key["name"], value=value):
                    line = f"{key['name']} = {value}"
                    if key["section"] == "journal": # without a folder there is none
                        line = f"dir = d {line}"
                    self.check_line(line if key["section"] == "-" else
                                    f"{key['section']} {{ {line} }}", code)

    def check_line(self, line, code):
        with Herd(start=False, more=line) as herd:
            done = run("check", herd.config, expect=(code,))
            self.assertEqual(b" cannot be " in done.stdout, code == 1, done.stdout)

    def test_the_first_example_of_the_page_is_well(self):
        example = self.PAGE.read_text().split(".Sh EXAMPLES")[1]
        example = example.split(".Bd -literal -offset indent\n")[1].split(".Ed")[0]
        with Herd(start=False) as herd:
            path = herd.folder / "example.conf"
            path.write_text(example)
            self.assertIn("2 nodes, 1 edge, no errors", said(run("check", path)))


class Node(unittest.TestCase):
    def refused(self, *arguments, code=1):
        """What `stampede node` says when it does not start."""
        return said(run("node", *arguments, expect=(code,)))

    def test_a_file_with_a_mistake(self):
        with Herd(start=False, more="limits { lin = 5 }") as herd:
            number = herd.config.read_text().splitlines().index("limits { lin = 5 }") + 1
            self.assertIn(f"topology.conf:{number}: ", self.refused("Goloman", "-c", herd.config))

    def test_a_file_that_is_missing(self):
        with Herd(start=False) as herd:
            missing = herd.folder / "missing.conf"
            self.assertIn("missing.conf", self.refused("Goloman", "-c", missing))

    def test_a_name_that_is_no_node(self):
        with Herd(start=False) as herd:
            self.assertIn('did you mean "Goloman"', self.refused("Golomann", "-c", herd.config))
            for name in ("", "Zanzibar", "a" * 5000, "\n", "%s%n"):
                with self.subTest(name=name[:9]):
                    self.refused(name, "-c", herd.config)

    def test_a_port_in_use(self):
        for address in ("client_address", "peer_address"):
            with self.subTest(port=address), Herd(start=False) as herd, socket.socket() as taken:
                host, port = getattr(herd.node, address)
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind((host, port))
                taken.listen()
                self.assertIn(f"127.0.0.1:{port}", self.refused("Goloman", "-c", herd.config))

    def test_the_same_node_twice(self):
        with Herd() as herd, herd.node.client() as client:
            self.refused("Goloman", "-c", herd.config)
            self.assertEqual(client.ask(b"hello"), b"? hello")


IO_URING_SETUP = 425  # on every machine


def forbid_ring(error):
    """From here on io_uring_setup fails with this errno, as under a container's seccomp profile."""
    load, jump_equal, ret, allow = 0x20, 0x15, 0x06, 0x7fff0000
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in (
        (load, 0, 0, 0), (jump_equal, 0, 1, IO_URING_SETUP),
        (ret, 0, 0, 0x00050000 | error), (ret, 0, 0, allow))))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    if prctl(no_new_privileges, 1, 0, 0, 0) or prctl(set_seccomp, mode_filter, filter_, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


class Ring(unittest.TestCase):
    def test_a_machine_without_io_uring_gets_cause_and_remedy(self):
        for error, words in ((errno.EPERM, (b"forbidden", b"seccomp=unconfined")),
                             (errno.ENOSYS, (b"no io_uring", b"Linux 6.1 or newer")),
                             (errno.EINVAL, (b"Linux 6.1 or newer", os.uname().release.encode())),
                             (errno.ENOMEM, (b"no memory for io_uring", b"ulimit -l"))):
            with self.subTest(error=errno.errorcode[error]), Herd(start=False) as herd:
                herd.node.start(ready=False, preexec_fn=lambda error=error: forbid_ring(error))
                herd.node.ended(1)
                for word in words:
                    self.assertIn(word, herd.node.log())


class Secrets(unittest.TestCase):
    PAIR = {"Goloman": ("Hands",), "Hands": ()}
    HAS_SECRET = 'secret_file = "herd.secret"'

    @staticmethod
    def write(herd, name, content, mode=0o600):
        path = herd.folder / name
        path.write_bytes(content)
        path.chmod(mode)

    def test_beyond_loopback_a_secret_is_needed(self):
        with Herd(self.PAIR, start=False) as herd:
            text = herd.config.read_text()
            peer = f'"127.0.0.1:{herd["Hands"].peer_address[1]}"'
            herd.config.write_text(text.replace(peer, '"192.0.2.77:12101"'))
            self.assertIn("secret", said(run("node", "Goloman", "-c", herd.config, expect=(1,))))
            self.write(herd, "herd.secret", os.urandom(32).hex().encode())
            herd.config.write_text(herd.config.read_text() + 'secret_file = "herd.secret"\n')
            with herd["Goloman"].start().client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")

    def test_a_secret_that_is_none(self):
        for name, content, mode in (("open to others", os.urandom(32).hex().encode(), 0o644),
                                    ("open to the group", os.urandom(32).hex().encode(), 0o640),
                                    ("short", b"0123456", 0o600), ("empty", b"", 0o600)):
            with self.subTest(secret=name), Herd(start=False, more=self.HAS_SECRET) as herd:
                self.write(herd, "herd.secret", content, mode)
                text = said(run("node", "Goloman", "-c", herd.config, expect=(1,)))
                self.assertIn("herd.secret", text)
                if len(content) > 6:
                    self.assertNotIn(content, text.encode())

    def test_a_secret_that_is_missing(self):
        with Herd(start=False, more=self.HAS_SECRET) as herd:
            text = said(run("node", "Goloman", "-c", herd.config, expect=(1,)))
            self.assertIn("herd.secret", text)

    def test_nodes_of_one_secret_link(self):
        with Herd(self.PAIR, start=False, more=self.HAS_SECRET) as herd:
            self.write(herd, "herd.secret", b"a herd's secret is any 16 bytes or more\n")
            herd["Goloman"].start()
            herd["Hands"].start()
            herd.linked()
            with herd["Hands"].client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            herd.agree(b"kiwi", line)
            for node in herd.running():
                self.assertNotIn(b"any 16 bytes", node.log())

    def test_nodes_of_two_secrets_do_not(self):
        for theirs in ("other.secret", None):
            with self.subTest(theirs=theirs), Herd(self.PAIR, start=False) as herd:
                self.write(herd, "herd.secret", b"0123456789abcdef0123456789abcdef")
                self.write(herd, "other.secret", b"0123456789abcdef0123456789abcdeF")
                config = herd.config.read_text()
                herd.config.write_text(config + 'secret_file = "herd.secret"\n')
                other = herd.folder / "other.conf"
                other.write_text(config + (f'secret_file = "{theirs}"\n' if theirs else ""))
                herd["Goloman"].start()
                herd["Hands"].start(config=other)
                with herd["Goloman"].client() as client, herd["Hands"].client() as stranger:
                    client.tell(b"ours", b"+1-1", b"1")
                    stranger.tell(b"theirs", b"+1-1", b"1")
                    herd.until(lambda: b"link_refused" in herd["Goloman"].log(), "Goloman says why")
                    herd.until(lambda: self.tries(herd) >= 5, "both go on trying")
                    for node in herd.running():  # but not on telling
                        told = [line for line in node.log().splitlines() if b" peer=" in line]
                        self.assertLess(len(told), 8, told)
                    self.assertIsNone(client.known(b"theirs"))
                    self.assertIsNone(stranger.known(b"ours"))


    @staticmethod
    def tries(herd):
        """How often Goloman has dialled in vain."""
        return herd.status()["Goloman"]["metrics"]["dials_failed"]


class CommandLine(unittest.TestCase):
    def test_help_of_each(self):
        for words in ((), *((name,) for name in SUBCOMMANDS)):
            for option in ("--help", "-h"):
                with self.subTest(words=words, option=option):
                    done = run(*words, option)
                    self.assertIn(b"stampede", done.stdout)
                    self.assertEqual(done.stderr, b"")

    def test_help_is_a_word_too(self):
        self.assertEqual(run("help").stdout, run("--help").stdout)
        for name in SUBCOMMANDS:
            with self.subTest(name=name):
                self.assertEqual(run("help", name).stdout, run(name, "--help").stdout)
        self.assertIn(b"did you mean", run("help", "statsu", expect=(2,)).stderr)

    def test_version(self):
        said = run("--version").stdout
        self.assertRegex(said, rb"\Astampede \d+\.\d+\.\d+(?: \([0-9a-f]{7,}\+?\))?\n\Z")
        self.assertEqual(run("version").stdout, said)

    def test_version_has_the_commit_of_a_checkout_only(self):
        """From a tarball there is none, also where it lies in another project's checkout."""
        def git(*words):
            subprocess.run(["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@x",
                            *words], check=True, stdout=subprocess.DEVNULL)

        def commit_of(source):
            out = pathlib.Path(folder, "commit.c")
            subprocess.run(["cmake", "-D", f"SOURCE={source}", "-D", f"OUT={out}", "-P",
                            ROOT / "src/packaging/commit.cmake"], check=True)
            return re.search(r'program_commit\[\] = "(.*)"', out.read_text())[1]

        if not shutil.which("git") or not shutil.which("cmake"):
            self.skipTest("there is no git or no cmake")
        with tempfile.TemporaryDirectory() as folder:
            inner = pathlib.Path(folder, "inner")
            inner.mkdir()
            (inner / "file").write_text("one")
            self.assertEqual(commit_of(inner), "")
            git("init", "-q")
            git("add", "inner")
            git("commit", "-q", "-m", "x")
            self.assertRegex(commit_of(folder), r"\A[0-9a-f]{7,}\Z")
            self.assertEqual(commit_of(inner), "")
            (inner / "file").write_text("two")
            self.assertRegex(commit_of(folder), r"\A[0-9a-f]{7,}\+\Z")

    def test_the_nodes_of_a_topology(self):
        self.assertEqual(run("check", "--nodes", ROOT / "topology.conf").stdout,
                         b"Goloman\nHands\nHoliday\nWelsh\nWilkes\n")
        self.assertEqual(run("check", "--nodes", "-c", ROOT / "topology.conf").stdout,
                         run("check", "--nodes", ROOT / "topology.conf").stdout)
        with Herd(start=False, more="nonsense = 1") as herd:
            refused = run("check", "--nodes", herd.config, expect=(1,))
            self.assertEqual(refused.stdout, b"")
            self.assertIn(b"nonsense", refused.stderr)

    def test_usage_errors(self):
        for words in ((), ("frobnicate",), ("--frobnicate",), ("",), ("node",),
                      ("node", "Goloman", "Hands"), ("node", "Goloman", "--frobnicate"),
                      ("node", "Goloman", "-c"), ("check", "a", "b"), ("check", "--frobnicate"),
                      ("status", "word"), ("status", "-n"), ("status", "--json=no"),
                      ("up", "word"), ("up", "-x"), ("send", "--frobnicate"), ("send", "-n")):
            with self.subTest(words=words):
                done = run(*words, expect=(2,))
                self.assertEqual(done.stdout, b"")
                self.assertIn(b"stampede", done.stderr)

    def test_a_word_that_is_nearly_right(self):
        self.assertIn(b"status", run("statsu", expect=(2,)).stderr)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([STAMPEDE, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 1)


class Topology(unittest.TestCase):
    """Which file describes the herd: -c, $STAMPEDE_TOPOLOGY, ./topology.conf, the installed one."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(unittest.mock.patch.dict(os.environ))
        os.environ.pop("STAMPEDE_TOPOLOGY", None)

    def write(self, name, node):
        (self.folder / name).write_text(
            f'herd = x\nnode {node} {{ client = "127.0.0.1:12000" peer = "127.0.0.1:12100" }}\n')
        return self.folder / name

    def nodes(self, *words, expect=(0,)):
        done = run("check", "--nodes", *words, folder=self.folder, expect=expect)
        return done.stdout.decode().strip() or done.stderr.decode()

    def test_the_nearest_wins(self):
        self.write("topology.conf", "Here")
        self.assertEqual(self.nodes(), "Here")
        os.environ["STAMPEDE_TOPOLOGY"] = str(self.write("other.conf", "Named"))
        self.assertEqual(self.nodes(), "Named")
        self.assertEqual(self.nodes("-c", self.write("given.conf", "Given")), "Given")
        os.environ["STAMPEDE_TOPOLOGY"] = ""
        self.assertEqual(self.nodes(), "Here")
        os.environ["STAMPEDE_TOPOLOGY"] = "missing.conf"
        self.assertIn("missing.conf: there is no such file", self.nodes(expect=(1,)))

    @unittest.skipIf(os.path.exists("/etc/stampede/topology.conf"), "a herd is installed here")
    def test_without_any(self):
        self.assertIn("topology.conf: there is no such file", self.nodes(expect=(1,)))

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files to another user")
    def test_one_that_somebody_else_has_put_here(self):
        path = self.write("topology.conf", "Theirs")
        os.chown(path, 65534, 65534)
        self.assertIn("belongs to another user", self.nodes(expect=(1,)))
        self.assertEqual(self.nodes("-c", "topology.conf"), "Theirs")
        self.assertEqual(self.nodes("topology.conf"), "Theirs")
        os.environ["STAMPEDE_TOPOLOGY"] = "topology.conf"
        self.assertEqual(self.nodes(), "Theirs")


class Log(unittest.TestCase):
    VALUE = rb'(?:[A-Za-z0-9_.:/+,@\[\]-]+|"(?:[^"\\\x00-\x1f\x7f]|\\["\\]|\\x[0-9a-f]{2})*")'
    LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (?:error|warn|info|debug) "
                      rb"node=Goloman (?P<event>[a-z_]+)(?P<fields>(?: [a-z_]+=" + VALUE + rb")*)")
    FORGED = b"2026-11-23T10:15:00.123456Z info node=Goloman link_up peer=Evil"

    def hostile(self):
        yield bytes(byte for byte in range(256) if byte not in b"\n")
        for cut in (b"\r", b"\x0b", b"\x0c", b"\x00", b"\x1b[2K\r", b"\\n", b'"', b'" ', b"\\",
                    b'\\"', b"\x85", b"\xe2\x80\xa8", b"\x1b]0;title\x07"):
            yield b"hello" + cut + self.FORGED
            yield b"WHATSAT x" + cut + b"event=forged 1 1"
        for client_id in (b'x"', b"x\\", b"x=y", b'"', b"\\x0a", "駝鳥\x85".encode(), b"%s%n%n",
                          b"a" * 255):
            yield b"IAMAT " + client_id + b" +1-1 1"
            yield b"WHATSAT " + client_id + b" 0 0"

    @staticmethod
    def unescaped(value):
        if not value.startswith(b'"'):
            return value
        return re.sub(rb'\\(x([0-9a-f]{2})|["\\])',
                      lambda m: bytes([int(m[2], 16)]) if m[2] else m[1], value[1:-1])

    def test_no_byte_from_outside_makes_a_line(self):
        lines = list(self.hostile())
        with Herd(more="log_level = debug") as herd:
            with herd.node.client() as client, \
                    socket.create_connection(herd.node.peer_address) as peer:
                client.send(b"".join(line + b"\n" for line in lines))
                peer.sendall(b"HELLO stampede/1 herd=x\r" + self.FORGED + b" from=\x1b[2K to=\"x\n")
                client.finish()
                client.rest()
                while peer.recv(1 << 16):
                    pass
            herd.node.stop()
            logged = []
            for line in herd.node.log().split(b"\n")[:-1]:
                match = self.LINE.fullmatch(line)
                self.assertTrue(match, line)
                self.assertFalse(b"Evil" in line and match["event"] == b"link_up", line)
                if match["event"] == b"line_in":
                    text = re.search(rb" text=(" + self.VALUE + rb")(?: why=" + self.VALUE + rb")?\Z",
                                     match["fields"])
                    logged.append(self.unescaped(text[1]))
            self.assertEqual([line.removesuffix(b"\r") for line in lines],
                             [line for line in logged if not line.startswith(b"HELLO")])

    def test_a_full_disk_is_told_and_holds_nobody_up(self):
        with Herd(more='log_file = "/dev/full"') as herd:
            for _ in range(3):
                with herd.node.client() as client:
                    self.assertEqual(client.ask(b"hello"), b"? hello")
            herd.until(lambda: b"/dev/full" in herd.node.log(), "standard error hears of it")
            herd.node.stop()
            self.assertEqual(herd.node.log().count(b"log_file"), 1, herd.node.log())

    def test_a_log_file_lies_beside_topology_conf(self):
        with Herd(more='log_file = "node.log"', start=False) as herd:
            herd.node.start(cwd="/")
            herd.node.stop()
            self.assertIn(b"listening", (herd.folder / "node.log").read_bytes())

    def test_nothing_of_clients_at_level_info(self):
        with Herd() as herd:
            with herd.node.client() as client:
                client.tell(b"kiwi-in-the-log", b"+1-1", b"1")
                client.ask(b"nonsense-in-the-log")
            herd.node.stop()
            self.assertNotIn(b"in-the-log", herd.node.log())
            self.assertNotIn(b" client_", herd.node.log())
            self.assertIn(b" listening ", herd.node.log())


if __name__ == "__main__":
    unittest.main()
