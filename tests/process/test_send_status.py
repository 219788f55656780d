"""test_send_status.py - the subcommands that talk to running nodes: send, status, up."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
import unittest

from herd import DEADLINE_S, ROOT, SANITIZER, SHIPPED, STAMPEDE, Herd, environment, run, until
from proxy import WiredHerd

TRACK = ROOT / "tests/tools/track.py"
UCLA = "+34.068930-118.445127"


def shell(command):
    """The output of a command line that a user could have copied."""
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=DEADLINE_S,
                          env=environment(), check=False).stdout


class Send(unittest.TestCase):
    def test_lines_as_arguments(self):
        with Herd() as herd:
            done = herd.command("send", f"IAMAT kiwi {UCLA} 1.50", f"IAMAT emu {UCLA} 2")
            self.assertRegex(done.stdout, rb"\AAT Goloman \S+ kiwi \S+ 1\.50\n"
                                          rb"AT Goloman \S+ emu \S+ 2\n\Z")
            self.assertEqual(done.stderr, b"")

    def test_a_reply_of_places(self):
        with Herd() as herd:
            at = herd.command("send", f"IAMAT kiwi {UCLA} 1").stdout
            done = herd.command("send", "WHATSAT kiwi 10 2", f"IAMAT kiwi {UCLA} 0")
            line, text, last = re.fullmatch(rb"(.*?\n)(.*\n)\n(.*\n)", done.stdout, re.S).groups()
            self.assertEqual((line, last), (at, at))
            self.assertEqual(len(json.loads(text)["results"]), 2)

    def test_a_refused_line_is_code_1(self):
        with Herd() as herd:
            done = herd.command("send", f"IAMAT kiwi {UCLA} 1", "nonsense", "WHATSAT kiwi 0 0",
                                expect=(1,))
            self.assertIn(b"\n? nonsense\nAT Goloman ", done.stdout)
            self.assertTrue(done.stdout.endswith(b"\n\n"))

    def test_no_reply_controls_a_terminal(self):
        lines = (b"IAMAT ki\xc2\x9b2Jwi %s 1" % UCLA.encode(), b"\x1b[2J\r\xe2\x80\xae\xff\\ caf\xc3\xa9",
                 b"x\xe2\x80", b"\xf0\x9f\x90\x8e" * 5000, b"cut \xe2\x80")
        words = [os.fsdecode(line) for line in lines]
        with Herd(more="limits { line = 8KiB }") as herd:
            plain = herd.command("send", *words, expect=(1,)).stdout  # to a pipe as it is
            for line in lines[1:3]:
                self.assertIn(b"? " + line + b"\n", plain)
            ours, theirs = pty.openpty()
            tty.setraw(theirs)
            with open(ours, "rb", buffering=0) as terminal, open(theirs, "wb", buffering=0) as screen, \
                    subprocess.Popen([STAMPEDE, "send", "-c", herd.config, *words], stdout=screen,
                                     stderr=subprocess.DEVNULL, env=environment()) as send:
                shown = b""
                while shown.count(b"\n") < len(lines):
                    shown += terminal.read(1 << 16)
                send.wait(DEADLINE_S)
            rows = shown.split(b"\n")
            self.assertIn(rb" ki\u009b2Jwi ", rows[0])
            self.assertEqual(rows[1], rb"? \x1b[2J\x0d\u202e\xff\ caf" + b"\xc3\xa9")
            self.assertEqual(rows[2], rb"? x\xe2\x80")
            self.assertEqual(rows[3].count(b"\xf0\x9f\x90\x8e"), 2048)  # no character was cut
            self.assertEqual(rows[4], rb"? cut \xe2\x80")
            log = herd.node.log()
            for bad in (b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae"):
                self.assertNotIn(bad, shown)
                self.assertNotIn(bad, log)

    def test_each_refused_line_is_explained(self):
        rows = (
            (b"IAMAT kiwi 34-118 1", b"the latitude has no sign"),
            (b"IAMAT kiwi +91-118 1", b"the latitude is beyond 90"),
            (b"IAMAT kiwi +34-118 1.0123456789", b"more than 9 digits"),
            (b"IAMAT kiwi +34-118 1", None),
            (b"hello", b"none of IAMAT, WHATSAT, NEAR"),
            (b"iamat kiwi +34-118 1", b"in capitals"),
            (b"IAMAT kiwi +34-118", b"fewer than four fields"),
            (b"WHATSAT kiwi 51 1", b"above 50 km"),
            (b"WHATSAT kiwi 10 21", b"above 20"),
            (b"IAMAT ki\x01wi +34-118 1", b"control byte"),
            (b"x" * 200, b"longer than limits.line (100 bytes)"),
            (b"WHATSAT emu 10 1", b"holds no stamp of that client id"),
            (b"IAMAT kiwi +34-118 %d" % (time.time() + 7200), b"limits.future is 3600 s"),
            (b"IAMAT emu +34-118 1", b"holds limits.stamps ids"),
            (b"", b"the line is empty"),
        )
        with Herd(more="log_level = debug\nlimits {\n  stamps = 1\n  line = 100\n  future = 1h\n}") as herd:
            done = herd.command("send", stdin=b"".join(line + b"\n" for line, _ in rows), expect=(1,))
            told = dict(re.findall(rb"(?m)^stampede: line (\d+): (.*)$", done.stderr))
            self.assertEqual(len(done.stderr.splitlines()), len(rows) - 1)
            self.assertEqual(done.stdout.count(b"? "), len(rows) - 1)
            for number, (line, why) in enumerate(rows, 1):
                with self.subTest(line=line[:40]):
                    self.assertIn(why or b"", told.get(b"%d" % number, b""))
            # replies do not wait for the log
            herd.until(lambda: b'text=""' in herd.node.log(), "the last line in the log")
            log = herd.node.log()
            self.assertRegex(log, br'line_in conn=\d+ text="IAMAT kiwi 34-118 1" why="the latitude has')
            self.assertRegex(log, br'line_in conn=\d+ text=x+ why="the line is longer than')
            self.assertNotRegex(log, br'text="IAMAT kiwi \+34-118 1" why=')
            self.assertRegex(log, br'command_refused conn=\d+ why="no stamp of the client id')

    def test_standard_error_that_nobody_reads_does_not_hold_up_the_replies(self):
        lines = 20000  # their explanations are more than a pipe holds
        with Herd() as herd, self.sender(herd) as sender:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                said = pool.submit(lambda: (sender.stdin.write(b"hello\n" * lines),
                                            sender.stdin.close()))
                self.assertEqual(sender.stdout.read(), b"? hello\n" * lines)
                said.result()
            self.assertEqual(sender.wait(timeout=DEADLINE_S), 1)
            self.assertIn(b"line 1: the first word", sender.stderr.read())

    def test_to_a_named_node(self):
        with Herd(SHIPPED) as herd:
            for name in SHIPPED:
                done = herd.command("send", "-n", name, f"IAMAT {name} {UCLA} 1")
                self.assertTrue(done.stdout.startswith(b"AT %b " % name.encode()), done.stdout)

    def test_standard_input(self):
        with Herd() as herd:
            for text, replies, code in ((b"", b"", 0), (b"hello", b"? hello\n", 1),
                                        (b"a\nb\n", b"? a\n? b\n", 1), (b"\n\n", b"? \n? \n", 1),
                                        (b"a\r\nb", b"? a\n? b\n", 1),
                                        (b"x" * 5000, b"? " + b"x" * 1024 + b"\n", 1)):
                with self.subTest(text=text[:20]):
                    done = herd.command("send", stdin=text, expect=(code,))
                    self.assertEqual(done.stdout, replies)

    def test_a_track_of_five_thousand_positions(self):
        track = subprocess.run([sys.executable, "-B", TRACK, "--lines", "5000", "--clients", "20",
                                "--start", "1520023934"], capture_output=True, check=True).stdout
        lines = track.splitlines()
        self.assertEqual(len(lines), 5000)
        with Herd(SHIPPED) as herd:
            herd.linked()
            replies = herd.command("send", "-n", "Welsh", stdin=track).stdout.splitlines()
            self.assertEqual(len(replies), 5000)
            last = {}
            for line, reply in zip(lines, replies):
                self.assertEqual(reply.split()[3:], line.split()[1:])
                last[line.split()[1]] = reply
            self.assertEqual(len(last), 20)
            for client_id, reply in last.items():
                herd.agree(client_id, reply)
            again = herd.command("send", "-n", "Welsh", stdin=track).stdout.splitlines()
            self.assertEqual(set(again), set(last.values()))

    def test_a_node_that_cannot_be_reached(self):
        with Herd(start=False) as herd:
            done = herd.command("send", "hello", expect=(1,))
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"Goloman", done.stderr)

    def test_a_node_that_is_none(self):
        with Herd(start=False) as herd:
            done = herd.command("send", "-n", "Golomen", "hello", expect=(1,))
            self.assertIn(b'did you mean "Goloman"', done.stderr)

    @staticmethod
    def sender(herd):
        """A `stampede send` whose input has not ended."""
        return subprocess.Popen([STAMPEDE, "send", "-c", herd.config], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())

    def test_a_node_that_is_killed_meanwhile(self):
        with Herd() as herd, self.sender(herd) as sender:
            sender.stdin.write(b"hello\n")
            sender.stdin.flush()
            self.assertEqual(sender.stdout.readline(), b"? hello\n")  # printed as it arrives
            herd.node.kill()
            self.assertEqual(sender.wait(timeout=DEADLINE_S), 1)  # though its input has not ended
            self.assertIn(b"Goloman", sender.stderr.read())

    def test_a_reader_that_leaves(self):
        with Herd() as herd, self.sender(herd) as sender:
            sender.stdin.write(b"hello\n")
            sender.stdin.flush()
            sender.stdout.readline()
            sender.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                sender.stdin.write(b"hello\n" * 100000)
            with contextlib.suppress(BrokenPipeError):
                sender.stdin.close()
            self.assertIn(sender.wait(timeout=DEADLINE_S), (0, 1))


class Status(unittest.TestCase):
    def test_json(self):
        with Herd(SHIPPED) as herd, herd["Goloman"].client() as client:
            herd.linked()
            before = herd.status()
            line = client.tell(b"kiwi", b"+1-1", b"1")
            client.ask(b"nonsense")
            herd.agree(b"kiwi", line)
            after = herd.status()
            self.assertEqual(list(after), list(SHIPPED))
            for name in SHIPPED:
                with self.subTest(node=name):
                    self.assertEqual(before[name]["boot"], after[name]["boot"])
                    self.assertEqual((before[name]["stamps"], after[name]["stamps"]), (0, 1))
                    self.assertEqual(after[name]["change"], before[name]["change"] + 1)
                    self.assertNotEqual(before[name]["digest"], after[name]["digest"])
                    self.assertEqual(after[name]["digest"], after["Welsh"]["digest"])
                    neighbours = {n for n in SHIPPED if n in SHIPPED[name] or name in SHIPPED[n]}
                    self.assertEqual({link["peer"] for link in after[name]["links"]}, neighbours)
                    self.assertTrue(all(link["up"] for link in after[name]["links"]))
            tree = sorted(tuple(sorted((name, link["peer"]))) for name in SHIPPED
                          for link in after[name]["links"] if link["in_tree"])
            self.assertEqual(tree[::2], tree[1::2], "both ends say the same")
            self.assertEqual(len(tree), 2 * (len(SHIPPED) - 1))
            self.assertEqual(len({node["boot"] for node in after.values()}), len(SHIPPED))
            metrics = after["Goloman"]["metrics"]
            self.assertGreaterEqual(after["Goloman"]["clients"], 1)
            self.assertEqual((metrics["lines_iamat"], metrics["stamps_new"]), (1, 1))
            self.assertEqual(after["Hands"]["metrics"]["lines_iamat"], 0)
            herd.until(lambda: all(link["lag"] == 0 for node in herd.status().values()
                                   for link in node["links"]), "all has been confirmed")

    def test_table(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            table = herd.command("status", "--table").stdout.decode()
            for name in SHIPPED:
                self.assertRegex(table, rf"(?m)^{name}\b")
            self.assertNotIn("down", table)
            herd["Welsh"].kill()
            table = herd.command("status", "--table", expect=(1,)).stdout.decode()
            self.assertRegex(table, r"(?m)^Welsh +down\b")
            self.assertRegex(table, r"(?m)^Holiday .* 2/3$")
            self.assertNotIn("no link", table)  # that Welsh is down is shown once
            detail = herd.command("status", "-tn", "Holiday").stdout.decode()
            self.assertRegex(detail, r"(?m)^Goloman +up .* 0 +0 ")
            self.assertRegex(detail, r"(?m)^Welsh +down +(tree|spare) ")
            self.assertRegex(detail, r"(?m)^Last error of Welsh, .* ago: .*connection \w+")
            self.assertEqual(sorted(herd.status()), ["Goloman", "Hands", "Holiday", "Wilkes"])

    def test_one_node(self):
        with Herd({"Goloman": ("Hands",), "Hands": ()}) as herd:
            one = json.loads(herd.command("status", "-n", "Hands", "--json").stdout)
            self.assertEqual([node["node"] for node in one], ["Hands"])
            table = herd.command("status", "-n", "Hands", "--table").stdout.decode()
            row, links = table.split("\n\n")[:2]
            self.assertNotRegex(row, r"(?m)^Goloman\b")
            self.assertRegex(links, r"(?m)^Goloman +up\b")
            herd.command("status", "-n", "Hnads", expect=(1,))

    def test_a_table_unless_json_is_asked_for(self):
        with Herd() as herd:
            self.assertTrue(herd.command("status").stdout.startswith(b"NODE"))
            ours, theirs = pty.openpty()
            with open(ours, "rb", buffering=0) as terminal, open(theirs, "wb", buffering=0) as screen:
                for arguments, first in (((), b"NODE"), (("--json",), b"[{"), (("-t",), b"NODE")):
                    subprocess.run([STAMPEDE, "status", "-c", herd.config, *arguments], stdout=screen,
                                   env=environment(), check=True)
                    self.assertTrue(terminal.read(1 << 16).startswith(first))

    def test_nodes_that_differ_on_the_future(self):
        with Herd({"A": ("B",), "B": ()}, start=False) as herd:
            herd["A"].start()
            herd.more = "limits { future = 1h }"
            herd["B"].start(herd.write("strict.conf"))
            herd.linked()
            with herd["A"].client() as client:
                line = client.tell(b"early", UCLA.encode(), b"%d" % (time.time() + 7200))
                self.assertTrue(line.startswith(b"AT A -"), line)
                herd.agree(b"now", client.tell(b"now", UCLA.encode(), b"%.3f" % time.time()))
            self.assertEqual(herd.known(b"early"), {"A": line, "B": None})
            status = herd.status()
            self.assertEqual(status["B"]["links"][0]["got_future"], 1)
            self.assertEqual((status["A"]["partial"], status["B"]["partial"]), (False, True))
            herd.until(lambda: b" stamps_of_future peer=A " in herd["B"].log(), "the alarm")
            self.assertEqual(herd["B"].log().count(b" stamps_of_future peer=A "), 1)
            table = herd.command("status", expect=(1,)).stdout.decode()
            self.assertIn("1 of 2 nodes have refused", table)
            self.assertIn("\nB lacks stamps that it has refused or evicted.\n", table)

    def test_when_nobody_answers(self):
        with Herd(SHIPPED, start=False) as herd:
            done = herd.command("status", "--table", expect=(1,))
            for name in SHIPPED:
                self.assertRegex(done.stdout.decode(), rf"(?m)^{name} +down\b")

    def test_a_port_that_is_no_node(self):
        """Something else listens there and is silent or sends nonsense: status ends anyway."""
        with Herd(start=False) as herd, socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(herd.node.peer_address)
            other.listen()
            self.assertRegex(herd.command("status", "-t", expect=(1,)).stdout, rb"(?m)^Goloman +down\b")


class Load(threading.Thread):
    """Tells a node where one client is, some two hundred times a second."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.client_id, self.told = node, b"load-" + node.name.encode(), 0
        self.over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        with self.node.client() as client:
            while not self.over.wait(0.004):  # the rate of the load; it waits for no event
                line = client.tell(self.client_id, b"+1-1", b"%d" % (self.told + 1))
                assert line.startswith(b"AT "), line
                self.told += 1


class Wait(unittest.TestCase):
    def test_a_node_that_was_killed_and_comes_back(self):
        track = b"".join(b"IAMAT id%d +1-1 1\n" % i for i in range(50000))
        with Herd(SHIPPED) as herd:
            herd.linked()
            herd.command("send", "-n", "Welsh", stdin=track)
            herd["Holiday"].kill()
            with subprocess.Popen([STAMPEDE, "wait", "-c", herd.config, "-n", "Holiday"],
                                  stderr=subprocess.PIPE, env=environment()) as wait:
                herd["Holiday"].start()  # wait was there first
                self.assertEqual((wait.communicate(timeout=2 * DEADLINE_S)[1], wait.returncode), (b"", 0))
            status = herd.status()
            self.assertEqual({node["stamps"] for node in status.values()}, {50000})
            self.assertEqual(len({node["digest"] for node in status.values()}), 1)
            self.assertFalse(any(link["full_send"] for node in status.values()
                                 for link in node["links"]))
            for link in status["Holiday"]["links"]:
                (back,) = (there for there in status[link["peer"]]["links"]
                           if there["peer"] == "Holiday")
                if link["in_tree"]:
                    self.assertTrue("agreed_ms" in link or "agreed_ms" in back, link)

    def test_a_node_that_is_cut_off(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            herd["Holiday"].kill()
            done = herd.command("wait", "-n", "Welsh", "--timeout", "300ms", expect=(1,))
            self.assertRegex(done.stderr, rb"\Astampede: not level within 300 ms: "
                                          rb"Welsh has no link to Holiday: .*\n\Z")

    def test_a_node_that_does_not_start(self):
        with Herd(start=False) as herd:
            done = herd.command("wait", "--timeout", "300ms", expect=(1,))
            self.assertRegex(done.stderr, rb"Goloman does not answer: .*\n\Z")

    def test_under_load(self):
        """A node comes back while all are told a thousand stamps a second: then it holds what was
        acknowledged before the call, and clients have gone on all the time."""
        with Herd(SHIPPED) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            loads = [stack.enter_context(Load(node)) for node in herd.nodes.values()
                     if node.name != "Wilkes"]
            herd.until(lambda: all(load.told > 100 for load in loads), "there is load")
            herd["Wilkes"].kill()
            herd["Wilkes"].start()
            before = [load.told for load in loads]
            herd.command("wait", "-n", "Wilkes")
            with herd["Wilkes"].client() as client:
                for load, told in zip(loads, before):
                    line = client.known(load.client_id)
                    self.assertGreaterEqual(int(line.split()[-1]), told)
            herd.until(lambda: all(load.told > told + 100 for load, told in zip(loads, before)),
                       "the load has not stopped")

    def test_a_link_that_stands_still_under_load(self):
        """The link is up at both ends, which answer; what one was told after that is nowhere else."""
        with WiredHerd({"A": ("B",), "B": ()}) as herd, Load(herd["A"]) as load:
            herd.linked()
            herd.wire("A", "B").stall()
            told = load.told
            herd.until(lambda: load.told > told + 2, "A is told more")
            for node in ("A", "B"):
                done = herd.command("wait", "-n", node, "--timeout", "1s", expect=(1,))
                self.assertRegex(done.stderr, rb": [AB] (has not confirmed all that|has no link to|"
                                              rb"is sending all its stamps to) [AB]")
            herd.heal()
            herd.command("wait")

    def test_a_neighbour_that_stands_still_under_load(self):
        with Herd({"A": ("B",), "B": ()}) as herd, Load(herd["A"]):
            herd.linked()
            herd["B"].deliver(signal.SIGSTOP)
            done = herd.command("wait", "-n", "A", "--timeout", "1s", expect=(1,))
            herd["B"].deliver(signal.SIGCONT)
            self.assertRegex(done.stderr, rb": (B does not answer|A has no link to B): ")
            herd.command("wait", "-n", "A")

    def test_a_full_send_that_is_under_way(self):
        track = b"".join(b"IAMAT id%d +1-1 1\n" % i for i in range(20000))
        with WiredHerd({"A": ("B",), "B": ()}, start=False) as herd:
            herd["A"].start()
            herd.command("send", "-n", "A", stdin=track)
            herd.wire("A", "B").bytes_per_s = 20000  # it would take a minute
            herd["B"].start()
            herd.linked()
            for node in ("A", "B"):
                done = herd.command("wait", "-n", node, "--timeout", "500ms", expect=(1,))
                self.assertRegex(done.stderr, rb": [AB] is sending all its stamps to [AB], and ")
            herd.heal()
            herd.command("wait", "-n", "B")
            self.assertEqual(herd.status()["B"]["stamps"], 20000)

    def test_a_partial_neighbour_is_named_and_left_out(self):
        with Herd({"A": ("B",), "B": ()}, start=False) as herd:
            herd["A"].start()
            herd.more = "limits { stamps = 2 }"
            herd["B"].start(herd.write("small.conf"))
            herd.linked()
            herd.command("send", *(f"IAMAT id{i} {UCLA} 1" for i in range(3)))
            done = herd.command("wait", "-n", "A")
            self.assertRegex(done.stdout, rb"\Aleft out: B has refused .*\n\Z")
            done = herd.command("wait", "-n", "B", "--timeout", "300ms", expect=(1,))
            self.assertIn(b"B has refused or evicted stamps", done.stderr)

    def test_wrong_command_lines(self):
        with Herd() as herd:
            done = herd.command("wait", "-n", "Golomen", expect=(2,))
            self.assertIn(b'did you mean "Goloman"', done.stderr)
            for time_ in ("60", "s", "-1s", "1.5s", "25h", "99999999999999999999s", "1 s", ""):
                self.assertIn(b"--timeout", herd.command("wait", "-w", time_, expect=(2,)).stderr)
            self.assertEqual(herd.command("wait").stderr, b"")  # it has no links


class Up:
    """A running `stampede up`, and its child processes."""

    def __init__(self, herd, *options):
        self.herd = herd
        self.said_path = herd.folder / "up.log"
        with open(self.said_path, "wb") as out:
            self.process = subprocess.Popen(
                [STAMPEDE, "up", "-c", herd.config, *options], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=environment(), start_new_session=True)
        self.pidfd = os.pidfd_open(self.process.pid)
        self.children = {}  # pid -> pidfd

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.adopt()
        for fd in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
            os.close(fd)
        self.process.kill()
        self.process.wait()
        os.close(self.pidfd)
        if kind is not None:
            print(self.said(), file=sys.stderr)

    def said(self):
        return self.said_path.read_text(errors="backslashreplace")

    def adopt(self):
        """Note the processes whose parent is `up`."""
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) not in self.children:
                    parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                    if int(parent) == self.process.pid:
                        self.children[int(entry.name)] = os.pidfd_open(int(entry.name))

    def running(self, names):
        """Wait until it has printed a row for each node, and each answers."""
        until(lambda: all(re.search(rf"(?m)^{name}\b", self.said()) for name in names),
              "a line for each", [self])
        self.adopt()
        for name in names:
            with self.herd[name].client() as client:
                client.ask(b"hello")

    def pid_of(self, name):
        for pid in self.children:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if name.encode() in words:
                return pid
        raise AssertionError(f"no process for {name}")

    def all_gone(self):
        ends = select.poll()
        for fd in self.children.values():
            ends.register(fd, select.POLLIN)
        until(lambda: len(ends.poll(0)) == len(self.children), "no node is left")

    def ended(self, code):
        got = self.process.wait(timeout=DEADLINE_S)
        if got != code:
            raise AssertionError(f"up ended with {got}, expected {code}")
        self.all_gone()
        if SANITIZER.search(self.said_path.read_bytes()):
            raise AssertionError("a node left a sanitizer's report")


class UpTest(unittest.TestCase):
    def test_ctrl_c_stops_all(self):
        with Herd(SHIPPED, start=False) as herd, Up(herd) as up:
            up.running(SHIPPED)
            self.assertEqual(len(up.children), len(SHIPPED))
            line = herd.command("send", "-n", "Welsh", f"IAMAT kiwi {UCLA} 1").stdout.strip()
            with herd["Goloman"].client() as client:
                until(lambda: client.known(b"kiwi") == line, "Goloman knows", [up])
                os.killpg(up.process.pid, signal.SIGINT)
                up.ended(0)
                self.assertEqual(client.rest(), b"")

    def test_the_commands_that_it_prints_work(self):
        with Herd(SHIPPED, start=False) as herd, Up(herd) as up:
            up.running(SHIPPED)
            until(lambda: "Ctrl-C" in up.said(), "it has printed them", [up])
            tell, ask, show = (re.search(rf"(?m)^  (.*{word}.*)$", up.said())[1]
                               for word in ("IAMAT", "WHATSAT", "status"))
            line = shell(tell)
            until(lambda: shell(ask).startswith(line), "the last node knows", [up])
            self.assertRegex(shell(show), r"(?m)^Goloman ")
            os.killpg(up.process.pid, signal.SIGINT)
            up.ended(0)

    def test_term_stops_all_and_ports_are_free_at_once(self):
        with Herd(SHIPPED, start=False) as herd:
            for _ in range(2):
                with Up(herd) as up:
                    up.running(SHIPPED)
                    up.process.send_signal(signal.SIGTERM)
                    up.ended(0)

    def test_killed_it_leaves_no_node(self):
        with Herd(SHIPPED, start=False) as herd, Up(herd) as up:
            up.running(SHIPPED)
            up.process.kill()
            up.ended(-signal.SIGKILL)

    def test_a_killed_node_is_reported_and_the_others_go_on(self):
        with Herd(SHIPPED, start=False) as herd, Up(herd) as up:
            up.running(SHIPPED)
            before = len(up.said())
            os.kill(up.pid_of("Holiday"), signal.SIGKILL)
            until(lambda: re.search(r"Holiday.*signal 9", up.said()[before:]),
                  "Holiday's end is told", [up])
            for name in ("Goloman", "Hands", "Welsh", "Wilkes"):
                with herd[name].client() as client:
                    self.assertEqual(client.ask(b"hello"), b"? hello")
            os.killpg(up.process.pid, signal.SIGINT)
            up.ended(0)

    def test_a_node_that_cannot_start_stops_all(self):
        with Herd(SHIPPED, start=False) as herd:
            herd["Wilkes"].start()  # so its ports are taken
            with Up(herd) as up:
                up.adopt()
                up.ended(1)
                self.assertRegex(up.said(), r"Wilkes")
            with herd["Wilkes"].client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
            for name in ("Goloman", "Hands", "Holiday", "Welsh"):
                self.assertFalse(herd[name].accepts())

    def test_a_file_with_mistakes(self):
        with Herd(start=False, more="limits { lin = 5 }") as herd:
            self.assertIn(b'did you mean "line"', herd.command("up", expect=(1,)).stderr)


class HelpTest(unittest.TestCase):
    def test_every_command_explains_itself_in_80_columns(self):
        overview = run("--help").stdout.decode()
        commands = re.findall(r"(?m)^  ([a-z]+) ", overview)
        self.assertGreaterEqual(len(commands), 7)
        for text in (overview, *(run(name, "--help").stdout.decode() for name in commands)):
            self.assertRegex(text, r"\AUsage: stampede ")
            self.assertRegex(text, r"(?m)^Exit codes: 0 ")
            self.assertLessEqual(max(map(len, text.splitlines())), 80, text)


if __name__ == "__main__":
    unittest.main()
