"""A node of Stampede against paper_peer.py, which was written from PROTOCOL.md alone: whoever has
only that text can write a peer that links, floods, resumes and keeps equal digests."""
import json
import os
import random
import secrets
import socket
import subprocess
import tempfile
import time
import unittest
from contextlib import suppress

from paper_peer import Link, PaperPeer, Stamp

STAMPEDE = os.path.abspath(os.environ.get("STAMPEDE", "./stampede"))
SECONDS = 20  # the longest that anything is waited for
SECRET = b"sixteen bytes or more"
NOW = int(time.time())
NOTHING = "0000000000000000:0"
PECAR = "pécar".encode().decode("latin-1")  # as PaperPeer has it: a character is a byte
SIZES = [*range(1, 40), 255]  # of ids
ORIGINS = "A", "W", "Wilke", "Wilkes", "Wilkes.", "Z", "hands"  # of stamps, beside the nodes


def bound():
    """A socket with a free port, which refuses connections until it listens."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(SECONDS)
    return sock


class Herd:
    """The real node, and the sockets of the other one, which the paper peer plays."""

    def __init__(self, test, node="Goloman", paper="Hands", secret=None, listen=False,
                 third=""):
        self.node, self.paper, self.secret, self.process = node, paper, secret, None
        self.name = f"paper-{secrets.token_hex(8)}"
        folder = tempfile.TemporaryDirectory()
        self.path = lambda name: os.path.join(folder.name, name)
        test.addCleanup(folder.cleanup)
        test.addCleanup(self.kill)
        for _ in range(5):  # another process may take a free port before the node has it
            sockets = [bound() for _ in range(6)]
            for sock in sockets:
                test.addCleanup(sock.close)
            addresses = [sock.getsockname() for sock in sockets]
            self.client, self.peer, self.listener = *addresses[:2], sockets[2]
            self.write(third, *(port for _, port in addresses))
            for sock in sockets[:2]:
                sock.close()
            if listen:
                self.listener.listen()
            if self.start():
                return
        raise AssertionError(self.errors())

    def write(self, third, client, peer, paper_peer, paper_client, third_client, third_peer):
        triangle = f"""
                node {third} {{
                  client   = "127.0.0.1:{third_client}"
                  peer     = "127.0.0.1:{third_peer}"
                  talks_to = {{{self.node}, {self.paper}}}
                }}""" if third else ""
        with open(self.path("topology.conf"), "w") as file:
            nodes = {self.node, self.paper, third}
            file.write(f"""herd = {self.name}
                retired = {{{", ".join(name for name in ORIGINS if name not in nodes)}}}
                {'secret_file = "%s"' % self.path("secret") if self.secret else ""}
                node {self.node} {{
                  client   = "127.0.0.1:{client}"
                  peer     = "127.0.0.1:{peer}"
                  talks_to = {{{self.paper}}}
                }}
                node {self.paper} {{
                  client   = "127.0.0.1:{paper_client}"
                  peer     = "127.0.0.1:{paper_peer}"
                }}{triangle}
                """)
        if self.secret:
            with open(self.path("secret"), "wb") as file:
                os.chmod(file.fileno(), 0o600)  # or the node does not start
                file.write(self.secret + b"\n")

    def start(self):
        """True as soon as the node answers; False if it ends, or another has its ports."""
        command = [STAMPEDE, "node", self.node, "-c", self.path("topology.conf")]
        with open(self.path("errors"), "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with suppress(ConnectionRefusedError):
                return self.say(self.peer, self.hello(herd="other"), fin=False) == [
                    f"BYE this herd is {self.name}, not other"]
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
                return False
        raise AssertionError("the node does not start: " + self.errors())

    def errors(self):
        with open(self.path("errors")) as file:
            return file.read()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(SECONDS)

    def say(self, address, text, fin=True):
        """The lines that the node answers up to its FIN."""
        with socket.create_connection(address, SECONDS) as sock:
            sock.sendall(text.encode("latin-1"))
            if fin:
                sock.shutdown(socket.SHUT_WR)
            with sock.makefile(encoding="latin-1", newline="\n") as file:
                return [line.removesuffix("\n") for line in file]

    def tell(self, client_id, position, when):
        return self.say(self.client, f"IAMAT {client_id} {position} {when}\n")[0]

    def held(self, client_id):
        """The AT line that the node holds; "? …" if there is none."""
        return self.say(self.client, f"WHATSAT {client_id} 1 0\n")[0]

    def hello(self, speaker="-", herd=None):
        return (f"HELLO stampede/1 herd={herd or self.name} from={speaker} to={self.node} "
                f"boot={secrets.token_hex(8)} nonce={secrets.token_hex(16)} have={NOTHING}\n")

    def status(self):
        answer = self.say(self.peer, self.hello() + "STATUS\n", fin=False)
        return json.loads(next(line for line in answer if line.startswith("{")))


def lines(link, start, begin=0):
    """Of a link's lines, those that start with "<" (heard) or ">" (said), and a word."""
    return [line for line in link.log[begin:] if line.startswith(start + " ")]


def texts(peer):
    return {stamp.line for stamp in peer.stamps.values()}


class Case(unittest.TestCase):
    def start(self, **more):
        """A herd, and a paper peer for it that is not linked yet."""
        self.herd = Herd(self, **more)
        return self.herd, self.make_peer(self.herd.secret)

    def make_peer(self, secret=None, started=0):
        return PaperPeer(self.herd.paper, self.herd.name, self.herd.node, secret, started)

    def wait(self, peer, condition, what):
        with peer.changed:
            if not peer.changed.wait_for(condition, SECONDS):
                self.fail(f"waited in vain for {what}")

    def make_link(self, peer, dialled=True):
        sock = (socket.create_connection(self.herd.peer, SECONDS) if dialled
                else self.herd.listener.accept()[0])
        link = Link(peer, sock, dialled)
        self.addCleanup(link.end)
        return link

    def make_judge(self, peer):
        """A link that is up, but has nobody at its other end."""
        ends = socket.socketpair()
        for end in ends:
            self.addCleanup(end.close)
        return Link(peer, ends[0], False)

    def link(self, peer, dialled=True):
        def refused():
            return link.log and link.log[-1] == "< BYE another process of this name is linked"
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            link = self.make_link(peer, dialled)
            self.wait(peer, lambda: peer.link is link or refused(), "the link")
            if not refused():
                return link
        self.fail(f"refused for {SECONDS} s")

    def cut(self, peer):
        peer.link.sock.shutdown(socket.SHUT_RDWR)
        self.wait(peer, lambda: not peer.link, "the link's end")

    def settle(self, peer):
        """Until the node has confirmed all that the peer has."""
        self.wait(peer, lambda: peer.link and peer.link.acked == peer.change, "the last ACK")

    def ping(self, peer):
        """Says PING, waits for its PONG."""
        with peer.changed:
            link, now = peer.link, time.time_ns()
            link.say(f"PING {now} {peer.count_and_digest()}")
        self.wait(peer, lambda: f"< PONG {now}" in link.log, "PONG")

    def tell_both(self, peer, count):
        """As many stamps to each end, until both have all of them."""
        for number in range(count):
            self.herd.tell(f"node{number}", "+1-1", NOW)
            peer.tell(f"peer{number}", "+1-1", NOW)
        self.settle(peer)
        self.wait(peer, lambda: peer.had[1] >= 2 * count, "the stamps")
        self.assertEqual(len(peer.stamps), 2 * count)


class WorkedExamples(unittest.TestCase):
    def test_hash_and_digest(self):
        peer = PaperPeer("Hands", "demo", "Goloman")
        for line, digest in (
            ("AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1614209128.918963997",
             "1 9c01fac4445cfafe"),
            ("AT Hands -1.500000000 ab +1-1 2.5", "2 2d5469f07eeb11a0"),
            (f"AT Wilkes +0.000000000 {PECAR} -90+180 0001.50", "3 6fde8f4070b6d7e7"),
        ):
            peer.store(Stamp(line))
            self.assertEqual(peer.count_and_digest(), digest)

    def test_auth(self):
        peer = PaperPeer("Hands", "demo", "Goloman", SECRET)
        peer.boot = "0123456789abcdef"
        ends = socket.socketpair()
        for end in ends:
            self.addCleanup(end.close)
        link = Link(peer, ends[0], True)
        link.nonce = "000102030405060708090a0b0c0d0e0f"
        link.hello = {"boot": "fedcba9876543211", "nonce": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"}
        self.assertEqual(link.auth(ours=True),
                         "6735c468420729e1ab585a3df4231aefa8d6c86107a26f9b79cd3432a831b205")
        self.assertEqual(link.auth(ours=False),
                         "4b525fc81a3fe73ee6e66c5c5e14dca7d2b2e73dbfb1895b6ddb198de9c987f6")


class Links(Case):
    def works(self, peer):
        """A stamp goes either way."""
        line = peer.tell("kiwi", "+1-1", NOW)
        self.settle(peer)
        self.assertEqual(self.herd.held("kiwi"), line)
        line = self.herd.tell("kiwi", "+2-2", f"{NOW}.1")
        self.wait(peer, lambda: line in texts(peer), "the stamp")

    def test_dialling(self):
        for secret in (None, SECRET):
            with self.subTest(secret=secret):
                herd, peer = self.start(secret=secret)
                link = self.link(peer)
                self.assertEqual(len(lines(link, "< AUTH")), 1 if secret else 0)
                self.assertEqual(" auth=hmac-sha256" in link.log[0], bool(secret))
                self.assertEqual(link.hello["from"], herd.node)
                self.works(peer)

    def test_dialled_by_the_node(self):
        for secret in (None, SECRET):
            with self.subTest(secret=secret):
                herd, peer = self.start(secret=secret, listen=True)
                link = self.link(peer, dialled=False)
                self.assertEqual(len(lines(link, "< AUTH")), 1 if secret else 0)
                self.works(peer)

    def test_wrong_secret(self):
        for listen in (False, True):
            with self.subTest(listen=listen):
                self.start(secret=SECRET, listen=listen)
                peer = self.make_peer(b"sixteen bytes or less")
                link = self.make_link(peer, dialled=not listen)
                self.wait(peer, lambda: lines(link, "< BYE"), "BYE")
                self.assertEqual(link.log[-1], "< BYE AUTH is wrong: the secrets differ")
                self.assertEqual("> BYE AUTH is wrong" in link.log, bool(lines(link, "< AUTH")))
                self.assertIsNone(peer.link)

    def test_no_auth_where_the_node_has_a_secret(self):
        herd, peer = self.start(secret=SECRET)
        answer = herd.say(herd.peer, f"{herd.hello(peer.name)}AT {peer.name} +0.000000000 kiwi "
                          f"+1-1 5 {peer.name}\n", fin=False)
        self.assertEqual(answer[-1], "BYE this node wants AUTH")
        self.assertEqual(herd.held("kiwi"), "? WHATSAT kiwi 1 0")
        link = self.make_link(self.make_peer(None))
        self.wait(link.peer, lambda: "> BYE this node has no secret" in link.log, "BYE")

    def test_secret_where_the_node_has_none(self):
        self.start()
        link = self.make_link(self.make_peer(SECRET))
        self.wait(link.peer, lambda: lines(link, "< BYE"), "BYE")
        self.assertEqual(link.log[-1], "< BYE this node has no secret, its peer wants AUTH")

    def two_links(self, paper):
        """The node's own dial waits to be accepted while the peer dials; only one link stays."""
        herd, peer = self.start(paper=paper, listen=True)
        ours = self.link(peer)
        theirs = self.make_link(peer, dialled=False)
        ends = [ours, theirs] if paper < herd.node else [theirs, ours]
        self.wait(peer, lambda: lines(ends[1], "< BYE") + lines(ends[1], "> BYE"), "BYE")
        self.assertIn("BYE duplicate of another link", ends[1].log[-1])
        self.assertIs(peer.link, ends[0])
        self.works(peer)
        self.assertEqual(herd.status()["links"][0]["dialled_by"], min(herd.node, paper))

    def test_two_links_and_the_peer_has_the_smaller_name(self):
        self.two_links("Alpha")

    def test_two_links_and_the_node_has_the_smaller_name(self):
        self.two_links("Zulu")

    def test_spare_link(self):
        """Of a triangle, Goloman is the root; the link between the others is spare."""
        herd, peer = self.start(node="Welsh", paper="Hands", third="Goloman")
        link = self.link(peer)
        self.assertEqual(link.hello["lazy"], "1")
        in_tree = {status["peer"]: status["in_tree"] for status in herd.status()["links"]}
        self.assertEqual(in_tree, {"Goloman": True, "Hands": False})
        self.works(peer)
        self.wait(peer, lambda: lines(link, "< PING"), "PING")
        self.assertEqual({line.split(" ")[1] for line in link.log if line.startswith("<")},
                         {"HELLO", "AT", "MARK", "ACK", "PING"})

    def test_dialled_twice(self):
        _, peer = self.start()
        first = self.link(peer)
        second = self.link(peer)  # it came up last
        self.wait(peer, lambda: lines(first, "< BYE") + lines(first, "> BYE"), "BYE")
        self.assertIn("BYE duplicate of another link", first.log[-1])
        self.works(peer)
        self.assertIs(peer.link, second)

    def test_another_boot_ends_the_link_of_a_former_that_is_silent(self):
        for started in (0, 5):
            with self.subTest(started=started):
                _, former = self.start()
                first = self.link(former)
                with former.changed:
                    first.hear = lambda line: None
                peer = self.make_peer(started=started)
                self.link(peer)
                self.wait(former, lambda: first.log[-1].startswith("< BYE silent, "), "BYE")
                self.works(peer)

    def test_the_later_of_two_that_live_is_told_and_what_it_brings_is_kept(self):
        herd, former = self.start()
        former.started = 4
        self.link(former)
        peer = self.make_peer(started=5)
        line = peer.tell("twins", "+1-1", NOW)
        link = self.link(peer)
        self.wait(peer, lambda: peer.twin == former.boot, "TWIN")
        self.settle(peer)
        self.assertEqual(lines(link, "< AT"), [])
        self.assertEqual(herd.held("twins"), line)
        self.wait(former, lambda: line in texts(former), "what its twin has brought")
        link.end("this node stops")
        self.works(former)


class Flood(Case):
    def assert_skew(self, line, before):
        """Time and skew come to a moment since `before`."""
        stamp = Stamp(line)
        self.assertTrue(before <= stamp.time + stamp.skew <= time.time_ns(), line)

    def test_from_the_node(self):
        herd, peer = self.start()
        link = self.link(peer)
        fields = f"{PECAR} +034.068930-118.44 000{NOW}.50"
        before = time.time_ns()
        line = herd.tell(*fields.split(" "))
        self.assert_skew(line, before)
        self.wait(peer, lambda: lines(link, "< MARK"), "MARK")
        self.assertEqual(lines(link, "< AT"), [f"< {line} {herd.node}"])
        self.assertTrue(line.endswith(" " + fields))
        self.assertEqual(texts(peer), {line})

    def test_from_the_peer(self):
        herd, peer = self.start()
        self.link(peer)
        fields = f"{PECAR} +034.068930-118.44 000{NOW}.50"
        before = time.time_ns()
        line = peer.tell(*fields.split(" "))
        self.assert_skew(line, before)
        self.assertTrue(line.endswith(" " + fields))
        self.settle(peer)
        self.assertEqual(peer.tell(PECAR, "-1-1", f"{NOW}.50"), line)  # the time decides alone
        self.assertEqual(herd.held(PECAR), line)
        self.assertEqual(herd.tell(PECAR, "+0-0", "0"), line)

    def test_older_is_not_taken(self):
        """Neither by the node (one is sent to it) nor by the peer (which holds newer ones)."""
        herd, peer = self.start()
        older = herd.tell("kiwi", "+1-1", NOW)
        newer = [herd.tell("pecar", "+1-1", f"{NOW}.000000002"),
                 peer.tell("kiwi", "+2-2", f"{NOW}.000000001")]
        link = self.link(peer)
        self.settle(peer)
        self.wait(peer, lambda: len(peer.stamps) == 2, "the stamps")
        self.assertEqual(lines(link, "< AT")[0], f"< {older} {herd.node}")
        self.assertEqual(texts(peer), set(newer))
        with peer.changed:
            del peer.stamps["pecar"]  # or it would not send an older one
        peer.tell("pecar", "+2-2", f"{NOW}.000000001")
        self.settle(peer)
        self.assertEqual([herd.held("pecar"), herd.held("kiwi")], newer)

    def test_from_further_ahead_than_a_day(self):
        herd, peer = self.start()
        link = self.link(peer)
        for skew, taken in ("-86400.000000000", True), ("-86400.000000001", False):
            line = f"AT Z {skew} kiwi{skew[-1]} +1-1 100000"
            link.say(f"{line} {peer.name}")
            self.ping(peer)
            self.assertEqual(herd.held(f"kiwi{skew[-1]}") == line, taken)
            peer.store(Stamp(line))
            self.assertEqual(line in texts(peer), taken)
            self.assertEqual(peer.partial, not taken)
        self.assertEqual(herd.status()["links"][0]["got_future"], 1)
        self.assertFalse(herd.status()["partial"], "the peer does not hold it either")

    def test_equal_times_at_two_nodes(self):
        for paper in ("Alpha", "Zulu"):
            with self.subTest(paper=paper):
                herd, peer = self.start(paper=paper)
                told = {herd.node: herd.tell("kiwi", "+1-1", f"{NOW}.5"),
                        paper: peer.tell("kiwi", "+2-2", f"{NOW}.50")}
                link = self.link(peer)
                self.settle(peer)
                self.wait(peer, lambda: lines(link, "< MARK"), "MARK")
                self.assertEqual(herd.held("kiwi"), told[max(told)])
                self.assertEqual(texts(peer), {told[max(told)]})

    def test_each_step_of_the_total_order(self):
        """Of each pair the second is newer; they come to the node in either order."""
        pairs = [
            ("AT Z +9.000000000 {} +9-9 1.999999998", "AT A +0.000000000 {} +1-1 1.999999999"),
            ("AT W +0.000000000 {} +1-1 9.0", "AT W +0.000000000 {} +1-1 10"),
            ("AT Wilke +9.000000000 {} +9-9 5", "AT Wilkes +0.000000000 {} +1-1 5"),
            ("AT Wilkes +9.000000000 {} +9-9 5", "AT Wilkes. +0.000000000 {} +1-1 5"),
            ("AT Wilkes +9.000000000 {} +9-9 5", "AT hands +0.000000000 {} +1-1 5"),
            ("AT W -1.500000000 {} +9-9 5", "AT W -0.500000000 {} +1-1 5"),
            ("AT W -0.500000000 {} +9-9 5", "AT W +0.000000000 {} +1-1 5"),
            ("AT W +9.000000000 {} +9-9 5", "AT W +10.000000000 {} +1-1 5"),
            ("AT W +0.000000000 {} +1.0-1 1.50", "AT W +0.000000000 {} +1.0-1.0 1.5"),
            ("AT W +0.000000000 {} +1-1 1.50", "AT W +0.000000000 {} -1-1 1.5"),
            ("AT W +0.000000000 {} +1-1 1.5", "AT W +0.000000000 {} +1-1 1.50"),
            ("AT W +0.000000000 {} +1-1 01.5", "AT W +0.000000000 {} +1-1 1.5"),
        ]
        herd, peer = self.start()
        link = self.link(peer)
        for number, pair in enumerate(pairs):
            for order in (1, -1):
                client_id = f"{number}{order}"
                both = [line.format(client_id) for line in pair]
                with peer.changed:
                    for line in both[::order]:
                        link.say(f"{line} {peer.name}")  # whatever the peer thinks of it
                        peer.store(Stamp(line))
                    link.send()
                self.settle(peer)
                self.assertEqual(peer.stamps[client_id].line, both[1])
                self.assertEqual(herd.held(client_id), both[1])


    def test_what_an_AT_line_may_be(self):
        good = ["Z +0.000000000 k +90.0-180.000000000000000 0001.000000001 Hands",
                f"Hands +1600000000.000000000 {PECAR} -00-000.0 {'0' * 8000}1 Hands Hands",
                f"Z -5.500000000 {'i' * 255} +090+180 5.5 {'x' * 63} Hands",
                f"Z -86399.000000000 k +1-1 {NOW + 86399}.999999999 x Hands"]
        late = ["Z +0.000000000 k +1-1 9223372036.854775807 Hands",  # refused, but well-formed
                "Z +9223372035.000000000 k +1-1 1 Hands"]
        bad = ["Z +0.000000000 k +90.000000000000001-1 5 Hands",
               "Z +0.000000000 k +1-180.1 5 Hands", "Z +0.000000000 k 1-1 5 Hands",
               "Z +0.000000000 k +1.-1 5 Hands",
               "Z +0.000000000 k +0001-1 5 Hands", "Z +0.000000000 k +1.0000000000000000-1 5 Hands",
               "Z -0.000000000 k +1-1 5 Hands", "Z 0.000000000 k +1-1 5 Hands",
               "Z +0.00000000 k +1-1 5 Hands", "Z +00.000000000 k +1-1 5 Hands",
               "Z -5.500000001 k +1-1 5.5 Hands", "Z +9223372036.854775807 k +1-1 1 Hands",
               "Z -1.000000000 k +1-1 9223372036.854775808 Hands", "Z +0.000000000 k +1-1 5. Hands",
               "Z +0.000000000 k +1-1 5.0000000001 Hands", "Z +0.000000000 k +1-1 +5 Hands",
               "-Z +0.000000000 k +1-1 5 Hands", f"{'x' * 64} +0.000000000 k +1-1 5 Hands",
               f"Z +0.000000000 {'i' * 256} +1-1 5 Hands", "Z +0.000000000 k\x7f +1-1 5 Hands",
               f"Z +0.000000000 k +1-1 {'0' * 8192}1 Hands", "Z +0.000000000 k +1-1 5 Hands ",
               "Z +0.000000000 k +1-1 5 x  Hands", "Z +0.000000000 k +1-1 5 -x Hands",
               "Z +0.000000000 k +1-1 5 Hands Goloman", "Z +0.000000000 k +1-1 5"]
        herd, peer = self.start()
        link = self.link(peer)
        mirror = PaperPeer(herd.node, herd.name, herd.paper)  # it plays the node
        for text in good:
            link.say(f"AT {text}")
            self.ping(peer)
            self.make_judge(mirror).obey(f"AT {text}")
            client_id = text.split(" ")[2]
            line = mirror.stamps[client_id].line
            self.assertTrue(f"AT {text}".startswith(line))
            self.assertEqual(herd.held(client_id), line)
        for text in late:
            link.say(f"AT {text}")
            self.ping(peer)
            self.assertEqual(herd.held("k"), f"AT {good[-1]}".removesuffix(" x Hands"))
        self.assertEqual(herd.status()["links"][0]["got_ahead"], len(late))
        self.cut(peer)
        for text in bad:
            with self.subTest(text=text[:80]):
                peer = self.make_peer()
                link = self.link(peer)
                link.say(f"AT {text}")
                self.wait(peer, lambda: lines(link, "< BYE"), "BYE")
                self.assertEqual(link.log[-1][:9], "< BYE AT ")
                with self.assertRaises(ValueError):
                    self.make_judge(mirror).obey(f"AT {text}")


class Cuts(Case):
    def test_only_what_is_new_comes(self):
        herd, peer = self.start()
        self.link(peer)
        self.tell_both(peer, 3)
        had = peer.had
        self.cut(peer)
        from_node = herd.tell("node1", "+2-2", f"{NOW}.1")
        from_peer = peer.tell("peer1", "+2-2", f"{NOW}.1")
        link = self.link(peer)
        self.settle(peer)
        self.wait(peer, lambda: peer.had[1] > had[1] and from_node in texts(peer), "MARK")
        self.assertIn(f" have={had[0]}:{had[1]}", link.log[0])
        self.assertEqual(link.hello["have"], f"{peer.boot}:6")
        self.assertEqual(lines(link, "< AT"), [f"< {from_node} {herd.node}"])
        self.assertEqual(lines(link, "> AT"), [f"> {from_peer} {peer.name}"])
        self.assertEqual(herd.held("peer1"), from_peer)

    def test_a_peer_that_restarted_empty_gets_everything(self):
        _, former = self.start()
        self.link(former)
        self.tell_both(former, 20)
        self.cut(former)
        peer = self.make_peer()
        link = self.link(peer)
        # what was had of the former process: the next one may remember it; this one does not
        self.assertEqual(link.hello["have"], f"{former.boot}:40")
        self.wait(peer, lambda: peer.had[1] >= 40, "MARK")
        self.assertEqual(texts(peer), texts(former))

    def test_a_node_that_restarted_empty_gets_everything(self):
        herd, peer = self.start()
        self.link(peer)
        self.tell_both(peer, 20)
        herd.kill()
        self.wait(peer, lambda: not peer.link, "the link's end")
        self.assertTrue(herd.start(), herd.errors())
        link = self.link(peer)
        self.assertEqual(link.hello["have"], NOTHING)
        self.settle(peer)
        self.assertEqual({herd.held(client_id) for client_id in peer.stamps}, texts(peer))


    def test_ACK_of_what_was_not_marked(self):
        herd, peer = self.start()
        link = self.link(peer)
        self.tell_both(peer, 1)
        with self.assertRaises(ValueError):
            link.obey(f"ACK {peer.change + 1}")
        link.say(f"ACK {peer.had[1] + 1}")
        self.wait(peer, lambda: "< BYE ACK of what was not marked" in link.log, "BYE")


class Digests(Case):
    @staticmethod
    def random_fields(rng):
        allowed = [*range(0x21, 0x7F), *range(0x80, 0x100)]
        yield "".join(chr(rng.choice(allowed)) for _ in range(rng.choice(SIZES)))
        yield "".join(rng.choice((f"{rng.randint(-bound, bound):+}",
                                  f"{rng.choice('+-')}{rng.randrange(bound):0{rng.randint(1, 3)}}"
                                  f".{rng.randrange(10**15):015}"[:-rng.randrange(15) or None]))
                      for bound in (90, 180))
        yield "0" * rng.randrange(4) + rng.choice((
            f"{rng.randrange(NOW + 80_000)}",
            f"{rng.randrange(NOW + 80_000)}.{rng.randrange(10**9):09}"[:-rng.randrange(9) or None]))

    def test_agree_after_500_stamps(self):
        herd, peer = self.start()
        link = self.link(peer)
        rng = random.Random(500)
        stamps = [tuple(self.random_fields(rng)) for _ in range(500)]
        replies = herd.say(herd.client, "".join("IAMAT %s %s %s\n" % s for s in stamps[::2]))
        self.assertEqual({reply[:3] for reply in replies}, {"AT "})
        for stamp in stamps[1::2]:
            peer.tell(*stamp)
        self.settle(peer)
        self.wait(peer, lambda: any(line.endswith(" " + peer.count_and_digest())
                                    for line in lines(link, "< PING")), "PING that agrees")
        for _ in range(3):
            self.ping(peer)
        status = herd.status()
        self.assertEqual(f"{status['stamps']} {status['digest']}", peer.count_and_digest())
        self.assertEqual(status["links"][0]["divergences"], 0)
        self.assertGreater(status["links"][0]["round_trip_us"], 0)  # of the node's own PING
        self.assertGreater(status["stamps"], 450)

    def test_the_node_sends_everything_again(self):
        herd, peer = self.start()
        link = self.link(peer)
        self.tell_both(peer, 3)
        everything = texts(peer)
        with peer.changed:
            del peer.stamps["node1"], peer.stamps["peer1"]
        self.ping(peer)
        self.assertEqual(len(lines(link, "< AT")), 3)  # once is no alarm
        begin = len(link.log)
        self.ping(peer)
        self.wait(peer, lambda: lines(link, "< MARK", begin), "MARK again")
        self.assertEqual(len(lines(link, "< AT", begin)), 6)
        self.assertEqual(lines(link, "< MARK", begin), [f"< MARK {peer.had[1]}"])
        self.assertEqual(texts(peer), everything)
        self.settle(peer)
        self.assertEqual(herd.status()["digest"], peer.count_and_digest().split()[1])

    def test_the_peer_sends_everything_again(self):
        herd, peer = self.start()
        link = self.link(peer)
        peer.tell("kiwi", "+1-1", NOW)
        self.settle(peer)
        with peer.changed:  # a stamp that the peer only believes to have sent
            peer.store(Stamp("AT Wilkes +0.000000000 pecar +1-1 5"))
            link.cursor = link.acked = peer.change
        self.wait(peer, lambda: "< ACK 2" in link.log, "what two PINGs that differ lead to")
        begin = link.log.index(lines(link, "< PING")[1])  # once is no alarm
        self.assertEqual(len(lines(link, "> AT")), 3)
        self.assertEqual(len(lines(link, "> AT", begin)), 2)
        self.assertEqual(herd.held("pecar"), "AT Wilkes +0.000000000 pecar +1-1 5")


if __name__ == "__main__":
    unittest.main()
