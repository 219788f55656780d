"""test_trace.py - `stampede trace`: the path of a stamp through real nodes."""
import json
import os
import signal
import time
import unittest

from herd import SHIPPED, Herd, nanoseconds, until

UCLA = b"+34.068930-118.445127"
LINE = {"A": ("B",), "B": ("C",), "C": ()}


def now():
    return b"%.9f" % time.time()


def trace(herd, client_id, expect=(0,)):
    said = json.loads(herd.command("trace", "--json", client_id, expect=expect).stdout)
    return said, {node["node"]: node for node in said["nodes"]}


class Trace(unittest.TestCase):
    def test_the_way_through_a_line(self):
        with Herd(LINE) as herd, herd["A"].client() as client:
            herd.linked()
            line = client.tell(b"kiwi", UCLA, now())
            herd.agree(b"kiwi", line)
            said, nodes = trace(herd, "kiwi")
            self.assertEqual(said["stamp"].encode(), line)
            self.assertEqual(int(said["received_ns"]), nanoseconds(line.split()[2]) + nanoseconds(line.split()[5]))
            self.assertEqual([nodes[name]["via"] for name in "ABC"], [[], ["A"], ["A", "B"]])
            self.assertEqual([nodes[name]["hops"] for name in "ABC"], [0, 1, 2])
            self.assertTrue(all(node["newest"] for node in nodes.values()))
            self.assertEqual(nodes["A"]["delay_ms"], 0)
            taken = [int(nodes[name]["taken_ns"]) for name in "ABC"]  # one machine, one clock
            self.assertEqual(taken, sorted(taken))
            self.assertEqual(taken[0], int(said["received_ns"]))

    def test_the_tree_for_people(self):
        with Herd(LINE) as herd, herd["A"].client() as client:
            herd.linked()
            line = client.tell(b"kiwi", UCLA, now())
            herd.agree(b"kiwi", line)
            text = herd.command("trace", "kiwi").stdout.decode()  # also into a pipe
            self.assertTrue(text.startswith(line.decode() + "\nreceived by A at 20"), text)
            self.assertRegex(text, r"\nA +0 +0\.0 ms +- +a client\n  B +1 .* A\n    C +2 .* B\n\Z")
            self.assertTrue(herd.command("trace", "--table", "kiwi").stdout.decode()
                            .startswith(line.decode() + "\nreceived by A at 20"))

    def test_a_client_that_nobody_knows(self):
        with Herd(LINE) as herd:
            done = herd.command("trace", "kiwi", expect=(1,))
            self.assertEqual(done.stdout, b"")
            self.assertEqual(done.stderr, b'stampede: no node of the herd knows "kiwi"\n')
            herd["C"].kill()
            self.assertIn(b"1 of 3 do not answer", herd.command("trace", "kiwi", expect=(1,)).stderr)

    def test_no_node_answers(self):
        with Herd(LINE, start=False) as herd:
            self.assertIn(b"no node answers", herd.command("trace", "kiwi", expect=(1,)).stderr)

    def test_an_id_that_is_no_text(self):
        hostile = b"a\xff\xc2\x9b2J\xe2\x80\xaeb\xc3\xa9\xe2\x80"  # C1, right to left, e acute, cut off
        with Herd(LINE) as herd, herd["A"].client() as client:
            herd.linked()
            herd.agree(hostile, client.tell(hostile, UCLA, now()))
            done = herd.command("trace", "--json", os.fsdecode(hostile))
            stamp = json.loads(done.stdout)["stamp"].split()
            self.assertEqual(stamp[3], "a\ufffd\x9b2J\u202eb\xe9\ufffd\ufffd")
            self.assertIn(rb"a\ufffd\u009b2J\u202eb" + b"\xc3\xa9", done.stdout)
            table = herd.command("trace", "--table", os.fsdecode(hostile)).stdout
            self.assertEqual(table.split()[3], rb"a\xff\u009b2J\u202eb" + b"\xc3\xa9" + rb"\xe2\x80")
            unknown = herd.command("trace", os.fsdecode(b"b" + hostile), expect=(1,))
            self.assertIn(rb'knows "ba\xff\u009b2J\u202eb', unknown.stderr)

    def test_what_is_no_client_id(self):
        with Herd(start=False) as herd:
            for words in ((), ("a", "b"), ("a b",), ("",), ("a\n",), ("\x01",), ("a" * 256,)):
                with self.subTest(words=words):
                    self.assertIn(b"one client id", herd.command("trace", *words, expect=(2,)).stderr)

    def test_a_node_that_is_behind(self):
        with Herd(SHIPPED) as herd, herd["Goloman"].client() as client:
            herd.linked()
            herd.agree(b"kiwi", client.tell(b"kiwi", UCLA, b"1"))
            herd["Wilkes"].deliver(signal.SIGSTOP)
            line = client.tell(b"kiwi", UCLA, b"2")
            for name in ("Hands", "Holiday", "Welsh"):
                with herd[name].client() as other:
                    until(lambda other=other: other.known(b"kiwi") == line, f"{name} has it")
            _, nodes = trace(herd, "kiwi", expect=(1,))
            self.assertEqual((nodes["Wilkes"]["up"], nodes["Welsh"]["newest"]), (False, True))
            status = json.loads(herd.command("status", "-jn", "Hands", expect=(0,)).stdout)[0]
            lag = {link["peer"]: (link["lag"], link["lag_ms"]) for link in status["links"]}
            self.assertEqual(lag["Goloman"], (0, 0))
            self.assertEqual(lag["Wilkes"][0], 1)
            self.assertGreater(lag["Wilkes"][1], 1000)  # trace has waited two seconds for Wilkes
            herd["Wilkes"].deliver(signal.SIGCONT)
            until(lambda: herd.command("trace", "kiwi", expect=(0, 1)).returncode == 0, "Wilkes is level")
            _, nodes = trace(herd, "kiwi")
            self.assertGreater(nodes["Wilkes"]["delay_ms"], 1000)

    def test_a_secret(self):
        with Herd(LINE, start=False) as herd:
            secret = herd.folder / "herd.secret"
            secret.write_text("sixteen bytes and more\n")
            secret.chmod(0o600)
            herd.more = 'secret_file = "herd.secret"'
            herd.write("topology.conf")
            for node in herd.nodes.values():
                node.start()
            herd.linked()
            with herd["B"].client() as client:
                herd.agree(b"kiwi", client.tell(b"kiwi", UCLA, now()))
            _, nodes = trace(herd, "kiwi")
            self.assertEqual([nodes[name]["via"] for name in "ABC"], [["B"], [], ["B"]])


if __name__ == "__main__":
    unittest.main()
