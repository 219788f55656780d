"""test_sandboxes.py - a node in a sandbox that denies a system call says so when it starts; one
that starts has all that it needs until it ends."""
import errno
import os
import subprocess
import unittest
import unittest.mock

from denied import denying
from herd import DEADLINE_S, STAMPEDE, Herd, environment

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
                     "connect", "shutdown", "ioctl", "fcntl"):
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


if __name__ == "__main__":
    unittest.main()
