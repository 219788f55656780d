"""test_notify.py - what a node tells the service manager that started it (sd_notify(3)): a socket
here takes systemd's place."""
import os
import pathlib
import signal
import socket
import tempfile
import unittest
import unittest.mock

from herd import DEADLINE_S, Herd


class Notify(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.manager.settimeout(DEADLINE_S)
        self.enterContext(unittest.mock.patch.dict(os.environ))
        for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
            os.environ.pop(name, None)

    def listen(self, address):
        self.manager.bind(address)
        os.environ["NOTIFY_SOCKET"] = address.replace("\0", "@")

    def told(self):
        return self.manager.recv(4096).decode()

    def test_the_life_of_a_node(self):
        """In both kinds of name that systemd gives to the socket, with the sandbox on and off."""
        for address, more in ((str(self.folder / "path"), ""), (f"\0stampede-{os.getpid()}", ""),
                              (str(self.folder / "other"), "sandbox = off")):
            with self.subTest(address=address, more=more):
                self.manager = self.enterContext(
                    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                self.manager.settimeout(DEADLINE_S)
                self.listen(address)
                with Herd(start=False, more=more + "\nlog_file = log") as herd:
                    herd.node.start(ready=False)
                    self.assertEqual(self.told(), "READY=1")
                    with herd.node.client() as client:  # at once: there is no second try
                        self.assertTrue(client.tell(b"kiwi", b"+1-1", b"1").startswith(b"AT "))
                    herd.node.deliver(signal.SIGHUP)
                    reloading, since = self.told().split("\n")
                    self.assertEqual(reloading, "RELOADING=1")
                    self.assertRegex(since, r"\AMONOTONIC_USEC=[1-9]\d*\Z")
                    self.assertEqual(self.told(), "READY=1")
                    herd.node.deliver(signal.SIGTERM)
                    self.assertEqual(self.told(), "STOPPING=1")
                    herd.node.ended()
                self.manager.setblocking(False)
                self.assertRaises(BlockingIOError, self.told)

    def test_a_reload_of_a_service_without_files_stops_nothing(self):
        """Its log goes to the journal, and it has no secret."""
        self.listen(str(self.folder / "notify"))
        with Herd() as herd:
            self.assertEqual(self.told(), "READY=1")
            herd.node.deliver(signal.SIGHUP)
            self.assertTrue(self.told().startswith("RELOADING=1\n"))
            self.assertEqual(self.told(), "READY=1")
            with herd.node.client() as client:
                self.assertTrue(client.tell(b"kiwi", b"+1-1", b"1").startswith(b"AT "))

    def test_one_that_cannot_start_is_not_ready(self):
        self.listen(str(self.folder / "notify"))
        with Herd() as herd:
            self.assertEqual(self.told(), "READY=1")
            path = herd.write("other.conf")
            text = path.read_text().replace("herd = demo", "herd = demo\nlog_file = nowhere/log")
            path.write_text(text)
            other = Herd(start=False)
            with other:
                other.node.start(config=path, ready=False)
                other.node.ended(1)
        self.assertEqual(self.told(), "STOPPING=1")

    def test_the_loop_feeds_the_watchdog(self):
        """A node with nothing else to do does, and a hung one cannot: it is the loop that does."""
        self.listen(str(self.folder / "notify"))
        os.environ["WATCHDOG_USEC"] = "200000"
        with Herd():
            self.assertEqual([self.told() for _ in range(4)], ["READY=1"] + 3 * ["WATCHDOG=1"])

    def test_a_manager_that_has_gone_is_no_hindrance(self):
        self.listen(str(self.folder / "notify"))
        os.environ["WATCHDOG_USEC"] = "1000"
        with Herd() as herd:
            self.assertEqual(self.told(), "READY=1")
            self.manager.close()
            herd.node.deliver(signal.SIGSTOP)
            herd.node.deliver(signal.SIGCONT)
            with herd.node.client() as client:
                self.assertTrue(client.tell(b"kiwi", b"+1-1", b"1").startswith(b"AT "))

    def test_a_manager_that_does_not_read_is_no_hindrance(self):
        self.listen(str(self.folder / "notify"))
        os.environ["WATCHDOG_USEC"] = "1000"  # fills the socket at once
        with Herd() as herd, herd.node.client() as client:
            for number in range(1000):
                client.tell(b"kiwi", b"+1-1", str(number).encode())

    def test_an_inherited_socket_that_is_gone(self):
        os.environ["NOTIFY_SOCKET"] = str(self.folder / "gone")
        with Herd() as herd:
            herd.until(lambda: b" notify_failed socket=" in herd.node.log(), "a line about it")


if __name__ == "__main__":
    unittest.main()
