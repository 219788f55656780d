"""test_names.py - nodes that topology.conf has by names, looked up at a real name server."""
import json
import signal
import subprocess
import unittest

import name_server
from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, until
from name_server import NameServer

PAIR = {"Goloman": ("Hands",), "Hands": ()}


class NamedHerd(Herd):
    """Each node has addresses of both families and a name in herd.test that leads there. `keys`:
    further keys of a node; `ports`: in place of its names."""

    def __init__(self, zone, edges=None, start=True, keys=None, more=""):
        self.zone = zone
        self.keys = keys or {}
        self.spoken = {}
        self.moves = 0
        super().__init__(edges, more="limits { stop = 1s }\n" + more, start=False)
        for name in self.nodes:
            self.move(name)
        (self.folder / "herd.secret").write_text("a secret of sixteen bytes or more\n")
        (self.folder / "herd.secret").chmod(0o600)
        self.start_all = start

    def move(self, name, known=True):
        """It has other addresses from now on, and its name leads there, if it is `known`."""
        self.moves += 1
        where = [f"10.9.0.{self.moves}", f"fd09::{self.moves}"]
        for address in where:
            name_server.give(address)
        if known:
            self.zone[f"{name.lower()}.herd.test"] = where
        node = self.nodes[name]
        node.client_address = (where[0], node.client_address[1])
        return where

    def write(self, file_name, name="demo", edges=None, peers=None):
        text = [f"herd = {name}", 'secret_file = "herd.secret"']
        for node, talks_to in (edges or self.edges).items():
            client, peer = self.nodes[node].client_address[1], self.nodes[node].peer_address[1]
            host = self.spoken.get(node, f"{node.lower()}.herd.test")
            text.append(f'node {node} {{\n  client = "{host}:{client}"\n'
                        f'  peer = "{host}:{peer}"\n{self.keys.get(node, "")}\n'
                        f'  talks_to = {{{", ".join(talks_to)}}}\n}}')
        path = self.folder / file_name
        path.write_text("\n".join(text) + "\n" + self.more + "\n")
        return path

    def says(self, name, text, more=0):
        """Wait until its log has this text so many times and once more."""
        node = self.nodes[name]
        self.until(lambda: node.printed().count(text) > more, f"{name} says {text!r}")


class Names(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(NameServer())
        self.zone = self.server.zone

    def test_a_herd_of_names(self):
        with NamedHerd(self.zone, SHIPPED) as herd:
            herd.linked()
            with herd["Welsh"].client() as client:
                herd.agree(b"kiwi", client.tell(b"kiwi", b"+34-118", b"100.5"))
            for node in herd.nodes.values():  # on both addresses of both ports
                self.assertEqual(node.log().count(b" listening port="), 4)
            said = herd.command("send", "-n", "Hands", "WHATSAT kiwi 0 0").stdout
            self.assertIn(b" kiwi +34-118 100.5", said)
            herd.until(lambda: herd.command("status", expect=(0, 1)).returncode == 0, "all is well")
            self.assertIn(b"Goloman: can start, if its ports are free",
                          herd.command("check", "-n", "Goloman").stdout)
            taken = herd.command("check", "-n", "Goloman", "--bind", expect=(1,))
            self.assertIn(b"the port is in use", taken.stderr)

    def test_a_node_that_moves_is_found_where_it_is(self):
        with NamedHerd(self.zone, SHIPPED) as herd:
            herd.linked()
            herd["Holiday"].kill()
            before = herd.move("Holiday", known=False)
            herd.zone["holiday.herd.test"] = before
            herd["Holiday"].start()
            herd.linked()

    def test_a_name_that_leads_nowhere_any_more_is_tried_until_it_does(self):
        with NamedHerd(self.zone, PAIR) as herd:
            herd.linked()
            where = herd.zone.pop("hands.herd.test")
            herd["Hands"].kill()
            why = b"cannot look up hands.herd.test: no such host"
            herd.says("Goloman", b" peer_unreachable peer=Hands ")
            self.assertIn(why, herd["Goloman"].log())
            self.assertIn(why, herd.command("status", "-n", "Goloman", expect=(0, 1)).stdout)
            herd.zone["hands.herd.test"] = where
            herd["Hands"].start()
            herd.linked()

    def test_links_come_back_while_the_name_server_is_silent(self):
        """Where a node was, it is dialled; a neighbour whose name never answers delays nobody."""
        edges = {"Goloman": ("Hands", "Holiday"), "Hands": (), "Holiday": ()}
        with NamedHerd(self.zone, edges, start=False) as herd:
            for name in ("Goloman", "Hands"):
                herd[name].start()
            herd.says("Goloman", b" link_up peer=Hands ")
            kept = dict(herd.zone)
            herd.zone.update({name: None for name in kept})
            herd["Goloman"].deliver(signal.SIGSTOP)  # long enough for Hands to give the link up
            herd.says("Hands", b" link_down peer=Goloman ")
            herd["Goloman"].deliver(signal.SIGCONT)
            herd.until(lambda: herd["Goloman"].log().count(b" link_up peer=Hands ") > 1, "a link")

    def test_a_name_that_comes_late(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            where = herd.zone.pop("hands.herd.test")
            herd["Goloman"].start()
            herd["Hands"].start(ready=False)
            herd.says("Hands", b"stampede: cannot look up hands.herd.test yet: no such host; "
                               b"trying for 30 s\n")
            herd.zone["hands.herd.test"] = where
            herd.linked()

    def test_one_that_does_not_come(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            herd.zone.pop("hands.herd.test")
            herd["Hands"].start(ready=False)
            herd["Hands"].ended(1)
            self.assertRegex(herd["Hands"].printed(),
                             rb"stampede: cannot look up hands.herd.test, where this node listens "
                             rb"for clients: no such host, for 30 s; correct `client` of this "
                             rb"node in topology.conf, or the name server, or say where to "
                             rb"listen, like: client_listen = \"0\.0\.0\.0:\d+\"\n$")

    def test_a_node_that_waits_for_its_name_can_be_stopped(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            for number in (signal.SIGTERM, signal.SIGINT):
                herd.zone["hands.herd.test"] = None
                herd["Hands"].start(ready=False)
                herd.until(lambda: "hands.herd.test" in self.server.asked, "it looks it up")
                herd["Hands"].stop(number)
                self.server.asked.clear()

    def test_a_name_of_another_machine(self):
        """Behind a mapped port: with peer_listen and client_listen all is well."""
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            there = herd.zone["hands.herd.test"]
            herd.zone["hands.herd.test"] = ["192.0.2.7"]
            refused = herd.command("check", "-n", "Hands", "--bind", expect=(1,))
            self.assertRegex(refused.stderr,
                             rb"cannot listen on hands.herd.test:\d+: it leads to 192.0.2.7:\d+, "
                             rb"which this machine does not have; if others reach it there all "
                             rb"the same, say where to listen, like: "
                             rb"client_listen = \"0\.0\.0\.0:\d+\"\n")
            herd["Hands"].start(ready=False)
            herd["Hands"].ended(1)
            self.assertIn(b"client_listen", herd["Hands"].printed())
            client, peer = (herd["Hands"].client_address[1], herd["Hands"].peer_address[1])
            herd.keys["Hands"] = (f'client_listen = "0.0.0.0:{client}"\n'
                                  f'peer_listen = "0.0.0.0:{peer}"\n')
            herd.write("topology.conf")
            herd["Hands"].start()
            herd.zone["hands.herd.test"] = there
            herd["Goloman"].start()
            herd.linked()

    def test_what_its_machine_has_of_several_addresses(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            herd.zone["hands.herd.test"] += ["192.0.2.7", "2001:db8::7"]
            for node in herd.nodes.values():
                node.start()
            herd.linked()
            self.assertEqual(herd["Hands"].log().count(b" listening port="), 4)

    def test_check(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            herd.zone.pop("hands.herd.test")
            said = herd.command("check", "-n", "Goloman", "--bind")
            self.assertRegex(said.stdout, rb"topology.conf:\d+: warning: cannot look up "
                                          rb"hands.herd.test, where Hands is dialled: ")
            self.assertIn(b"Goloman: can start\n", said.stdout)
            said = herd.command("check", "-n", "Hands", expect=(1,))
            self.assertIn(b"stampede: cannot look up hands.herd.test, where Hands listens: ",
                          said.stderr)
            said = herd.command("send", "-n", "Hands", "x", expect=(1,))
            self.assertIn(b"cannot look up hands.herd.test: ", said.stderr)

    def test_short_names_and_full_ones(self):
        with NamedHerd(self.zone, PAIR, start=False) as herd:
            herd.spoken = {"Goloman": "goloman", "Hands": "HANDS.herd.test."}
            herd.write("topology.conf")
            for node in herd.nodes.values():
                node.start()
            herd.linked()

    def test_up_starts_the_nodes_of_this_machine(self):
        edges = {"Goloman": ("Hands", "Holiday"), "Hands": (), "Holiday": ()}
        with NamedHerd(self.zone, edges, start=False) as herd:
            herd.zone["holiday.herd.test"] = ["192.0.2.7"]
            with open(herd.folder / "up.out", "wb") as out:
                up = subprocess.Popen([STAMPEDE, "up", "-c", herd.config], stdout=out, stderr=out,
                                      env=environment())
            try:
                said = herd.folder / "up.out"
                until(lambda: b"Ctrl-C stops" in said.read_bytes(), "up has started them")
                self.assertIn(b"2 of the herd's 3 nodes run on this machine", said.read_bytes())
                up.send_signal(signal.SIGINT)
                self.assertEqual(up.wait(DEADLINE_S), 0)
            finally:
                up.kill()
                up.wait()


class Reloads(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(NameServer())
        self.zone = self.server.zone

    def reload(self, herd, name, event):
        seen = herd[name].printed().count(event)
        herd[name].deliver(signal.SIGHUP)
        herd.says(name, event, seen)

    def test_a_node_goes_where_its_new_name_leads(self):
        with NamedHerd(self.zone, PAIR) as herd, herd["Hands"].client() as client:
            herd.linked()
            herd.spoken["Hands"] = "elsewhere.herd.test"
            herd.write("topology.conf")
            self.reload(herd, "Hands", b" reload_failed what=addresses ")
            self.assertIn(b"cannot look up elsewhere.herd.test, where this node listens for "
                          b"clients: no such host; ", herd["Hands"].log())
            self.assertEqual(client.ask(b"alive?"), b"? alive?")
            where = herd.move("Hands", known=False)
            self.zone["elsewhere.herd.test"] = where
            self.reload(herd, "Hands", b" reloaded what=topology")
            herd.until(herd["Hands"].accepts, "it listens there")
            self.assertEqual(client.ask(b"alive?"), b"? alive?")  # which was connected before
            self.reload(herd, "Goloman", b" reloaded what=topology")
            herd["Goloman"].kill()
            herd["Goloman"].start()
            herd.linked()

    def test_a_neighbours_name_need_not_lead_anywhere(self):
        with NamedHerd(self.zone, PAIR) as herd:
            herd.linked()
            herd.spoken["Hands"] = "elsewhere.herd.test"
            herd.write("topology.conf")
            self.reload(herd, "Goloman", b" reloaded what=topology")
            said = herd.command("status", "--json", "-n", "Goloman", expect=(0, 1)).stdout
            self.assertTrue(json.loads(said)[0]["links"][0]["up"], "a link that is up stays up")

    def test_from_a_name_to_the_address_where_it_leads(self):
        with NamedHerd(self.zone, PAIR) as herd:
            herd.linked()
            listening = herd["Hands"].log().count(b" listening ")
            herd.spoken["Hands"] = self.zone["hands.herd.test"][0]
            herd.write("topology.conf")
            self.reload(herd, "Hands", b" reloaded what=topology")
            self.assertEqual(herd["Hands"].log().count(b" listening "), listening)
            herd.until(herd["Hands"].accepts, "it listens there still")
            herd.linked()

    def test_a_second_reload_takes_the_place_of_one_that_waits(self):
        with NamedHerd(self.zone, PAIR) as herd:
            herd.linked()
            self.zone["silent.herd.test"] = None
            herd.spoken["Hands"] = "silent.herd.test"
            herd.write("topology.conf")
            herd["Hands"].deliver(signal.SIGHUP)
            herd.until(lambda: "silent.herd.test" in self.server.asked, "it is looked up")
            herd.spoken.pop("Hands")
            herd.write("topology.conf")
            self.reload(herd, "Hands", b" reloaded what=topology")
            self.assertNotIn(b" reload_failed ", herd["Hands"].log())
            herd.linked()

    def test_a_node_is_stopped_while_a_reload_waits(self):
        with NamedHerd(self.zone, PAIR) as herd:
            herd.linked()
            self.zone["silent.herd.test"] = None
            herd.spoken["Hands"] = "silent.herd.test"
            herd.write("topology.conf")
            herd["Hands"].deliver(signal.SIGHUP)
            herd.until(lambda: "silent.herd.test" in self.server.asked, "it is looked up")
            herd["Hands"].stop()


if __name__ == "__main__":
    name_server.enter()
    unittest.main()
