"""test_seen.py - what an operator sees of a herd: status and its exit code, check, logs."""
import contextlib
import json
import subprocess
import time
import unittest

from herd import SHIPPED, Herd
from proxy import WiredHerd
from test_send_status import Load
from test_tls import TLS, TRIO, TlsHerd


def not_well(herd, *arguments):
    """The exit code of `stampede status`, and what it says below the table."""
    done = herd.command("status", *arguments, expect=(0, 1))
    table = done.stdout.decode().split("\n\n", 1)
    return done.returncode, table[1] if len(table) > 1 else ""


def ends_soon(herd, name):
    """The certificate of a node is renewed for only five days."""
    subprocess.run(f"openssl req -new -key {name}.key -subj /CN={name} -addext "
                   f"subjectAltName=DNS:{name} | openssl x509 -req -CA ca.pem -CAkey ca.key -days 5 "
                   f"-copy_extensions copyall -out {name}.pem", shell=True, check=True,
                   cwd=herd.folder, stderr=subprocess.DEVNULL)


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
            ends_soon(herd, "Hands")
            self.assertRegex(herd.command("check", "-n", "Hands").stdout,
                             rb"warning: the certificate of Hands ends in [45] days\n")
            herd["Hands"].stop()
            herd["Hands"].start()
            herd.linked()
            code, lines = not_well(herd)
            self.assertRegex(lines, r"\nThe certificate of Hands ends in (4d23h|5d00h)\.\n\Z")
            self.assertEqual(code, 1)


class Check(unittest.TestCase):
    def test_a_node_that_can_start(self):
        with TlsHerd(TRIO, start=False) as herd:
            done = herd.command("check", "--node", "Hands")
            self.assertRegex(done.stdout, rb"\nHands: can start, if its ports are free.*\n\Z")
            self.assertEqual(done.stderr, b"")
            self.assertRegex(herd.command("check", "--bind", "-n", "Hands").stdout, rb"Hands: can start\n\Z")

    def test_what_a_start_would_refuse(self):
        def breaks(herd, spoil, why):
            kept = {path: (path.read_bytes(), path.stat().st_mode) for path in herd.folder.iterdir()
                    if path.is_file()}
            spoil()
            done = herd.command("check", "-n", "Hands", expect=(1,))
            self.assertRegex(done.stderr, why)
            self.assertIn(b"\nHands: cannot start: 1 error\n", done.stdout)
            herd.command("check")  # the topology itself is right
            for path, (text, mode) in kept.items():
                path.write_bytes(text)
                path.chmod(mode)
        with TlsHerd(TRIO, "expired:Hands", more=TLS + "\nsecret_file = s\nlog_file = logs/log",
                     start=False) as herd:
            (herd.folder / "s").write_text("a secret of this herd, long enough\n")
            (herd.folder / "s").chmod(0o600)
            (herd.folder / "logs").mkdir()
            key, cert = herd.folder / "Hands.key", herd.folder / "Hands.pem"
            herd.command("check", "-n", "Hands")
            self.assertEqual(list((herd.folder / "logs").iterdir()), [], "no log is made")
            breaks(herd, lambda: key.chmod(0o644), rb"Hands\.key: .*others")
            breaks(herd, key.unlink, rb"Hands\.key: ")
            breaks(herd, lambda: cert.write_bytes((herd.folder / "Wilkes.pem").read_bytes()), rb"Hands")
            breaks(herd, lambda: [(herd.folder / f"Hands.{kind}").write_bytes(
                (herd.folder / f"expired.{kind}").read_bytes()) for kind in ("pem", "key")],
                   rb"has expired")
            breaks(herd, lambda: (herd.folder / "s").chmod(0o644), rb"/s: .*others")
            (herd.folder / "logs").rmdir()
            breaks(herd, lambda: None, rb"log_file .*: No such file or directory")

    def test_ports_that_are_taken(self):
        with Herd() as herd:
            herd.command("check", "-n", "Goloman")
            done = herd.command("check", "-n", "Goloman", "--bind", expect=(1,))
            self.assertIn(b"the port is in use", done.stderr)
            herd.command("check", "--bind", expect=(2,))
            herd.command("check", "-n", "Golomen", expect=(1,))


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
                             rb"unread_output_mb=\d+ links_mb=\d+ journal_mb=\d+ total_mb=\d+ means=")
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
