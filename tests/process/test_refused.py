"""test_refused.py - stamps of peers that are refused and may be taken later.

PROTOCOL.md, "Refused stamps": what no right clock can have received yet, and what was taken in by a
node that topology.conf does not name.
"""
import time
import unittest

from herd import Herd, run
from peer import Peer, at, write_secret

SECRET_FILE = 'secret_file = "herd.secret"\n'
TRIO = {"Goloman": ("Hands", "Wilkes"), "Hands": (), "Wilkes": ()}


class Refused(unittest.TestCase):
    def test_a_poisoned_stamp_of_a_peer_that_has_the_secret(self):
        """Hands says it; Goloman goes on with all else that Hands says, and Wilkes never has it."""
        with Herd(TRIO, more=SECRET_FILE, start=False) as herd:
            write_secret(herd)
            herd["Goloman"].start()
            herd["Wilkes"].start()
            with Peer(herd["Goloman"]) as hands:
                hands.prove()
                hands.send(at(b"before") + b"MARK 1\n" +
                           b"AT Hands +0.000000000 poison +1-1 9223372036.5 Hands\nMARK 2\n" +
                           at(b"after") + b"MARK 3\nPING 5 2 0000000000000000\n")
                said = []
                while not said or said[-1] != b"PONG 5\n":
                    said.append(hands.reader.readline())
                    self.assertTrue(said[-1], said)
                self.assertIn(b"ACK 1\n", said)
                self.assertNotIn(b"ACK 2\n", said)
                self.assertNotIn(b"ACK 3\n", said)
                with herd["Goloman"].client() as client:
                    line = client.known(b"after")
                    self.assertTrue(line.startswith(b"AT Hands "), line)
                    herd.agree(b"after", line)
                    self.assertIsNone(client.known(b"poison"))
                    line = client.tell(b"poison", b"+2+2", b"%.3f" % time.time())
                    herd.agree(b"poison", line)
                (link,) = (each for each in herd.status()["Goloman"]["links"]
                           if each["peer"] == "Hands")
                self.assertTrue(link["incomplete"])
                self.assertEqual((link["got_ahead"], link["got_unknown"]), (1, 0))
                herd.until(lambda: b" stamps_ahead peer=Hands origin=Hands " in
                           herd["Goloman"].log(), "the alarm")
                shown = herd.command("status", "-t", expect=(0, 1)).stdout.decode()
                self.assertIn("Goloman has refused stamps of Hands and lacks them: they were "
                              "received later than any right clock", shown)

    def test_a_node_that_was_removed_and_then_retired(self):
        """C leaves, A is restarted with a file that does not name it, then with one that retires
        it."""
        with Herd({"A": ("B", "C"), "B": (), "C": ()}) as herd:
            herd.linked()
            with herd["C"].client() as client:
                kiwi = client.tell(b"kiwi", b"+1+1", b"1")
            with herd["B"].client() as client:
                plum = client.tell(b"plum", b"+1+1", b"1")
            herd.agree(b"kiwi", kiwi)
            herd.agree(b"plum", plum)
            herd["C"].stop()
            herd["A"].stop()
            without = {"A": ("B",), "B": ()}
            herd["A"].start(herd.write("without.conf", edges=without))
            herd.agree(b"plum", plum)
            herd.until(lambda: b" stamps_of_unknown peer=B origin=C " in herd["A"].log(),
                       "the alarm")
            self.assertEqual(herd.known(b"kiwi"), {"A": None, "B": kiwi})
            (link,) = (each for each in herd.status()["A"]["links"] if each["peer"] == "B")
            self.assertTrue(link["incomplete"])
            self.assertEqual(link["unknown_origin"], "C")
            shown = herd.command("status", "-t", expect=(0, 1)).stdout.decode()
            self.assertIn("A has refused stamps of B and lacks them: its topology.conf neither has "
                          "a node C nor retires it.", shown)
            herd["A"].stop()
            herd.more = "retired = {C}"
            herd["A"].start(herd.write("retired.conf", edges=without))
            herd.agree(b"kiwi", kiwi)
            herd.agree(b"plum", plum)

    def test_check_explains_mistakes_in_retired(self):
        with Herd(start=False) as herd:
            herd.more = "retired = {C, C,\n  Goloman, -}"
            said = run("check", herd.write("wrong.conf"), expect=(1,))
            said = (said.stdout + said.stderr).decode()
            for mistake in ("C is retired twice", "Goloman is retired, but there is a node Goloman",
                            'retired cannot hold "-"'):
                self.assertIn(mistake, said)


if __name__ == "__main__":
    unittest.main()
