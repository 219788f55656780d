"""test_tls.py - links with certificates: which peers are accepted, which are refused with what log
line, and that clients notice nothing of it. Foreign peers are openssl's."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest

from herd import ALONE, DEADLINE_S, ROOT, Herd, run, until

PAIR = {"Goloman": ("Hands",), "Hands": ()}
TRIO = {"Goloman": ("Hands",), "Hands": ("Wilkes",), "Wilkes": ()}
TLS = 'tls { ca_file = "ca.pem"  cert_file = "%n.pem"  key_file = "%n.key" }'
REFUSED_WITHIN_S = 2
HELLO = (b"HELLO stampede/1 herd=demo from=%s to=Goloman boot=00000000000000aa "
         b"nonce=0123456789abcdef0123456789abcdef have=0000000000000000:0\n")


def certify(herd, *names):
    subprocess.run([ROOT / "tests/tools/certificates.sh", herd.folder, *names], check=True)


class TlsHerd(Herd):
    """A herd with certificates for its nodes and for other names."""

    def __init__(self, edges, *others, more=TLS, start=True):
        super().__init__(edges, more=more, start=start)
        certify(self, *edges, *others)

    def path(self, name):
        return str(self.folder / name)


def context(herd, name):
    """A client's SSL context with the certificate `name`; None: none. It accepts any server."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.set_ciphers("DEFAULT@SECLEVEL=0")  # this end accepts weak keys
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    if name:
        c.load_cert_chain(herd.path(f"{name}.pem"), herd.path(f"{name}.key"))
    return c


def connected(herd):
    return socket.create_connection(herd["Goloman"].peer_address, timeout=DEADLINE_S)


class Stranger:
    """Dials Goloman's peer port, sends something, and reads until it is closed."""

    def __init__(self, herd, name, hello):
        self.words = b""
        started = time.monotonic()
        with connected(herd) as raw:
            try:
                with context(herd, name).wrap_socket(raw) as s:
                    s.sendall(hello)
                    while data := s.recv(4096):
                        self.words += data
            except (ssl.SSLError, ConnectionError):
                pass
        self.took_s = time.monotonic() - started


class Links(unittest.TestCase):
    def test_a_herd_links_and_floods(self):
        with TlsHerd(TRIO) as herd:
            herd.linked()
            with herd["Wilkes"].client() as client:
                line = client.tell(b"kiwi", b"+34-118", b"100.5")
            herd.agree(b"kiwi", line)
            with herd["Goloman"].client() as client:  # many records, both ways
                client.send(b"".join(b"IAMAT id-%d +1-1 5\n" % i for i in range(3000)))
                lines = [client.line() for _ in range(3000)]
            herd.agree(b"id-2999", lines[-1])
            said = herd.status()
            self.assertEqual(len({node["digest"] for node in said.values()}), 1)
            self.assertEqual({node["stamps"] for node in said.values()}, {3001})
            table = herd.command("status").stdout
            self.assertIn(b"Wilkes", table)
            self.assertIn(b"Hands", herd.command("trace", "kiwi").stdout)

    def test_a_link_resumes_after_a_restart(self):
        with TlsHerd(TRIO) as herd:
            herd.linked()
            with herd["Goloman"].client() as client:
                line = client.tell(b"kiwi", b"+34-118", b"100.5")
            herd.agree(b"kiwi", line)
            herd["Hands"].kill()
            herd["Hands"].start()
            herd.linked()
            herd.agree(b"kiwi", line)
            herd["Wilkes"].stop(signal.SIGTERM)
            herd.until(lambda: b"the neighbour stops" in herd["Hands"].log(), "BYE came through")

    def test_with_a_secret_too(self):
        herd = TlsHerd(TRIO, more=TLS + '\nsecret_file = "herd.secret"')
        (herd.folder / "herd.secret").write_text("sixteen bytes or more")
        (herd.folder / "herd.secret").chmod(0o600)
        with herd:
            herd.linked()

    def test_rsa_and_ec_in_one_herd(self):
        herd = TlsHerd(TRIO, "rsa:Hands")
        for ending in ("pem", "key"):
            shutil.copy(herd.path(f"rsa.{ending}"), herd.path(f"Hands.{ending}"))
        with herd:
            herd.linked()


class Renewal(unittest.TestCase):
    """SIGHUP reloads certificates."""

    def renew(self, herd):
        """All certificates are of a new CA."""
        for path in herd.folder.glob("*.pem"):
            path.unlink()
        certify(herd, *herd.nodes)

    def hang_up(self, herd, event):
        for node in herd.running():
            seen = node.log().count(event)
            node.deliver(signal.SIGHUP)
            herd.until(lambda: node.log().count(event) > seen, event)

    def test_new_links_use_new_files_and_old_links_stay(self):
        with TlsHerd(TRIO) as herd:
            herd.linked()
            self.renew(herd)
            self.hang_up(herd, b" reloaded what=tls")
            with herd["Wilkes"].client() as client:
                line = client.tell(b"kiwi", b"+34-118", b"100.5")
            herd.agree(b"kiwi", line)
            for node in herd.running():
                self.assertNotIn(b"link_down", node.log())
            herd["Hands"].stop()
            herd["Hands"].start()  # knows the new CA alone
            herd.linked()
            herd.agree(b"kiwi", line)

    def test_a_reload_that_fails_changes_nothing(self):
        with TlsHerd(PAIR) as herd:
            herd.linked()
            well = herd.folder / "well.pem"
            for damaged, words in (("ca.pem", b"holds no certificate"),
                                   ("Goloman.pem", b"holds no certificate"),
                                   ("Goloman.key", b"no private key")):
                path = herd.folder / damaged
                path.rename(well)
                path.write_bytes(b"x")
                path.chmod(0o600)
                herd["Goloman"].deliver(signal.SIGHUP)
                told = rb" reload_failed what=tls why=.*" + re.escape(damaged.encode()) + b".*" + words
                herd.until(lambda: re.search(told, herd["Goloman"].log()), "the log says why")
                well.rename(path)
            herd["Hands"].stop()
            herd["Hands"].start()
            herd.linked()


class Refusals(unittest.TestCase):
    def refused(self, herd, why, speak):
        """`speak` finds its connection closed in time, and the log says why once."""
        node = herd["Goloman"]
        with node.client() as client:
            for _ in range(3):
                started = time.monotonic()
                speak()
                self.assertLess(time.monotonic() - started, REFUSED_WITHIN_S + 1)
                self.assertTrue(client.tell(b"kiwi", b"+34-118", b"%d" % time.time_ns()))
        until(lambda: why in node.log(), f"the log says {why}", [node])
        self.assertEqual(node.log().count(why), 1)

    def test_certificates(self):
        others = ("expired:Hands", "self:Hands", "stranger:Hands", "nameless:Hands", "Welsh",
                  "weak:Hands")
        cases = (
            ("expired", b"has expired, or is not valid yet"),
            ("self", b"is signed by no CA that is trusted here"),
            ("stranger", b"is signed by no CA that is trusted here"),
            ("weak", b"has an RSA key of less than 2048 bits"),
            ("nameless", b"the certificate is for no DNS name, not for Hands"),
            ("Welsh", b"the certificate is for Welsh, not for Hands"),
            (None, b"the other end shows no certificate"),
        )
        for name, why in cases:
            with self.subTest(name=name), TlsHerd(PAIR, *others) as herd:
                herd["Hands"].stop()
                self.refused(herd, why, lambda: Stranger(herd, name, HELLO % b"Hands"))
                herd["Hands"].start()  # the right one still gets in
                herd.linked()

    def test_an_observer_needs_a_certificate_of_any_name(self):
        with TlsHerd(ALONE, "Welsh") as herd:
            s = Stranger(herd, "Welsh", HELLO % b"-" + b"STATUS\n")
            self.assertIn(b'"node":"Goloman"', s.words.replace(b" ", b""))
            self.assertEqual(Stranger(herd, None, HELLO % b"-" + b"STATUS\n").words, b"")

    def test_plaintext(self):
        with TlsHerd(PAIR) as herd:
            def speak():
                with connected(herd) as s:
                    s.sendall(HELLO % b"Hands")
                    self.assertEqual(s.recv(100), b"")
            self.refused(herd, b'the other end does not speak TLS"', speak)

    def test_older_tls(self):
        with TlsHerd(ALONE) as herd:
            host, port = herd["Goloman"].peer_address

            def speak():
                done = subprocess.run(
                    ["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_1",
                     "-cipher", "ALL@SECLEVEL=0", "-cert", herd.path("Goloman.pem"),
                     "-key", herd.path("Goloman.key")],
                    stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False)
                self.assertNotEqual(done.returncode, 0)
            self.refused(herd, b"does not speak TLS 1.2", speak)

    def test_silence_is_no_handshake(self):
        with TlsHerd(ALONE) as herd:
            def speak():
                with connected(herd) as s:
                    self.assertEqual(s.recv(100), b"")
            self.refused(herd, b"no handshake within 2 s", speak)

    def test_a_dialled_node_is_refused_too(self):
        """Hands answers with a certificate for another name, without one, or in plaintext."""
        for name, why in (("Wilkes", b"the certificate is for Wilkes, not for Hands"),
                          ("expired", b"has expired, or is not valid yet"),
                          (None, b'the other end does not speak TLS"')):
            with self.subTest(name=name):
                with TlsHerd(PAIR, "Wilkes", "expired:Hands",
                             start=False) as herd, socket.socket() as listener:
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listener.bind(herd["Hands"].peer_address)
                    listener.listen()
                    listener.settimeout(DEADLINE_S)
                    herd["Goloman"].start()
                    self.refused(herd, why, lambda: self.answer(herd, listener, name))

    def answer(self, herd, listener, name):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(DEADLINE_S)
            try:
                if not name:
                    connection.sendall(b"HELLO stampede/1\n")
                    while connection.recv(4096):
                        pass
                    return
                c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                c.maximum_version = ssl.TLSVersion.TLSv1_2
                c.load_cert_chain(herd.path(f"{name}.pem"), herd.path(f"{name}.key"))
                with c.wrap_socket(connection, server_side=True) as s:
                    s.recv(4096)
                    s.sendall(HELLO % b"Hands")
                    while s.recv(4096):
                        pass
            except (ssl.SSLError, ConnectionError):
                pass


class Start(unittest.TestCase):
    def said(self, herd):
        return run("node", "Goloman", "-c", herd.config, expect=(1,)).stderr.decode()

    def test_files_that_no_peer_would_take(self):
        for name, words in (("expired", "has expired"), ("self", "signed by no CA"),
                            ("Hands", "another name"), ("weak", "less than 2048 bits"),
                            ("nameless", "another name")):
            with self.subTest(name=name):
                with TlsHerd(ALONE, "expired:Goloman", "self:Goloman", "weak:Goloman", "Hands",
                             "nameless:Goloman", more=TLS.replace("%n", name), start=False) as herd:
                    text = self.said(herd)
                self.assertIn(words, text)
                self.assertIn(name, text)

    def test_files_that_are_none(self):
        def damage(herd, file_name, content, mode=0o600):
            path = herd.folder / file_name
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
                path.chmod(mode)
        for file_name, content, mode, words in (
                ("ca.pem", b"", 0o644, "holds no certificate"),
                ("ca.pem", None, 0, "cannot be opened"),
                ("Goloman.pem", b"x", 0o644, "holds no certificate"),
                ("Goloman.key", b"x", 0o600, "no private key"),
                ("Goloman.key", None, 0, "cannot be opened")):
            with self.subTest(file=file_name, content=content):
                with TlsHerd(ALONE, start=False) as herd:
                    damage(herd, file_name, content, mode)
                    text = self.said(herd)
                self.assertIn(words, text)
                self.assertIn(file_name, text)

    def test_a_key_that_others_can_read(self):
        with TlsHerd(ALONE, start=False) as herd:
            os.chmod(herd.path("Goloman.key"), 0o640)
            text = self.said(herd)
            self.assertIn("others than its owner may use this key (mode 640)", text)
            self.assertIn(f"chmod 600 {herd.path('Goloman.key')}", text)

    def test_a_key_of_another_certificate(self):
        with TlsHerd(ALONE, "Hands", start=False) as herd:
            shutil.copy(herd.path("Hands.key"), herd.path("Goloman.key"))
            self.assertIn("belongs to another key", self.said(herd))

    def test_beyond_loopback_certificates_are_enough(self):
        with TlsHerd(ALONE, start=False) as herd:
            text = re.sub(r'peer = "127.0.0.1', 'peer = "192.0.2.1', herd.config.read_text())
            herd.config.write_text(text)
            run("check", herd.config)
            herd.config.write_text(text.replace(TLS, ""))
            run("check", herd.config, expect=(1,))


if __name__ == "__main__":
    unittest.main()
