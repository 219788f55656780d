"""test_places.py - WHATSAT over HTTPS: a real node and a places service with real TLS, which first
does everything right and then everything wrong.

After each fault the reply must be the one that PROTOCOL.md promises, and the same node must answer
the next question well. At the end no descriptor has leaked, and the key was only in its file and in
the service's requests."""
import json
import os
import pathlib
import signal
import ssl
import subprocess
import threading
import time
import unittest

from herd import ALONE, DEADLINE_S, ROOT, SHIPPED, Herd, run
from places_server import READ_BYTES, PlacesServer, answers, results

CANARY = b"CANARY-0123456789abcdef"
HERE = b"+34.068930-118.445127"


class PlacesHerd(Herd):
    """A herd with a PlacesServer, whose certificate is `certificate`."""

    def __init__(self, certificate="under384:localhost", others=(), edges=ALONE, start=True,
                 provider="google", timeout="10s", log_level="debug", more=""):
        super().__init__(edges, start=False)
        kind = certificate.split(":")[0]
        self.make(certificate, *others)
        self.server = PlacesServer(self.folder, kind)
        self.ca_file = {"under384": "ca384.pem", "under4096": "ca4096.pem"}.get(kind, "ca.pem")
        self.key = self.folder / "places.key"
        self.key.write_bytes(CANARY + b"\n")
        self.key.chmod(0o600)
        self.more = (f'log_level = {log_level}\n'
                     f'places {{ provider = {provider}  timeout = {timeout}\n'
                     f'  endpoint = "https://localhost:{self.server.port}"\n'
                     f'  ca_file = "{self.ca_file}"  key_file = "places.key" }}\n{more}\n')
        self.config = self.write("topology.conf")
        self.start_all = start

    def make(self, *certificates):
        subprocess.run([ROOT / "tests/tools/certificates.sh", self.folder, *certificates],
                       check=True)

    def __exit__(self, *error):
        try:
            for node in self.running():
                arguments = pathlib.Path(f"/proc/{node.process.pid}/cmdline").read_bytes()
                assert CANARY not in arguments, "the key is in the arguments"
            said = self.command("status", "--json", expect=(0, 1)).stdout if self.running() else b""
            assert CANARY not in said, "the key is in the status"
            for node in self.nodes.values():
                assert CANARY not in node.log(), "the key is in the log"
        finally:
            self.server.close()
            super().__exit__(*error)

    def command(self, *arguments, **options):
        done = super().command(*arguments, **options)
        assert CANARY not in done.stdout + done.stderr, "the key is in what a command says"
        return done

    def places(self):
        """The part of the node's status about places."""
        return self.status()[self.node.name]["places"]


class Talker:
    """A client that has sent its position."""

    def __init__(self, test, herd):
        self.test, self.client = test, herd.node.client()
        self.client.tell(b"kiwi", HERE, b"1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.socket.close()

    def ask(self, radius=b"10", count=b"5"):
        at, text = self.client.near(b"WHATSAT kiwi " + radius + b" " + count)
        self.test.assertRegex(at, rb"^AT Goloman \+[0-9.]+ kiwi ")
        self.test.assertNotIn(CANARY, text)
        self.test.assertNotIn(b"\n\n", text)
        answer = json.loads(text)
        self.test.assertEqual(set(answer) - {"error_message"},
                              {"html_attributions", "results", "status"})
        return answer

    def well(self):
        answer = self.ask()
        self.test.assertEqual(answer["status"], "OK", answer)
        return answer

    def fails(self, status, message):
        answer = self.ask()
        self.test.assertEqual((answer["status"], answer["results"]), (status, []), answer)
        self.test.assertRegex(answer["error_message"], message)


class Answers(unittest.TestCase):
    def test_a_question_of_the_new_api(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            first = talker.well()["results"][0]
            self.assertEqual((first["name"], first["place_id"], first["vicinity"]),
                             ("Place 0", "id-0", "0 Main St"))
            (request,) = herd.server.requests
            self.assertEqual((request.method, request.target),
                             ("POST", "/v1/places:searchNearby"))
            self.assertEqual(request.headers["host"], f"localhost:{herd.server.port}")
            self.assertEqual(request.headers["x-goog-api-key"], CANARY.decode())
            circle = json.loads(request.body)["locationRestriction"]["circle"]
            self.assertEqual(circle, {"center": {"latitude": 34.06893, "longitude": -118.445127},
                                      "radius": 10000})
            self.assertEqual(talker.ask(count=b"0")["status"], "ZERO_RESULTS")
            self.assertEqual(len(herd.server.requests), 1)

    def test_a_question_of_the_legacy_api(self):
        legacy = {"html_attributions": [], "status": "OK", "next_page_token": "x",
                  "results": [{"name": f"n{i}", "place_id": f"p{i}"} for i in range(20)]}
        with PlacesHerd(provider="google_legacy") as herd, Talker(self, herd) as talker:
            herd.server.handler = answers(legacy)
            answer = talker.ask(count=b"3")
            self.assertEqual([r["name"] for r in answer["results"]], ["n0", "n1", "n2"])
            self.assertRegex(herd.server.requests[0].target,
                             r"^/maps/api/place/nearbysearch/json\?location=34\.06893\d*,"
                             r"-118\.445127&radius=10000&key=CANARY-0123456789abcdef$")

    def test_another_key_is_used_from_the_reload_on(self):
        """What is being asked is asked again, with the new key; budget and time-out are others."""
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            gate = threading.Event()
            herd.server.handler = lambda r: (gate.wait(DEADLINE_S), r.reply(results(1)))
            talker.client.send(b"WHATSAT kiwi 10 5\n")
            herd.until(lambda: herd.server.requests, "it is asked")
            herd.key.write_bytes(b"other-0123456789abcdef\n")
            herd.config.write_text(herd.config.read_text().replace(
                "timeout =", "budget = 1000/day  timeout ="))
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: len(herd.server.requests) > 1, "it is asked again")
            gate.set()
            _, text = talker.client.places()
            self.assertEqual(json.loads(text)["status"], "OK")
            self.assertEqual([r.headers["x-goog-api-key"] for r in herd.server.requests],
                             [CANARY.decode(), "other-0123456789abcdef"])
            self.assertEqual(herd.places()["budget"], 1000)
            herd.key.chmod(0o644)
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: b" reload_failed what=places " in herd.node.log(), "it says why")
            talker.well()
            self.assertNotIn(b"other-0123456789abcdef", herd.node.log())

    def test_a_chain_of_rsa(self):
        with PlacesHerd("under4096:localhost") as herd, Talker(self, herd) as talker:
            talker.well()

    def test_one_connection_carries_many_questions(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            for radius in range(20):
                self.assertEqual(talker.ask(radius=b"%d" % radius)["status"], "OK")
            self.assertEqual((herd.server.connections, len(herd.server.requests)), (1, 20))

    def test_a_new_connection_takes_up_the_session(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            herd.server.handler = answers(results(1), close=True)
            for _ in range(3):
                talker.well()
                herd.until(lambda: herd.places()["connections"] == 0, "the connection is gone")
            places = herd.places()
            self.assertEqual((places["handshakes_full"], places["handshakes_resumed"]), (1, 2))

    def test_identical_questions_are_asked_once(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            gate = threading.Event()
            herd.server.handler = lambda r: (gate.wait(DEADLINE_S), r.reply(results(20)))
            others = [herd.node.client() for _ in range(20)]
            for client in others:
                client.send(b"WHATSAT kiwi 10 5\n" * 50)
            herd.until(lambda: herd.places().get("joined") == 999, "all have joined")
            gate.set()
            for client in others:
                for _ in range(50):
                    _, text = client.places()
                    self.assertEqual(len(json.loads(text)["results"]), 5)
                client.socket.close()
            self.assertEqual(len(herd.server.requests), 1)
            talker.well()

    def test_past_64_questions_the_answer_comes_at_once(self):
        with PlacesHerd() as herd, Talker(self, herd):
            gate = threading.Event()
            herd.server.handler = lambda r: (gate.wait(DEADLINE_S), r.reply(results(1)))
            clients = [herd.node.client() for _ in range(3)]
            clients[0].send(b"WHATSAT kiwi 40 5\nWHATSAT kiwi 41 5\n")
            herd.until(lambda: len(herd.server.requests) == 2, "both connections are in use")
            for i, client in enumerate(clients):
                client.send(b"".join(b"WHATSAT kiwi %d.%02d 5\n" % (i, r) for r in range(1, 33)))
            refused = 3 * 32 - 64
            herd.until(lambda: herd.places().get("refused") == refused, "the rest is refused")
            gate.set()
            self.assertEqual(json.loads(clients[0].places()[1])["status"], "OK")
            self.assertEqual(json.loads(clients[0].places()[1])["status"], "OK")
            said = [json.loads(client.places()[1]) for client in clients for _ in range(32)]
            over = [answer for answer in said if answer["status"] == "OVER_QUERY_LIMIT"]
            self.assertEqual(len(over), refused)
            self.assertIn("too many questions", over[0]["error_message"])
            for client in clients:
                client.socket.close()

    def test_a_client_that_leaves_takes_its_question_along(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            gate = threading.Event()
            herd.server.handler = lambda r: (gate.wait(DEADLINE_S), r.reply(results(1)))
            leaver = herd.node.client()
            leaver.send(b"".join(b"WHATSAT kiwi 1.%d 5\n" % r for r in range(1, 9)))
            herd.until(lambda: len(herd.server.requests) == 2, "two are asked")
            leaver.reset()
            herd.until(lambda: herd.places()["waiting"] == 0, "the others are forgotten")
            gate.set()
            talker.well()
            self.assertLessEqual(len(herd.server.requests), 4)


def chunks_for_ever(request):
    """Up to 1 GiB, as much as the other end takes."""
    request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(1 << 14):
        request.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


def body_for_ever(request):
    """The same without any length."""
    request.send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1 << 14):
        request.send(b" " * 65536)


def drips(data, pause_s=0.05):
    """One byte at a time, as long as the other end takes them."""
    def drip(request):
        nothing = threading.Event()
        for at in range(len(data)):
            request.send(data[at:at + 1])
            nothing.wait(pause_s)
        request.hang()
    return drip


class Faults(unittest.TestCase):
    """Faults, each a handler or a greeter, and the reply that the client must get."""

    GROWTH_BYTES_MAX = 24 << 20  # with a sanitizer, which delays the reuse of freed memory
    HANDLERS = (
        ("HTML", answers(b"<html>no</html>"), "not JSON"),
        ("not UTF-8", answers(b'{"places":[{"id":"\xff"'), "not JSON"),
        ("cut JSON", answers(b'{"places":[{"id":"i","displayName":{"text":"x"}}'),
         "not JSON"),
        ("deep JSON", answers(b"[" * 5000), "too deeply"),
        ("an array", answers(b"[]"), "localhost|places"),
        ("two lengths", lambda r: r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                         b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
         "Content-Length"),
        ("bad chunk", lambda r: r.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       b"xyz\r\n"), "chunk"),
        ("too long", lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"),
                                [r.send(b" " * 65536) for _ in range(64)]), "1 MiB|long|large"),
        ("chunks for ever", chunks_for_ever, "larger than 1 MiB"),
        ("a body for ever", body_for_ever, "larger than 1 MiB"),
        ("a long head", lambda r: r.send(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101),
         "more than 100 headers"),
        ("no HTTP", lambda r: r.send(b"SSH-2.0-OpenSSH_9.2\r\n"), "HTTP"),
        ("cut off in its head", lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Le"), r.cut()),
         "middle of the answer's head"),
        ("ended in its head", lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Le"), r.end()),
         "middle of the answer's head"),
        ("cut off", lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
                               r.cut()), "end"),
        ("ended early", lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
                                   r.end()), "end"),
        ("no close_notify", lambda r: (r.send(b'HTTP/1.1 200 OK\r\n\r\n{"places":[]}'), r.cut()),
         "end|cut"),
        ("a redirect", answers(b"", status="302 Found", headers=["Location: https://a.test/"]),
         "302"),
        ("compressed", answers(b"xx", headers=["Content-Encoding: gzip"]), "encod|compress"),
    )

    def test_what_a_service_answers_wrongly(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            talker.well()
            descriptors = herd.node.descriptors()  # before an observer adds one for a moment
            bytes_before = herd.node.resident_bytes()
            for name, handler, message in self.HANDLERS:
                with self.subTest(name):
                    herd.server.handler = handler
                    talker.fails("UNKNOWN_ERROR", message)
                    herd.server.handler = answers(results(1))
                    talker.well()
            herd.server.drop()
            herd.until(lambda: herd.places()["connections"] == 0, "no connection is left")
            herd.until(lambda: herd.node.descriptors() == descriptors - 1, "nor a descriptor")
            self.assertLess(herd.node.resident_bytes() - bytes_before, self.GROWTH_BYTES_MAX)

    def test_text_that_is_no_utf_8(self):
        """JSON strings may contain any character; those in a reply may not."""
        bad = json.dumps(results(1, name="caf@ {}")).encode().replace(b"@", b"\xe9")
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            herd.server.handler = answers(bad)
            self.assertEqual(talker.well()["results"][0]["name"], "caf\ufffd 0")

    def test_a_service_that_drips(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000
        with PlacesHerd(timeout="1s") as herd, Talker(self, herd) as talker:
            talker.well()
            for data in (answer, answer[answer.index(b" " * 9):]):
                herd.server.handler = drips(data)
                talker.fails("UNKNOWN_ERROR", "in time|begin as HTTP")
                herd.server.handler = answers(results(1))
                talker.well()

    def test_what_is_refused_is_not_asked_again(self):
        denied = {"error": {"code": 403, "status": "PERMISSION_DENIED",
                            "message": f"The key {CANARY.decode()} may not"}}
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            for _ in range(7):  # the service did not fail, so the breaker stays closed
                herd.server.handler = answers(denied, status="403 Forbidden")
                talker.fails("REQUEST_DENIED", "may not")
            self.assertEqual(len(herd.server.requests), 7)
            self.assertEqual(herd.node.log().count(b" places_refused "), 1)
            herd.server.handler = answers({}, status="200 OK")
            self.assertEqual(talker.ask()["status"], "ZERO_RESULTS")

    def test_what_is_asked_again(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            for status, told in (("503 Service Unavailable", "UNKNOWN_ERROR"),
                                 ("429 Too Many Requests", "OVER_QUERY_LIMIT")):
                before = len(herd.server.requests)
                herd.server.handler = answers({}, status=status)
                talker.fails(told, "localhost|places|Google|HTTP|[0-9]{3}")
                self.assertEqual(len(herd.server.requests) - before, 3)
                bad = [2]
                herd.server.handler = lambda r: r.reply(
                    results(1), *(["500 Oops"] if bad and (bad[0] and not bad.append(1)
                                                           and len(bad) < 3) else []))
                talker.well()

    def test_retry_after_is_obeyed(self):
        with PlacesHerd(timeout="2s") as herd, Talker(self, herd) as talker:
            herd.server.handler = answers({}, status="429 Too Many Requests",
                                          headers=["Retry-After: 30"])
            talker.fails("OVER_QUERY_LIMIT", ".")
            talker.fails("OVER_QUERY_LIMIT", "left alone")
            self.assertEqual(len(herd.server.requests), 1)

    def test_a_stale_connection_costs_nothing(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            talker.well()
            herd.server.handler = lambda r: (  # dies on the second request of a connection
                setattr(herd.server, "handler", answers(results(1))), r.cut())
            talker.well()
            self.assertEqual(herd.places()["failed"], 0)
            self.assertEqual(herd.server.connections, 2)

    def test_a_connection_that_is_reset_costs_nothing(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            for number in range(10):  # a question that waits for places.timeout fails
                herd.server.handler = answers(results(2))
                talker.well()
                herd.server.handler = lambda r: (
                    setattr(herd.server, "handler", answers(results(1))), r.reset())
                talker.well()
                self.assertEqual(herd.server.connections, 2 + number)
            self.assertEqual(herd.places()["failed"], 0)

    def test_a_hanging_service(self):
        with PlacesHerd(timeout="500ms") as herd, Talker(self, herd) as talker:
            talker.well()
            herd.server.handler = lambda r: r.hang()
            talker.fails("UNKNOWN_ERROR", "in time")
            herd.server.handler = lambda r: (r.send(b"HTTP/1.1 200 OK\r\nContent-Le"), r.hang())
            talker.fails("UNKNOWN_ERROR", "in time")
            herd.server.handler = answers(results(1))
            talker.well()

    def test_a_service_that_is_down_is_left_alone(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            herd.server.handler = lambda r: r.cut()
            for _ in range(5):
                talker.fails("UNKNOWN_ERROR", "^localhost: ")
            asked = len(herd.server.requests)
            talker.fails("UNKNOWN_ERROR", "not asked for now, after 5 failures in a row")
            self.assertEqual(len(herd.server.requests), asked)
            self.assertTrue(herd.places()["down"])
            self.assertRegex(herd.command("status", expect=(1,)).stdout,
                             rb"\n\nThe places service is down for 1 of 1 nodes; Goloman says: "
                             rb"localhost: .*\.\n$")
            self.assertEqual(herd.node.log().count(b" places_down "), 1)
            herd.server.handler = answers(results(1))
            herd.until(lambda: talker.ask()["status"] == "OK", "a probe is let through")
            herd.until(lambda: b" places_up " in herd.node.log(), "the log says so")


class Handshakes(unittest.TestCase):
    """Servers that a node must not trust, and servers whose handshakes fail."""

    def check(self, message, certificate="under384:localhost", greeter=None, version=None):
        """A question fails; the next one, after the service has recovered, is answered."""
        herd = PlacesHerd(certificate, start=False, timeout="6s")
        herd.good = {"ca384.pem": "under384"}.get(herd.ca_file, "localhost")
        herd.make(herd.good + ":localhost")
        herd.start_all = True
        with herd:
            if version:
                herd.server.certify("under384", version)
            herd.server.greeter = greeter
            with Talker(self, herd) as talker:
                began = time.monotonic()
                talker.fails("UNKNOWN_ERROR", message)
                self.assertLess(time.monotonic() - began, DEADLINE_S)
                herd.until(lambda: herd.places()["connections"] == 0, "the connection is closed")
                herd.server.greeter = None
                herd.server.certify(herd.good)
                talker.well()
            self.assertEqual(herd.server.connections, 2)

    def test_self_signed(self):
        self.check("trusted", "self:localhost")

    def test_another_name(self):
        self.check("another name", "twinless:example.org")

    def test_expired(self):
        self.check("expired|not valid", "expired:localhost")

    def test_a_ca_that_is_not_trusted(self):
        self.check("trusted", "stranger:localhost")

    def test_tls_1_3_only(self):
        self.check("TLS 1", version=ssl.TLSVersion.TLSv1_3)

    def test_plaintext(self):
        self.check("TLS", greeter=lambda raw: raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))

    def test_a_handshake_that_is_cut_off(self):
        def cut(raw):
            raw.recv(READ_BYTES)
            raw.sendall(b"\x16\x03\x03\x00\x50\x02\x00\x00\x4c\x03\x03")
        self.check("handshake|ended", greeter=cut)

    def test_a_handshake_that_stalls(self):
        def stall(raw):
            while raw.recv(READ_BYTES):
                pass
        self.check("within 5 s|in time", greeter=stall)

    def test_nobody_there(self):
        herd = PlacesHerd(start=False)
        herd.server.close()
        herd.start_all = True
        with herd, Talker(self, herd) as talker:
            talker.fails("UNKNOWN_ERROR", "refused")


class Starting(unittest.TestCase):
    """Errors that keep a node from starting; the message has a remedy."""

    def refused(self, herd, *words):
        try:
            for command in (("node", "Goloman"), ("places", "1", "-2", "3", "4")):
                said = run(command[0], "-c", herd.config, *command[1:], expect=(1,)).stderr.decode()
                for word in words:
                    self.assertIn(word, said)
                self.assertNotIn(CANARY.decode(), said)
        finally:
            herd.server.close()
            herd._end(show=False)

    def test_a_key_that_others_can_read(self):
        herd = PlacesHerd(start=False)
        herd.key.chmod(0o640)
        self.refused(herd, "places.key", "chmod 600")

    def test_no_key(self):
        herd = PlacesHerd(start=False)
        herd.key.unlink()
        self.refused(herd, "places.key", "cannot be opened", "umask 077")

    def test_a_herd_says_once_what_keeps_it_from_starting(self):
        herd = PlacesHerd(start=False, edges=SHIPPED)
        herd.key.chmod(0o644)
        try:
            said = herd.command("up", expect=(1,)).stderr
            self.assertEqual(said.count(b"chmod 600"), 1, said.decode())
        finally:
            herd.server.close()
            herd._end(show=False)

    def test_a_key_that_is_none(self):
        herd = PlacesHerd(start=False)
        herd.key.write_bytes(CANARY + b" and more\n")
        self.refused(herd, "places.key", "key")

    def test_google_without_a_key_file(self):
        herd = PlacesHerd(start=False)
        herd.more = "places { provider = google }"
        herd.config = herd.write("topology.conf")
        self.refused(herd, "needs a key", "key_file")

    def test_a_ca_file_that_is_not_there(self):
        herd = PlacesHerd(start=False)
        (herd.folder / herd.ca_file).unlink()
        self.refused(herd, herd.ca_file, "cannot be opened", "ca_file")


class Command(unittest.TestCase):
    def test_places_shows_the_answer_and_where_the_time_went(self):
        with PlacesHerd(start=False) as herd:
            done = herd.command("places", "34.06893", "-118.445127", "10", "5")
            self.assertEqual(json.loads(done.stdout)["status"], "OK")
            for word in ("google, localhost:", "connection", "full handshake", "HTTP 200"):
                self.assertIn(word, done.stderr.decode())
            herd.server.handler = answers({}, status="404 Not Found")
            done = herd.command("places", "1", "2", "10", "5", expect=(1,))
            self.assertEqual(json.loads(done.stdout)["status"], "UNKNOWN_ERROR")
            done = herd.command("places", "91", "2", "10", "5", expect=(1,))
            self.assertIn("not accept this question", done.stderr.decode())
            herd.command("places", "1", "2", "10", expect=(2,))

    def test_a_credential_makes_it_google(self):
        with PlacesHerd(start=False) as herd:
            (herd.folder / "places_key").write_bytes(CANARY)
            herd.more = herd.more.replace('key_file = "places.key"', "").replace(
                "provider = google ", "")
            herd.config = herd.write("topology.conf")
            os.environ["CREDENTIALS_DIRECTORY"] = str(herd.folder)
            try:
                herd.command("places", "1", "2", "3", "4")
            finally:
                del os.environ["CREDENTIALS_DIRECTORY"]
            self.assertEqual(herd.server.requests[0].headers["x-goog-api-key"], CANARY.decode())


class Life(unittest.TestCase):
    def test_nothing_is_left_of_many_connections(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            talker.well()
            before = herd.node.descriptors() - 1  # without the connection
            herd.server.drop()
            for _ in range(20):
                herd.server.handler = answers(results(1), close=True)
                talker.well()
            herd.until(lambda: herd.places()["connections"] == 0, "no connection is left")
            herd.until(lambda: herd.node.descriptors() == before, "no descriptor is left")

    def test_a_node_stops_while_places_hang(self):
        with PlacesHerd() as herd, Talker(self, herd) as talker:
            herd.server.handler = lambda r: r.hang()
            talker.client.send(b"WHATSAT kiwi 10 5\n")
            herd.until(lambda: herd.server.requests, "it is asked")
            herd.node.stop(signal.SIGTERM)

    def test_clients_notice_nothing_of_places_that_hang(self):
        with PlacesHerd(timeout="60s") as herd, Talker(self, herd) as talker:
            herd.server.handler = lambda r: r.hang()
            talker.client.send(b"WHATSAT kiwi 10 5\n")
            herd.until(lambda: herd.server.requests, "it is asked")
            with herd.node.client() as other:
                for i in range(2, 200):
                    other.tell(b"kiwi", HERE, b"%d" % i)


if __name__ == "__main__":
    unittest.main()
