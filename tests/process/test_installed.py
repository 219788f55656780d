"""test_installed.py - what `cmake --install` installs: the program, its pages, bash completion, and
the unit, which systemd itself judges. Nodes run under the unit's list of system calls here; systemd
as such does not run. tests/package tries the Debian package."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from denied import allowing
from herd import ROOT, STAMPEDE, Herd
from peer import SECRET
from test_tls import PAIR, TLS, TlsHerd

PACKAGING = ROOT / "src/packaging"
UNIT = (PACKAGING / "stampede@.service").read_text()
SANITIZED = b"__asan_init" in pathlib.Path(STAMPEDE).read_bytes()
EXPOSURE_MAX_TENTHS = 15
NUMBERS_H = [pathlib.Path("/usr/include", folder, "asm/unistd_64.h") for folder in
             (f"{os.uname().machine}-linux-gnu", "")]


def analyze(*arguments, expect=(0,)):
    done = subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    if done.returncode not in expect:
        raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze here")
class Unit(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.unit = folder / "stampede@Goloman.service"
        self.write(UNIT)

    def write(self, text):
        """As it is on a machine where the program is where systemd finds it."""
        self.unit.write_text(text.replace("ExecStart=stampede ", f"ExecStart={STAMPEDE} "))

    def test_systemd_understands_it(self):
        verify = ("verify", "--man=no", "--recursive-errors=no", self.unit)
        analyze(*verify)
        self.write(UNIT.replace("Type=notify", "Type=notifies"))
        said = subprocess.run(["systemd-analyze", *map(str, verify)], capture_output=True,
                              text=True, check=False)
        self.assertIn("notifies", said.stderr)  # so it was read
        self.write(UNIT)
        said = subprocess.run(["systemd-analyze", *map(str, verify)], capture_output=True,
                              text=True, check=False)
        self.assertEqual([line for line in said.stderr.splitlines() if "stampede@" in line], [])

    def test_it_exposes_little(self):
        security = ("security", "--offline=yes")
        analyze(*security, f"--threshold={EXPOSURE_MAX_TENTHS}", self.unit)
        analyze(*security, "--threshold=1", self.unit, expect=(1,))

    # -- its system calls --------------------------------------------------------------------------

    def calls_of(self, name):
        """A call's own name, or those of a set such as @system-service."""
        if not name.startswith("@"):
            return {name}
        listed = analyze("syscall-filter", name).splitlines()[1:]
        names = [line.strip() for line in listed if line.strip() and "#" not in line]
        return set().union(*map(self.calls_of, names))

    def all_numbers(self):
        header = next((path for path in NUMBERS_H if path.exists()), None)
        if not header:
            self.skipTest("the numbers of system calls are not known here (linux-libc-dev)")
        found = re.findall(r"^#define __NR_(\w+) (\d+)$", header.read_text(), re.M)
        return {name: int(number) for name, number in found}

    def numbers(self):
        allowed = set(self.calls_of("@default"))
        for line in re.findall(r"^SystemCallFilter=(.*)$", UNIT, re.M):
            calls = set().union(*map(self.calls_of, line.removeprefix("~").split()))
            allowed = allowed - calls if line.startswith("~") else allowed | calls
        return {number for name, number in self.all_numbers().items() if name in allowed}

    @unittest.skipIf(SANITIZED, "AddressSanitizer makes calls of its own")
    def test_nodes_need_no_other_calls(self):
        """From exec to exit, with all that they read again; their own sandbox still goes on."""
        allow = allowing(self.numbers())
        for make in (lambda: TlsHerd(PAIR, more=TLS, start=False),
                     lambda: Herd(PAIR, more='secret_file = "herd.secret"\nlog_file = "log"',
                                  start=False)):
            with make() as herd:
                path = herd.folder / "herd.secret"
                path.touch(0o600)
                path.write_bytes(SECRET + b"\n")
                for node in herd.nodes.values():
                    node.start(preexec_fn=allow)
                herd.linked()
                with herd["Goloman"].client() as client:
                    client.tell(b"kiwi", b"+34-118", b"100.5")
                    self.assertIn(b"results", client.near(b"WHATSAT kiwi 10 1")[1])
                log = herd.folder / "log"
                logs = [log] if log.exists() else [node.log_path for node in herd.nodes.values()]
                for node in herd.nodes.values():
                    node.deliver(signal.SIGHUP)
                herd.until(lambda: sum(p.read_bytes().count(b" reloaded what=") for p in logs) >= 2,
                           "both nodes read again")
                for path in logs:
                    self.assertRegex(path.read_bytes(), rb" seccomp=on .*capabilities=on")
                    self.assertNotIn(b"denied", path.read_bytes())

    @unittest.skipIf(SANITIZED, "AddressSanitizer makes calls of its own")
    def test_a_list_that_lacks_one_shows(self):
        lacking = self.numbers() - {self.all_numbers()["io_uring_setup"]}
        with Herd(start=False) as herd:
            herd.node.start(ready=False, preexec_fn=allowing(lacking))
            herd.node.ended(1)
            self.assertIn(b"io_uring is forbidden here", herd.node.printed())


@unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
class Installed(unittest.TestCase):
    FILES = ("bin/stampede", "share/man/man1/stampede.1", "share/man/man5/topology.conf.5",
             "share/man/man7/stampede-protocol.7", "lib/systemd/system/stampede@.service",
             "lib/sysusers.d/stampede.conf", "lib/tmpfiles.d/stampede.conf",
             "share/bash-completion/completions/stampede",
             "share/doc/stampede/examples/topology.conf")

    def test_all_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "--install", pathlib.Path(STAMPEDE).parent,
                            "--prefix", folder], check=True, stdout=subprocess.DEVNULL)
            for name in self.FILES:
                self.assertTrue(pathlib.Path(folder, name).is_file(), name)
            subprocess.run([f"{folder}/bin/stampede", "version"], check=True,
                           stdout=subprocess.DEVNULL)
            if shutil.which("systemd-sysusers"):
                root = pathlib.Path(folder, "root")
                (root / "etc").mkdir(parents=True)
                subprocess.run(["systemd-sysusers", f"--root={root}",
                                f"{folder}/lib/sysusers.d/stampede.conf"], check=True)
                self.assertIn("\nstampede:", "\n" + (root / "etc/passwd").read_text())


@unittest.skipUnless(shutil.which("bash"), "there is no bash")
class Completion(unittest.TestCase):
    def completed(self, *words, folder=ROOT):
        """What bash offers for the last word."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stampede; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "-", PACKAGING / "stampede.bash", STAMPEDE,
                               *words], check=True, capture_output=True, text=True, cwd=folder,
                              env={k: v for k, v in os.environ.items() if k != "STAMPEDE_TOPOLOGY"})
        return done.stdout.split()

    def said(self, *words):
        return subprocess.run([STAMPEDE, *words], capture_output=True, text=True,
                              check=True).stdout

    def test_commands(self):
        self.assertEqual(self.completed("st"), ["status"])
        self.assertEqual(self.completed("help", "w"), ["wait", "watch"])
        listed = re.findall(r"^  ([a-z]+)  ", self.said("help"), re.M)
        self.assertGreaterEqual(len(listed), 8)
        for name in listed:
            self.assertIn(name, self.completed(""))

    def test_nodes_are_those_of_the_topology(self):
        self.assertEqual(self.completed("node", "H"), ["Hands", "Holiday"])
        self.assertEqual(self.completed("send", "-n", "Wi"), ["Wilkes"])
        self.assertEqual(self.completed("send", "--node", ""),
                         ["Goloman", "Hands", "Holiday", "Welsh", "Wilkes"])
        with Herd({"Wien": ("Roma",), "Roma": ()}, start=False) as herd:
            self.assertEqual(self.completed("status", "-c", herd.config, "-n", ""),
                             ["Wien", "Roma"])
            (herd.folder / "topology.conf").write_text("no topology")
            self.assertEqual(self.completed("node", "", folder=herd.folder), [])

    def test_options_are_those_of_the_help(self):
        for name in ("up", "node", "status", "top", "wait", "drain", "trace", "send", "near",
                     "watch", "places", "check"):
            with self.subTest(name=name):
                text = self.said("help", name)
                self.assertEqual(sorted(self.completed(name, "--")),
                                 sorted(set(re.findall(r"^ .*?(--[a-z]+)", text, re.M))))

    def test_files(self):
        self.assertEqual(self.completed("check", "topo"), ["topology.conf"])
        self.assertEqual(self.completed("up", "-c", "topo"), ["topology.conf"])


if __name__ == "__main__":
    unittest.main()
