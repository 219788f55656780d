"""test_containers.py - the containers' files agree with each other; that is all that can be known
of them without Docker. tests/package runs their herd in a root file system like theirs."""
import re
import unittest

from herd import ROOT, run

FOLDER = ROOT / "src/packaging/docker"


class Containers(unittest.TestCase):
    def test_the_nodes_are_those_of_the_topology(self):
        """And nothing is wrong with that."""
        topology = FOLDER / "topology.conf"
        self.assertIn(b"no errors", run("check", topology).stdout)
        compose = (FOLDER / "compose.yaml").read_text()
        nodes = run("check", "--nodes", topology).stdout.decode().split()
        self.assertEqual(re.findall(r"command: node (\S+)", compose), nodes)
        self.assertEqual(re.findall(r"ipv4_address: ([0-9.]+)", compose),
                         re.findall(r'peer += "([0-9.]+):12100"', topology.read_text()))


if __name__ == "__main__":
    unittest.main()
