"""test_stop.py - nodes that are stopped by a signal, and nodes that are killed.

A signal ends a node with exit code 0: what it has received is answered, its ports are free at once.
"""
import contextlib
import signal
import threading
import unittest

from herd import DEADLINE_S, SHIPPED, Herd

UCLA = b"+34.068930-118.445127"


class Signals(unittest.TestCase):
    def test_each_ends_an_idle_node(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number.name), Herd() as herd, herd.node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
                herd.node.stop(number)
                self.assertEqual(client.rest(), b"")

    def test_before_it_has_a_client_or_a_link(self):
        with Herd(SHIPPED, start=False) as herd:
            herd["Goloman"].start().stop()

    def test_again_while_stopping(self):
        with Herd() as herd, self.never_reading(herd.node):
            for _ in range(5):
                with contextlib.suppress(ProcessLookupError):
                    herd.node.deliver(signal.SIGTERM)
            herd.node.ended()

    def test_under_load(self):
        """Each client has received complete replies, in order, beginning with the first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number.name), Herd() as herd:
                got = [[] for _ in range(8)]
                started = threading.Barrier(len(got) + 1)
                loads = [threading.Thread(target=self.load, args=(herd.node, i, got[i], started))
                         for i in range(len(got))]
                for load in loads:
                    load.start()
                started.wait()
                herd.node.stop(number)
                for load in loads:
                    load.join()
                for i, replies in enumerate(got):
                    self.assertGreater(len(replies), 100)
                    for n, reply in enumerate(replies):
                        self.assertTrue(reply.endswith(b" c%d +1-1 %d" % (i, n)), reply)

    @staticmethod
    def load(node, number, got, started):
        """Send IAMATs without end; keep all replies, and fail if one is incomplete."""
        with node.client() as client:
            told = 0
            with contextlib.suppress(ConnectionError, AssertionError):
                while True:
                    client.send(b"".join(b"IAMAT c%d +1-1 %d\n" % (number, told + i)
                                         for i in range(20)))
                    told += 20
                    got += [client.line() for _ in range(20)]
                    if told == 200:
                        started.wait()
            while b"\n" in client.pending:
                got.append(client.line())
            if client.pending:
                got.append(b"cut: " + client.pending)

    def test_pending_replies_are_sent(self):
        """Replies reach a client that starts to read only after the node has ended."""
        count = 100
        with Herd() as herd, herd.node.client() as client:
            at = client.tell(b"kiwi", UCLA, b"1")
            reply = at + b"\n" + client.near(b"WHATSAT kiwi 50 20")[1] + b"\n\n"
            with self.never_reading(herd.node, b"WHATSAT kiwi 50 20\n" * count) as slow:
                herd.until(lambda: self.asked(herd) == count + 1, "the node has taken all in")
                herd.node.stop()
                slow.socket.settimeout(DEADLINE_S)
                self.assertTrue(slow.rest() == reply * count, "not all replies")

    @staticmethod
    def asked(herd):
        return herd.status()["Goloman"]["metrics"]["lines_whatsat"]

    @staticmethod
    @contextlib.contextmanager
    def never_reading(node, lines=b"WHATSAT kiwi 50 20\n" * 20000, finish=False):
        """A client that has sent as many lines as are taken, and has read nothing."""
        with node.client(receive_bytes=4096) as client:
            client.tell(b"kiwi", UCLA, b"1")
            client.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while lines:
                    lines = lines[client.socket.send(lines):]
            if finish:
                client.finish()
            yield client

    def test_with_clients_that_never_read(self):
        for finish in (False, True):
            with self.subTest(finish=finish), Herd() as herd, \
                    self.never_reading(herd.node, finish=finish):
                herd.node.stop()

    def test_with_a_client_in_the_middle_of_a_line(self):
        with Herd() as herd, herd.node.client() as client:
            client.send(b"IAMAT kiwi")
            herd.node.stop()
            self.assertEqual(client.rest(), b"")

    def test_ports_are_free_at_once(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            for number in (signal.SIGTERM, signal.SIGINT):
                self.ends_and_starts(herd, herd["Wilkes"], number, 0)

    def test_a_killed_node_starts_again_at_once(self):
        """The kernel closes a dead ring's listening sockets late; the next process retries."""
        with Herd(SHIPPED) as herd:
            herd.linked()
            self.ends_and_starts(herd, herd["Wilkes"], signal.SIGKILL, -signal.SIGKILL)

    def ends_and_starts(self, herd, node, number, code):
        with contextlib.ExitStack() as stack:
            for _ in range(50):
                client = stack.enter_context(node.client())
                self.assertEqual(client.ask(b"hello"), b"? hello")
            node.deliver(number)
            node.ended(code)
            node.start()
            herd.linked()

    def test_a_killed_node_leaves_the_others_answering(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            with herd["Welsh"].client() as client:
                line = client.tell(b"kiwi", b"+1-1", b"1")
            herd.agree(b"kiwi", line)
            herd["Holiday"].kill()
            herd["Wilkes"].kill()
            for node in herd.running():
                with node.client() as client:
                    self.assertEqual(client.known(b"kiwi"), line)
                    self.assertIsNotNone(client.tell(b"to-" + node.name.encode(), b"+1-1", b"1"))
            herd.agree(b"to-Goloman", herd.known(b"to-Goloman")["Goloman"], ("Goloman", "Hands"))

    def test_a_stopping_node_says_goodbye(self):
        """Its neighbours notice at once, not after ten seconds of silence."""
        with Herd({"Goloman": ("Hands",), "Hands": ()}) as herd:
            herd.linked()
            herd["Hands"].stop()
            herd.until(lambda: not herd.status()["Goloman"]["links"][0]["up"], "the link is down")


class Keeping(unittest.TestCase):
    """What was acknowledged stays in the herd when a node is stopped."""

    PAIR = {"Goloman": ("Hands",), "Hands": ()}

    def replies_of_the_last_turn(self, count):
        """Tells Goloman positions while it stands still, and to stop; how many it answered."""
        with Herd(self.PAIR) as herd:
            herd.linked()
            node = herd["Goloman"]
            with node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
                node.deliver(signal.SIGSTOP)
                client.send(b"".join(b"IAMAT w%d +1+1 1\n" % n for n in range(count)))
                node.deliver(signal.SIGTERM)
                node.deliver(signal.SIGCONT)
                replies = client.rest().splitlines()
            node.ended()
            self.assertEqual(self.missing(herd["Hands"], (b"w%d" % n for n in
                                                          range(len(replies)))), [])
            self.assertNotIn(b" unconfirmed ", node.log())
            return len(replies)

    def test_what_was_read_in_the_last_turn(self):
        """The signal and the command are there when the node goes on. The kernel may hand over the
        signal first, and then nothing is answered: what is answered must be kept."""
        for count in (1, 5000):
            with self.subTest(count=count):
                self.assertTrue(any(self.replies_of_the_last_turn(count) for _ in range(20)))

    def test_a_full_send_that_has_just_begun(self):
        count = 20000
        with Herd(self.PAIR, start=False) as herd:
            node = herd["Goloman"].start()
            with node.client() as client:
                ids = [b"i%d" % n for n in range(count)]
                self.tell(client, ids)
            herd["Hands"].start()
            herd.until(lambda: b" link_up " in node.log(), "the link is up")
            node.stop()
            self.assertEqual(self.missing(herd["Hands"], ids), [])

    def test_a_peer_that_stands_still(self):
        """It is not waited for without end, and what it has not confirmed is counted."""
        for again in (False, True):
            with self.subTest(again=again), Herd(self.PAIR) as herd:
                herd.linked()
                node = herd["Goloman"]
                herd["Hands"].deliver(signal.SIGSTOP)
                with node.client() as client:
                    self.tell(client, [b"a", b"b", b"c"])
                    node.deliver(signal.SIGTERM)
                    herd.until(lambda: b" stopping" in node.log(), "it stops")
                    if again:
                        node.deliver(signal.SIGTERM)
                    node.ended()
                self.assertIn(b" warn node=Goloman unconfirmed stamps=3 ", node.log())
                herd["Hands"].deliver(signal.SIGCONT)

    def test_a_rolling_restart_under_load(self):
        """Each node is stopped while it is told more than its links take in one turn."""
        with Herd(SHIPPED) as herd:
            herd.linked()
            told = []
            for name, node in herd.nodes.items():
                told += self.stopped_under_load(node)
                self.assertNotIn(b" unconfirmed ", node.log())
                node.start()
                herd.linked()
                herd.until(lambda: self.equal(herd), f"{name} has all again")
            self.assertGreater(len(told), 1000)
            self.assertEqual(self.missing(herd["Welsh"], told), [])

    @staticmethod
    def equal(herd):
        said = herd.status().values()
        return len(said) == len(SHIPPED) and len({node["digest"] for node in said}) == 1

    @staticmethod
    def stopped_under_load(node):
        """Stop it when it has begun to answer; the ids that it has acknowledged."""
        ids = [b"%s-%d" % (node.name.encode(), number) for number in range(20000)]
        with node.client() as client:
            def send():
                with contextlib.suppress(OSError):
                    client.send(b"".join(b"IAMAT %s +1-1 1\n" % one for one in ids))
            sender = threading.Thread(target=send)
            sender.start()
            told = 0
            with contextlib.suppress(ConnectionError, AssertionError):
                while told < len(ids):
                    client.line()
                    told += 1
                    if told == 1000:
                        node.deliver(signal.SIGTERM)
            node.ended()
            sender.join()
        return ids[:told]

    @staticmethod
    def tell(client, ids):
        client.send(b"".join(b"IAMAT %s +1+1 1\n" % one for one in ids))
        for _ in ids:
            client.line()

    @staticmethod
    def missing(node, ids):
        """Those that a node does not hold."""
        ids, missing = list(ids), []
        with node.client() as client:
            for at in range(0, len(ids), 50):
                part = ids[at:at + 50]
                client.send(b"".join(b"WHATSAT %s 0 0\n" % one for one in part))
                missing += [one for one in part if client.places()[1] is None]
        return missing


class Logs(unittest.TestCase):
    def test_hangup_opens_the_log_file_again(self):
        with Herd(start=False) as herd:
            log, old = herd.folder / "node.log", herd.folder / "node.log.1"
            herd.config.write_text(herd.config.read_text() +
                                   f'log_file = "{log}"\nlog_level = debug\n')
            herd.node.start()
            with herd.node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
            herd.until(lambda: log.exists() and log.read_bytes(), "the log has begun")
            log.rename(old)
            herd.node.deliver(signal.SIGHUP)
            herd.until(log.exists, "the log file is there again")
            with herd.node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
                told = f" client_opened conn=\\d+ from=127.0.0.1:{client.socket.getsockname()[1]}\n"
            herd.node.stop()
            self.assertRegex(log.read_text(), told)
            self.assertNotRegex(old.read_text(), told)
            for part in (old, log):
                self.assertRegex(part.read_text(), r"\A(\d{4}-\d\d-\d\dT.* node=Goloman .*\n)+\Z")


if __name__ == "__main__":
    unittest.main()
