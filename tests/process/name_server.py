"""name_server.py - a network namespace with a name server of its own, for tests of names.

    if __name__ == "__main__":
        name_server.enter()         # runs this script again in there, or says why not
        unittest.main()

In there /etc/resolv.conf names a server that NameServer runs, /etc/hosts knows localhost only, and
loopback has the addresses that a test gives it. Nothing is shared with other tests, so ports are
free. Needs root.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading

INSIDE = "STAMPEDE_TEST_NAMES"
TYPE_A, TYPE_AAAA = 1, 28
NXDOMAIN = 3


def enter():
    """Go on in a namespace of our own."""
    if INSIDE in os.environ:
        folder = pathlib.Path(os.environ[INSIDE])
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch herd.test\n"
                                            "options timeout:1 attempts:1\n")
        (folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        for name in ("resolv.conf", "hosts", "nsswitch.conf"):
            target = pathlib.Path("/etc", name)
            if target.exists():
                subprocess.run(["mount", "--bind", folder / name, target.resolve()], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    may = subprocess.run(["unshare", "-mn", "mount", "--bind", "/etc", "/etc"],
                         capture_output=True, check=False)
    if may.returncode:
        print("not allowed here to make namespaces: names are not tested", file=sys.stderr)
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="names-") as folder:
        done = subprocess.run(["unshare", "-mn", "--kill-child", sys.executable, "-B", *sys.argv],
                              env=os.environ | {INSIDE: folder}, check=False)
        sys.exit(done.returncode)


def give(address):
    """This machine has the address from now on."""
    bits = 128 if ":" in address else 32
    subprocess.run(["ip", "address", "replace", f"{address}/{bits}", "dev", "lo", "nodad"]
                   if ":" in address else
                   ["ip", "address", "replace", f"{address}/{bits}", "dev", "lo"], check=True)


class NameServer:
    """Answers for the names in `zone`: name -> addresses, or None: no answer at all."""

    def __init__(self):
        self.zone = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())  # which ends the thread
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while True:
            query, other = self.socket.recvfrom(512)
            if not query:
                return
            reply = self._reply(query)
            if reply:
                self.socket.sendto(reply, other)

    def _reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        kind, = struct.unpack("!H", query[at + 1:at + 3])
        question = query[12:at + 5]
        name = ".".join(labels)
        self.asked.append(name)
        addresses = self.zone.get(name, ())
        if addresses is None:
            return b""
        family = {TYPE_A: socket.AF_INET, TYPE_AAAA: socket.AF_INET6}.get(kind)
        found = [socket.inet_pton(family, a) for a in addresses
                 if family and (":" in a) == (kind == TYPE_AAAA)]
        code = 0 if name in self.zone else NXDOMAIN
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0)
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(a)) + a for a in found)
