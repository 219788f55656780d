"""test_security.py - strangers at the peer port of a herd with a secret.

Whatever is wrong with a handshake, the store does not change, the reason is logged once, and the
links to neighbours are not affected.
"""
import contextlib
import re
import secrets
import select
import socket
import threading
import unittest

from herd import DEADLINE_S, LOOK_AGAIN_MS, Herd, reserve_port
from peer import SECRET, Peer, at, write_secret

PAIR = {"Goloman": ("Hands",), "Hands": ()}
STRANGERS_MAX = 64


class Siege(threading.Thread):
    """Holds as many silent connections as a node accepts."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.address, self.opened, self.lifted = node.peer_address, 0, False

    def run(self):
        poll, strangers = select.poll(), {}
        while not self.lifted:
            while len(strangers) < STRANGERS_MAX:
                with contextlib.suppress(ConnectionError):
                    stranger = socket.create_connection(self.address, DEADLINE_S)
                    strangers[stranger.fileno()] = stranger
                    poll.register(stranger, select.POLLRDHUP)
                    self.opened += 1
            for number, _ in poll.poll(LOOK_AGAIN_MS):
                poll.unregister(number)
                strangers.pop(number).close()
        for stranger in strangers.values():
            stranger.close()

    def lift(self):
        self.lifted = True
        self.join()


class Handshakes(unittest.TestCase):
    """Goloman alone; the test plays Hands."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.herd = Herd(PAIR, more='secret_file = "herd.secret"', start=False)
        write_secret(self.herd)
        stack.enter_context(self.herd)
        self.node = self.herd["Goloman"].start()

    def refused(self, why, peer, *say):
        """A peer sends these lines and a stamp: it gets a BYE, which is logged once, and leaves no
        trace."""
        before = self.status()
        for _ in range(2):
            with peer() as one:
                for words in say:
                    one.send(words(one))
                with contextlib.suppress(ConnectionError):
                    one.send(at(b"forged") + b"MARK 1\n")
                said = one.rest()
            self.assertRegex(said, rb"(?m)^BYE [^\n]*%b[^\n]*\n\Z" % why)
        after = self.status()
        for key in ("stamps", "digest", "change", "links"):
            self.assertEqual(before[key], after[key])
        self.assertFalse(after["links"][0]["up"])
        # the log is written after the BYE
        self.herd.until(lambda: self.told(why), "it is in the log")
        self.assertEqual(len(self.told(why)), 1)

    def told(self, why):
        return [line for line in self.node.log().splitlines()
                if b" link_refused " in line and why in line]

    def status(self):
        said = self.herd.status()["Goloman"]
        for volatile in ("down_ms", "tries", "error", "error_ms"):  # of its dials to Hands
            said["links"][0].pop(volatile, None)
        return said

    def met(self, **options):
        peer = Peer(self.node, **options)
        peer.meet()
        return peer

    def test_the_right_one_is_let_in(self):
        """Without this the other tests would prove nothing."""
        with Peer(self.node) as peer:
            theirs = peer.meet()
            self.assertEqual(theirs, self.auth_of_the_node(peer))
            peer.send(peer.auth() + at(b"kiwi") + b"MARK 1\n")
            said = [peer.reader.readline() for _ in range(3)]
            self.assertEqual(said[1:], [b"MARK 1\n", b"ACK 1\n"])
            with self.node.client() as client:
                self.assertEqual(client.known(b"kiwi"), b"AT Hands +1.000000000 kiwi +1-1 1")

    @staticmethod
    def auth_of_the_node(peer):
        """Signed as the node has to sign: for the other role, with its name and numbers first."""
        mirror = Peer.__new__(Peer)
        mirror.herd, mirror.name = peer.herd, peer.theirs[b"from"]
        mirror.boot = int(peer.theirs[b"boot"], 16)
        mirror.nonce = bytes.fromhex(peer.theirs[b"nonce"].decode())
        mirror.theirs = {b"from": peer.name, b"boot": b"%016x" % peer.boot,
                         b"nonce": peer.nonce.hex().encode()}
        return mirror.auth(role=b"accepted")

    def test_replayed(self):
        """A replay of all that a real neighbour once sent."""
        with Peer(self.node) as real:
            real.meet()
            auth = real.auth()
            real.send(auth)
            self.herd.until(lambda: self.status()["links"][0]["up"], "the real one is in")
        self.herd.until(lambda: not self.status()["links"][0]["up"], "and has gone")
        recorded = real.hello() + auth
        self.refused(b"AUTH is wrong", lambda: Peer(self.node), lambda _: recorded)

    def test_reflected(self):
        """The node's own proof is reflected to it, also from a second connection."""
        def theirs():
            peer = Peer(self.node)
            peer.proof = peer.meet()
            return peer
        self.refused(b"AUTH is wrong", theirs, lambda peer: peer.proof)

    def test_its_own_name(self):
        self.refused(b"talks to itself", lambda: Peer(self.node, name=b"Goloman"), Peer.hello)

    def test_its_own_nonce_under_another_name(self):
        with Peer(self.node) as first:
            first.meet()

            def mirror():
                peer = Peer(self.node)
                peer.boot = int(first.theirs[b"boot"], 16)
                peer.nonce = bytes.fromhex(first.theirs[b"nonce"].decode())
                return peer
            self.refused(b"talks to itself", mirror, Peer.hello)

    def test_another_role(self):
        self.refused(b"AUTH is wrong", self.met, lambda peer: peer.auth(role=b"accepted"))

    def test_another_name_is_signed(self):
        self.refused(b"AUTH is wrong", self.met, lambda peer: peer.auth(name=b"Holiday"))

    def test_another_herd_is_signed(self):
        self.refused(b"AUTH is wrong", self.met, lambda peer: peer.auth(herd=b"Demo"))

    def test_the_numbers_are_swapped(self):
        self.refused(b"AUTH is wrong", self.met, lambda peer: peer.auth(swapped=True))

    def test_another_secret(self):
        self.refused(b"AUTH is wrong", self.met, lambda peer: peer.auth(secret=SECRET + b"\n"))

    def test_names_that_are_none_of_ours(self):
        self.refused(b"does not name Welsh", lambda: Peer(self.node, name=b"Welsh"), Peer.hello)
        self.refused(b"not Hands", lambda: Peer(self.node, to=b"Hands"), Peer.hello)
        self.refused(b"this herd is demo", lambda: Peer(self.node, herd=b"Demo"), Peer.hello)

    def test_an_observer_has_to_prove_himself_too(self):
        self.refused(b"wants AUTH", lambda: self.met(name=b"-"), lambda _: b"STATUS\n")

    def test_garbage(self):
        noise = secrets.token_bytes(64).replace(b"\n", b"") + b"\n"
        self.refused(b"no HELLO", lambda: Peer(self.node), lambda _: noise)
        self.refused(b"too long", lambda: Peer(self.node), lambda _: b"x" * 20000 + b"\n")

    def test_too_late(self):
        """The right lines after the two seconds: they are discarded."""
        peer = self.met()
        with peer:
            self.assertRegex(peer.rest(), rb"\ABYE no handshake within 2 s\n\Z")
            with contextlib.suppress(ConnectionError):
                peer.send(peer.auth() + at(b"forged") + b"MARK 1\n")
        self.refused(b"no handshake", self.silent)

    @contextlib.contextmanager
    def silent(self):
        """It is silent until the node closes the connection."""
        with self.met() as peer:
            peer.said = peer.rest()
            peer.rest = lambda: peer.said
            yield peer

    def test_half_open_strangers_do_not_keep_a_neighbour_out(self):
        """As many as are accepted, each reconnecting at once; the node's own dials fail."""
        self.node.stop()
        nobody = reserve_port()
        self.addCleanup(nobody.close)
        peers = {"Hands": nobody.getsockname()[1]}
        self.node.start(config=self.herd.write("besieged.conf", peers=peers))
        siege = Siege(self.node)
        self.addCleanup(siege.lift)
        siege.start()
        self.herd.until(lambda: siege.opened >= STRANGERS_MAX, "all places are taken")
        hands = self.herd["Hands"].start()
        self.herd.until(lambda: b" link_up " in hands.log(), "Hands is linked")
        tries = int(re.search(rb" tries=(\d+)", hands.log())[1])
        self.assertLessEqual(tries, 3)
        with hands.client() as client:
            line = client.tell(b"kiwi", b"+1-1", b"1")
        self.herd.agree(b"kiwi", line)
        self.herd.until(lambda: b" strangers_full " in self.node.log(), "it is in the log")
        self.assertEqual(self.node.log().count(b" strangers_full "), 1)

    def test_those_that_were_refused_cannot_pile_up(self):
        """They have received BYE, but do not close."""
        before = self.node.descriptors()
        with contextlib.ExitStack() as stack:
            for _ in range(6 * STRANGERS_MAX):
                peer = stack.enter_context(Peer(self.node))
                peer.send(b"\n")
                with contextlib.suppress(ConnectionError):
                    self.assertRegex(peer.reader.readline(), rb"\ABYE ")
                self.assertLessEqual(self.node.descriptors(), before + STRANGERS_MAX + 8)


if __name__ == "__main__":
    unittest.main()
