"""test_top.py - `stampede top` on a terminal: a pty, and tmux, which draws what it is told."""
import contextlib
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, until
from test_send_status import Load


class Top:
    """`stampede top` and what stands on its screen."""

    def __init__(self, herd, rows=24, columns=80):
        self.ours, theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.ours)
        self.process = subprocess.Popen([STAMPEDE, "top", "-c", herd.config], stdin=theirs,
                                        stdout=theirs, stderr=theirs, env=environment(),
                                        preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
        os.close(theirs)
        self.pending, self.screen = b"", ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)

    def key(self, key):
        os.write(self.ours, key)

    def _read(self):
        if select.select([self.ours], [], [], DEADLINE_S)[0]:
            with contextlib.suppress(OSError):
                self.pending += os.read(self.ours, 1 << 16)

    def until(self, condition):
        """Read whole screens until one fulfils the condition; it is a list of lines."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            while b"\x1b[J" not in self.pending:
                self._read()
            text, self.pending = self.pending.split(b"\x1b[J", 1)
            lines = text.split(b"\x1b[H")[-1].decode().split("\x1b[K\r\n")
            lines[-1] = lines[-1].replace("\x1b[K", "")
            if condition(lines):
                return lines
        raise AssertionError(f"never on the screen; the last: {lines}")

    def end(self):
        """What it writes at last, and its exit code."""
        while self.process.poll() is None:
            self._read()
        self._read()
        return self.pending, self.process.wait()


def first_column(lines):
    """The names of the nodes, in the order in which they stand there."""
    return [line.split()[0] for line in lines[2:2 + len(SHIPPED)]]


class Tmux:
    """A tmux of its own, in which a shell runs `script`."""

    def __init__(self, folder, script, rows, columns):
        self.socket = folder / "tmux"
        self("-f", "/dev/null", "new-session", "-d", "-c", folder, "-x", str(columns), "-y",
             str(rows), shlex.join(["sh", "-c", script]))

    def __call__(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], capture_output=True, text=True,
                              timeout=DEADLINE_S, check=True, env=environment()).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")

    def lines(self):
        """What stands on the screen, without what is empty below."""
        return self("capture-pane", "-p").rstrip("\n").split("\n")

    def until(self, condition, what):
        def seen():
            lines = self.lines()
            return condition(lines) and lines
        return until(seen, what)

    def value(self, name):
        return self("display-message", "-p", f"#{{{name}}}").strip()


class TopTest(unittest.TestCase):
    def test_the_whole_herd_in_place(self):
        with Herd(SHIPPED) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            load = stack.enter_context(Load(herd["Welsh"]))
            top = stack.enter_context(Top(herd, rows=60))
            herd.until(lambda: load.told > 10, "there is load")
            lines = top.until(lambda lines: re.search(
                r"(?m)^Welsh +\S+ +[1-9]\d* +0 +\d.*s +\d.*s ", "\n".join(lines)))
            self.assertEqual(lines[0], "herd demo: 5 nodes")
            self.assertEqual(lines[1].split()[:3], ["NODE", "UP", "IAMAT/S"])
            self.assertEqual(first_column(lines), sorted(SHIPPED))
            self.assertTrue(any(re.match(r"Hands +Wilkes +up +(tree|spare) ", line) for line in lines))
            top.key(b"i")
            top.until(lambda lines: first_column(lines)[0] == "Welsh")
            top.key(b"r")
            top.until(lambda lines: first_column(lines)[-1] == "Welsh")
            top.resize(10, 40)
            lines = top.until(lambda lines: len(lines) == 10)
            self.assertLessEqual(max(map(len, lines)), 40)
            self.assertIn("IAMAT/S", lines[1])
            self.assertNotIn("CLIENTS", lines[1])
            top.resize(60, 100)
            herd["Wilkes"].kill()
            top.until(lambda lines: any(re.match(r"Wilkes +down ", line) for line in lines) and
                      any(line.startswith("Wilkes is down: ") for line in lines))
            top.key(b"q")
            rest, code = top.end()
            self.assertEqual(code, 0)
            self.assertTrue(rest.endswith(b"\x1b[?25h\x1b[?1049l"), rest[-40:])
            self.assertEqual(termios.tcgetattr(top.ours), top.before)

    @unittest.skipUnless(shutil.which("tmux"), "there is no tmux")
    def test_in_tmux(self):
        with Herd(SHIPPED) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            top = shlex.join([STAMPEDE, "top", "-c", str(herd.config)])
            script = f"stty -g >before; echo at first; {top}; echo ended with $?; " \
                     "stty -g >after; echo at last; exec cat"
            tmux = stack.enter_context(Tmux(herd.folder, script, rows=60, columns=100))
            lines = tmux.until(lambda lines: lines[0] == "herd demo: 5 nodes" and
                               lines[-1].startswith("Wilkes "), "the links of the last node")
            self.assertIn("CLIENTS", lines[1])
            self.assertEqual(first_column(lines), sorted(SHIPPED))
            self.assertNotIn("at first", lines)
            self.assertEqual((tmux.value("alternate_on"), tmux.value("cursor_flag")), ("1", "0"))
            for rows, columns, wide in ((9, 40, False), (60, 100, True)):
                tmux("resize-window", "-x", str(columns), "-y", str(rows))
                lines = tmux.until(
                    lambda lines, w=wide: lines[0] == "herd demo: 5 nodes" and
                    " IAMAT/S " in lines[1] and (" WHATSAT/S " in lines[1]) == w and
                    lines[6].startswith("Wilkes "), "it is drawn anew")
                self.assertLessEqual(len(lines), rows)
                self.assertLessEqual(max(map(len, lines)), columns)
            herd["Wilkes"].kill()
            tmux.until(lambda lines: any(line.startswith("Wilkes is down: ") for line in lines),
                       "it goes on")
            tmux("send-keys", "q")
            lines = tmux.until(lambda lines: lines[-1] == "at last", "it has ended")
            self.assertEqual(lines, ["at first", "ended with 0", "at last"])
            self.assertEqual((tmux.value("alternate_on"), tmux.value("cursor_flag")), ("0", "1"))
            self.assertEqual((herd.folder / "before").read_text(),
                             (herd.folder / "after").read_text())

    def test_a_signal_leaves_the_terminal_as_it_was(self):
        with Herd() as herd:
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(signal=number), Top(herd) as top:
                    top.until(lambda lines: lines[2].startswith("Goloman"))
                    top.process.send_signal(number)
                    rest, code = top.end()
                    self.assertEqual(code, 0)
                    self.assertTrue(rest.endswith(b"\x1b[?1049l"), rest[-40:])
                    self.assertEqual(termios.tcgetattr(top.ours), top.before)

    def test_once(self):
        with Herd({"A": ("B",), "B": ()}) as herd, Load(herd["A"]) as load:
            herd.linked()
            herd.until(lambda: load.told > 10, "there is load")
            text = herd.command("top", "--once").stdout.decode()
            self.assertNotIn("\x1b", text)
            self.assertRegex(text, r"\nA +\S+ +[1-9]\d* +0 +\S+s +\S+s ")
            self.assertRegex(text, r"\nB +\S+ +0 +0 +- +- ")
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            self.assertIn(b"top --once", herd.command("top", expect=(1,)).stderr)
            status = herd.status()["A"]
            self.assertEqual(sum(count for _, count in status["iamat_took"]), status["metrics"]["lines_iamat"])
            self.assertGreaterEqual(status["memory_bytes"], status["store_bytes"])


if __name__ == "__main__":
    unittest.main()
