"""test_neighbours.py - a neighbour that has proved who it is, but misbehaves.

The test plays Hands; Goloman and Wilkes are real. Whatever Hands does, it only loses its link:
clients are answered, and Goloman and Wilkes still exchange all stamps.
"""
import contextlib
import time
import unittest

from herd import Herd
from peer import Peer, at, write_secret

STAR = {"Goloman": ("Hands", "Wilkes"), "Hands": (), "Wilkes": ()}
SECRET_FILE = 'secret_file = "herd.secret"'
NAME_BYTES_MAX, LIST_NAMES_MAX, NEIGHBOURS_MAX = 63, 64, 64
LISTS = 5000  # more than a node keeps apart


def link(herd, peer, node="Goloman"):
    (found,) = [link for link in herd.status()[node]["links"] if link["peer"] == peer]
    return found


def is_up(herd, peer, node="Goloman"):
    return link(herd, peer, node)["up"]


class BadNeighbours(unittest.TestCase):
    def setUp(self):
        self.herd = self.enterContext(Herd(STAR, more=SECRET_FILE, start=False))
        write_secret(self.herd)
        self.node = self.herd["Goloman"].start()
        self.herd["Wilkes"].start()
        self.herd.linked(["Wilkes"])
        self.boot = None

    def hands(self):
        """A link of Hands that is up; always of the same boot."""
        peer = Peer(self.node)
        peer.boot = self.boot = self.boot or peer.boot
        peer.prove()
        self.herd.until(lambda: is_up(self.herd, "Hands"), "Hands is linked")
        return peer

    def tell(self, client_id, at_s):
        """The others receive it, whatever Hands does."""
        with self.node.client() as client:
            line = client.tell(client_id, b"+1-1", b"%d" % at_s)
        self.assertTrue(line.startswith(b"AT Goloman "), line)
        self.herd.agree(client_id, line)
        return line

    def test_what_ends_its_link_and_nothing_else(self):
        for why, said in (
                (b"MARK with a bad number", b"MARK 7\nMARK 6\n"),
                (b"ACK of what was not marked", b"ACK 4000000000\n"),
                (b"GRAFT of what is not there", b"GRAFT 4000000000\n"),
                (b"SEEN that nobody asked for", b"SEEN 4" + 32 * b" 0123456789abcdef" + b"\n"),
                (b"EAGER that nobody asked for", b"EAGER 0\n"),
                (b"PRUNE with a bad number", b"PRUNE 4000000000\n"),
                (b"PING with a bad field", b"PING 1 1 1\n"),
                (b"list", at(b"bad", seen=b"Hands Wilkes ", sender=b"Goloman")),
                (b"bad field", at(b"bad", time=b"99999999999")),
                (b"control byte", at(b"b\0d")),
                (b"none of the peer protocol", b"IAMAT bad +1-1 1\n"),
                (b"none of the peer protocol", b"HELLO\n"),
                (b"too long", b"AT " + 20000 * b"x")):
            with self.subTest(said=said[:40]), self.hands() as peer:
                downs = self.node.log().count(b" link_down peer=Hands ")
                peer.send(said)
                self.assertRegex(peer.rest(), rb"(?m)^BYE [^\n]*%b[^\n]*\n\Z" % why)
                self.herd.until(lambda: not is_up(self.herd, "Hands"), "its link is down")
                self.assertIn(why.decode(), link(self.herd, "Hands")["error"])
                self.herd.until(
                    lambda: self.node.log().count(b" link_down peer=Hands ") == downs + 1, "told")
        self.assertEqual(self.node.log().count(b" link_down peer=Wilkes "), 0)
        self.assertIsNone(self.herd.known(b"bad")["Goloman"])
        self.tell(b"kiwi", 1)

    def test_one_that_never_confirms(self):
        """It reads everything but acknowledges nothing: lag counts stamps, not changes."""
        with self.hands() as peer, self.node.client() as client:
            for at_s in range(1, 31):
                client.send(b"".join(b"IAMAT k%d +1-1 %d.%d\n" % (i, at_s, i) for i in range(100)))
                for _ in range(100):
                    client.line()
                peer.send(b"PONG 1\n")  # a sign of life
            self.assertEqual(link(self.herd, "Hands")["lag"], 100)
            mark = b"MARK %d\n" % self.herd.status()["Goloman"]["change"]
            held = {}
            while (line := peer.reader.readline()) != mark:
                if line.startswith(b"AT "):
                    held[line.split()[3]] = line.split()[5]
            self.assertEqual(held, {b"k%d" % i: b"30.%d" % i for i in range(100)})
            peer.send(b"ACK" + mark[4:])
            self.herd.until(lambda: link(self.herd, "Hands")["lag"] == 0, "it has confirmed")

    def test_one_that_reads_a_byte_at_a_time(self):
        with self.hands() as peer, self.node.client() as client:
            said = b""
            for at_s in range(1, 201):
                client.send(b"".join(b"IAMAT k%d +1-1 %d\n" % (i, at_s) for i in range(100)))
                for _ in range(100):
                    client.line()
                said += peer.reader.read1(1)
                peer.send(b"PONG 1\n")
            self.tell(b"kiwi", 1)
            self.assertTrue(is_up(self.herd, "Hands"))
            mark = b"\nMARK %d\n" % self.herd.status()["Goloman"]["change"]
            while mark not in said[-(1 << 17):]:
                said += peer.reader.read1(1 << 16)
            last = {line.split()[3]: line for line in said.splitlines() if line.startswith(b"AT ")}
            self.assertEqual({last[b"k%d" % i].split()[5] for i in range(100)}, {b"200"})

    def test_lists_as_long_as_they_get(self):
        """More received lists than a node keeps: lists are dropped, not stamps."""
        with self.hands() as peer:
            for first in range(0, LISTS, 100):
                peer.send(b"".join(
                    at(b"k%d" % i, seen=b"".join(
                        (b"%d." % (i + n)).ljust(NAME_BYTES_MAX, b"x") + b" "
                        for n in range(LIST_NAMES_MAX))) for i in range(first, first + 100)))
            peer.send(at(b"last") + b"MARK 1\n")
            while peer.reader.readline() != b"ACK 1\n":
                pass
            self.herd.agree(b"last", b"AT Hands +1.000000000 last +1-1 1")
            said = self.herd.status()
            self.assertEqual({said[name]["stamps"] for name in ("Goloman", "Wilkes")}, {LISTS + 1})
            self.assertEqual(said["Goloman"]["digest"], said["Wilkes"]["digest"])

    def test_its_clock_is_off(self):
        with self.hands() as peer:
            def ping(ahead_s):
                now_ns = time.time_ns() + int(ahead_s * 1e9)
                peer.send(b"PING %d 0 0000000000000000 behind\n" % now_ns)
                self.assertEqual(self.answer(peer), b"PONG %d\n" % now_ns)
            for ahead_s, event, said in (
                    (-5400, b" clocks_differ peer=Hands ahead_ms=-5", "clock is 1h30m behind"),
                    (0, b" clocks_agree peer=Hands ", None),
                    (5400, b" clocks_differ peer=Hands ahead_ms=5", "clock is 1h29m ahead")):
                for _ in range(5):
                    ping(ahead_s)
                self.herd.until(lambda: event in self.node.log(), "it is in the log")
                self.assertEqual(self.node.log().count(event), 1)
                table = self.herd.command("status", "-t", expect=(1,)).stdout.decode()
                self.assertEqual("clock is" in table, link(self.herd, "Hands")["clock_off"])
                if said:
                    self.assertIn(said, table)

    def test_it_holds_something_else(self):
        """An alarm when it is certain, then a full send; over when digests agree."""
        with self.hands() as peer:
            line = self.tell(b"kiwi", 1) + b" Goloman\n"

            def confirm():
                mark = self.answer(peer)
                self.assertRegex(mark, rb"\AMARK \d+\n\Z")
                peer.send(b"ACK" + mark[4:])

            def ping(digest):
                peer.send(b"PING %d 1 %b\n" % (time.time_ns(), digest))
                self.assertTrue(self.answer(peer).startswith(b"PONG "))
            self.assertEqual(self.answer(peer), line)
            confirm()
            digest = self.herd.status()["Goloman"]["digest"].encode()
            ping(digest)
            for alarms in (0, 1):
                self.assertEqual(self.node.log().count(b" diverged peer=Hands "), 0)
                ping(b"0123456789abcdef")
                self.assertEqual(link(self.herd, "Hands")["divergences"], alarms)
            self.herd.until(lambda: b" diverged peer=Hands " in self.node.log(), "in the log")
            self.assertIn("ALARM: Goloman and Hands hold different stamps",
                          self.herd.command("status", "-t", expect=(1,)).stdout.decode())
            self.assertEqual(self.answer(peer), line)
            confirm()
            ping(digest)
            self.herd.until(lambda: b" converged peer=Hands " in self.node.log(), "in the log")
            self.assertFalse(link(self.herd, "Hands")["diverged"])

    @staticmethod
    def answer(peer):
        """The next line that is not a PING."""
        while (line := peer.reader.readline()).startswith(b"PING "):
            pass
        return line

    def test_one_that_comes_and_goes(self):
        """A hundred links in a row, each cut within a stamp: complete stamps count."""
        before = self.node.descriptors()
        with self.node.client() as client:
            for at_s in range(1, 101):
                line = b"AT Hands +1.000000000 whole +1-1 %d" % at_s
                with Peer(self.node) as peer:
                    peer.prove()
                    peer.send(at(b"whole", time=b"%d" % at_s) + at(b"half")[:-9])
                    self.herd.until(lambda line=line: client.known(b"whole") == line,
                                    f"{line!r} is there")
        self.herd.agree(b"whole", line)
        self.assertIsNone(self.herd.known(b"half")["Goloman"])
        self.herd.until(lambda: self.node.descriptors() <= before, "no connection is left")


def says(peer):
    """The next line of the node; on a slow machine a PING may stand before it."""
    while (line := peer.reader.readline()).startswith(b"PING "):
        pass
    return line


class ManyNeighbours(unittest.TestCase):
    def test_as_many_as_there_may_be_with_names_as_long_as_they_get(self):
        names = [b"%d." % i + b"n" * (NAME_BYTES_MAX - len(b"%d." % i))
                 for i in range(NEIGHBOURS_MAX)]
        edges = {"Hub": [name.decode() for name in names]} | {name.decode(): () for name in names}
        with contextlib.ExitStack() as stack:
            herd = stack.enter_context(
                Herd(edges, more=SECRET_FILE + "\nretired = {Hands}", start=False))
            write_secret(herd)
            hub = herd["Hub"].start()
            peers = [stack.enter_context(Peer(hub, name=name, to=b"Hub")) for name in names]
            for peer in peers:
                peer.prove()
            herd.until(lambda: all(link["up"] for link in herd.status()["Hub"]["links"]),
                       "all are linked")
            with hub.client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            for peer in peers:
                self.assertEqual(says(peer), line + b" Hub\n")
                self.assertEqual(says(peer), b"MARK 1\n")
            peers[0].send(at(b"theirs", sender=names[0]) + b"MARK 1\n")
            for peer in peers[1:]:
                self.assertEqual(says(peer), at(b"theirs", sender=b"Hub", seen=names[0] + b" "))
            self.assertIn(f"{NEIGHBOURS_MAX}/{NEIGHBOURS_MAX}",
                          herd.command("status", "-n", "Hub", "-t").stdout.decode())


if __name__ == "__main__":
    unittest.main()
