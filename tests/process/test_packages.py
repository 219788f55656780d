"""test_packages.py - what tests/run, perf/run and others say of the packages that they install, with
an apt-get and a dpkg-query that install nothing."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from herd import DEADLINE_S, ROOT

TOOLS = {
    "dpkg-query": "echo ' not-installed '",
    "apt-get": 'echo "$@" >>"$CALLS"\n'
               'case " $* " in *" --assume-no "*)\n'
               'echo "Need to get 12 MB of archives."\n'
               'echo "After this operation, 34 MB of additional disk space will be used."\n'
               'exit 1 ;; esac',
    "id": "echo 0",
}
COST = ("Need to get 12 MB of archives.\n"
        "After this operation, 34 MB of additional disk space will be used.\n")


class Packages(unittest.TestCase):
    def bash(self, script):
        """What a script prints, and what it has asked apt-get for, call by call."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for tool, text in TOOLS.items():
                (folder / tool).write_text(f"#!/bin/sh\n{text}\n")
                (folder / tool).chmod(0o755)
            calls = folder / "calls"
            calls.touch()
            done = subprocess.run(
                ["bash", "-euc", script], capture_output=True, text=True, timeout=DEADLINE_S,
                check=True, cwd=ROOT,
                env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls)})
            return done.stdout + done.stderr, calls.read_text().splitlines()

    def test_what_is_installed_is_named_before(self):
        said, calls = self.bash(". tests/tools/packages.sh; packages_ensure 'one  for this\n"
                                "two  for that'")
        self.assertEqual(said, "Installing one two\n" + COST)
        update, ask, install = calls
        self.assertIn(" update", update)
        self.assertTrue(ask.endswith(" install one two"), ask)
        self.assertIn("--assume-no", ask)
        self.assertTrue(install.endswith(" install -y --no-install-recommends one two"), install)

    def test_measuring_quickly_needs_less(self):
        for words, needs in (("", True), ("--quick", False), ("flood --quick", False)):
            said, calls = self.bash(f"perf/run --installs {words}")
            self.assertTrue(said.startswith("It would install gcc "), said)
            self.assertTrue(said.endswith(COST), said)
            self.assertIn(" redis-server ", said)
            for package in ("openjdk", "nodejs", "apache2", "mariadb", "uvloop"):
                self.assertEqual(package in said, needs, package)
            (call,) = calls
            self.assertIn("--assume-no", call)


if __name__ == "__main__":
    unittest.main()
