"""teller.py - load on a node, every acknowledged stamp of which is remembered, and what nodes hold
of them.

    teller = Teller(herd["Goloman"])
    teller.start()
    ...
    teller.settle(acknowledged)
    assert not older_at(herd["Welsh"], acknowledged)
"""
import threading

from herd import nanoseconds

MOVING_IDS, GROUP = 100, 20
ASKED_AT_ONCE = 200


class Teller(threading.Thread):
    """A client of one node that tells it stamps as fast as they are answered: some ids again and
    again, and some only once. It comes back when its node does: before that is stopped, clear
    `there`; then wait for `gone`, and clear it; and set `there` when the node is back.

    groups_an_id  it tells an id only once in each so many groups of GROUP stamps"""

    def __init__(self, node, groups_an_id=1):
        super().__init__(daemon=True)
        self.node, self.groups_an_id = node, groups_an_id
        self.over = False
        self.there, self.gone = threading.Event(), threading.Event()
        self.there.set()
        self.lock = threading.Lock()
        self.fresh, self.safe, self.unsure = {}, {}, {}  # id -> AT line; for its user
        self.program = None  # that its node runs; for its user
        self.wrong = None
        self.acknowledged = 0  # stamps
        self.number = self.groups = 0  # ever; since its node's last start, as its user says

    def run(self):
        while not self.over and not self.wrong:
            try:
                with self.node.client() as client:
                    while not self.over:
                        self.tell_group(client)
            except (OSError, AssertionError) as end:
                if self.there.is_set():
                    self.wrong = f"{self.node.name}'s client: {end}"
                self.gone.set()
                self.there.wait()

    def tell_group(self, client):
        self.number += 1
        number, name = self.number, self.node.name.encode()
        ids = [b"%b-moves-%d" % (name, (number * GROUP + i) % MOVING_IDS) for i in range(GROUP)]
        if number % self.groups_an_id == 0:
            ids.append(b"%b-lasts-%d" % (name, number))
        client.send(b"".join(b"IAMAT %b +1-1 %d\n" % (i, number) for i in ids))
        for i in ids:
            line = client.line()
            assert line.startswith(b"AT ") and line.endswith(b" %d" % number), f"answered {line}"
            with self.lock:
                self.fresh[i] = line
            self.acknowledged += 1
        self.groups += 1

    def settle(self, into):
        """What was acknowledged since the last time."""
        with self.lock:
            into.update(self.fresh)
            self.fresh = {}


def held(node, ids):
    """id -> AT line or None, at one node."""
    found, ids = {}, list(ids)
    with node.client() as client:
        for first in range(0, len(ids), ASKED_AT_ONCE):
            group = ids[first:first + ASKED_AT_ONCE]
            client.send(b"".join(b"WHATSAT %b 0 0\n" % i for i in group))
            for i in group:
                at, text = client.places()
                found[i] = at if text is not None else None
    return found


def is_older(line, acknowledged):
    """Whether what a node holds is missing or older than what was acknowledged. A newer time is
    right: a group may have been stored whose client was cut off before the answer."""
    if line is None:
        return True
    times = [nanoseconds(text.split()[-1]) for text in (line, acknowledged)]
    return times[0] < times[1] or times[0] == times[1] and line != acknowledged


def older_at(node, acknowledged):
    """Ids of which a node holds nothing, or what is older than was acknowledged."""
    lines = held(node, acknowledged)
    return [i for i, line in acknowledged.items() if is_older(lines[i], line)]
