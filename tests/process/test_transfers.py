"""test_transfers.py - `stampede dump` and `stampede load`: what a herd held comes back, whole or
not without a word about it, and only by those who may."""
import contextlib
import re
import signal
import socket
import subprocess
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, run
from test_drain import OBSERVER, PAIR, SecretHerd
from test_tls import Stranger, TlsHerd

MANY = 3000
CROWD = 200000  # stamps: more bytes than the kernel and a pipe hold
FIRST = re.compile(rb"# stampede-dump node=(\w+) herd=demo change=(\d+) stamps=(\d+) "
                   rb"time=20\d\d-\d\d-\d\dT[\d:.]+Z\n")
LAST = re.compile(rb"# stampede-dump-end change=(\d+) lines=(\d+) sum=(\w{16}) stamps=(\d+) "
                  rb"digest=(\w{16})\n\Z")


def stamps(count, origin="Goloman", at=5):
    """As `stampede load` takes them."""
    return b"".join(b"AT %b +1.000000000 client-number-%d +34.068930-118.445127 %d\n"
                    % (origin.encode(), i, at) for i in range(count))


def digests(herd):
    return {(node["stamps"], node["digest"]) for node in herd.status().values()}


def lines_of(dump):
    return [line for line in dump.splitlines(keepends=True) if not line.startswith(b"#")]


@contextlib.contextmanager
def transfer(herd, *arguments, **options):
    """`stampede dump` or `load` while it runs, with pipes to it."""
    process = subprocess.Popen([STAMPEDE, arguments[0], "-c", herd.config, *arguments[1:]],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
                               **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


class RoundTrip(unittest.TestCase):
    def check(self, herd):
        herd.linked()
        with herd["Hands"].client() as client:
            kiwi = client.tell(b"p\xc3\xa9car", b"+34-118", b"0001.50")
            client.send(b"".join(b"IAMAT id-%d +1-1 5\n" % i for i in range(MANY)))
            client.finish()
            self.assertEqual(client.rest().count(b"\n"), MANY)
        herd.until(lambda: digests(herd) and len(digests(herd)) == 1, "all hold the same")
        (held,) = digests(herd)
        dump = herd.command("dump", "-n", "Goloman").stdout
        self.assertEqual(FIRST.match(dump).group(1, 3), (b"Goloman", b"%d" % (MANY + 1)))
        last = LAST.search(dump)
        self.assertEqual(last.group(2, 4), (b"%d" % (MANY + 1),) * 2)
        self.assertEqual(last.group(5).decode(), held[1])
        self.assertEqual(last.group(3), last.group(5))
        self.assertIn(kiwi + b"\n", lines_of(dump))
        for node in herd.running():
            node.kill()
        for node in herd.nodes.values():
            node.start()
        herd.linked()
        path = herd.folder / "dump"
        path.write_bytes(dump)
        done = herd.command("load", "-n", "Hands", path)
        self.assertEqual((done.stdout, done.stderr),
                         (b"Hands has taken %d stamps: %d are new, 0 are not newer than what it "
                          b"holds\n" % (MANY + 1, MANY + 1), b""))
        herd.until(lambda: digests(herd) == {held}, "all hold what was dumped")
        again = herd.command("dump", "-n", "Goloman").stdout
        self.assertEqual(sorted(lines_of(again)), sorted(lines_of(dump)))

    def test_with_a_secret(self):
        with SecretHerd(SHIPPED) as herd:
            self.check(herd)

    def test_with_tls(self):
        with TlsHerd(PAIR) as herd:
            self.check(herd)

    def test_on_loopback_with_neither(self):
        with Herd(PAIR) as herd:
            self.check(herd)


class Load(unittest.TestCase):
    def test_an_old_dump_replaces_nothing_newer(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            with herd["Goloman"].client() as client:
                client.tell(b"kiwi", b"+1+1", b"1")
                mango = client.tell(b"mango", b"+1+1", b"1")
                dump = herd.command("dump").stdout
                kiwi = client.tell(b"kiwi", b"+2+2", b"2")
            for node in PAIR:
                done = herd.command("load", "-n", node, stdin=dump)
                self.assertIn(b"taken 2 stamps: 0 are new, 2 are not newer", done.stdout)
            herd.agree(b"kiwi", kiwi)
            herd.agree(b"mango", mango)

    def test_what_is_wrong_is_named_and_the_rest_is_taken(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            first, second = herd.folder / "first", herd.folder / "second"
            first.write_bytes(b"\n# a comment\nAT Hands +1.000000000 kiwi +1+1 5\n"
                              b"IAMAT kiwi +1+1 5\nAT Hands +1.000000000 kiwi 1+1 5\r\n"
                              b"AT Hands +1.000000000 a\x01 +1+1 5\n" + b"x" * 300000)
            second.write_bytes(b"AT Hands -86401.000000000 kiwi +1+1 4000000000\n"
                               b"AT Hands +0.000000000 kiwi +1+1 9000000000\n"
                               b"AT Old +1.000000000 kiwi +1+1 6\r\n"
                               b" AT\tHands +1.000000000 mango +1+1 5")
            done = herd.command("load", first, herd.folder / "none", "-", second, stdin=b"bad\n",
                                expect=(1,))
            self.assertEqual(done.stdout, b"Goloman has taken 2 stamps: 2 are new, 0 are not newer "
                                          b"than what it holds\n")
            for why in (b"first:4: it is not AT", b"first:5: a field of it is not valid",
                        b"first:6: it holds a control character", b"first:7: this line is too long",
                        b"none: No such file", b"standard input:1: it is not AT",
                        b"second:1: Goloman refuses this stamp: its time is further ahead",
                        b"second:2: Goloman refuses this stamp: it was received later than",
                        b"second:3: its origin Old is no node of ",
                        b"lines that are no stamps: 5\n", b"limits.future): 1\n",
                        b"no node of the herd: 1\n", b"limits.clock): 1\n"):
                self.assertIn(why, done.stderr)
            for who in (b"kiwi", b"mango"):
                herd.until(lambda who=who: herd.known(who)["Hands"], "it is flooded")

    def test_of_each_kind_ten_are_named(self):
        with SecretHerd(PAIR) as herd:
            done = herd.command("load", stdin=b"bad\n" * 25, expect=(1,))
            self.assertEqual(done.stderr.count(b"it is not AT"), 10)
            self.assertIn(b"lines that are no stamps: 25\n", done.stderr)

    def test_origins_that_are_no_nodes(self):
        line = b"AT Old +1.000000000 kiwi +1+1 6\n"
        with SecretHerd(PAIR) as herd:
            herd.linked()
            done = herd.command("load", stdin=line, expect=(1,))
            self.assertIn(b"standard input:1: its origin Old is no node of ", done.stderr)
            done = herd.command("load", "--retired", stdin=line, expect=(1,))
            self.assertIn(b"standard input:1: Goloman does not know its origin Old; name it in "
                          b"retired of every node's topology.conf", done.stderr)
            self.assertIn(b"taken 0 stamps", done.stdout)
        with SecretHerd(PAIR, more="retired = {Old}") as herd:
            herd.linked()
            herd.command("load", stdin=line, expect=(1,))
            herd.command("load", "--retired", stdin=line)
            herd.agree(b"kiwi", line.rstrip())
            self.assertEqual(herd.status()["Hands"]["links"][0]["incomplete"], False)

    def test_a_full_node(self):
        with SecretHerd(PAIR, more="limits { stamps = 5 }") as herd:
            done = herd.command("load", stdin=stamps(7), expect=(1,))
            self.assertIn(b"taken 5 stamps: 5 are new", done.stdout)
            self.assertIn(b"standard input:7: Goloman refuses this stamp: it holds", done.stderr)

    def test_a_dump_that_was_cut_or_has_changed(self):
        with SecretHerd(PAIR) as herd:
            herd.command("load", stdin=stamps(3))
            dump = herd.command("dump").stdout
            first, *middle, last = dump.splitlines(keepends=True)
            herd.command("load", stdin=dump * 2)
            for text, why in ((b"".join([first, *middle]), b"is not whole: its end is missing"),
                              (b"".join([first, *middle[1:], last]), b"it had 3 stamps, and 2"),
                              (b"".join([*middle, last]), b"the beginning of this dump is missing"),
                              (b"".join([first, *middle, first, *middle, last]),
                               b"the dump before this line is not whole"),
                              (dump.replace(b"+34.06", b"+34.07", 1), b"has changed since"),
                              (b"".join([first, *middle, b"# stampede-dump-cut lines=3 NO\n"]),
                               b"could not finish it")):
                done = herd.command("load", stdin=text, expect=(1,))
                self.assertIn(why, done.stderr, text)

    def test_a_node_that_ends_in_the_middle(self):
        with SecretHerd(PAIR) as herd:
            node = herd["Goloman"]
            with transfer(herd, "load", stdin=subprocess.PIPE) as load:
                load.stdin.write(stamps(5))
                load.stdin.flush()
                herd.until(lambda: herd.status()["Goloman"]["stamps"] == 5, "five are taken")
                node.kill()
                out, err = load.communicate(timeout=DEADLINE_S)
                self.assertEqual(load.returncode, 1)
            self.assertIn(b"has taken 5 stamps", out)
            self.assertRegex(err, b"Goloman closed the connection|Goloman connection reset")

    def test_ctrl_c(self):
        with SecretHerd(PAIR) as herd:
            with transfer(herd, "load", stdin=subprocess.PIPE) as load:
                load.stdin.write(stamps(5))
                load.stdin.flush()
                herd.until(lambda: herd.status()["Goloman"]["stamps"] == 5, "five are taken")
                load.send_signal(signal.SIGINT)
                self.assertIn(b"the load was interrupted", load.communicate(timeout=DEADLINE_S)[1])
                self.assertEqual(load.returncode, 1)


class Dump(unittest.TestCase):
    @contextlib.contextmanager
    def crowded(self, more=""):
        with SecretHerd({"Goloman": ()}, more=more) as herd:
            herd.command("load", stdin=stamps(CROWD))
            yield herd

    def test_of_a_node_that_ends_in_the_middle(self):
        with self.crowded() as herd:
            with transfer(herd, "dump") as dump:
                self.assertTrue(FIRST.match(dump.stdout.readline()))
                with herd["Goloman"].client() as client:  # nobody is held up
                    client.tell(b"kiwi", b"+1+1", b"1")
                herd["Goloman"].kill()
                out, err = dump.communicate(timeout=DEADLINE_S)
                self.assertEqual(dump.returncode, 1)
            self.assertRegex(
                out, rb"\n# stampede-dump-cut lines=\d+ NOT WHOLE: Goloman c[^\n]*\n\Z")
            self.assertIn(b"the dump is not whole: it has ", err)

    def test_ctrl_c(self):
        with self.crowded() as herd, transfer(herd, "dump") as dump:
            self.assertTrue(FIRST.match(dump.stdout.readline()))
            dump.send_signal(signal.SIGINT)
            out, err = dump.communicate(timeout=DEADLINE_S)
            self.assertEqual(dump.returncode, 1)
            self.assertIn(b" NOT WHOLE: the dump was interrupted\n", out)
            self.assertIn(b"the dump was interrupted; the dump is not whole", err)

    def test_whoever_does_not_read_is_cut_off(self):
        with self.crowded("limits { stall = 500ms }") as herd:
            with transfer(herd, "dump") as dump:
                self.assertTrue(FIRST.match(dump.stdout.readline()))
                herd.until(lambda: b" dumped " in herd.node.log(), "the dump is ended")
                out = dump.communicate(timeout=DEADLINE_S)[0]
                self.assertEqual(dump.returncode, 1)
            self.assertIn(b"\n# stampede-dump-cut ", out)
            self.assertRegex(herd.node.log(), rb" dumped stamps=\d+ whole=no ")

    def test_a_reader_that_leaves(self):
        with self.crowded() as herd, transfer(herd, "dump") as dump:
            self.assertTrue(FIRST.match(dump.stdout.readline()))
            dump.stdout.close()
            self.assertEqual(dump.wait(timeout=DEADLINE_S), 1)
            self.assertEqual(dump.stderr.read(), b"")

    def test_a_full_disk(self):
        with SecretHerd(PAIR) as herd, open("/dev/full", "wb") as full:
            done = subprocess.run([STAMPEDE, "dump", "-c", herd.config], stdout=full,
                                  stderr=subprocess.PIPE, env=environment(), timeout=DEADLINE_S,
                                  check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"cannot write the dump, which is not whole", done.stderr)

    def test_four_at_once(self):
        with self.crowded() as herd, contextlib.ExitStack() as stack:
            for _ in range(4):
                dump = stack.enter_context(transfer(herd, "dump"))
                self.assertTrue(FIRST.match(dump.stdout.readline()))
            done = herd.command("dump", expect=(1,))
            self.assertIn(b"Goloman says: this node is dumped 4 times already", done.stderr)
            self.assertEqual(done.stdout, b"")


class Refused(unittest.TestCase):
    def test_who_has_another_secret(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            other = herd.folder / "other"
            other.mkdir()
            (other / "herd.secret").write_bytes(b"the secret of another herd\n")
            (other / "herd.secret").chmod(0o600)
            (other / "topology.conf").write_bytes(herd.config.read_bytes())
            for command in ("dump", "load"):
                done = run(command, "-c", other / "topology.conf", stdin=stamps(1), expect=(1,))
                self.assertIn(b"Goloman: ", done.stderr)
                self.assertEqual(done.stdout, b"")
            with socket.create_connection(herd["Goloman"].peer_address, DEADLINE_S) as s:
                s.sendall(OBSERVER + b"DUMP\n")
                self.assertIn(b"BYE this node wants AUTH", s.makefile("rb").read())
            self.assertEqual(herd.status()["Goloman"]["stamps"], 0)

    def test_a_certificate_must_be_for_a_node(self):
        with TlsHerd(PAIR, "Webserver") as herd:
            herd.linked()
            for order in (b"DUMP\n", b"LOAD\n" + stamps(1)):
                words = Stranger(herd, "Webserver", OBSERVER + order).words
                self.assertIn(b"BYE the certificate is for no node of this herd", words)
                self.assertNotIn(b"DUMPING", words)
            self.assertIn(b"DUMPED ", Stranger(herd, "Hands", OBSERVER + b"DUMP\n").words)
            self.assertEqual(herd.status()["Goloman"]["stamps"], 0)

    def test_an_older_node_says_so(self):
        with Herd(PAIR, start=False) as herd, \
                socket.socket() as listener:
            herd["Goloman"].holders[1].close()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(herd["Goloman"].peer_address)
            listener.listen()
            with transfer(herd, "dump") as dump, listener.accept()[0] as s:
                words = s.makefile("rb")
                words.readline()
                s.sendall(OBSERVER.replace(b"from=- to=Goloman", b"from=Goloman to=-"))
                self.assertEqual(words.readline(), b"DUMP\n")
                s.sendall(b"BYE an observer may only ask\n")
                self.assertIn(b"Goloman runs an older version", dump.communicate(
                    timeout=DEADLINE_S)[1])
                self.assertEqual(dump.returncode, 1)

    def test_command_lines(self):
        with SecretHerd(PAIR, "") as herd:
            herd.command("dump", "file", expect=(2,))
            herd.command("dump", "--retired", expect=(2,))
            for command in ("dump", "load"):
                self.assertIn(b"did you mean", herd.command(command, "-n", "Golman",
                                                            expect=(1,)).stderr)
                self.assertIn(b"Usage: stampede " + command.encode(),
                              herd.command(command, "--help").stdout)
            herd["Goloman"].stop()
            done = herd.command("dump", expect=(1,))
            self.assertIn(b"Goloman: connection refused", done.stderr)


if __name__ == "__main__":
    unittest.main()
