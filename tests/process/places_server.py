"""places_server.py - a places service for tests, with real TLS and any fault that a test needs.

    with PlacesServer(folder, "localhost") as server:     # folder: of certificates.sh
        server.handler = answers(results(3))              # answers each request
        ...
        server.requests                                   # the requests so far

Each connection has a thread, so one that hangs does not block others. `greeter` is called with a
new connection before TLS, `handler` with a request after it; both may do anything. `requests` has
a request before its handler is called. Closing the server ends all threads.
"""
import json
import re
import socket
import ssl
import struct
import threading

READ_BYTES = 1 << 16


class Request:
    """A request that was received, and the connection for its answer."""

    def __init__(self, server, stream, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.server, self.stream, self.body = server, stream, body
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = {name.lower(): value.strip()
                        for name, value in (line.split(":", 1) for line in lines[1:])}

    def send(self, data):
        self.stream.sendall(data)

    def reply(self, body, status="200 OK", headers=(), close=False):
        """Send a complete answer with a Content-Length."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json; charset=UTF-8",
                 f"Content-Length: {len(data)}", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        if close:
            self.end()

    def end(self):
        """Close properly: close_notify, then FIN."""
        try:
            self.stream = self.stream.unwrap()
        except (ssl.SSLError, OSError):
            pass
        self.cut()

    def cut(self):
        """Close by FIN without close_notify."""
        try:
            self.stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        raise EOFError

    def reset(self):
        """Close by RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EOFError

    def hang(self):
        """Wait until the other end or the server closes the connection."""
        try:
            while self.stream.recv(READ_BYTES):
                pass
        except (ssl.SSLError, OSError):
            pass
        raise EOFError


def results(count, name="Place {}"):
    """An answer of the Places API (New)."""
    return {"places": [{"id": f"id-{i}", "displayName": {"text": name.format(i)},
                        "location": {"latitude": 34.06 + i / 100, "longitude": -118.44},
                        "types": ["cafe"], "shortFormattedAddress": f"{i} Main St"}
                       for i in range(count)]}


def answers(body, **how):
    return lambda request: request.reply(body, **how)


def context(folder, certificate, version):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.maximum_version = version
    c.minimum_version = version
    c.load_cert_chain(str(folder / f"{certificate}.pem"), str(folder / f"{certificate}.key"))
    return c


class PlacesServer:
    """It listens on 127.0.0.1, on a port that the kernel chose."""

    def __init__(self, folder, certificate, port=0):
        self.folder = folder
        self.certify(certificate)
        self.handler = answers(results(2))
        self.greeter = None
        self.requests = []
        self.connections = 0
        self.resumed = 0  # of these, the resumed ones
        self.failed = []  # why handshakes failed
        self._lock = threading.Condition()
        self._streams = set()
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def certify(self, certificate, version=ssl.TLSVersion.TLSv1_2):
        """The certificate, and the only TLS version, for connections from now on."""
        self.context = context(self.folder, certificate, version)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Accept no more connections, and end the existing ones."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join()

    def drop(self):
        """End all connections, including idle ones."""
        with self._lock:
            streams = list(self._streams)
        for raw in streams:
            try:
                raw.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(raw,), daemon=True)
            with self._lock:
                if self._closing:
                    raw.close()
                    return
                self.connections += 1
                self._threads.append(thread)
            thread.start()

    def _serve(self, raw):
        # A duplicate of the socket below TLS, with which drop() can shut it down.
        with raw, socket.socket(fileno=raw.detach()) as raw, raw.dup() as handle:
            with self._lock:
                self._streams.add(handle)
            try:
                if self.greeter:
                    self.greeter(raw)
                else:
                    with self.context.wrap_socket(raw, server_side=True) as stream:
                        self._converse(stream)
            except (ssl.SSLError, OSError, EOFError) as error:
                self.failed.append(str(error))
            finally:
                with self._lock:
                    self._streams.discard(handle)

    def _converse(self, stream):
        with self._lock:
            self.resumed += stream.session_reused
        pending = b""
        while True:
            while b"\r\n\r\n" not in pending:
                data = stream.recv(READ_BYTES)
                if not data:
                    return
                pending += data
            head, pending = pending.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            wanted = int(length[1]) if length else 0
            while len(pending) < wanted:
                pending += stream.recv(READ_BYTES)
            request = Request(self, stream, head, pending[:wanted])
            pending = pending[wanted:]
            with self._lock:
                self.requests.append(request)
            self.handler(request)
