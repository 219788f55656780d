"""test_seen.py - what an operator sees of a herd: status and its exit code, check, logs."""
import contextlib
import json
import time
import unittest

from herd import SHIPPED, Herd
from proxy import WiredHerd
from test_send_status import Load
from test_tls import TRIO, TlsHerd


def not_well(herd, *arguments):
    """The exit code of `stampede status`, and what it says below the table."""
    done = herd.command("status", *arguments, expect=(0, 1))
    table = done.stdout.decode().split("\n\n", 1)
    return done.returncode, table[1] if len(table) > 1 else ""


class Status(unittest.TestCase):
    def test_a_herd_that_is_well(self):
        """Also under load, when no two answers have the same digest; spare links lag by design."""
        with Herd(SHIPPED) as herd, contextlib.ExitStack() as stack:
            herd.linked()
            self.assertEqual(not_well(herd)[0], 0)
            loads = [stack.enter_context(Load(node)) for node in herd.nodes.values()]
            herd.until(lambda: all(load.told > 100 for load in loads), "there is load")
            for _ in range(5):
                done = herd.command("status")
                self.assertEqual(max(map(len, done.stdout.decode().split("\n\n")[0].splitlines())),
                                 len(done.stdout.splitlines()[0]))
                self.assertLessEqual(len(done.stdout.splitlines()[0]), 80)
                self.assertIn(b"VERSION", done.stdout)

    def test_a_herd_that_is_split(self):
        with WiredHerd({"A": ("B",), "B": ()}) as herd:
            herd.linked()
            herd.wire("A", "B").stall()
            herd.until(lambda: not_well(herd)[0] == 1, "the split is seen")
            self.assertRegex(not_well(herd)[1], r"(?m)^A has had no link to B for 1\ds \(tries: ")
            self.assertEqual(not_well(herd)[1].count("no link"), 1)
            code, lines = not_well(herd, "-n", "B")
            self.assertEqual((code, lines.count("\nB has had no link to A for ")), (1, 1), lines)
            done = herd.command("status", "--json", expect=(1,))
            self.assertTrue(json.loads(done.stdout)[0]["up"])
            self.assertIn(b"\nA has had no link to B for ", done.stderr)
            herd.heal()

    def test_a_node_that_is_down_and_one_that_is_full(self):
        with Herd({"A": ("B",), "B": ()}, more="limits { stamps = 2 }") as herd:
            herd.linked()
            with herd["A"].client() as client:
                for number in (1, 2):
                    self.assertEqual(not_well(herd)[0], 0)
                    line = client.tell(b"id%d" % number, b"+1-1", b"1")
                    herd.agree(b"id%d" % number, line)
            self.assertIn("A holds limits.stamps (2) stamps: no room", not_well(herd)[1])
            herd["B"].kill()
            code, lines = not_well(herd)
            self.assertEqual(code, 1)
            self.assertRegex(lines, r"(?m)^B is down: .*\n^A holds limits.stamps")

    def test_the_age_of_an_error(self):
        with Herd({"A": ("B",), "B": ()}) as herd:
            herd.linked()
            herd["B"].kill()
            herd["B"].start()
            herd.linked()
            (link,) = herd.status()["A"]["links"]
            self.assertGreaterEqual(link["error_ms"], link["up_ms"])
            self.assertRegex(herd.command("status", "-n", "A").stdout.decode(),
                             r"(?m)^Last error of B, \S+ ago: .*connection")

    def test_a_herd_with_certificates(self):
        with TlsHerd(TRIO) as herd:
            herd.linked()
            self.assertEqual(not_well(herd)[0], 0)
            self.assertGreater(herd.status()["Hands"]["certificate_ends_s"], time.time())


class Logs(unittest.TestCase):
    def test_a_neighbour_that_stops_and_one_that_dies(self):
        with Herd({"A": ("B",), "B": ()}) as herd:
            herd.linked()
            herd["B"].stop()
            herd.until(lambda: b" info node=A link_down peer=B why=\"the neighbour stops\"\n" in
                       herd["A"].log(), "it is told")
            herd["B"].start()
            herd.linked()
            herd["B"].kill()
            herd.until(lambda: b" warn node=A link_down peer=B " in herd["A"].log(), "it is told")

    def test_a_client_and_the_memory(self):
        with Herd(more="log_level = debug") as herd:
            self.assertRegex(herd.node.log(), rb" info node=Goloman memory_budget stamps_mb=\d+ connections_mb=\d+ "
                             rb"unread_output_mb=\d+ links_mb=\d+ total_mb=\d+ means=")
            with herd.node.client() as client:
                client.tell(b"kiwi", b"+1-1", b"1")
                client.finish()
                client.rest()
            herd.until(lambda: b" why=\"the client has ended its input\" lines=1 bytes=18 seconds=0\n"
                       in herd.node.log(), "its end is told")
            with herd.node.client() as client:
                client.tell(b"kiwi", b"+1-1", b"1")
                client.reset()
            herd.until(lambda: b" why=\"connection reset by the other end\" lines=1 " in
                       herd.node.log().lower(), "its end is told")


if __name__ == "__main__":
    unittest.main()
