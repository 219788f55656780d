"""test_reload.py - topology.conf is changed while nodes run, and SIGHUP tells them."""
import os
import pty
import signal
import socket
import subprocess
import threading
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Client, Herd, environment, reserve_port

PAIR = {"Goloman": ("Hands",), "Hands": ()}


def hang_up(herd, node, event=b" reloaded what=topology"):
    """SIGHUP, until the node's log says once more what came of it."""
    seen = node.log().count(event)
    node.deliver(signal.SIGHUP)
    herd.until(lambda: node.log().count(event) > seen, f"{node.name} says {event!r}")


def change(herd, more):
    """All of topology.conf but the nodes is this from now on."""
    herd.more = more
    herd.write("topology.conf")


class Hangup(unittest.TestCase):
    def test_no_node_that_logs_elsewhere_than_to_a_terminal_is_stopped(self):
        """Here, to standard error, with nothing but topology.conf to reload."""
        with Herd() as herd, herd.node.client() as client:
            self.assertEqual(client.ask(b"hello"), b"? hello")
            hang_up(herd, herd.node)
            self.assertEqual(client.ask(b"alive?"), b"? alive?")

    def test_a_node_whose_terminal_is_gone_stops(self):
        with Herd(start=False) as herd:
            ours, terminal = pty.openpty()
            process = subprocess.Popen([STAMPEDE, "node", "Goloman", "-c", str(herd.config)],
                                       stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                                       env=environment())
            os.close(terminal)
            try:
                said = b""
                while said.count(b" listening ") < 2:
                    said += os.read(ours, 4096)
                process.send_signal(signal.SIGHUP)
                self.assertEqual(process.wait(DEADLINE_S), 0)
            finally:
                process.kill()
                process.wait()
                os.close(ours)


class Faults(unittest.TestCase):
    def test_a_faulty_file_is_refused_whole_in_the_words_of_check(self):
        with Herd(PAIR, more="limits { line = 100B }") as herd:
            herd.linked()
            node = herd["Goloman"]
            with node.client() as client:
                long = b"x" * 150
                self.assertEqual(client.ask(long), b"? " + long[:100])
                change(herd, "limits { line = 200B  idle = 5parsec }\n"
                             "log_level = debug\nspun = 1us")
                hang_up(herd, node, b" reload_failed ")
                checked = herd.command("check", expect=(1,)).stdout.decode().splitlines()[:-1]
                self.assertEqual(len(checked), 2)
                log = node.log().decode()
                for line in checked:
                    self.assertIn(line.replace('"', '\\"'), log)
                self.assertNotIn(" reloaded ", log)
                self.assertEqual(client.ask(long), b"? " + long[:100])
                self.assertNotIn(" client_opened ", log)
                change(herd, "limits { line = 200B }")
                hang_up(herd, node)
                self.assertEqual(client.ask(long), b"? " + long)

    def test_what_needs_a_restart_is_refused(self):
        with Herd(PAIR) as herd:
            herd.linked()
            node = herd["Hands"]
            for name, more, says in (
                    ("other", "", "the herd is called other in place of demo"),
                    ("demo", "sandbox = off", "sandbox was switched off"),
                    ("demo", 'secret_file = "s"', "secret_file was added")):
                herd.more = more
                herd.write("topology.conf", name=name)
                hang_up(herd, node, says.encode())
            herd.more = ""
            herd.write("topology.conf", edges=PAIR)
            with node.client() as client:
                client.tell(b"kiwi", b"+1-1", b"1")
                client.tell(b"moa", b"+1-1", b"1")
            change(herd, "limits { stamps = 1 }")
            hang_up(herd, node, b"limits.stamps is 1, and this node holds 2 already")
            self.assertNotIn(b" reloaded ", node.log())

    def test_one_file_that_cannot_be_used_keeps_all_as_they_were(self):
        with Herd(PAIR, more='secret_file = "s"\nlog_level = info', start=False) as herd:
            secret = herd.folder / "s"
            secret.write_text("sixteen bytes or more")
            secret.chmod(0o600)
            for node in herd.nodes.values():
                node.start()
            herd.linked()
            secret.write_text("short")
            change(herd, 'secret_file = "s"\nlog_level = debug')
            node = herd["Goloman"]
            hang_up(herd, node, b" reload_failed what=secret ")
            with node.client() as client:
                client.ask(b"hello")
            self.assertNotIn(b" reloaded ", node.log())
            self.assertNotIn(b" client_opened ", node.log())
            secret.write_text("sixteen bytes or more")
            hang_up(herd, node)
            with node.client() as client:
                client.ask(b"hello")
            herd.until(lambda: b" client_opened " in node.log(), "level debug")


class Limits(unittest.TestCase):
    def test_limits_are_others_and_nobody_is_dropped(self):
        with Herd(more="limits { stamps = 2  connections = 2 }") as herd:
            node = herd.node
            with node.client() as first, node.client() as second:
                for bird in (b"kiwi", b"moa"):
                    self.assertRegex(first.tell(bird, b"+1-1", b"1"), b"^AT ")
                self.assertRegex(first.tell(b"emu", b"+1-1", b"1"), rb"^\? ")
                change(herd, "limits { stamps = 1000000  connections = 40000 }")
                hang_up(herd, node)
                for n in range(1000):
                    self.assertRegex(first.tell(b"%d" % n, b"+1-1", b"1"), b"^AT ")
                with node.client() as third:
                    self.assertEqual(third.known(b"kiwi"), second.known(b"kiwi"))
                    change(herd, "limits { stamps = 1002  connections = 1 }")
                    hang_up(herd, node)
                    for client in (first, second, third):
                        self.assertEqual(client.ask(b"alive?"), b"? alive?")
                    self.assertRegex(first.tell(b"emu", b"+1-1", b"1"), rb"^\? ")
                    with self.assertRaises((ConnectionError, AssertionError)):
                        with node.client() as fourth:
                            fourth.ask(b"alive?")

    def test_a_client_that_is_silent_is_dropped_by_the_new_time(self):
        with Herd(more="limits { idle = 1h }") as herd, herd.node.client() as client:
            self.assertEqual(client.ask(b"hello"), b"? hello")
            change(herd, "limits { idle = 1s }")
            hang_up(herd, herd.node)
            try:
                self.assertEqual(client.rest(), b"")
            except ConnectionResetError:
                pass

    def test_half_a_line_goes_by_the_limit_that_it_began_with(self):
        with Herd(more="limits { line = 100B }") as herd, herd.node.client() as client:
            client.send(b"a" * 90)
            with herd.node.client() as other:  # which is heard later
                self.assertEqual(other.ask(b"hello"), b"? hello")
                change(herd, "limits { line = 8KiB }")
                hang_up(herd, herd.node)
                client.send(b"b" * 60 + b"\n")
                self.assertEqual(client.line(), b"? " + b"a" * 90 + b"b" * 10)
                client.send(b"c" * 5000)
                self.assertEqual(other.ask(b"hello"), b"? hello")
                change(herd, "limits { line = 64B }")
                hang_up(herd, herd.node)
                client.send(b"c" * 3000 + b"\n")
                self.assertEqual(client.line(), b"? " + b"c" * 8000)
                self.assertEqual(client.ask(b"d" * 65), b"? " + b"d" * 64)


class Logs(unittest.TestCase):
    def test_level_and_file_are_others(self):
        with Herd(more='log_file = "first"') as herd:
            node, first, log = herd.node, herd.folder / "first", herd.folder / "log"
            with node.client() as client:
                client.ask(b"hello")
            change(herd, 'log_level = debug\nlog_file = "log"')
            node.deliver(signal.SIGHUP)
            herd.until(lambda: log.exists() and b" reloaded what=topology" in log.read_bytes(),
                       "the log goes on in another file")
            with node.client() as client:
                client.ask(b"hello")
            herd.until(lambda: b" client_opened " in log.read_bytes(), "level debug")
            self.assertNotIn(b" client_opened ", first.read_bytes())
            change(herd, "")
            hang_up(herd, node)  # on standard error
            self.assertNotIn(b" reload_failed ", first.read_bytes() + log.read_bytes())

    def test_a_sandbox_holds_a_log_to_the_folder_in_which_it_began(self):
        for sandbox, event in (("on", b" reload_failed what=log_file "), ("off", b"")):
            with self.subTest(sandbox=sandbox), Herd(more=f"sandbox = {sandbox}") as herd:
                if sandbox == "on" and b" landlock=on " not in herd.node.log():
                    continue  # this kernel holds nothing
                change(herd, f'sandbox = {sandbox}\nlog_file = "log"')
                herd.node.deliver(signal.SIGHUP)
                log = herd.folder / "log"
                herd.until(lambda: event in herd.node.log() if event else log.exists(), "an answer")
                self.assertEqual(log.exists(), not event)

    def test_a_log_file_that_cannot_be_opened_changes_nothing(self):
        with Herd() as herd:
            change(herd, 'log_level = debug\nlog_file = "no/folder/log"')
            hang_up(herd, herd.node, b" reload_failed what=log_file ")
            with herd.node.client() as client:
                client.ask(b"hello")
            self.assertNotIn(b" client_opened ", herd.node.log())
            self.assertNotIn(b" reloaded ", herd.node.log())

    def test_a_log_is_rotated_though_the_file_is_faulty(self):
        with Herd(more='log_file = "log"') as herd:
            log = herd.folder / "log"
            log.rename(herd.folder / "log.1")
            change(herd, 'log_file = "log"\nnonsense')
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: log.exists() and b" reload_failed " in log.read_bytes(), "a new log")


class Load(threading.Thread):
    """A client that tells its node positions without pause, and remembers what was acknowledged."""
    IDS = 200

    def __init__(self, node):
        super().__init__()
        self.node, self.told, self.over, self.failed = node, 0, threading.Event(), None

    def _id(self, number):
        return b"%s-%d" % (self.node.name.encode(), number % self.IDS)

    def run(self):
        try:
            with self.node.client() as client:
                while not self.over.is_set():
                    said = client.tell(self._id(self.told), b"+1-1", b"%d" % (1 + self.told))
                    if not said.startswith(b"AT "):
                        raise AssertionError(said)
                    self.told += 1
        except (OSError, AssertionError) as error:
            self.failed = error

    def ends(self, herd):
        """Its client was not dropped, and every node holds all that was acknowledged."""
        self.over.set()
        self.join()
        if self.failed:
            raise AssertionError(f"a client of {self.node.name} was dropped") from self.failed
        for number in range(max(0, self.told - self.IDS), self.told):
            with self.node.client() as client:
                line = client.known(self._id(number))
            herd.agree(self._id(number), line)


SIX = dict(SHIPPED, Vienna=("Hands",))


class Edges(unittest.TestCase):
    def start(self, herd, edges):
        herd.write("topology.conf", edges=edges)
        for name in edges:
            herd[name].start()
        herd.linked(edges)

    def no_link_was_lost(self, herd, names):
        for name in names:
            self.assertNotIn(b" link_down ", herd[name].log())

    def test_a_sixth_node_comes_and_goes_under_load(self):
        with Herd(SIX, start=False) as herd:
            self.start(herd, SHIPPED)
            loads = [Load(herd[name]) for name in ("Goloman", "Welsh")]
            for load in loads:
                load.start()
            herd.write("topology.conf", edges=SIX)
            vienna = herd["Vienna"].start()
            herd.until(lambda: b"Hands's topology.conf does not name Vienna" in vienna.log(),
                       "it is refused")
            said = herd.command("status", "--table", expect=(0, 1)).stdout.decode()
            self.assertIn(
                "Goloman, Hands, Holiday, Welsh, Wilkes go by another topology.conf", said)
            self.assertIn("Hands's topology.conf does not name Vienna", said)
            hang_up(herd, herd["Hands"])
            herd.linked(("Vienna", "Hands"))
            with vienna.client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            for name in ("Welsh", "Wilkes", "Holiday", "Goloman"):
                hang_up(herd, herd[name])
            herd.agree(b"kiwi", line)
            herd.until(lambda: not any(node["topologies_differ"]
                                       for node in herd.status().values()), "they agree")
            self.no_link_was_lost(herd, SIX)
            self.assertNotIn("another topology.conf",
                             herd.command("status", "--table").stdout.decode())
            vienna.stop()
            herd.more = "retired = Vienna"
            herd.write("topology.conf", edges=SHIPPED)
            for name in SHIPPED:
                hang_up(herd, herd[name])
            self.assertEqual(herd.known(b"kiwi"), dict.fromkeys(SHIPPED, line))
            for load in loads:
                load.ends(herd)
            for name in SHIPPED:
                if name != "Hands":
                    self.no_link_was_lost(herd, [name])

    def test_an_edge_that_is_removed_ends_with_a_word(self):
        without = dict(SHIPPED, Hands=())
        with Herd(SHIPPED) as herd:
            herd.linked()
            load = Load(herd["Hands"])
            load.start()
            herd.write("topology.conf", edges=without)
            hang_up(herd, herd["Hands"])
            herd.until(lambda: b"Hands's topology.conf has no edge to Wilkes" in
                       herd["Wilkes"].log(), "Wilkes is told")
            for name in ("Goloman", "Holiday", "Welsh", "Wilkes"):
                hang_up(herd, herd[name])
            herd.linked()
            self.assertEqual(len(herd.status()["Wilkes"]["links"]), 2)
            load.ends(herd)

    def test_a_neighbour_that_has_moved_is_found(self):
        with Herd(PAIR) as herd:
            herd.linked()
            spare = herd["Hands"].holders
            herd["Hands"].stop()
            holder = reserve_port()
            spare.append(holder)
            herd.write("topology.conf", peers={"Hands": holder.getsockname()[1]})
            herd["Hands"].start()
            hang_up(herd, herd["Goloman"])
            herd.linked()

    def test_ports_move_under_load_and_connections_stay(self):
        with Herd(PAIR) as herd:
            herd.linked()
            node, other = herd["Hands"], herd["Goloman"]
            loads = [Load(node), Load(other)]
            for load in loads:
                load.start()
            herd.until(lambda: all(load.told for load in loads), "both are connected")
            before = node.client_address
            moved = [reserve_port() for _ in range(2)]
            herd[node.name].holders += moved
            node.client_address, node.peer_address = (h.getsockname() for h in moved)
            herd.write("topology.conf")
            hang_up(herd, node)
            with node.client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            with self.assertRaises(ConnectionError):
                Client(before)
            herd.agree(b"kiwi", line)
            hang_up(herd, other)
            for load in loads:
                load.ends(herd)
            self.assertNotIn(b" link_down ", node.log() + other.log())
            other.stop()
            other.start()
            herd.linked()

    def test_a_port_that_is_taken_changes_nothing(self):
        with Herd(PAIR) as herd, socket.socket() as taken:
            herd.linked()
            node = herd["Hands"]
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            before = node.client_address
            node.client_address = taken.getsockname()
            herd.more = "log_level = debug"
            herd.write("topology.conf")
            hang_up(herd, node, b" reload_failed what=addresses ")
            self.assertIn(b"the port is in use", node.log())
            node.client_address = before
            with node.client() as client:
                self.assertEqual(client.ask(b"alive?"), b"? alive?")
            self.assertNotIn(b" client_opened ", node.log())

    def test_an_http_port_comes_and_goes(self):
        with Herd() as herd:
            holder = reserve_port()
            herd.node.holders.append(holder)
            port = holder.getsockname()[1]
            text = herd.config.read_text()
            herd.config.write_text(text.replace("  talks_to", f'  http = "127.0.0.1:{port}"\n'
                                                "  talks_to"))
            hang_up(herd, herd.node)
            with Client(("127.0.0.1", port)) as client:
                client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertTrue(client.line().startswith(b"HTTP/1.1 200 "))
            herd.config.write_text(text)
            hang_up(herd, herd.node)
            with self.assertRaises(ConnectionError):
                Client(("127.0.0.1", port))

    def test_a_node_that_is_not_named_goes_on(self):
        with Herd(PAIR) as herd:
            herd.linked()
            herd.write("topology.conf", edges={"Goloman": ()})
            hang_up(herd, herd["Hands"], b"the file does not name this node, Hands")
            with herd["Hands"].client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            herd.agree(b"kiwi", line)


if __name__ == "__main__":
    unittest.main()
