"""test_watch.py - `stampede near` and `stampede watch`: real nodes, pipes and terminals."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

from herd import DEADLINE_S, STAMPEDE, Herd, environment, until

PAIR = {"A": ("B",), "B": ()}
HERE = "+34.06-118.44"
HOSTILE = b"a\xff\xc2\x9b2J\xe2\x80\xaeb"  # C1 and right to left


class Program:
    """A subcommand that runs; its output is a pipe, or a terminal of 80 columns."""

    def __init__(self, herd, *words, columns=0):
        command = [STAMPEDE, words[0], "-c", herd.config, *words[1:]]
        if columns:
            self.out, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        else:
            self.out, theirs = os.pipe()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs,
                                        stderr=subprocess.PIPE, env=environment())
        os.close(theirs)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        with contextlib.suppress(OSError):
            os.close(self.out)

    def _read(self):
        if not select.select([self.out], [], [], DEADLINE_S)[0]:
            raise AssertionError(f"nothing more after {self.pending!r}")
        try:
            return os.read(self.out, 1 << 16)
        except OSError:  # the terminal's other end has gone
            return b""

    def line(self):
        while b"\n" not in self.pending:
            data = self._read()
            if not data:
                raise AssertionError(f"it has ended: {self.pending!r} {self.process.stderr.read()!r}")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.removesuffix(b"\r")

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def said(self):
        """A line of standard error."""
        return self.process.stderr.readline()

    def interrupted(self):
        """All that it still says after Ctrl-C: output, standard error, exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.rest()

    def rest(self):
        text = self.pending
        while data := self._read():
            text += data
        return text, self.process.stderr.read(), self.process.wait(timeout=DEADLINE_S)


def move(herd, client_id, position, at, node="A"):
    with herd[node].client() as client:
        line = client.tell(client_id, position.encode(), at)
    herd.agree(client_id, line)
    return line


class NearTest(unittest.TestCase):
    def test_in_a_pipe(self):
        with Herd(PAIR) as herd:
            herd.linked()
            kiwi = move(herd, b"kiwi", "+34.068930-118.445127", b"1.5")
            emu = move(herd, b"emu", HERE, b"1.25")
            move(herd, b"moa", "-34+118", b"1")
            for name in ("A", "B"):
                done = herd.command("near", "-n", name, HERE, "5", "10")
                self.assertEqual(done.stdout, b"NEAR 2 %s 5 10\n0.000 %s\n1.100 %s\n"
                                 % (HERE.encode(), emu, kiwi))
                self.assertEqual(done.stderr, b"")
            south = herd.command("near", "-34.0+118", "5", "1", "-n", "B", "3600")
            self.assertTrue(south.stdout.startswith(b"NEAR 1 -34.0+118 5 1\n0.000 AT "), south.stdout)
            self.assertEqual(herd.command("near", HERE, "5", "0").stdout,
                             b"NEAR 0 %s 5 0\n" % HERE.encode())

    def test_on_a_terminal(self):
        with Herd() as herd, herd.node.client() as client:
            long = b"w" * 200
            for client_id in (long, HOSTILE):
                client.tell(client_id, HERE.encode(), b"%.3f" % time.time())
            with Program(herd, "near", HERE, "5", "10", columns=80) as near:
                text, errors, code = near.rest()
            self.assertEqual((errors, code), (b"", 0))
            head, *rows = text.decode().split("\r\n")[:-1]
            self.assertEqual(head.split(), ["KM", "AGE", "RECEIVED", "POSITION", "CLIENT"])
            year = time.strftime("%Y")
            self.assertRegex(rows[0], rf"^ +0\.000 +\S+s? +{year}-\d\d-\d\d \d\d:\d\d:\d\d "
                             r" \+34\.06000-118\.44000  a\\xff\\u009b2J\\u2\.\.\.$")
            self.assertRegex(rows[1], r"-118\.44000  w+\.\.\.$")
            self.assertEqual([len(row) <= 80 for row in rows], [True, True])
            self.assertEqual(len(rows[1]), 80)
            with Program(herd, "near", "+1+1", "5", "10", columns=80) as near:
                self.assertEqual(near.rest(), (b"nobody is there\r\n", b"", 0))

    def test_wrong_input(self):
        with Herd() as herd:
            for words in ((), (HERE,), (HERE, "5"), (HERE, "5", "1", "1", "1")):
                done = herd.command("near", *words, expect=(2,))
                self.assertEqual(done.stderr, b"stampede: usage: stampede near [-n NODE] [-c FILE] "
                                 b"POSITION KM COUNT [AGE]\n")
            for words, why in (((HERE, "5", "1001"), b"count is above 1000"),
                               (("34-118", "5", "1"), b"latitude has no sign"),
                               (("-34", "5", "1"), b"no longitude"),
                               ((HERE, "20039", "1"), b"radius is above 20038 km"),
                               ((HERE, "5", "1", "x"), b"age is not"),
                               ((HERE, "5 1", "1"), b"not one word")):
                self.assertIn(why, herd.command("near", *words, expect=(2,)).stderr)
            refused = herd.command("near", HERE, "5", "101", expect=(1,))
            self.assertEqual(refused.stderr, b"stampede: Goloman refuses this: the count is above "
                             b"limits.near (100)\n")
            self.assertEqual(refused.stdout, b"")
            herd.node.kill()
            self.assertIn(b"Goloman: connection refused",
                          herd.command("near", HERE, "5", "1", expect=(1,)).stderr)

    def test_send_counts_the_lines_of_live_queries(self):
        with Herd() as herd:
            done = herd.command("send", "IAMAT kiwi +34-118 1", "IAMAT emu +34-118 1",
                                "NEAR +34-118 1 10", "WATCH kiwi", "WATCH", "UNWATCH 9", expect=(1,))
            self.assertRegex(done.stdout, rb"(?s)^AT .*\nAT .*\nNEAR 2 \+34-118 1 10\n0.000 AT .* emu .*"
                             rb"\n0.000 AT .* kiwi .*\n! 1 NOW AT .* kiwi .*\nWATCHING 1 kiwi\n"
                             rb"(! 2 NOW .*\n){2}WATCHING 2\n\? UNWATCH 9\n$")
            self.assertEqual(done.stderr.count(b"\n"), 1)
            self.assertIn(b"line 6: this connection has no watch with that number", done.stderr)


class WatchTest(unittest.TestCase):
    def test_ids_everything_and_a_circle(self):
        with Herd(PAIR) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            kiwi = move(herd, b"kiwi", HERE, b"1")
            emu = move(herd, b"emu", HERE, b"2")
            ids = stack.enter_context(Program(herd, "watch", "-n", "B", "kiwi", "nobody", "kiwi"))
            everything = stack.enter_context(Program(herd, "watch"))
            circle = stack.enter_context(Program(herd, "watch", "--near", HERE, "5"))
            self.assertEqual(ids.lines(3),
                             [b"! 1 NOW " + kiwi, b"WATCHING 1 kiwi", b"WATCHING 2 nobody"])
            self.assertEqual(sorted(everything.lines(2)), [b"! 1 NOW " + emu, b"! 1 NOW " + kiwi])
            self.assertEqual(everything.line(), b"WATCHING 1")
            self.assertEqual(sorted(circle.lines(2)), [b"! 1 IN " + emu, b"! 1 IN " + kiwi])
            self.assertEqual(circle.line(), b"WATCHING 1 NEAR %s 5" % HERE.encode())
            away = move(herd, b"kiwi", "+1+1", b"3")
            back = move(herd, b"kiwi", HERE, b"4")
            nobody = move(herd, b"nobody", "-33.9+151.2", b"1", node="B")
            self.assertEqual(ids.lines(3), [b"! 1 NOW " + away, b"! 1 NOW " + back,
                                            b"! 2 NOW " + nobody])
            self.assertEqual(everything.lines(3),
                             [b"! 1 NOW " + line for line in (away, back, nobody)])
            self.assertEqual(circle.lines(2), [b"! 1 EXIT " + away, b"! 1 ENTER " + back])
            south = stack.enter_context(Program(herd, "watch", "--near", "-33.9+151.2", "1"))
            self.assertEqual(south.line(), b"! 1 IN " + nobody)
            for program in (ids, everything, circle):
                self.assertEqual(program.interrupted(), (b"", b"", 0))

    def test_on_a_terminal(self):
        with Herd() as herd, herd.node.client() as client, contextlib.ExitStack() as stack:
            watch = stack.enter_context(Program(herd, "watch", "kiwi", os.fsdecode(HOSTILE), columns=80))
            everything = stack.enter_context(Program(herd, "watch", columns=40))
            self.assertEqual(watch.line().split(), b"NEWS AGE RECEIVED POSITION CLIENT".split())
            self.assertEqual(watch.lines(2), [rb"no stamp is known yet of a\xff\u009b2J\u202eb",
                                              b"no stamp is known yet of kiwi"])
            client.tell(HOSTILE, HERE.encode(), b"1")
            row = watch.line()
            self.assertRegex(row, rb"^  now +\d+(ms)? +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  "
                             rb"\+34\.06000-118\.44000  a\\xff\\u009b2J\\u202eb$")
            self.assertLessEqual(len(row), 80)
            client.tell(b"w" * 255, HERE.encode(), b"1")
            for line in everything.lines(3):
                self.assertLessEqual(len(line), 40)
            self.assertEqual(watch.interrupted(), (b"", b"", 0))

    def test_the_age_is_local_and_from_the_receipt(self):
        with Herd() as herd, herd.node.client() as client:
            line = client.tell(b"kiwi", HERE.encode(), b"1")
            received = float(line.split()[2]) + 1
            with Program(herd, "watch", columns=80) as watch:
                watch.line()
                when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(received))
                self.assertIn(when.encode(), watch.line())

    def test_another_node_when_its_node_is_killed(self):
        with Herd(PAIR) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            move(herd, b"kiwi", HERE, b"1")
            move(herd, b"emu", HERE, b"1")
            move(herd, b"moa", HERE, b"1")
            ids = stack.enter_context(Program(herd, "watch", "-n", "B", "kiwi"))
            circle = stack.enter_context(Program(herd, "watch", "-n", "B", "--near", HERE, "5"))
            ids.lines(2)
            circle.lines(4)
            herd["B"].kill()
            for program in (ids, circle):
                self.assertRegex(program.said(), rb"^stampede: B: (closed the connection|connection reset)")
                self.assertEqual(program.said(), b"stampede: watching at A\n")
            self.assertEqual(ids.line(), b"WATCHING 1 kiwi")  # and kiwi's stamp not again
            self.assertEqual(circle.line(), b"WATCHING 1 NEAR %s 5" % HERE.encode())
            newer = move(herd, b"kiwi", HERE, b"2")
            away = move(herd, b"emu", "+1+1", b"2")
            self.assertEqual(ids.line(), b"! 1 NOW " + newer)
            self.assertEqual(circle.lines(2), [b"! 1 MOVE " + newer, b"! 1 EXIT " + away])
            for program in (ids, circle):
                self.assertEqual(program.interrupted(), (b"", b"", 0))

    def test_what_was_missed_meanwhile(self):
        """All nodes are down for a while, and begin with nothing: who is not within any more is
        GONE, older stamps are not shown, and newer ones are."""
        with Herd() as herd, contextlib.ExitStack() as stack:
            for client_id in (b"kiwi", b"emu", b"moa"):
                move(herd, client_id, HERE, b"5", node="Goloman")
            circle = stack.enter_context(Program(herd, "watch", "--near", HERE, "5"))
            ids = stack.enter_context(Program(herd, "watch", "kiwi"))
            circle.lines(4)
            ids.lines(2)
            herd.node.kill()
            for program in (circle, ids):
                while b"no node can be watched" not in program.said():
                    pass
            herd.node.start()
            for program in (circle, ids):
                self.assertEqual(program.said(), b"stampede: watching at Goloman\n")
            self.assertEqual(ids.line(), b"WATCHING 1 kiwi")
            self.assertEqual(sorted(circle.lines(3)),
                             [b"! 1 GONE emu", b"! 1 GONE kiwi", b"! 1 GONE moa"])
            self.assertEqual(circle.line(), b"WATCHING 1 NEAR %s 5" % HERE.encode())
            move(herd, b"kiwi", HERE, b"4", node="Goloman")
            newer = move(herd, b"kiwi", HERE, b"6", node="Goloman")
            self.assertEqual(ids.line(), b"! 1 NOW " + newer)
            self.assertEqual(circle.line(), b"! 1 ENTER " + newer)

    def test_wrong_input_and_refusals(self):
        with Herd(more="limits { watches = 2 fence = 1 }") as herd, herd.node.client() as client:
            for words in (("--near",), ("--near", HERE), ("--near", HERE, "5", "1")):
                self.assertIn(b"usage: stampede watch ", herd.command("watch", *words, expect=(2,)).stderr)
            for words in (("a b",), ("",), ("x" * 256,), ("--near", "34", "1"), ("--near", "-34", "1")):
                self.assertIn(b"`stampede watch --help`", herd.command("watch", *words, expect=(2,)).stderr)
            done = herd.command("watch", "a", "b", "c", expect=(1,))
            self.assertEqual(done.stdout, b"WATCHING 1 a\nWATCHING 2 b\n")
            self.assertIn(b'Goloman refuses "WATCH c": limits.watches (2) or ', done.stderr)
            for client_id in (b"kiwi", b"emu"):
                client.tell(client_id, HERE.encode(), b"1")
            done = herd.command("watch", "--near", HERE, "1", expect=(1,))
            self.assertIn(b"more than limits.fence (1) stamps are within", done.stderr)

    def test_a_herd_that_closes_after_each_reply(self):
        with Herd(more="client_close = reply") as herd:
            self.assertIn(b"client_close = reply", herd.command("watch", expect=(1,)).stderr)
            self.assertEqual(herd.command("near", HERE, "5", "1").stdout,
                             b"NEAR 0 %s 5 1\n" % HERE.encode())

    def test_a_watch_that_the_node_ends_is_begun_again(self):
        """FULL, said by a socket in place of a node."""
        line = b"AT Goloman +0.000000001 kiwi +34-118 %d"
        with Herd(start=False) as herd, socket.socket() as listener:
            listener.settimeout(DEADLINE_S)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(herd.node.client_address)
            listener.listen()
            with Program(herd, "watch") as watch:
                for says in ((b"NOW " + line % 5, b"FULL"), (b"NOW " + line % 4, b"NOW " + line % 5),
                             (b"x" * 20000,), (b"NOW " + line % 6,)):
                    client = listener.accept()[0]
                    with client:
                        client.settimeout(DEADLINE_S)
                        self.assertEqual(client.recv(100), b"WATCH\n")
                        client.sendall(b"".join(b"! 1 %s\n" % what for what in says[:1]) +
                                       b"WATCHING 1\n" +
                                       b"".join(b"! 1 %s\n" % what for what in says[1:]))
                        if says[-1] == b"FULL":
                            self.assertEqual(client.recv(100), b"")  # it closes
                self.assertEqual(watch.lines(3), [b"! 1 NOW " + line % 5, b"WATCHING 1", b"! 1 FULL"])
                self.assertEqual(watch.lines(3), [b"WATCHING 1", b"! 1 NOW " + line % 6, b"WATCHING 1"])
                self.assertIn(b"too much changed", watch.said())

    def test_a_closed_pipe(self):
        """Whoever read has gone, and no news come: it ends all the same."""
        with Herd() as herd, herd.node.client() as client:
            client.tell(b"kiwi", HERE.encode(), b"1")
            with Program(herd, "watch") as watch:
                watch.lines(2)
                os.close(watch.out)
                self.assertEqual(watch.process.wait(timeout=DEADLINE_S), 1)
                self.assertEqual(watch.process.stderr.read(), b"")

    def test_output_that_blocks(self):
        """While nobody reads it, it reads nothing; then what it shows last is the newest."""
        with Herd() as herd, herd.node.client() as client, Program(herd, "watch") as watch:
            self.assertEqual(watch.line(), b"WATCHING 1")
            position, rounds, ids = HERE.encode(), 60, 500
            for at in range(rounds):
                client.send(b"".join(b"IAMAT id%d-%s %s %d\n" % (i, b"x" * 200, position, at)
                                     for i in range(ids)))
                for _ in range(ids):
                    client.line()
            last = {}
            while len(last) < ids or set(last.values()) != {rounds - 1}:
                fields = watch.line().split()
                self.assertEqual(fields[:3], [b"!", b"1", b"NOW"])
                self.assertGreater(int(fields[8]), last.get(fields[6], -1))
                last[fields[6]] = int(fields[8])
            self.assertEqual(watch.interrupted()[1:], (b"", 0))

    def test_ctrl_c_while_the_output_blocks_or_no_node_answers(self):
        with Herd() as herd, herd.node.client() as client:
            for i in range(2000):
                client.send(b"IAMAT id%d-%s %s 1\n" % (i, b"x" * 200, HERE.encode()))
                client.line()
            with Program(herd, "watch") as watch:
                until(lambda: select.select([watch.out], [], [], 0)[0], "it writes")
                watch.process.send_signal(signal.SIGINT)
                self.assertEqual(watch.process.wait(timeout=DEADLINE_S), 0)
            herd.node.kill()
            with Program(herd, "watch") as watch:
                while b"no node can be watched" not in watch.said():
                    pass
                _, errors, code = watch.interrupted()
                self.assertEqual((errors, code), (b"", 0))


if __name__ == "__main__":
    unittest.main()
