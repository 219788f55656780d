"""test_twins.py - two processes of one node's name, on different ports of two topology files.

One remains, the other ends with exit code 1 and says why; what either of them has acknowledged is
at every node.
"""
import signal
import unittest

from herd import SHIPPED, Herd, Node, until
from peer import write_secret

NEIGHBOURS = SHIPPED["Goloman"]
SECRET_FILE = 'secret_file = "herd.secret"'


class TwinHerd(Herd):
    """A herd, and a clone of Goloman that has ports and a topology.conf of its own."""

    def __init__(self, more=""):
        super().__init__(SHIPPED, more=more, start=False)
        self.clone = Node(self, "Goloman")
        self.clone.log_path = self.folder / "clone.log"
        original = self.nodes["Goloman"]
        self.nodes["Goloman"] = self.clone
        self.clone_config = self.write("clone.conf")
        self.nodes["Goloman"] = original
        self.nodes["the clone"] = self.clone  # so that it ends with the herd
        if more:
            write_secret(self)

    def __enter__(self):
        super().__enter__()
        for name in SHIPPED:
            self[name].start()
        self.linked(SHIPPED)
        return self

    def clones(self, ready=True):
        return self.clone.start(config=self.clone_config, ready=ready)

    def links_lost(self):
        return sum(self[name].log().count(b" link_down peer=Goloman ") for name in NEIGHBOURS)


def tell_many(node, word, count):
    """The AT line by which the node acknowledged the newest of `count` stamps, by client id."""
    with node.client() as client:
        lines = {b"%s-%d" % (word, i): None for i in range(count)}
        for client_id in lines:
            lines[client_id] = client.tell(client_id, b"+1-1", b"1")
        return lines


class Twins(unittest.TestCase):
    def all_hold(self, herd, lines):
        for client_id, line in lines.items():
            herd.agree(client_id, line)

    def has_left(self, herd):
        herd.clone.ended(code=1)
        self.assertEqual(herd.clone.log().count(b" error node=Goloman twin said_by="), 1)
        self.assertNotIn(b" unconfirmed ", herd.clone.log())
        herd.linked(SHIPPED)

    def test_a_clone_that_was_never_linked_hands_over_and_ends(self):
        for more in ("", SECRET_FILE):
            with self.subTest(more=more), TwinHerd(more) as herd:
                mine = tell_many(herd["Goloman"], b"mine", 20)
                for name in NEIGHBOURS:
                    herd[name].deliver(signal.SIGSTOP)
                herd.clones()
                its = tell_many(herd.clone, b"its", 20)
                for name in NEIGHBOURS:
                    herd[name].deliver(signal.SIGCONT)
                self.has_left(herd)
                self.all_hold(herd, mine | its)
                self.assertEqual(herd.links_lost(), 0)
                said = [herd[name].log().count(b" error node=%s twins peer=Goloman "
                                               % name.encode()) for name in NEIGHBOURS]
                self.assertGreater(sum(said), 0)

    def test_a_clone_that_is_started_again_and_again_takes_no_link(self):
        with TwinHerd() as herd:
            for _ in range(5):
                herd.clones(ready=False)
                herd.clone.ended(code=1)
            self.assertEqual(herd.links_lost(), 0)
            self.all_hold(herd, tell_many(herd["Goloman"], b"mine", 20))

    def test_a_clone_of_a_node_that_stands_still_is_linked_until_that_goes_on(self):
        with TwinHerd() as herd:
            herd["Goloman"].deliver(signal.SIGSTOP)
            herd.clones()
            until(lambda: all(herd[name].log().count(b" link_up peer=Goloman ") == 2
                              for name in NEIGHBOURS), "its neighbours are linked to the clone",
                  [herd.clone])
            its = tell_many(herd.clone, b"its", 20)
            herd["Goloman"].deliver(signal.SIGCONT)
            self.has_left(herd)
            self.all_hold(herd, its | tell_many(herd["Goloman"], b"mine", 20))


if __name__ == "__main__":
    unittest.main()
