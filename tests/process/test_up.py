"""test_up.py - `stampede up` whose output nobody reads."""
import contextlib
import os
import signal
import subprocess
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, until


def full_pipe():
    """Both ends of a pipe that takes no more, and what it holds."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    held = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            held += os.write(writer, b"\n" * 4096)
    os.set_blocking(writer, True)
    return reader, writer, held


class Unread(unittest.TestCase):
    @contextlib.contextmanager
    def up(self, *arguments, stdout, stderr):
        """`up` of the five, once all accept clients."""
        with Herd(SHIPPED, start=False, more="log_level = debug") as herd:
            up = subprocess.Popen([STAMPEDE, "up", *arguments, "-c", herd.config],
                                  env=environment(), stdin=subprocess.DEVNULL, stdout=stdout,
                                  stderr=stderr)
            try:
                for node in herd.nodes.values():
                    until(node.accepts, f"{node.name} accepts clients")
                yield herd, up
            finally:
                up.kill()  # and its nodes with it
                up.wait()
                for node in herd.nodes.values():
                    until(node._is_silent, f"{node.name} has ended")

    def test_it_stops_when_it_is_told_to(self):
        for arguments in ((), ("--log",)):
            with self.subTest(arguments=arguments):
                reader, writer, _ = full_pipe()
                with self.up(*arguments, stdout=writer, stderr=writer) as (herd, up):
                    herd.linked()
                    with herd["Welsh"].client() as client:  # more than the nodes' pipes hold
                        for _ in range(2000):
                            client.ask(b"x" * 100)
                    up.send_signal(signal.SIGTERM)
                    self.assertEqual(up.wait(DEADLINE_S), 0)
                os.close(reader)
                os.close(writer)

    def test_whoever_reads_after_all_gets_everything(self):
        reader, writer, held = full_pipe()
        errors, log = os.pipe()
        with self.up(stdout=writer, stderr=log) as (herd, up):
            os.close(writer)
            os.close(log)
            herd.linked()
            with open(reader, "rb") as output, open(errors, "rb") as said:
                self.assertEqual(output.read(held), b"\n" * held)
                lines = iter(output.readline, b"")
                self.assertTrue(next(lines).startswith(b"NODE "))
                self.assertTrue(any(b"Ctrl-C" in line for line in lines))
                children = f"/proc/{up.pid}/task/{up.pid}/children"
                with open(children, encoding="ascii") as file:
                    victim = int(file.read().split()[0])
                os.kill(victim, signal.SIGKILL)
                self.assertTrue(any(b"has ended: signal 9" in line
                                    for line in iter(said.readline, b"")))
                up.send_signal(signal.SIGTERM)
                self.assertEqual(up.wait(DEADLINE_S), 0)

    def test_a_reader_that_has_gone_ends_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)
        with self.up("--log", stdout=writer, stderr=writer) as (herd, up):
            herd.linked()
            self.assertIsNone(up.poll())
            up.send_signal(signal.SIGTERM)
            up.wait(DEADLINE_S)
        os.close(writer)


if __name__ == "__main__":
    unittest.main()
