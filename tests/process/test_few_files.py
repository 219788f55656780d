"""test_few_files.py - a node under a low hard limit of open files: it says what fits, and clients
cannot take the files that neighbours, observers and the log need."""
import contextlib
import re
import resource
import signal
import socket
import unittest

from herd import SHIPPED, Herd
from test_connections import served
from test_http import HttpHerd

FEW = re.compile(rb" few_files allowed=(\d+) connections=(\d+) wanted=10000 ")


def may_open(files):
    """A function for preexec_fn: the hard limit."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


class FewFiles(unittest.TestCase):
    @contextlib.contextmanager
    def besieged(self, files, more=""):
        """A herd of which only Wilkes runs, with as many clients as it takes, and many that it does
        not."""
        with Herd(SHIPPED, start=False, more=more) as herd, contextlib.ExitStack() as stack:
            herd["Wilkes"].start(preexec_fn=may_open(files))
            held = []
            while client := served(herd["Wilkes"]):
                held.append(stack.enter_context(client))
                self.assertLess(len(held), files)
            for _ in range(2 * files):
                with contextlib.suppress(ConnectionError):
                    stack.enter_context(herd["Wilkes"].client())
            yield herd, held

    def test_links_and_observers_have_theirs(self):
        for files in (48, 64, 128):
            with self.subTest(files=files), self.besieged(files) as (herd, held):
                said = herd.until(lambda: FEW.search(herd["Wilkes"].log()), "few_files")
                self.assertEqual([int(n) for n in said.groups()], [files, len(held)])
                for name in ("Goloman", "Hands", "Holiday", "Welsh"):
                    herd[name].start()  # three of them are dialled, or dial
                herd.linked()
                self.assertEqual(herd.status()["Wilkes"]["clients"], len(held))
                with herd["Welsh"].client() as client:
                    told = client.tell(b"kiwi", b"+1-1", b"1")
                herd.until(lambda: held[0].known(b"kiwi") == told, "it is flooded to")

    def test_the_log_is_opened_again(self):
        with self.besieged(48, 'log_file = "log"') as (herd, held):
            log = herd.folder / "log"
            log.rename(herd.folder / "log.1")
            herd["Wilkes"].deliver(signal.SIGHUP)
            herd.until(lambda: log.exists() and b" log_reopened" in log.read_bytes(), "a new log")
            self.assertEqual(held[-1].ask(b"alive?"), b"? alive?")

    def test_neighbours_get_in_though_strangers_sit_there(self):
        with Herd(SHIPPED, start=False) as herd, contextlib.ExitStack() as stack:
            wilkes = herd["Wilkes"].start(preexec_fn=may_open(48))
            for _ in range(200):
                stack.enter_context(socket.create_connection(wilkes.peer_address))
            for name in ("Goloman", "Hands", "Holiday", "Welsh"):
                herd[name].start()
            herd.linked()

    def test_neighbours_get_in_though_the_http_port_is_crowded(self):
        for files in (48, 64):
            with self.subTest(files=files), contextlib.ExitStack() as stack:
                herd = stack.enter_context(HttpHerd(SHIPPED, start=False))
                herd["Wilkes"].start(preexec_fn=may_open(files))
                for _ in range(200):
                    address = ("127.0.0.1", herd.port("Wilkes"))
                    stack.enter_context(socket.create_connection(address))
                for name in ("Goloman", "Hands", "Holiday", "Welsh"):
                    herd[name].start()
                herd.linked()
                self.assertEqual(herd.ask("Wilkes", "/health")[0], 200)

    def test_what_fits_is_not_lowered(self):
        with Herd(start=False, more="limits { connections = 20 }") as herd:
            herd.node.start(preexec_fn=may_open(64))
            self.assertNotIn(b"few_files", herd.node.log())

    def test_too_few_even_for_that(self):
        for files in (12, 24):
            with self.subTest(files=files), Herd(SHIPPED, start=False) as herd:
                herd["Wilkes"].start(ready=False, preexec_fn=may_open(files))
                herd["Wilkes"].ended(1)
                said = herd["Wilkes"].printed().decode()
                self.assertRegex(said, rf"may open {files} files, and this node needs \d+ at least")
                self.assertIn("LimitNOFILE=", said)


if __name__ == "__main__":
    unittest.main()
