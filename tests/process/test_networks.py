"""test_networks.py - a herd whose nodes have a network each, as on five machines: topology.conf changes
while a node moves to another address, and while another one is cut off.

    Goloman ... Wilkes      network namespaces, each with one end of a cable; the other ends are
                            plugged into a bridge, at which this test has an address, too

The namespaces are this test's own, and end with it: it starts itself again in such a one. Where that
is not allowed, it is skipped.
"""
import os
import signal
import subprocess
import sys
import time
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, Node, environment, until
from teller import Teller, older_at

INSIDE = "STAMPEDE_TEST_NETWORKS"
OWN = ["unshare", "--net", "--mount", "--fork", "--kill-child",
       *([] if os.geteuid() == 0 else ["--map-root-user"])]
NETWORK = "10.83.0."
CLIENT, PEER = 12000, 12100
PAUSE_S = 0.01  # between groups: the test is about links, not load


def do(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr}")


def setUpModule():
    if INSIDE not in os.environ:
        raise unittest.SkipTest(f"network namespaces cannot be made here: {why_not()}")
    do("mount", "-t", "tmpfs", "none", "/run")  # for ip netns
    do("ip", "link", "set", "lo", "up")
    do("ip", "link", "add", "bridge", "type", "bridge")
    do("ip", "address", "add", NETWORK + "1/24", "dev", "bridge")
    do("ip", "link", "set", "bridge", "up")


class NodeOfNetwork(Node):
    """A node that has an address of its own."""

    def __init__(self, herd, name):
        super().__init__(herd, name)
        self.cable = f"cable-{name}"[:15]
        do("ip", "netns", "add", name)
        do("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth", "netns", name)
        do("ip", "link", "set", self.cable, "master", "bridge", "up")
        self.within("link", "set", "eth", "up")
        self.within("route", "add", NETWORK + "0/24", "dev", "eth")  # whatever its addresses are
        self.address = None
        self.lives_at(10 + list(herd.edges).index(name))

    def within(self, *words):
        do("ip", "-n", self.name, *words)

    def lives_at(self, number):
        """Give it one more address, which is the one that topology.conf is to name."""
        before, self.address = self.address, f"{NETWORK}{number}"
        self.client_address, self.peer_address = (self.address, CLIENT), (self.address, PEER)
        self.within("address", "add", f"{self.address}/32", "dev", "eth")
        return before

    def plug(self, state):
        do("ip", "link", "set", self.cable, state)

    def start(self, config=None, ready=True, **popen):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.name}", STAMPEDE, "node", self.name, "-c",
                 config or self.herd.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment())
        self.pidfd = os.pidfd_open(self.process.pid)
        if ready:
            until(self.accepts, f"{self.name} accepts clients", [self])
        return self


class HerdOfNetworks(Herd):
    def __init__(self, edges):
        super().__init__(edges, more='secret_file = "herd.secret"')
        for node in self.nodes.values():
            for holder in node.holders:
                holder.close()
        self.nodes = {name: NodeOfNetwork(self, name) for name in edges}
        secret = self.folder / "herd.secret"
        secret.write_text("sixteen bytes or more\n")
        secret.chmod(0o600)
        self.write("topology.conf")

    def write(self, file_name, name="demo", edges=None, peers=None):
        self.edges = edges or self.edges
        text = [f"herd = {name}", self.more]
        for node, talks_to in self.edges.items():
            if not isinstance(self.nodes[node], NodeOfNetwork):
                continue
            host = self.nodes[node].address
            text.append(f'node {node} {{ client = "{host}:{CLIENT}"  peer = "{host}:{PEER}"  '
                        f'talks_to = {{{", ".join(talks_to)}}} }}')
        path = self.folder / file_name
        path.write_text("\n".join(text) + "\n")
        return path

    def reload(self, *names):
        """One node after the other."""
        for node in (self.nodes[name] for name in names or self.nodes):
            seen = node.log().count(b" reloaded what=topology")
            node.deliver(signal.SIGHUP)
            self.until(lambda n=node, s=seen: n.log().count(b" reloaded what=topology") > s,
                       f"{node.name} reloads")

    def has_links(self, edges):
        """Whether exactly these links are up, at both ends."""
        wanted = {frozenset((a, b)) for a, others in edges.items() for b in others}
        said = self.status()
        ends = [frozenset((name, link["peer"])) for name, node in said.items()
                for link in node["links"] if link["up"]]
        return len(said) == len(edges) and sorted(map(sorted, ends)) == sorted(
            2 * [sorted(edge) for edge in wanted])


class SlowTeller(Teller):
    def tell_group(self, client):
        super().tell_group(client)
        time.sleep(PAUSE_S)


def edges_with(edges, add=(), remove=()):
    """Other edges: pairs of names."""
    found = {name: [b for b in others if {name, b} not in map(set, remove)]
             for name, others in edges.items()}
    for a, b in add:
        found[a].append(b)
    return {name: tuple(others) for name, others in found.items()}


class Networks(unittest.TestCase):
    def downs(self, herd):
        """Links that went down, each as (node, peer, why)."""
        found = []
        for node in herd.nodes.values():
            for line in node.log().decode().splitlines():
                if " link_down " in line:
                    found.append((node.name, line.split(" peer=")[1].split()[0], line))
        return found

    def test_reloads_while_a_node_moves_and_another_is_cut_off(self):
        with HerdOfNetworks(SHIPPED) as herd:
            herd.linked()
            tellers = {name: SlowTeller(node) for name, node in herd.nodes.items()}
            for teller in tellers.values():
                teller.start()
            acknowledged = {}

            def all_tell(*names):
                """Clients are served, each on its first connection."""
                before = {name: tellers[name].acknowledged for name in names}
                herd.until(lambda: all(tellers[n].wrong or tellers[n].acknowledged > before[n] + 100
                                       for n in names), "clients are served")
                self.assertEqual([tellers[n].wrong for n in names if tellers[n].wrong], [])

            all_tell(*SHIPPED)

            one = edges_with(SHIPPED, [("Hands", "Welsh")], [("Holiday", "Wilkes")])
            herd.write("topology.conf", edges=one)
            herd.reload()
            herd.until(lambda: herd.has_links(one), "an edge has come, and one has gone")
            self.assertEqual({frozenset(down[:2]) for down in self.downs(herd)},
                             {frozenset(("Holiday", "Wilkes"))}, self.downs(herd))
            all_tell(*SHIPPED)

            wilkes, welsh = herd["Wilkes"], herd["Welsh"]
            old = wilkes.lives_at(20)
            herd.write("topology.conf")
            herd.reload()
            herd.until(wilkes.accepts, "it is served at its new address")
            self.assertEqual({frozenset(down[:2]) for down in self.downs(herd)},
                             {frozenset(("Holiday", "Wilkes"))}, self.downs(herd))
            all_tell(*SHIPPED)
            tellers["Wilkes"].there.clear()  # its connection goes with the old address
            tellers["Wilkes"].settle(acknowledged)
            wilkes.within("address", "del", f"{old}/32", "dev", "eth")

            tellers["Welsh"].there.clear()
            tellers["Welsh"].settle(acknowledged)
            welsh.plug("down")
            two = edges_with(one, [("Goloman", "Welsh")], [("Hands", "Welsh")])
            herd.write("topology.conf", edges=two)
            others = [name for name in SHIPPED if name != "Welsh"]
            herd.reload(*others)
            all_tell("Goloman", "Hands", "Holiday")
            self.assertNotIn("Welsh", herd.status())
            welsh.plug("up")
            herd.reload("Welsh")
            herd.until(lambda: herd.has_links(two), "all are linked by the last file")
            for teller in tellers.values():
                teller.over = True
                teller.there.set()
            for name in ("Goloman", "Hands", "Holiday"):
                tellers[name].join(DEADLINE_S)
                self.assertIsNone(tellers[name].wrong)
            for teller in tellers.values():
                teller.settle(acknowledged)
            herd.command("wait")
            self.assertGreater(len(acknowledged), 500)
            for node in herd.running():
                self.assertEqual(older_at(node, acknowledged), [], node.name)
            self.assertIn(b'sends="what is new"', wilkes.log())


def why_not():
    """None: this may have namespaces of its own."""
    try:
        done = subprocess.run([*OWN, "sh", "-c", "mount -t tmpfs none /run && ip netns add try && "
                               "ip link add try type bridge"], capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
    except OSError as why:
        return str(why)
    return done.stderr.strip() if done.returncode else None


if __name__ == "__main__":
    if INSIDE not in os.environ and why_not() is None:
        os.environ[INSIDE] = "1"
        os.execvp(OWN[0], [*OWN, sys.executable, "-B", *sys.argv])
    unittest.main()
