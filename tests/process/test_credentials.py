"""test_credentials.py - a node that runs as systemd's service: its secret, certificate and key are
copies in $CREDENTIALS_DIRECTORY, and it may not read the originals."""
import os
import signal
import unittest
import unittest.mock

from herd import Herd
from peer import SECRET
from test_tls import TlsHerd

PAIR = {"Goloman": ("Hands",), "Hands": ()}
TLS = 'tls { ca_file = "keys/ca.pem"  cert_file = "keys/%n.pem"  key_file = "keys/%n.key" }'


class Credentials(unittest.TestCase):
    def setUp(self):
        self.enterContext(unittest.mock.patch.dict(os.environ))

    def hand_out(self, herd, names):
        """What LoadCredential=keys:/etc/stampede/keys does: the folder keys/ is not there."""
        folder = herd.folder / "credentials"
        folder.mkdir()
        for name, content in names.items():
            path = folder / f"keys_{name}"
            path.write_bytes(content)
            path.chmod(0o440)  # as the access list for the service's user shows
        os.environ["CREDENTIALS_DIRECTORY"] = str(folder)

    def works(self, herd, *reloaded):
        for node in herd.nodes.values():
            node.start()
        herd.linked()
        for node in herd.nodes.values():
            node.deliver(signal.SIGHUP)
            for what in reloaded:  # under Landlock: the credentials may be read again
                herd.until(lambda: b" reloaded what=" + what + b' why="' in node.log(), what)
            self.assertIn(b"this is the copy that systemd made", node.log())

    def test_a_secret(self):
        with Herd(PAIR, more='secret_file = "keys/herd.secret"', start=False) as herd:
            self.hand_out(herd, {"herd.secret": SECRET + b"\n"})
            self.works(herd, b"secret")

    def test_certificates(self):
        with TlsHerd(PAIR, more=TLS, start=False) as herd:
            self.hand_out(herd, {path.name: path.read_bytes() for pattern in ("*.pem", "*.key")
                                 for path in herd.folder.glob(pattern)})
            self.works(herd, b"tls")

    def test_others_may_still_not_read_what_is_no_credential(self):
        with Herd(PAIR, more='secret_file = "keys/herd.secret"', start=False) as herd:
            self.hand_out(herd, {})
            (herd.folder / "keys").mkdir()
            path = herd.folder / "keys/herd.secret"
            path.write_bytes(SECRET + b"\n")
            path.chmod(0o440)
            herd["Goloman"].start(ready=False)
            herd["Goloman"].ended(1)
            self.assertIn(b"chmod 600", herd["Goloman"].printed())


if __name__ == "__main__":
    unittest.main()
