"""test_places_nginx.py - WHATSAT over HTTPS to an ordinary server: nginx, which closes connections
after some number of requests, sends chunked bodies, and restarts its workers between requests.

nginx gets its answers from a Python server behind it. Clients must notice none of this: every
question is answered well."""
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import unittest

from herd import DEADLINE_S, reserve_port, until
from places_server import results
from test_places import PlacesHerd, Talker

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log notice;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_session_cache {sessions};
  ssl_protocols TLSv1.2 TLSv1.3;
  keepalive_requests {requests};
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/{certificate}.pem;
    ssl_certificate_key {folder}/{certificate}.key;
    location / {{ {answer} }}
  }}
}}
"""


WORKS = b" start worker process "  # in its log, when a worker was started


class Behind(http.server.BaseHTTPRequestHandler):
    """Answers in two chunks, with as many results as the service ever returns."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        data = json.dumps(results(20)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (data[:700], data[700:]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Nginx:
    """A PlacesHerd whose service is nginx.

    requests  how many it answers on a connection before it closes it
    answer    nginx's configuration for a request; None: it asks Behind
    sessions  nginx's cache of TLS sessions
    options   for the PlacesHerd
    """

    def __init__(self, certificate="under384:localhost", requests=1000, answer=None,
                 sessions="shared:sessions:1m", **options):
        self.behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
        self.behind.daemon_threads = True
        threading.Thread(target=self.behind.serve_forever, daemon=True).start()
        self.holder = reserve_port()
        self.port = self.holder.getsockname()[1]
        self.herd = PlacesHerd(certificate, start=False, **options)
        self.herd.more = self.herd.more.replace(f":{self.herd.server.port}", f":{self.port}")
        self.herd.config = self.herd.write("topology.conf")
        self.herd.start_all = True
        self.path = self.herd.folder / "nginx.conf"
        self.path.write_text(CONFIGURATION.format(
            user="user root;" if os.geteuid() == 0 else "", folder=self.herd.folder,
            requests=requests, port=self.port, certificate=certificate.split(":")[0],
            sessions=sessions, answer=answer or "proxy_http_version 1.1; proxy_pass "
                                                f"http://127.0.0.1:{self.behind.server_port};"))
        self.process = None

    def start(self):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        before = self.says(WORKS)
        self.process = subprocess.Popen([program, "-p", self.herd.folder, "-c", self.path,
                                         "-e", self.herd.folder / "nginx.log"])
        until(lambda: self.says(WORKS) > before or self.process.poll(), "nginx works")

    def says(self, text):
        path = self.herd.folder / "nginx.log"
        return path.read_bytes().count(text) if path.exists() else 0

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=DEADLINE_S)

    def __enter__(self):
        self.start()
        self.herd.__enter__()
        return self

    def __exit__(self, *error):
        try:
            if self.process.poll() is None:
                self.stop()
            self.behind.shutdown()
            self.behind.server_close()
            self.holder.close()
        finally:
            self.herd.__exit__(*error)


class Everyday(unittest.TestCase):
    def all_well(self, nginx, questions):
        places = nginx.herd.places()
        self.assertEqual((places["failed"], places["asked"] >= questions), (0, True), places)
        self.assertEqual(places["handshakes_full"], 1, places)
        return places

    def test_connections_that_end_after_so_many_requests(self):
        for certificate in ("under384:localhost", "under4096:localhost"):
            with Nginx(certificate, requests=4) as nginx, Talker(self, nginx.herd) as talker:
                for radius in range(1, 22):
                    answer = talker.ask(radius=b"%d" % radius, count=b"20")
                    self.assertEqual((answer["status"], len(answer["results"])), ("OK", 20))
                places = self.all_well(nginx, 21)
                self.assertEqual((places["asked"], places["handshakes_resumed"]), (21, 5))

    def test_workers_that_are_started_anew_while_they_are_asked(self):
        """Each asks again as soon as it is answered, so a worker that ends is always in use."""
        with Nginx() as nginx, Talker(self, nginx.herd) as talker:
            asked, over = [0] * 3, threading.Event()

            def ask(number):
                with Talker(self, nginx.herd) as one:
                    while not over.is_set():
                        asked[number] += 1
                        answer = one.ask(radius=b"%d.%05d" % (number + 1, asked[number]))
                        self.assertEqual(answer["status"], "OK", answer)

            failed = []

            def try_to_ask(number):
                try:
                    ask(number)
                except AssertionError as error:
                    failed.append(error)

            threads = [threading.Thread(target=try_to_ask, args=(n,)) for n in range(len(asked))]
            for thread in threads:
                thread.start()
            for _ in range(10):
                before, workers = sum(asked), nginx.says(WORKS)
                nginx.process.send_signal(signal.SIGHUP)
                nginx.herd.until(lambda: nginx.says(WORKS) > workers or failed,
                                 "a new worker")
                nginx.herd.until(lambda: sum(asked) > before + 20 or failed, "it answers")
            over.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            talker.well()
            self.all_well(nginx, sum(asked))

    def test_a_server_that_is_gone_for_a_while(self):
        with Nginx() as nginx, Talker(self, nginx.herd) as talker:
            talker.well()
            nginx.stop()
            nginx.herd.until(lambda: nginx.herd.places()["connections"] == 0, "its end is noticed")
            talker.fails("UNKNOWN_ERROR", "refused")
            nginx.start()
            talker.well()


if __name__ == "__main__":
    unittest.main()
