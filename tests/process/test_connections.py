"""test_connections.py - many, slow, silent, misbehaving and vanished clients of one node.

Whatever a client does, others are served, memory is bounded, and no descriptor leaks.
"""
import contextlib
import pathlib
import random
import resource
import signal
import socket
import threading
import unittest

from herd import SHIPPED, Herd

UCLA = b"+34.068930-118.445127"
WANTED = 10000
RESERVE = 200  # descriptors that the node and this test need for themselves
BOUND = 32 << 20  # bytes that a node may grow by, including a sanitizer's quarantine


def connections_possible():
    """Up to WANTED, if the hard limit of descriptors allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard - RESERVE < WANTED:
        print(f"only {hard - RESERVE} connections: the hard limit of descriptors is {hard}")
    return min(WANTED, hard - RESERVE)


def served(node):
    """A client that has just received a reply, or None if it was refused."""
    with contextlib.suppress(ConnectionError, AssertionError), contextlib.ExitStack() as stack:
        client = stack.enter_context(node.client())
        client.ask(b"served?")
        stack.pop_all()  # it stays open
        return client
    return None


class Quiet:
    """A node's number of descriptors, which must be the same after a test."""

    def __init__(self, herd):
        self.herd, self.node = herd, herd.node
        self._catch_up()
        self.before = None
        herd.until(self._settled, "descriptors settle")

    def _settled(self):
        now = self.node.descriptors()
        settled, self.before = now == self.before, now
        return settled

    def _catch_up(self):
        """Wait until all that connected before has been accepted."""
        with self.node.client() as last:
            last.ask(b"last?")

    def again(self):
        self._catch_up()
        self.herd.until(lambda: self.node.descriptors() <= self.before,
                        f"{self.before} descriptors again")


class Many(unittest.TestCase):
    def test_ten_thousand_at_once(self):
        count = connections_possible()
        with Herd(more=f"limits {{ connections = {count} }}") as herd, \
                contextlib.ExitStack() as stack:
            quiet = Quiet(herd)
            clients = [stack.enter_context(herd.node.client()) for _ in range(count)]
            for turn in range(2):  # between the two, all are idle
                for i, client in enumerate(clients):
                    client.send(b"IAMAT c%d +1-1 %d\n" % (i, turn))
                for i, client in enumerate(clients):
                    self.assertTrue(client.line().endswith(b" c%d +1-1 %d" % (i, turn)))
            for client in clients:
                client.finish()
            for client in clients:
                self.assertEqual(client.rest(), b"")
            quiet.again()

    def test_limits_connections(self):
        with Herd(more="limits { connections = 5 }") as herd, contextlib.ExitStack() as stack:
            def one_more():
                client = served(herd.node)
                return client and stack.enter_context(client)

            clients = [herd.until(one_more, f"client {i} is served") for i in range(5)]
            for _ in range(20):
                self.assertIsNone(served(herd.node))
            for client in clients:
                self.assertEqual(client.ask(b"alive?"), b"? alive?")
            clients.pop().socket.close()
            clients.pop().reset()
            clients += [herd.until(one_more, "a freed slot is used") for _ in range(2)]
            self.assertIsNone(served(herd.node))
            for client in clients:
                self.assertEqual(client.ask(b"alive?"), b"? alive?")

    def test_quick_ones_leave_no_descriptor(self):
        with Herd() as herd:
            quiet = Quiet(herd)
            for i in range(3000):
                with herd.node.client() as client:
                    if i % 3:
                        client.send(b"hello\n" if i % 2 else b"hel")
                    if i % 5 == 0:
                        client.reset()
            quiet.again()

    def test_churn_is_not_logged_at_level_info(self):
        """Whoever connects again and again on either port cannot fill a disk."""
        with Herd(SHIPPED, start=False) as herd:
            wilkes = herd["Wilkes"].start()
            for i in range(3000):
                with socket.create_connection(wilkes.peer_address if i % 2 else
                                              wilkes.client_address) as client:
                    client.sendall((b"hello\n", b"hel", b"", b"GET / HTTP/1.1\r\n")[i // 2 % 4])
            with wilkes.client() as last:
                last.ask(b"last?")
            wilkes.stop()
            self.assertLess(len(wilkes.log().splitlines()), 60)

    def test_out_of_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        with Herd(start=False) as herd, contextlib.ExitStack() as stack:
            herd.node.start(preexec_fn=few)
            first = stack.enter_context(served(herd.node))
            others = []
            for _ in range(200):  # most are reset at once
                with contextlib.suppress(ConnectionError):
                    others.append(stack.enter_context(herd.node.client()))
            for _ in range(100):
                self.assertEqual(first.ask(b"alive?"), b"? alive?")
            for other in others:
                other.socket.close()
            stack.enter_context(herd.until(lambda: served(herd.node), "accepts again"))
            self.assertEqual(first.ask(b"alive?"), b"? alive?")
            warnings = [line for line in herd.node.log().splitlines() if b" info " not in line]
            self.assertLess(len(warnings), 20, "failures are summed up")


class NeverReading(unittest.TestCase):
    def check(self, line):
        with Herd(more="limits { output = 64KiB stall = 1s }") as herd, herd.node.client() as other:
            quiet = Quiet(herd)
            stored = other.tell(b"kiwi", UCLA, b"1")
            for _ in range(100):
                other.near(b"WHATSAT kiwi 50 20")
            before = herd.node.resident_bytes()
            grown = 0
            with herd.node.client(receive_bytes=4096) as greedy:
                greedy.socket.setblocking(False)
                rest = b""

                def dropped():
                    nonlocal grown, rest
                    try:
                        for _ in range(64):
                            rest = rest or line * 1000
                            rest = rest[greedy.socket.send(rest):]
                    except BlockingIOError:
                        pass
                    except ConnectionError:
                        return True
                    grown = max(grown, herd.node.resident_bytes() - before)
                    self.assertEqual(other.known(b"kiwi"), stored)
                    return False

                herd.until(dropped, "a client that never reads is dropped")
            self.assertLess(grown, BOUND)
            self.assertEqual(other.known(b"kiwi"), stored)
            quiet.again()

    def test_whatsat(self):
        self.check(b"WHATSAT kiwi 50 20\n")

    def test_iamat(self):
        self.check(b"IAMAT kiwi %b 0\n" % UCLA)

    def test_invalid(self):
        self.check(b"\n")

    def test_many_together(self):
        """None has limits.output unread, all together have more than limits.output_total."""
        limits = "limits { output = 1MiB output_total = 1MiB stall = 1d }"
        with Herd(more=limits) as herd, contextlib.ExitStack() as stack:
            other = stack.enter_context(herd.node.client())
            quiet = Quiet(herd)
            readers = [stack.enter_context(herd.node.client(receive_bytes=4096)) for _ in range(8)]
            gone = set()

            def fills():
                for reader in readers:
                    with contextlib.suppress(BlockingIOError):
                        try:
                            reader.socket.setblocking(False)
                            reader.socket.send(b"IAMAT kiwi %b 0\n" % UCLA * 1000)
                        except ConnectionError:
                            gone.add(reader)
                self.assertEqual(other.ask(b"alive?"), b"? alive?")
                return gone and b" output_full limits.output_total=1048576 " in herd.node.log()

            herd.until(fills, "those with the most are dropped")
            self.assertLess(len(gone), len(readers))
            stack.close()
            quiet.again()

    def test_one_that_has_finished_sending(self):
        with Herd(more="limits { output = 64KiB stall = 1s idle = 1s }") as herd:
            quiet = Quiet(herd)
            with herd.node.client(receive_bytes=4096) as greedy:
                greedy.tell(b"kiwi", UCLA, b"1")
                greedy.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    for _ in range(1000):
                        greedy.socket.send(b"WHATSAT kiwi 50 20\n" * 1000)
                greedy.finish()
                quiet.again()


class Slow(unittest.TestCase):
    def test_a_slow_reader_gets_everything(self):
        count = 2000
        with Herd(more="limits { output = 16KiB }") as herd, \
                herd.node.client(receive_bytes=4096) as client:
            at = client.tell(b"kiwi", UCLA, b"1")
            reply = at + b"\n" + client.near(b"WHATSAT kiwi 10 5")[1] + b"\n\n"
            sender = threading.Thread(target=client.send, args=(b"WHATSAT kiwi 10 5\n" * count,))
            sender.start()
            got = bytearray()
            while len(got) < count * len(reply):
                got += client.socket.recv(997)
            sender.join()
            self.assertTrue(got == reply * count, "replies are not all the same")
            client.finish()
            self.assertEqual(client.rest(), b"")

    def test_replies_one_by_one_to_one_that_reads_later(self):
        """Each is sent alone, until the kernel takes part of one and then nothing."""
        lines = [b"%d " % i + b"x" * 1000 for i in range(8000)]  # more than sockets hold
        with Herd(more="limits { output = 16MiB }") as herd, \
                herd.node.client(receive_bytes=4096) as client, herd.node.client() as other:
            for line in lines:
                client.send(line + b"\n")
                other.ask(b"is it told?")
            for line in lines:
                self.assertEqual(client.line(), b"? " + line)

    def test_one_byte_at_a_time_from_many(self):
        with Herd() as herd, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(herd.node.client()) for _ in range(100)]
            lines = [b"IAMAT client-%03d %b 1520023934.918963997\n" % (i, UCLA) for i in range(100)]
            for column in range(len(lines[0])):
                for client, line in zip(clients, lines):
                    client.send(line[column:column + 1])
            for client, line in zip(clients, lines):
                self.assertTrue(client.line().endswith(line[len(b"IAMAT"):-1]))

    def test_silence_in_the_middle_of_a_line(self):
        with Herd(more="limits { idle = 1s }") as herd:
            quiet = Quiet(herd)
            with herd.node.client() as silent, herd.node.client() as partial:
                partial.send(b"IAMAT kiwi +1-1")
                self.assertEqual(silent.rest(), b"")
                self.assertEqual(partial.rest(), b"")
                quiet.again()  # though this side has not closed

    def test_one_that_does_not_close_after_the_node_did(self):
        with Herd(more="client_close = reply") as herd:
            quiet = Quiet(herd)
            with herd.node.client() as client:
                self.assertEqual(client.ask(b"hello"), b"? hello")
                self.assertEqual(client.rest(), b"")
                quiet.again()


class Rude(unittest.TestCase):
    def phases(self):
        """What a client does before it resets the connection."""
        def nothing(_):
            pass

        def in_a_line(client):
            client.send(b"IAMAT kiwi +1")

        def in_a_long_line(client):
            client.send(b"x" * 5000)

        def before_the_reply(client):
            client.send(b"WHATSAT kiwi 50 20\n")

        def after_a_reply(client):
            client.ask(b"hello")

        def in_a_reply(client):
            client.send(b"WHATSAT kiwi 50 20\n")
            client.socket.recv(1)

        def among_many_replies(client):
            client.send(b"WHATSAT kiwi 50 20\n" * 1000)
            client.socket.recv(100)

        def half_closed(client):
            client.send(b"WHATSAT kiwi 50 20\n" * 10)
            client.finish()

        def all_read(client):
            client.send(b"hello")
            client.finish()
            client.line()

        return (nothing, in_a_line, in_a_long_line, before_the_reply, after_a_reply, in_a_reply,
                among_many_replies, half_closed, all_read)

    def test_resets_in_every_phase(self):
        with Herd() as herd, herd.node.client() as witness:
            witness.tell(b"kiwi", UCLA, b"1")
            quiet = Quiet(herd)
            for phase in self.phases():
                with self.subTest(phase=phase.__name__):
                    for _ in range(20):
                        client = herd.node.client()
                        phase(client)
                        client.reset()
                    self.assertEqual(witness.ask(b"alive?"), b"? alive?")
            quiet.again()

    def test_resets_before_the_node_looks(self):
        """Data and RST of more clients than there are buffers wait when the node accepts."""
        backlog = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
        for data in (b"", b"hel", b"hello\n"):
            with self.subTest(data=data), Herd() as herd:
                quiet = Quiet(herd)
                herd.node.deliver(signal.SIGSTOP)
                for _ in range(min(1500, backlog // 2)):
                    client = herd.node.client()
                    client.send(data)
                    client.reset()
                herd.node.deliver(signal.SIGCONT)
                quiet.again()

    def test_resets_of_all_kinds_at_once(self):
        chance = random.Random(7)
        with Herd() as herd, herd.node.client() as witness:
            witness.tell(b"kiwi", UCLA, b"1")
            quiet = Quiet(herd)
            for _ in range(10):
                clients = [herd.node.client() for _ in range(30)]
                for client in clients:
                    chance.choice(self.phases())(client)
                chance.shuffle(clients)
                for client in clients:
                    if chance.random() < 0.7:
                        client.reset()
                    else:
                        client.socket.close()
                self.assertEqual(witness.ask(b"alive?"), b"? alive?")
            quiet.again()

    def test_what_a_node_slept_is_not_its_clients_silence(self):
        with Herd({"Ant": ["Bee"], "Bee": []}, more="limits { idle = 3s }") as herd:
            sleeper, awake = herd["Ant"], herd["Bee"]
            with sleeper.client() as client, awake.client() as other:
                client.ask(b"hello")
                other.ask(b"hello")
                sleeper.deliver(signal.SIGSTOP)
                herd.until(other.is_closed, "silence is noticed by the one that is awake")
                sleeper.deliver(signal.SIGCONT)
                herd.until(lambda: b" slept ms=" in sleeper.log(), "it notices that it slept")
                self.assertEqual(client.ask(b"still there?"), b"? still there?")

    def test_one_that_closes_reading_only(self):
        with Herd() as herd:
            quiet = Quiet(herd)
            client = herd.node.client()
            client.socket.shutdown(socket.SHUT_RD)
            client.send(b"hello\n" * 1000)
            client.socket.close()
            quiet.again()


if __name__ == "__main__":
    unittest.main()
