"""test_sandboxes.py - sandboxes around a node, and its own.

A node in a sandbox that denies a system call says so when it starts; one that starts has all that it
needs until it ends. The other tests of processes run with the node's own sandbox on, which is the
default; here is tried what it holds.
"""
import errno
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import termios
import unittest
import unittest.mock

import puppet
from denied import NUMBERS, denying, libc
from herd import DEADLINE_S, STAMPEDE, Herd, environment
from puppet import AT_FDCWD, KILLED, Puppet

SANITIZED = b"__asan_init" in pathlib.Path(STAMPEDE).read_bytes()  # needs more calls
PROFILE = "seccomp profile"
ANSWERS = (errno.EPERM, errno.ENOSYS)  # what profiles let a call answer


# The search for leaks at a program's end needs calls that are denied here.
@unittest.mock.patch.dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
class Denied(unittest.TestCase):
    def refusal(self, herd, call, error):
        """What a node says that cannot start for lack of a call."""
        herd.node.start(ready=False, preexec_fn=denying(call, error))
        herd.node.ended(1)
        return herd.node.printed().decode()

    def test_each_call_that_a_node_needs(self):
        """It must not start without one and fail later: without signalfd4 it would ignore SIGTERM,
        without shutdown keep every connection for ever."""
        for call in ("io_uring_setup", "io_uring_register", "io_uring_enter", "signalfd4",
                     "rt_sigprocmask", "listen", "setsockopt", "getsockname", "getpeername",
                     "connect", "shutdown", "ioctl", "fcntl",
                     *(() if SANITIZED else ("prlimit64",))):
            for error in ANSWERS:
                with self.subTest(call=call, error=errno.errorcode[error]), \
                        Herd(start=False) as herd:
                    said = self.refusal(herd, call, error)
                    self.assertIn("io_uring" if call.startswith("io_uring") else call, said)
                    self.assertIn(PROFILE, said)
                    self.assertIn("docker: --security-opt seccomp=", said)
                    self.assertNotIn(" listening ", said)

    def test_up_says_which_call_it_lacks(self):
        for error in ANSWERS:
            with self.subTest(error=errno.errorcode[error]), Herd(start=False) as herd:
                done = subprocess.run(
                    [STAMPEDE, "up", "-c", herd.config], stdin=subprocess.DEVNULL,
                    capture_output=True, timeout=DEADLINE_S, env=environment(), check=False,
                    preexec_fn=denying("signalfd4", error))
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"signalfd4", done.stderr)
                self.assertIn(PROFILE.encode(), done.stderr)


HAS_LANDLOCK = libc.syscall(NUMBERS["landlock_create_ruleset"], None, 0, 1) > 0  # its version
PROT_READ, PROT_WRITE, PROT_EXEC, MAP_PRIVATE, MAP_ANONYMOUS = 1, 2, 4, 2, 32
APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT


OF_FILES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def locks(pid):
    """The kernel's word on no_new_privs and seccomp."""
    said = status_of(pid)
    return said["NoNewPrivs"], said["Seccomp"]


def capabilities(pid):
    said = status_of(pid)
    return [int(said[of], 16) for of in ("CapPrm", "CapEff", "CapInh", "CapAmb")]


class Own(unittest.TestCase):
    def said(self, herd, words):
        herd.until(lambda: words in herd.node.log(), f"{words} in the log")

    def test_it_is_on_unless_the_key_says_off(self):
        with Herd() as herd:
            self.assertEqual(locks(herd.node.process.pid), ("1", "2"))
            self.said(herd, b" sandbox no_new_privs=on seccomp=on landlock=")
        with Herd(more="sandbox = off") as herd:
            self.assertEqual(locks(herd.node.process.pid), ("0", "0"))
            self.said(herd, b" sandbox no_new_privs=off seccomp=off landlock=off capabilities=off\n")

    def test_of_capabilities_those_for_files_stay(self):
        permitted, effective, _, _ = capabilities(os.getpid())
        with Herd() as herd:
            self.said(herd, b" capabilities=on")
            self.assertEqual(capabilities(herd.node.process.pid),
                             [permitted & OF_FILES, effective & OF_FILES, 0, 0])
        with Herd(more="sandbox = off") as herd:
            self.assertEqual(capabilities(herd.node.process.pid)[0], permitted)

    @unittest.skipUnless(capabilities(os.getpid())[1] & OF_FILES == OF_FILES, "not root")
    def test_root_reads_files_of_other_users_again(self):
        nobody = 65534
        with Herd(start=False, more='log_file = "now/log"\nsecret_file = "own/secret"') as herd:
            log, secret = (herd.folder / name for name in ("now/log", "own/secret"))
            for file in (log, secret):
                file.parent.mkdir(mode=0o700)
            secret.write_text("sixteen bytes or more\n")
            secret.chmod(0o600)
            for file in (secret, log.parent, secret.parent):
                os.chown(file, nobody, nobody)
            herd.node.start()
            log.rename(herd.folder / "now/old")
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: log.exists() and b" reloaded what=secret" in log.read_bytes(),
                       "both files are opened again")

    def test_up_gives_up_privileges_and_its_nodes_all(self):
        for more, expect in (("", ("1", "2")), ("sandbox = off", ("0", "0"))):
            with self.subTest(more=more), Herd(start=False, more=more) as herd:
                up = subprocess.Popen([STAMPEDE, "up", "-c", herd.config], env=environment(),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                try:
                    while b"Ctrl-C" not in (line := up.stdout.readline()):
                        self.assertTrue(line, "up has ended")
                    children = pathlib.Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text()
                    self.assertEqual(locks(up.pid), (expect[0], "0"))
                    self.assertEqual([locks(child) for child in children.split()], [expect])
                finally:
                    up.send_signal(signal.SIGTERM)
                    up.communicate(timeout=DEADLINE_S)
                self.assertEqual(up.returncode, 0)

    def test_a_kernel_without_its_means_is_no_hindrance(self):
        for call, said in (("seccomp", b" seccomp=missing landlock="),
                           ("landlock_create_ruleset", b" seccomp=on landlock=missing")):
            with self.subTest(call=call), Herd(start=False) as herd:
                herd.node.start(preexec_fn=denying(call, errno.ENOSYS))
                self.said(herd, said)

    def test_a_log_behind_a_link_is_rotated(self):
        """By renaming and by pointing the link to another file, which is not there yet."""
        with Herd(start=False, more='log_file = "now/log"') as herd:
            for folder in ("now", "kept"):
                (herd.folder / folder).mkdir()
            link, first, second = (herd.folder / name for name in
                                   ("now/log", "kept/1", "kept/2"))
            link.symlink_to(first)
            herd.node.start()
            first.rename(herd.folder / "kept/0")
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: first.exists() and b" log_reopened" in first.read_bytes(),
                       "a new file behind the link")
            link.unlink()
            link.symlink_to(second)
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: second.exists() and b" log_reopened" in second.read_bytes(),
                       "the link's new target")


@unittest.skipUnless(puppet.AVAILABLE, "system calls are put into processes on x86-64 only")
class TakenOver(unittest.TestCase):
    """A node that is made to do what an attacker would do."""

    def test_what_only_an_attacker_does_ends_it(self):
        for call in ("execve", "execveat", "process_vm_writev", "io_uring_setup", "unshare",
                     "setuid") + (() if SANITIZED else ("ptrace",)):
            with self.subTest(call=call), Herd() as herd:
                with Puppet(herd.node.process.pid) as node:
                    self.assertEqual(node.call(call), KILLED)
                herd.node.ended(-signal.SIGSYS)

    def test_what_it_does_not_do_is_unknown_to_it(self):
        with Herd() as herd, Puppet(herd.node.process.pid) as node:
            refused = [("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0),
                       ("ioctl", 0, termios.TIOCSTI, node.text(b"x")),
                       ("fcntl", 0, fcntl.F_SETOWN, os.getpid()),
                       ("openat", AT_FDCWD, node.text(b"new"), os.O_WRONLY | os.O_CREAT),
                       ("openat", AT_FDCWD, node.text(b"new"), os.O_RDWR),
                       ("openat", AT_FDCWD, node.text(b"new"), os.O_RDONLY | os.O_TRUNC),
                       ("openat", AT_FDCWD, node.text(b"new"), APPENDING | os.O_TRUNC)]
            if not SANITIZED:
                refused += [("kill", os.getpid(), 0), ("clone", 0, 0)]
            for call in refused:
                with self.subTest(call=call):
                    self.assertEqual(node.call(*call), -errno.ENOSYS)
            for right, expect in ((PROT_WRITE, True), (PROT_EXEC, False)):
                at = node.call("mmap", 0, 4096, PROT_READ | right,
                               MAP_PRIVATE | MAP_ANONYMOUS, 2**64 - 1, 0)
                self.assertEqual(at > 0, expect, "memory that can become code")

    def test_without_it_all_this_is_possible(self):
        with Herd(more="sandbox = off") as herd, Puppet(herd.node.process.pid) as node:
            self.assertEqual(node.call("execve"), -errno.EFAULT)
            self.assertEqual(node.call("unshare"), 0)
            self.assertGreater(node.call("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0), 2)
            self.assertGreater(
                node.call("openat", AT_FDCWD, node.text(bytes(herd.config)), os.O_RDONLY), 2)

    @unittest.skipUnless(HAS_LANDLOCK, "this kernel has no Landlock")
    def test_files_that_are_not_its_own(self):
        """It writes to the folder of its log, and reads that of its topology.conf."""
        with Herd(start=False, more='log_file = "log/here"') as herd:
            (herd.folder / "log").mkdir()
            herd.node.start()
            at = {name: bytes(herd.folder / name) for name in
                  ("topology.conf", "log/here", "log/other", "elsewhere", "/etc/passwd")}
            with Puppet(herd.node.process.pid) as node:
                for name, flags, expect in (
                        ("topology.conf", os.O_RDONLY, None),
                        ("/etc/passwd", os.O_RDONLY, -errno.EACCES),
                        ("topology.conf", APPENDING, -errno.EACCES),
                        ("elsewhere", APPENDING, -errno.EACCES),
                        ("log/here", APPENDING, None), ("log/other", APPENDING, None)):
                    with self.subTest(name=name, flags=flags):
                        got = node.call("openat", AT_FDCWD, node.text(at[name]), flags, 0o600)
                        self.assertTrue(got == expect or (expect is None and got > 2), got)


if __name__ == "__main__":
    unittest.main()
