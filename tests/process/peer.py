"""peer.py - a neighbour played by the test, with full control over what it sends.

    with Peer(herd["Goloman"]) as peer:     # as Hands
        peer.prove()
        peer.send(at(b"kiwi") + b"MARK 1\n")

PROTOCOL.md, "Peer port" and "AUTH". AUTH signs a sequence of fields, each preceded by its length in
two bytes.
"""
import hashlib
import hmac
import secrets
import socket

from herd import DEADLINE_S

SECRET = b"sixteen bytes or more"


def write_secret(herd):
    """For a herd with secret_file = "herd.secret"."""
    secret = herd.folder / "herd.secret"
    secret.touch(0o600)
    secret.write_bytes(SECRET)


class Peer:
    """A connection to a node's peer port, and what both ends have sent."""

    def __init__(self, node, herd=b"demo", name=b"Hands", to=b"Goloman"):
        self.herd, self.name, self.to = herd, name, to
        self.boot, self.nonce = secrets.randbits(63) | 1, secrets.token_bytes(16)
        self.socket = socket.create_connection(node.peer_address, DEADLINE_S)
        self.reader = self.socket.makefile("rb")
        self.theirs = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def hello(self):
        return b"HELLO stampede/1 herd=%b from=%b to=%b boot=%016x nonce=%b have=%016x:0 %b\n" % (
            self.herd, self.name, self.to, self.boot, self.nonce.hex().encode(), 0,
            b"auth=hmac-sha256")

    def meet(self):
        """Send HELLO; receive the node's, and the AUTH that it sends to anybody."""
        self.send(self.hello())
        self.theirs = dict(word.split(b"=", 1) for word in self.reader.readline().split()[2:])
        return self.reader.readline()

    def prove(self):
        """A complete and correct handshake."""
        self.meet()
        self.send(self.auth())
        return self

    def auth(self, role=b"dialled", secret=SECRET, name=None, herd=None, swapped=False):
        """The AUTH that proves that this end knows the secret, or one that differs from it."""
        name, herd = name or self.name, herd or self.herd
        mine = self.boot.to_bytes(8, "big"), self.nonce
        theirs = [bytes.fromhex(self.theirs[key].decode()) for key in (b"boot", b"nonce")]
        if swapped:
            mine, theirs = theirs, mine
        fields = (b"stampede/1 AUTH", role, herd, name, self.theirs[b"from"],
                  mine[0], theirs[0], mine[1], theirs[1])
        signed = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
        return b"AUTH " + hmac.new(secret, signed, hashlib.sha256).hexdigest().encode() + b"\n"

    def rest(self):
        """All that the node sends until it closes the connection."""
        try:
            return self.reader.read()
        except ConnectionError:
            return b""


def at(client_id, sender=b"Hands", time=b"1", seen=b""):
    """An AT line; `seen`: the names before its sender's, each followed by a space."""
    return b"AT Hands +1.000000000 %b +1-1 %b %b%b\n" % (client_id, time, seen, sender)
