"""test_operators.py - `tls { operators }`: operators ask and drain nodes with certificates of their
own, from a machine that has neither the herd's secret nor a node's key."""
import shutil
import signal
import unittest

from herd import Herd, run
from test_tls import HELLO, TLS, Stranger, TlsHerd

PAIR = {"Goloman": ("Hands",), "Hands": ()}
OPERATORS = TLS.replace(" }", '  operators = "ops-*" }')
SECRET = '\nsecret_file = "herd.secret"'
OBSERVER = HELLO % b"-"


class OperatorsHerd(TlsHerd):
    """A herd with TLS, perhaps a secret, and an operator's own folder: topology.conf, the CA's
    certificate, and his own with its key."""

    def __init__(self, *others, more=OPERATORS):
        super().__init__(PAIR, "ops-anna", *others, more=more)
        secret = self.folder / "herd.secret"
        secret.write_text("sixteen bytes or more")
        secret.chmod(0o600)
        self.desk = self.folder / "desk"
        self.desk.mkdir()
        for name in ("topology.conf", "ca.pem"):
            shutil.copy(self.folder / name, self.desk)
        self.lies_on_desk("ops-anna")

    def lies_on_desk(self, name):
        for ending in ("pem", "key"):
            shutil.copy(self.folder / f"{name}.{ending}", self.desk)

    def as_operator(self, subcommand, *arguments, name="ops-anna", **options):
        return run(subcommand, "--cert", f"{name}.pem", "--key", f"{name}.key", *arguments,
                   folder=self.desk, **options)

    def reloads(self, more):
        self.more = more
        self.write("topology.conf")
        for node in self.running():
            before = node.log().count(b" reloaded what=topology")
            node.deliver(signal.SIGHUP)
            self.until(lambda: node.log().count(b" reloaded what=topology") > before, "it reloads")


class Operators(unittest.TestCase):
    def test_an_operator_asks_and_drains(self):
        for more in (OPERATORS, OPERATORS + SECRET,
                     OPERATORS.replace(" }", "  also_secret = on }") + SECRET):
            with self.subTest(more=more), OperatorsHerd(more=more) as herd:
                herd.linked()
                with herd["Hands"].client() as client:
                    client.tell(b"kiwi", b"+34-118", b"100.5")
                herd.as_operator("wait")
                self.assertIn(b"Goloman", herd.as_operator("status").stdout)
                self.assertIn(b"kiwi", herd.as_operator("trace", "kiwi").stdout)
                self.assertIn(b"Hands", herd.as_operator("top", "--once").stdout)
                herd.as_operator("drain", "Goloman", "--undo")
                herd.as_operator("drain", "Goloman", "--grace", "0s")
                herd["Goloman"].ended(0)

    def test_without_his_certificate_there_is_nothing_to_show(self):
        with OperatorsHerd() as herd:
            done = run("status", folder=herd.desk, expect=(1,))
            self.assertIn(b"can read no node's key_file here", done.stderr)

    def test_certificates_that_are_no_operators(self):
        others = ("expired:ops-b", "stranger:ops-b", "self:ops-b", "Webserver", "wild:ops-b",
                  "ops-b.example.org", "OPS-b", "nameless:ops-b")
        with OperatorsHerd(*others, more=OPERATORS + SECRET) as herd:
            herd.linked()
            for other in others:
                name = other.split(":")[0]
                with self.subTest(name=name):
                    herd.lies_on_desk(name)
                    done = herd.as_operator("drain", "Goloman", name=name, expect=(1,))
                    asked = herd.as_operator("status", name=name, expect=(1,))
                    if name in ("expired", "stranger", "self"):
                        self.assertIn(b"so no node would take it", done.stderr)
                        self.assertNotIn(b'{"', Stranger(herd, name, OBSERVER + b"STATUS\n").words)
                    else:
                        self.assertIn(b"requires the secret of this certificate", done.stderr)
                        self.assertIn(b"requires the secret of this certi", asked.stdout)
                        for order in (b"STATUS\n", b"UNDRAIN\n"):
                            self.assertIn(b"BYE this node wants AUTH\n",
                                          Stranger(herd, name, OBSERVER + order).words)
            self.assertFalse(herd.status()["Goloman"]["draining"])

    def test_it_makes_no_link(self):
        with OperatorsHerd("ops-Hands") as herd:
            herd.linked()
            herd["Hands"].stop()
            self.assertIn(b"BYE the certificate is an operator's\n",
                          Stranger(herd, "ops-Hands", HELLO % b"Hands").words)

    def test_a_reload_gives_and_takes(self):
        with OperatorsHerd(more=TLS + SECRET) as herd:
            herd.linked()
            herd.as_operator("drain", "Goloman", "--undo", expect=(1,))
            herd.reloads(OPERATORS + SECRET)
            herd.as_operator("drain", "Goloman", "--undo")
            herd.reloads(OPERATORS.replace("ops-*", "ops-bert") + SECRET)
            done = herd.as_operator("drain", "Goloman", "--undo", expect=(1,))
            self.assertIn(b"requires the secret of this certificate", done.stderr)
            for node in herd.running():
                self.assertNotIn(b"link_down", node.log())

    def test_no_nodes_name_and_no_nodes_certificate(self):
        herd = OperatorsHerd("both:Hands", more=OPERATORS)
        with herd:
            herd.linked()
            herd.more = OPERATORS.replace("ops-*", "Han*")
            self.refused(herd, b"tls.operators fits Hands, which is the name of a node")
            herd.more = OPERATORS
            herd["Hands"].stop()
            for ending in ("pem", "key"):
                shutil.copy(herd.folder / f"both.{ending}", herd.folder / f"Hands.{ending}")
            herd.write("topology.conf")
            done = herd.command("check", "--node", "Hands", expect=(1,))
            self.assertIn(b"this certificate is an operator's by tls.operators", done.stderr)
            herd["Hands"].start(ready=False).ended(1)

    def refused(self, herd, why):
        done = run("check", herd.write("topology.conf"), expect=(1,))
        self.assertIn(why, done.stdout)
        for node in herd.running():
            node.deliver(signal.SIGHUP)
            herd.until(lambda: why in node.log(), "it refuses")

    def test_command_lines(self):
        with OperatorsHerd() as herd:
            for arguments, why in ((("--cert", "ops-anna.pem"), b"--cert and --key go together"),
                                   (("--key", "ops-anna.key"), b"--cert and --key go together")):
                done = run("status", *arguments, folder=herd.desk, expect=(2,))
                self.assertIn(why, done.stderr)
            done = run("send", "--cert", "a", "--key", "b", folder=herd.desk, expect=(2,))
            self.assertIn(b"has no option --cert", done.stderr)
            (herd.desk / "ops-anna.key").chmod(0o644)
            done = herd.as_operator("status", expect=(1,))
            self.assertIn(b"ops-anna.key", done.stderr)
            shutil.copy(herd.desk / "ca.pem", herd.desk / "ops-anna.pem")
            (herd.desk / "ops-anna.key").chmod(0o600)
            done = herd.as_operator("status", expect=(1,))
            self.assertIn(b"ops-anna.pem: cert_file holds a certificate that belongs to another",
                          done.stderr)
            (herd.desk / "ops-anna.key").unlink()
            done = herd.as_operator("status", expect=(1,))
            self.assertIn(b"name the file made with your certificate with --key", done.stderr)
        with Herd(PAIR) as herd:
            done = herd.command("status", "--cert", "a", "--key", "b", expect=(1,))
            self.assertIn(b"the herd's links are plain", done.stderr)


if __name__ == "__main__":
    unittest.main()
