"""test_secret_to_tls.py - a herd that goes over from a secret to certificates, node by node.

PROTOCOL.md, "Peer port", From secret to TLS.
"""
import ssl
import subprocess
import unittest

from herd import ROOT, SHIPPED, Herd, run
from peer import Peer, write_secret
from test_secrets import Load

SECRET = 'secret_file = "herd.secret"'
FILES = 'ca_file = "ca.pem"  cert_file = "%n.pem"  key_file = "%n.key"'
BOTH = f"{SECRET}\ntls {{ {FILES}  also_secret = on }}"
TLS = f"tls {{ {FILES} }}"
PAIR = {"Goloman": ("Hands",), "Hands": ()}


class Rounds(Herd):
    """Each node has the topology.conf of the round that it has come to."""

    def __init__(self, edges, start=False):
        super().__init__(edges, start=start)
        write_secret(self)
        subprocess.run([ROOT / "tests/tools/certificates.sh", self.folder, *edges], check=True)
        self.nodes_only = self.config.read_text()
        for name in edges:
            self.has(name, SECRET)
        self.config = self.config_of(next(iter(edges)))  # for observers

    def config_of(self, name):
        return self.folder / f"{name}.conf"

    def has(self, name, more):
        self.config_of(name).write_text(self.nodes_only + more + "\n")


class FromSecretToTls(unittest.TestCase):
    def test_node_by_node_under_load(self):
        """Two rounds, each node stopped when the one before is level: nothing is lost, each link
        is made again only by its ends' restarts, and at the end all are TLS."""
        with Rounds(SHIPPED) as herd:
            for node in herd.nodes.values():
                node.start()
            herd.linked()
            last = {}
            for step, more in enumerate((BOTH, TLS)):
                for name, node in herd.nodes.items():
                    load = Load(node, b"%d" % step)
                    load.start()
                    herd.until(lambda load=load: load.told > 2 * load.IDS, "it is told enough")
                    load.over.set()
                    load.join()
                    last |= load.last()
                    node.stop()
                    herd.has(name, more)
                    node.start()
                    run("wait", "-n", name, "-c", herd.config_of(name))
            with herd["Welsh"].client() as client:
                for one, end in last.items():
                    self.assertTrue((client.known(one) or b"").endswith(end), end)
            for node in herd.nodes.values():
                self.assertNotIn(b" unconfirmed ", node.log())
                self.assertNotIn(b" link_refused ", node.log())
                self.assertFalse(takes_plain(node), node.name)

    def test_two_nodes_that_take_both_link_by_tls(self):
        with Rounds(PAIR) as herd:
            for name in PAIR:
                herd.has(name, BOTH)
                herd[name].start()
            herd.linked()
            for node in herd.nodes.values():
                self.assertEqual(node.log().count(b" link_up "), 1)
                self.assertNotIn(b" link_refused ", node.log())
                self.assertTrue(takes_plain(node))
                self.assertTrue(herd.status()[node.name]["links"][0]["tls"])
            self.assertTrue(offers_tls(herd["Goloman"]))

    def test_who_has_neither_is_refused(self):
        """A plain neighbour without the secret, where both are taken; and one with the secret,
        where only TLS is."""
        with Rounds(PAIR) as herd:
            herd.has("Goloman", BOTH)
            node = herd["Goloman"].start()
            with Peer(node) as peer:
                peer.meet()
                peer.send(peer.auth(secret=b"a secret of somebody else"))
                self.assertIn(b"BYE AUTH is wrong", peer.rest())
            with Peer(node) as peer:
                peer.meet()
                peer.send(b"MARK 1\n")
                self.assertIn(b"BYE this node wants AUTH", peer.rest())
            with Peer(node) as peer:
                peer.prove()
                herd.until(lambda: b" link_up peer=Hands" in node.log(), "the right one links")
            node.stop()
            herd.has("Goloman", f"{TLS}\n{SECRET}")
            node.start()
            self.assertFalse(takes_plain(node))
            self.assertEqual(node.log().count(b" link_up "), 1)


def takes_plain(node):
    """Whether a node answers HELLO on a plain connection."""
    with Peer(node, to=node.name.encode(), name=b"-") as peer:
        peer.send(peer.hello())
        return peer.reader.readline().startswith(b"HELLO ")


def offers_tls(node):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(node.herd.folder / "Hands.pem", node.herd.folder / "Hands.key")
    with Peer(node) as peer, context.wrap_socket(peer.socket.dup()) as s:
        return s.version() == "TLSv1.2"


if __name__ == "__main__":
    unittest.main()
