"""test_ipv6.py - herds at [::1], and at localhost, which is 127.0.0.1 and [::1]: the nodes, their HTTP
ports and all subcommands that reach them."""
import http.client
import pathlib
import socket
import subprocess
import sys
import unittest

from herd import DEADLINE_S, SHIPPED, STAMPEDE, Client, Herd, environment, reserve_port, until


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Client6(Client):
    """A client that comes by IPv6."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET6)
        self.socket.settimeout(DEADLINE_S)
        self.pending = b""
        self.socket.connect(address)


class HostHerd(Herd):
    """Its addresses have this host; `web`: ports of HTTP, by name. The kernel gives the same ports
    of IPv4, which nobody else has of IPv6."""

    def __init__(self, host, edges, start=True):
        self.host = host
        super().__init__(edges, more='secret_file = "herd.secret"', start=start)
        secret = self.folder / "herd.secret"
        secret.write_text("a secret of sixteen bytes or more\n")
        secret.chmod(0o600)

    def write(self, file_name, name="demo", edges=None, peers=None):
        path = super().write(file_name, name, edges, peers)
        text = path.read_text().replace("127.0.0.1", self.host)
        path.write_text(text)
        return path

    def node_keys(self, name):
        return f'  http = "127.0.0.1:{self.web_port(name)}"\n'

    def web_port(self, name):
        node = self.nodes[name]
        if len(node.holders) == 2:
            node.holders.append(reserve_port())
        return node.holders[2].getsockname()[1]


def at_six(node):
    return Client6(("::1", node.client_address[1]))


@unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
class Loopback(unittest.TestCase):
    def use(self, herd):
        """All that reaches the nodes of a herd."""
        herd.linked()
        with at_six(herd["Welsh"]) as client:
            line = client.tell(b"kiwi", b"+34-118", b"100.5")
        self.assertIn(b" kiwi +34-118 100.5", line)

        def told():
            return b" kiwi " in herd.command("send", "-n", "Hands", "WHATSAT kiwi 0 0").stdout
        herd.until(told, "Hands knows it")
        herd.command("wait", "--timeout", "60s")
        self.assertIn(b"Hands", herd.command("trace", "kiwi").stdout)
        self.assertIn(b"Goloman", herd.command("top", "--once", expect=(0, 1)).stdout)
        for host in ("::1",) + (("127.0.0.1",) if herd.host == "localhost" else ()):
            web = http.client.HTTPConnection(host, herd.web_port("Hands"), timeout=DEADLINE_S)
            web.request("GET", "/health")
            self.assertEqual(web.getresponse().status, 200)
            web.close()
        herd.command("drain", "Wilkes", "--grace", "0s")
        herd["Wilkes"].ended()

    def run_herd(self, host):
        with HostHerd(host, SHIPPED, start=False) as herd:
            for node in herd.nodes.values():
                node.start(ready=False)
            self.use(herd)

    def test_literal(self):
        self.run_herd("[::1]")

    def test_localhost(self):
        self.run_herd("localhost")

    def test_up_and_check(self):
        with HostHerd("[::1]", SHIPPED, start=False) as herd:
            herd.command("check", "-n", "Hands", "--bind")
            with open(herd.folder / "up.out", "wb") as out:
                up = subprocess.Popen([STAMPEDE, "up", "-c", herd.config], stdout=out, stderr=out,
                                      env=environment())
            try:
                said = pathlib.Path(herd.folder / "up.out")
                until(lambda: b"Ctrl-C stops" in said.read_bytes(), "up has started them")
                self.assertNotIn(b" down", said.read_bytes())
            finally:
                up.terminate()
                self.assertEqual(up.wait(DEADLINE_S), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
