"""test_http.py - the HTTP port of real nodes, asked by curl-like requests, by Prometheus' own checker,
by Prometheus, and by HAProxy in front of the client ports."""
import http.client
import itertools
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import unittest
import urllib.request

from herd import (ALONE, DEADLINE_S, SHIPPED, STAMPEDE, Herd, environment, reserve_port, run, until)
from test_seen import ends_soon
from test_tls import certify

PAIR = {"Goloman": ("Hands",), "Hands": ()}


class HttpHerd(Herd):
    """Nodes with HTTP ports. `http`: what stands in the section http."""

    def __init__(self, graph, http="", **more):
        self.holders = {name: reserve_port() for name in graph}
        self.http = http
        super().__init__(graph, **more)

    def node_keys(self, name):
        return f'http = "127.0.0.1:{self.port(name)}"'

    def port(self, name):
        return self.holders[name].getsockname()[1]

    def ask(self, name, path, method="GET", **headers):
        """(status, headers, body), on a connection of its own."""
        c = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=DEADLINE_S)
        try:
            c.request(method, path, headers=headers)
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def ready(self, name):
        try:
            return self.ask(name, "/ready")[0] == 200
        except OSError:
            return False

    def __exit__(self, *how):
        for holder in self.holders.values():
            holder.close()
        return super().__exit__(*how)


def metric(text, name):
    """The value of a sample of /metrics."""
    for line in text.decode().splitlines():
        if line.startswith(name + " "):
            return float(line[len(name) + 1:])
    raise AssertionError(f"no {name} in /metrics")


class Pages(unittest.TestCase):
    def test_what_a_node_answers(self):
        with HttpHerd(ALONE) as herd:
            with herd.node.client() as c:
                c.tell(b"kiwi", b"+34-118", b"100.5")
            status, headers, body = herd.ask("Goloman", "/metrics")
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertEqual(metric(body, "stampede_stamps"), 1)
            self.assertEqual(metric(body, "stampede_lines_iamat_total"), 1)
            self.assertEqual(metric(body, "stampede_iamat_seconds_count"), 1)
            self.assertNotIn(b"kiwi", body)
            version, commit = re.fullmatch(r"stampede (\S+)(?: \((\S+)\))?\n",
                                           run("version").stdout.decode()).groups(default="")
            build = f'\nstampede_build_info{{version="{version}",commit="{commit}"}} 1\n'
            self.assertIn(build.encode(), body)
            status, headers, body = herd.ask("Goloman", "/status.json")
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(json.loads(body)["stamps"], 1)
            asked = json.loads(herd.command("status", "--json").stdout)
            self.assertLessEqual(json.loads(body).keys(), asked[0].keys())
            for path, method, want in (("/health", "GET", 200), ("/ready", "HEAD", 200),
                                       ("/", "GET", 404), ("/metrics", "POST", 405),
                                       ("/metrics", "TRACE", 405)):
                self.assertEqual(herd.ask("Goloman", path, method)[0], want, (method, path))
            self.assertEqual(herd.ask("Goloman", "/metrics", Host="evil.example")[0], 421)
            self.assertEqual(herd.ask("Goloman", "/metrics", X="a" * 9000)[0], 431)
            self.assertEqual(herd.ask("Goloman", "/" + "a" * 3000)[0], 414)

    def test_tokens(self):
        with HttpHerd(ALONE, more='http { token_file = "http.token" }', start=False) as herd:
            token = herd.folder / "http.token"
            token.write_text("0123456789abcdef\n")
            token.chmod(0o600)
            herd.node.start()

            def asks(path, word):
                return herd.ask("Goloman", path, Authorization=f"Bearer {word}")[0]

            self.assertEqual(herd.ask("Goloman", "/metrics")[0], 401)
            self.assertEqual(herd.ask("Goloman", "/ready")[0], 200)
            self.assertEqual(asks("/metrics", "0123456789abcdef"), 200)
            token.write_text("fedcba9876543210\n")
            herd.node.deliver(signal.SIGHUP)
            until(lambda: asks("/metrics", "fedcba9876543210") == 200, "the new token holds")
            self.assertEqual(asks("/status.json", "0123456789abcdef"), 401)
            token.write_text("with a blank 123456\n")
            herd.node.deliver(signal.SIGHUP)
            until(lambda: b"reload_failed" in herd.node.printed(), "it is refused")
            self.assertEqual(asks("/metrics", "fedcba9876543210"), 200)

    def test_checked_by_prometheus(self):
        """Clean at a node with a link that is up, and one that is down."""
        with HttpHerd({"Goloman": ("Hands", "Welsh"), "Hands": (), "Welsh": ()}) as herd:
            herd.linked()
            with herd["Hands"].client() as c:
                c.tell(b"kiwi", b"+34-118", b"100.5")
                c.ask(b"nonsense")
            herd["Welsh"].kill()
            until(lambda: b'stampede_link_up{peer="Welsh"} 0' in herd.ask("Goloman", "/metrics")[2],
                  "the link is down")
            for name in ("Goloman", "Hands"):
                text = herd.ask(name, "/metrics")[2]
                done = subprocess.run(["promtool", "check", "metrics"], input=text,
                                      capture_output=True, timeout=DEADLINE_S, check=False)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""), text)


class Ready(unittest.TestCase):
    def test_a_restarted_node_is_ready_when_it_is_level(self):
        with HttpHerd(SHIPPED) as herd:
            for name in SHIPPED:
                until(lambda: herd.ready(name), f"{name} is ready")
            herd["Wilkes"].kill()
            self.assertTrue(all(herd.ready(name) for name in SHIPPED if name != "Wilkes"))
            with herd["Hands"].client() as c:
                c.tell(b"kiwi", b"+34-118", b"100.5")
            herd["Wilkes"].start()
            until(lambda: herd.ready("Wilkes"), "it is ready again")
            with herd["Wilkes"].client() as c:
                self.assertIsNotNone(c.known(b"kiwi"))

    def test_a_node_becomes_ready_under_load(self):
        with HttpHerd(PAIR) as herd:
            herd["Hands"].kill()
            with herd["Goloman"].client() as c:
                herd["Hands"].start()
                at = iter(range(100, 10**9))

                def told():
                    for _ in range(50):
                        c.tell(b"c%d" % (next(at) % 97), b"+34-118", b"%d" % next(at))
                    return herd.ready("Hands")

                until(told, "it is ready while stamps keep coming")


class Sealed(unittest.TestCase):
    """The HTTP port over TLS."""

    TLS = 'http { cert_file = "%n.pem"  key_file = "%n.key" }'

    def herd(self, more=TLS):
        herd = HttpHerd(ALONE, more=more, start=False)
        certify(herd, "Goloman", "Web")
        herd.node.start()
        return herd

    @staticmethod
    def ask(herd, path, ca="ca.pem", **headers):
        trust = ssl.create_default_context(cafile=herd.folder / ca)
        trust.check_hostname = False
        c = http.client.HTTPSConnection("127.0.0.1", herd.port("Goloman"), timeout=DEADLINE_S,
                                        context=trust)
        try:
            c.request("GET", path, headers=headers)
            r = c.getresponse()
            return r.status, r.read(), c.sock and c.sock.getpeercert(True)
        finally:
            c.close()

    def test_pages(self):
        with self.herd() as herd:
            status, body, _ = self.ask(herd, "/metrics")
            self.assertEqual(status, 200)
            ends = 'stampede_certificate_expiry_timestamp_seconds{port="http"}'
            self.assertGreater(metric(body, ends), 1e9)
            self.assertEqual(self.ask(herd, "/ready")[0], 200)
            self.assertEqual(self.ask(herd, "/")[0], 404)
            url = f"https://127.0.0.1:{herd.port('Goloman')}"
            done = subprocess.run(
                ["curl", "-sk", "--tls-max", "1.2", f"{url}/health", f"{url}/status.json",
                 f"{url}/metrics"], capture_output=True, timeout=DEADLINE_S, check=True)
            self.assertTrue(done.stdout.startswith(b'the loop turns\n{"node":"Goloman"'))
            self.assertIn(b"stampede_turn_seconds_count", done.stdout)
            with self.assertRaises(ssl.SSLError):
                self.ask(herd, "/health", ca="Web.pem")
            done = subprocess.run(["promtool", "check", "metrics"], input=body,
                                  capture_output=True, timeout=DEADLINE_S, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_its_certificate_is_looked_at(self):
        """By check, as at start, and by status when it ends soon."""
        with self.herd('http { cert_file = "Web.pem"  key_file = "Web.key" }') as herd:
            self.assertEqual(herd.command("status").returncode, 0)
            ends_soon(herd, "Web")
            done = herd.command("check", "--node", "Goloman")
            self.assertRegex(done.stdout,
                             rb"warning: the HTTP certificate of Goloman ends in [45] days\n")
            herd.node.stop()
            herd.node.start()
            done = herd.command("status", expect=(1,))
            self.assertRegex(done.stdout,
                             rb"\nThe HTTP certificate of Goloman ends in (4d23h|5d00h)\.\n\Z")
            for name, spoil, why in (
                    ("Web.key", lambda path: path.chmod(0o644), b"Web.key"),
                    ("Web.key", lambda path: path.write_text("x"), b"holds no private key"),
                    ("Web.pem", lambda path: path.write_text("x"), b"holds no certificate"),
                    ("Web.pem", lambda path: path.unlink(), b"Web.pem")):
                path = herd.folder / name
                kept, mode = path.read_bytes(), path.stat().st_mode
                spoil(path)
                done = herd.command("check", "--node", "Goloman", expect=(1,))
                self.assertIn(why, done.stderr)
                self.assertIn(b"\nGoloman: cannot start: 1 error\n", done.stdout)
                path.write_bytes(kept)
                path.chmod(mode)

    def test_the_end_of_a_connection_is_said(self):
        """Over HTTP/1.0 a body could be cut off unseen."""
        with self.herd() as herd:
            c = ssl.create_default_context(cafile=herd.folder / "ca.pem")
            c.check_hostname = False
            with socket.create_connection(("127.0.0.1", herd.port("Goloman")), DEADLINE_S) as raw:
                with c.wrap_socket(raw, suppress_ragged_eofs=False) as s:
                    s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
                    text = b""
                    while data := s.recv(65536):
                        text += data
            self.assertTrue(text.startswith(b"HTTP/1.1 200 "))
            self.assertIn(b"stampede_stamp_age_seconds_count", text)

    def test_plain_bytes_and_silence(self):
        with self.herd(self.TLS + "\nlog_level = debug") as herd:
            address = ("127.0.0.1", herd.port("Goloman"))
            with socket.create_connection(address, DEADLINE_S) as plain, \
                    socket.create_connection(address, DEADLINE_S) as silent:
                silent.sendall(b"\x16")
                plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                said = b""
                while data := plain.recv(4096):
                    said += data
                self.assertNotIn(b"HTTP/", said)
                herd.until(lambda: b" http_tls_ended " in herd.node.log(), "it is said why")
                self.assertEqual(self.ask(herd, "/health")[0], 200)
                self.assertIn(b"TLS", herd.node.log().split(b" http_tls_ended ")[1].split(b"\n")[0])
                try:
                    self.assertEqual(silent.recv(1), b"")  # after 10 s
                except ConnectionResetError:
                    pass

    def test_a_certificate_is_renewed(self):
        with self.herd() as herd:
            first = self.ask(herd, "/health")[2]
            for end in ("pem", "key"):
                (herd.folder / f"Web.{end}").replace(herd.folder / f"Goloman.{end}")
            herd.node.deliver(signal.SIGHUP)
            until(lambda: b" reloaded what=http_tls" in herd.node.log(), "it is read")
            self.assertNotEqual(self.ask(herd, "/health")[2], first)
            (herd.folder / "Goloman.pem").write_text("nothing")
            herd.node.deliver(signal.SIGHUP)
            until(lambda: b" reload_failed what=http_tls" in herd.node.log(), "it is refused")
            self.assertEqual(self.ask(herd, "/health")[0], 200)


HAPROXY = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:{port}
  default_backend nodes
backend nodes
  option httpchk GET /ready
  default-server check inter 50ms fall 1 rise 1
{servers}
"""


class Programs(unittest.TestCase):
    def drained(self, herd, name, origins):
        """Who answers clients while a node is drained; none may be refused."""
        drain = subprocess.Popen([STAMPEDE, "drain", name, "-c", herd.config, "--grace", "3s"],
                                 stdout=subprocess.DEVNULL, env=environment())
        served = []
        while drain.poll() is None:
            served.append(origins())
            self.assertIsNotNone(served[-1], "a client is refused")
        self.assertEqual(drain.returncode, 0)
        herd[name].ended(0)
        return served + [origins()]

    def test_behind_haproxy(self):
        """A node that is not ready gets no clients, and none is refused."""
        if not shutil.which("haproxy"):
            self.fail("haproxy is not installed")
        with HttpHerd(SHIPPED, more='secret_file = "herd.secret"', start=False) as herd, \
                reserve_port() as front:
            secret = herd.folder / "herd.secret"
            secret.write_text("the secret of this herd\n")
            secret.chmod(0o600)
            for node in herd.nodes.values():
                node.start()
            port = front.getsockname()[1]
            servers = "".join(
                f"  server {name} 127.0.0.1:{herd[name].client_address[1]} port {herd.port(name)}\n"
                for name in SHIPPED)
            path = herd.folder / "haproxy.cfg"
            path.write_text(HAPROXY.format(port=port, servers=servers))
            front.close()
            proxy = subprocess.Popen(["haproxy", "-db", "-q", "-f", path])
            ids = itertools.count()
            try:
                def origins():
                    """Who answers the next clients; None: one was refused."""
                    seen = set()
                    for _ in SHIPPED:
                        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as s:
                            s.sendall(b"IAMAT c%d +34-118 100\n" % next(ids))
                            reply = s.makefile("rb").readline()
                            if not reply:
                                return None
                            seen.add(reply.split()[1].decode())
                    return seen

                def balanced(names):
                    try:
                        return origins() == names
                    except OSError:
                        return False

                until(lambda: balanced(set(SHIPPED)), "all five get clients")
                herd["Welsh"].stop()
                until(lambda: balanced(set(SHIPPED) - {"Welsh"}), "four get clients")
                herd["Welsh"].start()
                until(lambda: balanced(set(SHIPPED)), "all five get clients again")
                served = self.drained(herd, "Hands", origins)
                self.assertEqual(served[-1], set(SHIPPED) - {"Hands"})
                text = herd.ask("Goloman", "/metrics")[2]
                self.assertEqual(metric(text, "stampede_lines_invalid_total"), 0)
                self.assertEqual(metric(text, "stampede_web_refused_total"), 0)
            finally:
                proxy.terminate()
                proxy.wait(DEADLINE_S)

    def test_scraped_by_prometheus(self):
        if not shutil.which("prometheus"):
            self.fail("prometheus is not installed")
        with HttpHerd(PAIR) as herd, reserve_port() as holder:
            port = holder.getsockname()[1]
            targets = ", ".join(f"'127.0.0.1:{herd.port(name)}'" for name in PAIR)
            path = herd.folder / "prometheus.yml"
            path.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n"
                            f"- job_name: stampede\n  static_configs: [{{targets: [{targets}]}}]\n")
            holder.close()
            server = subprocess.Popen(
                ["prometheus", f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
                 f"--storage.tsdb.path={herd.folder}/tsdb", "--log.level=error"])
            try:
                def value_of(query):
                    url = f"http://127.0.0.1:{port}/api/v1/query?query={query}"
                    try:
                        with urllib.request.urlopen(url, timeout=DEADLINE_S) as r:
                            return json.load(r)["data"]["result"]
                    except OSError:
                        return []

                until(lambda: [r["value"][1] for r in value_of("up")] == ["1", "1"], "both are up")
                until(lambda: [r["value"][1] for r in value_of("stampede_link_up")] == ["1", "1"],
                      "the link is seen at both ends")
            finally:
                server.terminate()
                server.wait(DEADLINE_S)


if __name__ == "__main__":
    unittest.main()
