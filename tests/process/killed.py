"""killed.py - herds whose nodes are killed under load, and what is lost by that.

    with Herd(SHIPPED, more=...) as herd, Load(herd) as load:
        lost = load.kill_all()
        kept, of_the_last_moment = load.kill_one("Welsh")

Each node has a client (teller.py) that remembers every stamp that was acknowledged. A stamp is lost
if a node holds nothing of its id or an older one once all are level again.
"""
import contextlib
import signal

from herd import until
from teller import Teller, older_at

GROUPS_AN_ID = 20  # so that a herd stays far below limits.stamps
GROUPS_BETWEEN = 5  # of each client, after a start and before a kill
WAIT = "60s"


class Load(contextlib.AbstractContextManager):
    """Clients of all nodes of a herd that is linked.

    executable  the program that is started again; None: the one that is tested"""

    def __init__(self, herd, executable=None):
        self.herd = herd
        self.options = {"executable": executable} if executable else {}
        self.tellers = {name: Teller(node, GROUPS_AN_ID) for name, node in herd.nodes.items()}
        self.acknowledged = {}

    def __enter__(self):
        for teller in self.tellers.values():
            teller.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for teller in self.tellers.values():
            teller.over = True
            teller.there.set()
        for teller in self.tellers.values():
            teller.join()
        for teller in self.tellers.values():
            assert not teller.wrong, teller.wrong
            teller.settle(self.acknowledged)

    def count(self):
        return sum(teller.acknowledged for teller in self.tellers.values())

    def goes_on(self):
        """Wait until each client was answered some more."""
        at = {name: teller.groups for name, teller in self.tellers.items()}
        self.herd.until(lambda: any(t.wrong for t in self.tellers.values()) or all(
            t.groups >= at[name] + GROUPS_BETWEEN for name, t in self.tellers.items()),
            "load goes on")
        wrong = [t.wrong for t in self.tellers.values() if t.wrong]
        assert not wrong, wrong

    def _kill(self, names):
        """All of them at once. What their clients had been answered since it was settled last."""
        recent = {}
        for name in names:
            self.tellers[name].there.clear()
        for name in names:
            self.herd[name].deliver(signal.SIGKILL)
        for name in names:
            self.herd[name].kill()
        for name in names:
            teller = self.tellers[name]
            until(teller.gone.is_set, f"{name}'s client sees its end")
            teller.gone.clear()
            teller.groups = 0
            teller.settle(recent)
        return recent

    def _start(self, names):
        for name in names:
            self.herd[name].start(ready=False, **self.options)
        for name in names:
            until(self.herd[name].accepts, f"{name} accepts clients", [self.herd[name]])
        self.herd.command("wait", "--timeout", WAIT)

    def _go_on(self, names):
        for name in names:
            self.tellers[name].there.set()

    def lost(self, acknowledged):
        """Of these stamps, each that some node lacks: id -> the node's name."""
        return {i: node.name for node in self.herd.running() for i in older_at(node, acknowledged)}

    def damaged(self):
        """Names of the nodes whose journals were damaged when they started."""
        return sorted(name for name, said in self.herd.status().items()
                      if said["journal"]["found_damaged"])

    def kill_all(self):
        """Kill all nodes under load, and start them again: what is lost."""
        self.goes_on()
        names = list(self.tellers)
        recent = self._kill(names)
        self.acknowledged |= recent
        self._start(names)
        lost = self.lost(recent)
        self._go_on(names)
        return lost

    def confirmed(self, name):
        """What the client of a node had been answered, once a neighbour has confirmed all that the
        node held then."""
        before = {}
        self.tellers[name].settle(before)
        change = self.herd.status()[name]["change"]
        self.herd.until(lambda: any(
            link["up"] and link["acked"] >= change
            for link in self.herd.status()[name]["links"]), f"a neighbour confirms to {name}")
        self.acknowledged |= before
        return before

    def kill_one(self, name):
        """Kill a node under load, and start it again: what is lost of what neighbours had
        confirmed, and of what was acknowledged after that."""
        self.goes_on()
        before = self.confirmed(name)
        self.goes_on()
        recent = self._kill([name])
        self._start([name])
        lost, lost_recent = self.lost(before), self.lost(recent)
        # what is lost of the last moment need not be there in the end either
        self.acknowledged |= {i: line for i, line in recent.items() if i not in lost_recent}
        self._go_on([name])
        return lost, lost_recent
