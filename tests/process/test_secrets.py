"""test_secrets.py - secrets that are changed while nodes run, by SIGHUP alone.

No link goes down and nothing is lost; whoever has only the old secret has to go; and a file that
cannot be used changes nothing. PROTOCOL.md, "AUTH".
"""
import json
import os
import signal
import threading
import unittest

from herd import SHIPPED, Herd
from peer import SECRET, Peer

SECRET_FILE = 'secret_file = "herd.secret"'
PAIR = {"Goloman": ("Hands",), "Hands": ()}
NEW = b"another secret, the new one"


def write_secrets(herd, *secrets, name="herd.secret"):
    """The file is replaced at once, as an operator should."""
    path = herd.folder / (name + ".next")
    path.touch(0o600)
    path.write_bytes(b"".join(secret + b"\n" for secret in secrets))
    os.replace(path, herd.folder / name)


def start_all(herd):
    """All nodes begin with the one secret."""
    write_secrets(herd, SECRET)
    for node in herd.nodes.values():
        node.start()
    herd.linked()


def reload(herd, node, count):
    """SIGHUP, until the node has read its secrets; `count`: for how often that was said before."""
    node.deliver(signal.SIGHUP)
    herd.until(lambda: node.log().count(b" reloaded what=secret") > count, f"{node.name} reads")


class Load(threading.Thread):
    """Moves IDS clients of a node without pause until it is finished; `told` moves are
    acknowledged, the one with number n at time n."""
    IDS = 500

    def __init__(self, node, tag=b""):
        super().__init__()
        self.node, self.told, self.over = node, 0, threading.Event()
        self.tag = node.name.encode() + tag

    def name_of(self, number):
        return b"%s-%d" % (self.tag, number % self.IDS)

    def run(self):
        with self.node.client() as client:
            while not self.over.is_set() or self.told < self.IDS:
                numbers = range(self.told, self.told + 50)
                client.send(b"".join(b"IAMAT %s +1-1 %d\n" % (self.name_of(n), n)
                                     for n in numbers))
                for n in numbers:
                    if not client.line().endswith(b" %s +1-1 %d" % (self.name_of(n), n)):
                        raise AssertionError(f"{n} is not acknowledged")
                self.told = numbers.stop

    def last(self):
        """The newest position of each client: how its AT line ends."""
        return {self.name_of(n): b" %s +1-1 %d" % (self.name_of(n), n)
                for n in range(self.told - self.IDS, self.told)}


class Changes(unittest.TestCase):
    def all_answer(self, herd):
        said = json.loads(herd.command("status", "--json", expect=(0, 1)).stdout)
        for node in said:  # a node under load may be late, but none may refuse for its secret
            self.assertNotRegex(node.get("error") or "", "secret|AUTH")
        return all(node["up"] for node in said)

    @staticmethod
    def all_agree(herd):
        said = herd.status()
        return (said.keys() == herd.nodes.keys() and
                len({node["digest"] for node in said.values()}) == 1)

    def test_in_four_steps_under_load(self):
        """Old, old and new, new and old, new: node by node, while each is told stamps."""
        with Herd(SHIPPED, more=SECRET_FILE, start=False) as herd:
            start_all(herd)
            boots = {name: node["boot"] for name, node in herd.status().items()}
            loads = [Load(node) for node in herd.nodes.values()]
            for load in loads:
                load.start()
            for step, secrets in enumerate(((SECRET, NEW), (NEW, SECRET), (NEW,))):
                write_secrets(herd, *secrets)
                for node in herd.nodes.values():
                    reload(herd, node, step)
                    before = min(load.told for load in loads)
                    herd.until(lambda before=before: min(load.told for load in loads) > before,
                               "every node goes on answering")
                    # an observer with this step's file, at nodes of this step and of the last
                    herd.until(lambda: self.all_answer(herd), "every node answers an observer")
            for load in loads:
                load.over.set()
                load.join()
            herd.until(lambda: self.all_agree(herd), "every node has the same")
            with herd["Welsh"].client() as client:
                for load in loads:
                    for one, end in load.last().items():
                        self.assertTrue(client.known(one).endswith(end), end)
            said = herd.status()
            self.assertEqual({name: node["boot"] for name, node in said.items()}, boots)
            for node in herd.nodes.values():
                self.assertNotIn(b" link_down ", node.log())
                self.assertNotIn(b" link_unproved ", node.log())
                self.assertNotIn(SECRET, node.log())
                self.assertNotIn(NEW, node.log())

    def test_the_holder_of_the_old_one_is_thrown_out(self):
        """The test holds it, and plays Hands as an older version would; it stays for a while."""
        with Herd(PAIR, more=SECRET_FILE, start=False) as herd:
            write_secrets(herd, SECRET)
            node = herd["Goloman"].start()
            with Peer(node) as peer:
                peer.prove()
                herd.until(lambda: b" link_up peer=Hands" in node.log(), "it is linked")
                write_secrets(herd, SECRET, NEW)
                reload(herd, node, 0)
                self.assertNotIn(b" link_unproved ", node.log())
                write_secrets(herd, NEW)
                reload(herd, node, 1)
                self.assertIn(b" link_unproved peer=Hands ", node.log())
                peer.send(b"PING 1 0 0000000000000000\n")  # not silent, and not for so long
                self.assertIn(b"BYE proved by a secret that is listed no more\n", peer.rest())
            with Peer(node) as peer:
                peer.prove()
                self.assertIn(b"BYE AUTH is wrong: the secrets differ\n", peer.rest())

    def test_a_file_that_cannot_be_used_changes_nothing(self):
        with Herd(PAIR, more=SECRET_FILE, start=False) as herd:
            start_all(herd)
            node = herd["Goloman"]
            for times, (secrets, why) in enumerate((
                    ((NEW, b"too short"), b"herd.secret:2: a secret has 16 to 1024 bytes"),
                    ((), b"herd.secret: there is no secret in this file"),
                    ((b"%d is one of too many" % n for n in range(5)),
                     b"herd.secret:5: there are more than 4 secrets"))):
                write_secrets(herd, *secrets)
                node.deliver(signal.SIGHUP)
                herd.until(lambda times=times: node.log().count(b" reload_failed ") > times,
                           "it says so")
                self.assertIn(why, node.log())
            write_secrets(herd, SECRET)
            herd["Hands"].kill()
            herd["Hands"].start()
            herd.linked()
            self.assertNotIn(b" secrets_changed ", node.log())


if __name__ == "__main__":
    unittest.main()
