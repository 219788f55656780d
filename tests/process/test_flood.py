"""test_flood.py - what one node is told, all nodes know: five processes, the shipped topology."""
import contextlib
import random
import socket
import threading
import unittest

from herd import DEADLINE_S, SHIPPED, Herd, nanoseconds


class Flood(unittest.TestCase):
    def test_told_at_one_known_at_all_byte_for_byte(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            for i, name in enumerate(SHIPPED):
                client_id = "kiwi-東京".encode() + b"%d" % i
                with herd[name].client() as client:
                    line = client.tell(client_id, b"+034.10-118.0", b"00%d.50" % i)
                self.assertTrue(line.startswith(b"AT %b +" % name.encode()), line)
                herd.agree(client_id, line)

    def test_an_older_time_gets_the_stored_line_at_every_node(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            with herd["Welsh"].client() as client:
                stored = client.tell(b"kiwi", b"+1-1", b"1520023934.918963998")
            herd.agree(b"kiwi", stored)
            for node in herd.running():
                with node.client() as client:
                    for at in (b"1520023934.918963997", b"1520023934.918963998", b"0"):
                        self.assertEqual(client.tell(b"kiwi", b"+2-2", at), stored)
            with herd["Hands"].client() as client:
                newer = client.tell(b"kiwi", b"+3-3", b"1520023934.918963999")
            self.assertTrue(newer.startswith(b"AT Hands "), newer)
            herd.agree(b"kiwi", newer)

    def test_equal_times_at_two_nodes_converge(self):
        """Two separated halves receive stamps with equal times; when they meet, one wins."""
        with Herd(SHIPPED) as herd:
            herd["Holiday"].kill()
            with herd["Goloman"].client() as client:
                client.tell(b"kiwi", b"+9-9", b"100")
            with herd["Welsh"].client() as client:
                self.assertIsNone(client.known(b"kiwi"))
                last = client.tell(b"kiwi", b"+1-1", b"100")
            herd["Holiday"].start()
            herd.agree(b"kiwi", last)  # the names decide: Goloman < Welsh
            herd.linked()
            self.assertEqual(len({node["digest"] for node in herd.status().values()}), 1)

    def test_updates_everywhere_at_once_end_equal(self):
        ids = [b"kiwi", b"emu", "駝鳥".encode(), b"a" * 255, b"rhea", b"cassowary", b"ostrich"]
        told = 500
        newest = {}
        with Herd(SHIPPED) as herd:
            herd.linked()
            senders = []
            for seed, node in enumerate(herd.running()):
                chance = random.Random(seed)
                lines = []
                for _ in range(told):
                    client_id, at = chance.choice(ids), b"1520023934.%03d" % chance.randrange(1000)
                    newest[client_id] = max(nanoseconds(at), newest.get(client_id, 0))
                    lines.append(b"IAMAT %b %+d%+d %b\n" % (
                        client_id, chance.randint(-90, 90), chance.randint(-180, 180), at))
                senders.append(threading.Thread(target=self.tell_all, args=(node, lines)))
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            herd.until(lambda: len({node["digest"] for node in herd.status().values()}) == 1,
                       "all digests are equal")
            for client_id in ids:
                held = herd.known(client_id)
                self.assertEqual(len(set(held.values())), 1, held)
                self.assertEqual(nanoseconds(held["Welsh"].split()[-1]), newest[client_id])

    @staticmethod
    def tell_all(node, lines):
        with node.client() as client:
            for start in range(0, len(lines), 50):
                group = lines[start:start + 50]
                client.send(b"".join(group))
                for _ in group:
                    client.line()


class Cuts(unittest.TestCase):
    def test_a_node_that_was_killed_comes_back_empty_and_gets_everything(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            lines = {}

            def tell(name, client_id, at):
                with herd[name].client() as client:
                    lines[client_id] = client.tell(client_id, b"+1-1", at)
                    self.assertTrue(lines[client_id].startswith(b"AT %b " % name.encode()))

            for name in SHIPPED:
                tell(name, b"before-" + name.encode(), b"10")
                tell(name, b"moves-" + name.encode(), b"10")
            for client_id, line in lines.items():
                herd.agree(client_id, line)
            herd["Holiday"].kill()
            tell("Goloman", b"cut-off", b"11")
            tell("Welsh", b"alone", b"11")
            for name in ("Goloman", "Hands", "Welsh", "Wilkes"):
                tell(name, b"moves-" + name.encode(), b"12")
            herd.agree(b"cut-off", lines[b"cut-off"], ("Goloman", "Hands", "Wilkes"))
            self.assertIsNone(herd.known(b"cut-off")["Welsh"])
            self.assertIsNone(herd.known(b"alone")["Goloman"])
            herd["Holiday"].start()
            for client_id, line in lines.items():
                herd.agree(client_id, line)
            herd.linked()
            self.assertEqual(len({node["digest"] for node in herd.status().values()}), 1)

    def test_every_node_dies_in_turn_and_nothing_is_lost(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            lines = {}
            for i, name in enumerate(SHIPPED):
                herd[name].kill()
                teller = "Wilkes" if name != "Wilkes" else "Hands"
                with herd[teller].client() as client:
                    client_id = b"while-%b-is-down" % name.encode()
                    lines[client_id] = client.tell(client_id, b"+1-1", b"%d" % i)
                herd[name].start()
                for client_id, line in lines.items():
                    herd.agree(client_id, line)

    def test_told_while_a_link_comes_up(self):
        """What is sent before the links are up arrives nevertheless."""
        with Herd(SHIPPED) as herd:
            lines = {}
            for name in SHIPPED:
                with herd[name].client() as client:
                    lines[name] = client.tell(name.encode(), b"+1-1", b"1")
            for name, line in lines.items():
                herd.agree(name.encode(), line)

    def test_started_in_any_order(self):
        orders = (tuple(SHIPPED), tuple(reversed(SHIPPED)),
                  ("Welsh", "Hands", "Goloman", "Wilkes", "Holiday"))
        for order in orders:
            with self.subTest(order=order), Herd(SHIPPED, start=False) as herd:
                first = herd[order[0]].start()
                with first.client() as client:
                    line = client.tell(b"kiwi", b"+1-1", b"1")
                for name in order[1:]:
                    herd[name].start()
                herd.linked()
                herd.agree(b"kiwi", line)


class PeerPort(unittest.TestCase):
    """Somebody who knows only the address of a peer port."""

    HELLO = (b"HELLO stampede/1 herd=demo from=Hands to=Goloman boot=0123456789abcdef "
             b"nonce=0123456789abcdef0123456789abcdef have=0:0\n")
    AT = b"AT Hands +1.000000000 kiwi +1-1 1 Hands\n"

    def said_to(self, node, data):
        """What the node sends, until it closes, to somebody who sends only `data`."""
        with socket.create_connection(node.peer_address, DEADLINE_S) as peer:
            peer.sendall(data)
            said = b""
            while part := peer.recv(1 << 16):
                said += part
            return said

    def test_no_handshake_no_stamp(self):
        pair = {"Goloman": ("Hands",), "Hands": ()}
        def hello(old, new):
            return self.HELLO.replace(old, new) + self.AT

        with Herd(pair, start=False) as herd:
            node = herd["Goloman"].start()
            for data in (self.AT, b"AT\n", b"\n", b"\0" * 100, b"x" * 100000,
                         b"IAMAT kiwi +1-1 1\n", hello(b"/1", b"/2"), hello(b"demo", b"Demo"),
                         hello(b"to=Goloman", b"to=Wilkes"), hello(b"from=Hands", b"from=Welsh"),
                         hello(b"from=Hands", b"from=Goloman"), hello(b"boot=", b"boot=x"),
                         hello(b" nonce", b" once")):
                with self.subTest(data=data[:80]):
                    self.assertRegex(self.said_to(node, data), rb"(?m)^BYE [^\n]+\n\Z")
            with node.client() as client:
                self.assertIsNone(client.known(b"kiwi"))

    def test_silence_is_ended(self):
        with Herd() as herd:
            for data in (b"", b"HELLO "):
                self.assertRegex(self.said_to(herd.node, data), rb"(?m)^BYE [^\n]+\n\Z")

    def test_with_a_secret_nothing_goes_before_auth(self):
        pair = {"Goloman": ("Hands",), "Hands": ()}
        with Herd(pair, start=False, more='secret_file = "herd.secret"') as herd:
            secret = herd.folder / "herd.secret"
            secret.write_bytes(b"sixteen bytes or more")
            secret.chmod(0o600)
            node = herd["Goloman"].start()
            with node.client() as client:
                client.tell(b"ours", b"+1-1", b"1")
                for more in (self.AT, b"AUTH " + b"0" * 64 + b"\n" + self.AT, b"AUTH\n" + self.AT,
                             b"STATUS\n", b"MARK 1\n", b"PING 1 0 0\n", b""):
                    with self.subTest(more=more):
                        said = self.said_to(node, self.HELLO + more)
                        self.assertRegex(said, rb"(?m)^BYE [^\n]+\n\Z")
                        self.assertNotIn(b"ours", said)
                self.assertIsNone(client.known(b"kiwi"))

    def test_one_that_sends_without_end(self):
        with Herd() as herd, contextlib.ExitStack() as stack:
            flood = [stack.enter_context(socket.create_connection(herd.node.peer_address))
                     for _ in range(200)]
            for peer in flood:
                with contextlib.suppress(ConnectionError):
                    peer.sendall(b"HELLO " + b"x" * 5000)
            with herd.node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
            for peer in flood:
                peer.settimeout(DEADLINE_S)
                with contextlib.suppress(ConnectionError):
                    while peer.recv(1 << 16):
                        pass


class Strangers(unittest.TestCase):
    @staticmethod
    def refusals(node):
        """The log lines about failed handshakes."""
        return [line for line in node.log().splitlines() if b" link_refused " in line]

    def test_a_node_of_another_herd_is_refused(self):
        edges = {"Goloman": ("Hands",), "Hands": ()}
        with Herd(edges, start=False) as herd:
            other = herd.write("other.conf", name="strangers")
            herd["Goloman"].start()
            herd["Hands"].start(config=other)
            with herd["Hands"].client() as stray, herd["Goloman"].client() as client:
                stray.tell(b"stray", b"+1-1", b"1")
                client.tell(b"kiwi", b"+1-1", b"1")
                for name in ("Goloman", "Hands"):
                    herd.until(lambda: self.refusals(herd[name]), f"{name} says why")
                    self.assertIn(b"herd", self.refusals(herd[name])[0])
                herd.until(lambda: herd.status()["Goloman"]["metrics"]["dials_failed"] >= 4,
                           "Goloman tries on")
                self.assertIsNone(client.known(b"stray"))
                self.assertIsNone(stray.known(b"kiwi"))
            reasons = [line.split(b" why=")[1] for line in self.refusals(herd["Goloman"])]
            self.assertEqual(len(reasons), len(set(reasons)), "each is told once")
            herd["Hands"].stop()
            herd["Hands"].start()  # now of the same herd
            herd.linked()
            self.assertIsNotNone(herd.known(b"kiwi")["Hands"])

    def test_an_edge_that_one_side_does_not_have(self):
        chain = {"Goloman": ("Hands",), "Hands": ("Wilkes",), "Wilkes": ()}
        with Herd(chain, start=False) as herd:
            more = herd.write("more.conf", edges=chain | {"Goloman": ("Hands", "Wilkes")})
            herd["Hands"].start()
            herd["Wilkes"].start()
            herd["Goloman"].start(config=more)
            herd.linked(["Hands", "Wilkes"])
            with herd["Goloman"].client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            herd.agree(b"kiwi", line)
            herd.until(lambda: self.refusals(herd["Wilkes"]), "Wilkes says why")
            self.assertIn(b"Goloman", self.refusals(herd["Wilkes"])[0])
            links = {link["peer"]: link["up"] for link in herd.status()["Goloman"]["links"]}
            self.assertEqual(links, {"Hands": True, "Wilkes": False})


if __name__ == "__main__":
    unittest.main()
