"""test_drain.py - `stampede drain`: a node leaves without cutting off clients, and only for those
who may order it."""
import contextlib
import signal
import socket
import subprocess
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, until
from test_tls import HELLO, Stranger, TlsHerd

PAIR = {"Goloman": ("Hands",), "Hands": ()}
OBSERVER = HELLO % b"-"


class SecretHerd(Herd):
    """A herd with a secret."""

    def __init__(self, edges, more=""):
        super().__init__(edges, more='secret_file = "herd.secret"\n' + more)
        secret = self.folder / "herd.secret"
        secret.write_bytes(b"the secret of this herd\n")
        secret.chmod(0o600)


@contextlib.contextmanager
def draining(herd, *arguments):
    """`stampede drain` while it runs."""
    drain = subprocess.Popen([STAMPEDE, "drain", "-c", herd.config, *arguments],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    try:
        yield drain
    finally:
        if drain.poll() is None:
            drain.kill()
        drain.communicate()


def state(herd, name="Goloman"):
    return herd.status().get(name, {})


class Drain(unittest.TestCase):
    def test_it_waits_for_clients_and_hands_over(self):
        with SecretHerd(SHIPPED) as herd:
            herd.linked()
            node = herd["Goloman"]
            with node.client() as stays, draining(herd, "Goloman", "--grace", "1500ms") as drain:
                herd.until(lambda: state(herd)["draining"], "it drains")
                with node.client() as late:
                    late.tell(b"late", b"+1+1", b"1")
                herd.until(lambda: state(herd)["drain_closes_ms"] == 0, "its grace is over")
                until(node._is_silent, "its client port is closed", [node])
                stays.tell(b"kiwi", b"+34-118", b"100.5")
                self.assertIn(b"Goloman is drained: its client port is closed",
                              herd.command("status", "--table").stdout)
                stays.finish()
                self.assertEqual(stays.rest(), b"")
                out, err = drain.communicate(timeout=DEADLINE_S)
                self.assertEqual((drain.returncode, err), (0, b""))
                self.assertIn(b"its client port closes in", out)
                self.assertIn(b"Goloman has 1 client; its client port is closed", out)
                self.assertTrue(out.endswith(b"\nGoloman has stopped\n"), out)
            node.ended(0)
            self.assertNotIn(b" unconfirmed ", node.log())
            self.assertNotIn(b" accept_fails ", node.log())
            for name in ("Hands", "Welsh"):
                for who in (b"kiwi", b"late"):
                    self.assertIsNotNone(herd.known(who)[name])

    def test_at_the_time_out_clients_are_closed_in_order(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            with herd["Goloman"].client() as stays:
                stays.tell(b"kiwi", b"+34-118", b"100.5")
                herd.command("drain", "Goloman", "--grace", "0s", "--timeout", "500ms")
                self.assertEqual(stays.rest(), b"")
            herd["Goloman"].ended(0)
            self.assertIsNotNone(herd.known(b"kiwi")["Hands"])

    def test_undo(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            node = herd["Goloman"]
            with node.client() as stays, draining(herd, "Goloman", "--grace", "0s") as drain:
                until(node._is_silent, "its client port is closed", [node])
                for _ in range(3):
                    done = herd.command("drain", "--undo", "Goloman")
                    self.assertEqual(done.stdout, b"Goloman takes clients\n")
                self.assertIn(b"was undone", drain.communicate(timeout=DEADLINE_S)[1])
                self.assertEqual(drain.returncode, 1)
                herd.until(node.accepts, "clients come again")
                stays.tell(b"kiwi", b"+34-118", b"100.5")
                self.assertFalse(state(herd)["draining"])
            self.assertEqual(node.log().count(b" drain_undone "), 1)

    def test_ctrl_c_ends_the_command_only(self):
        with SecretHerd(PAIR) as herd:
            herd.linked()
            with herd["Goloman"].client(), draining(herd, "Goloman") as drain:
                herd.until(lambda: state(herd)["draining"], "it drains")
                self.assertIn(b"closes in", drain.stdout.read(60))  # it has got to its watch
                drain.send_signal(signal.SIGINT)
                err = drain.communicate(timeout=DEADLINE_S)[1]
                self.assertEqual(drain.returncode, 1)
                self.assertIn(b"the drain of Goloman goes on; end it with: ", err)
                self.assertIn(b" --undo", err)
                self.assertTrue(state(herd)["draining"])

    def test_up_ends_well_when_all_were_drained(self):
        with SecretHerd(PAIR) as herd:
            for node in herd.running():
                node.stop()
            up = subprocess.Popen([STAMPEDE, "up", "-c", herd.config], env=environment(),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
            try:
                until(lambda: all(n["links"][0]["up"] for n in herd.status().values())
                      and len(herd.status()) == 2, "both are linked")
                while b"Ctrl-C" not in up.stdout.readline():
                    pass
                for name in PAIR:
                    herd.command("drain", name, "--grace", "0s")
                err = up.communicate(timeout=DEADLINE_S)[1]
                self.assertEqual(up.returncode, 0, err)
                self.assertEqual(err.count(b" was stopped, or drained; start it again with: "), 2)
            finally:
                up.kill()
                up.communicate()


class Refused(unittest.TestCase):
    def test_without_secret_and_tls_nobody_may(self):
        with Herd(PAIR) as herd:
            herd.linked()
            done = herd.command("drain", "Goloman", expect=(1,))
            self.assertIn(b"has neither secret_file nor tls", done.stderr)
            peer = herd["Goloman"].peer_address
            with socket.create_connection(peer, DEADLINE_S) as s:
                s.sendall(OBSERVER + b"DRAIN 0 0\n")
                words = s.makefile("rb").read()
            self.assertIn(b"BYE this node has neither secret nor TLS", words)
            self.assertFalse(state(herd)["draining"])

    def test_a_certificate_must_be_for_a_node(self):
        with TlsHerd(PAIR, "Webserver") as herd:
            herd.linked()
            self.assertIn(b"BYE the certificate is for no node of this herd",
                          Stranger(herd, "Webserver", OBSERVER + b"DRAIN 0 0\n").words)
            self.assertIn(b'"draining":false',
                          Stranger(herd, "Webserver", OBSERVER + b"STATUS\n").words)
            self.assertIn(b'"draining":true',
                          Stranger(herd, "Hands", OBSERVER + b"DRAIN 60000 60000\n").words)
            herd.command("drain", "Goloman", "--grace", "0s")
            herd["Goloman"].ended(0)

    def test_command_lines(self):
        with SecretHerd(PAIR) as herd:
            for arguments, why in ((("Goloman", "--grace", "2s", "--timeout", "1s"), b"no longer"),
                                   (("Goloman", "--grace", "2h", "--timeout", "3h"), b"an hour"),
                                   (("Golman",), b"did you mean"), ((), b"one argument"),
                                   (("Goloman", "--grace", "x"), b"--grace is a time")):
                done = herd.command("drain", *arguments, expect=(2,))
                self.assertIn(why, done.stderr, arguments)
            herd["Goloman"].stop()
            done = herd.command("drain", "Goloman", expect=(1,))
            self.assertIn(b"Goloman: connection refused", done.stderr)


if __name__ == "__main__":
    unittest.main()
