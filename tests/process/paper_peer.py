"""A peer of a Stampede node, written from PROTOCOL.md alone.

PaperPeer plays one node of a herd towards one neighbour, on Links that its owner makes of sockets.
It is not lazy, and knows neither TLS nor observers. Texts are Latin-1: a character is a byte."""
import hmac
import re
import secrets
import socket
import threading
import time
from contextlib import suppress
from decimal import Decimal

NODE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
DEGREES = r"([+-]\d{1,3}(?:\.\d{1,15})?)"
AT = re.compile(r"(AT (%s) ((?!-0\.0{9})[+-](?:0|[1-9]\d{0,9})\.\d{9}) ([^\0-\x20\x7f]{1,255}) "
                r"(%s%s) (0*\d{1,10}(?:\.\d{1,9})?))((?: %s)*)" % (NODE, DEGREES, DEGREES, NODE))
OTHER = re.compile(r"(MARK|ACK|PONG) \d+|PING \d+ \d+ [0-9a-f]{16}( partial| behind)?")
TWIN = re.compile(r"TWIN [0-9a-f]{16} \d+ [!-~]{1,63}")


def need(condition, reason):
    if not condition:
        raise ValueError(reason)  # it ends the link, with BYE


def absorb(h, x, y, key=0x243F6A8885A308D3):
    a, b = x ^ key, y ^ h
    return a * b % 2**64 ^ a * b >> 64 ^ a ^ b


class Stamp:
    """A stamp from an AT line, with its received list (`path`) if there is one."""
    def __init__(self, line):
        parts = AT.fullmatch(line)
        need(parts, "AT with a bad field")
        self.line, origin, skew, self.id, position, north, east, when, path = parts.groups()
        self.time, self.skew = (int(Decimal(text) * 10**9) for text in (when, skew))
        need(abs(Decimal(north)) <= 90 and abs(Decimal(east)) <= 180 and len(when) <= 8192
             and 0 <= self.time + self.skew < 2**63 > self.time, "AT with a bad field")
        self.order, self.path = (self.time, origin, self.skew, position, when), path.split()
        texts = [text.encode("latin-1") for text in (self.id, position, when, origin)]
        h = absorb(0xB7E151628AED2A6A, self.time, self.skew % 2**64)
        h = absorb(h, sum(len(text) << 16 * i for i, text in enumerate(texts)), 0)
        for piece in (text[i:i + 16] for text in texts for i in range(0, len(text), 16)):
            size = 8 if len(piece) >= 8 else 4
            pair = (piece[:size], piece[-size:]) if len(piece) >= 4 else (piece[::-1], b"")
            h = absorb(h, *(int.from_bytes(part, "little") for part in pair))
        self.hash = absorb(h, 0, 0, 0x6A09E667F3BCC908)


class Link:
    """One connection; `log` has all its lines, "> …" our own and "< …" theirs."""
    def __init__(self, peer, sock, dialled):
        self.peer, self.sock, self.dialled, self.log = peer, sock, dialled, []
        self.hear, self.hello, self.nonce = self.hear_hello, {}, secrets.token_hex(16)
        self.cursor, self.acked, self.differed, self.next_full, self.pause = 0, 0, 0, 0, 10
        sock.settimeout(2)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        if self.dialled:
            self.say_hello()
        with suppress(OSError), self.sock.makefile(encoding="latin-1", newline="\n") as file:
            for line in iter(lambda: file.readline(16_386), ""):
                with self.peer.changed:
                    line = line.removesuffix("\n").removesuffix("\r")
                    self.log.append(f"< {line}")
                    try:
                        self.end() if line.startswith("BYE ") else self.hear(line)
                    except (ValueError, KeyError) as wrong:
                        self.end(str(wrong))
                    self.peer.changed.notify_all()
        self.end("nothing is heard any more")
        self.sock.close()

    def say(self, line):
        with self.peer.changed, suppress(OSError):  # run() hears the end
            self.sock.sendall(f"{line}\n".encode("latin-1"))
            self.log.append(f"> {line}")

    def end(self, reason=None):
        with self.peer.changed, suppress(OSError):
            if reason:
                self.say(f"BYE {reason}")
            self.peer.link = None if self.peer.link is self else self.peer.link
            self.hear = lambda line: None  # what they still say is not obeyed
            self.peer.changed.notify_all()
            self.sock.shutdown(socket.SHUT_WR)

    def say_hello(self):
        peer, (boot, mark) = self.peer, self.peer.had
        if not mark or not self.dialled and boot != self.hello["boot"]:
            boot, mark = "0" * 16, 0
        self.say(f"HELLO stampede/1 herd={peer.herd} from={peer.name} to={peer.them} "
                 f"boot={peer.boot} nonce={self.nonce} have={boot}:{mark}"
                 f"{f' started={peer.started}' if peer.started else ''}"
                 f"{' auth=hmac-sha256' if peer.secret else ''}")

    def hear_hello(self, line):
        peer, (word, version, *fields) = self.peer, line.split()
        self.hello = dict(field.split("=", 1) for field in fields)
        said = [word, version, *(self.hello[key] for key in ("herd", "from", "to"))]
        need(said == ["HELLO", "stampede/1", peer.herd, peer.them, peer.name], "HELLO is wrong")
        need(peer.secret or "auth" not in self.hello, "this node has no secret")
        if not self.dialled:
            self.say_hello()
        self.hear = self.hear_auth
        return self.say(f"AUTH {self.auth(ours=True)}") if peer.secret else self.link_up()

    def hear_auth(self, line):
        need(line == f"AUTH {self.auth(ours=False)}", "AUTH is wrong")
        self.link_up()

    def auth(self, ours):
        """The digits of AUTH: ours, or those to expect."""
        peer, hello, order = self.peer, self.hello, 1 if ours else -1
        texts = ("stampede/1 AUTH", "dialled" if self.dialled == ours else "accepted", peer.herd,
                 *(peer.name, peer.them)[::order])
        numbers = (peer.boot, hello["boot"])[::order] + (self.nonce, hello["nonce"])[::order]
        fields = [*map(str.encode, texts), *map(bytes.fromhex, numbers)]
        text = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
        return hmac.digest(peer.secret, text, "sha256").hex()

    def link_up(self):
        peer, other, boot = self.peer, self.peer.link, self.hello["boot"]
        if other:  # stays: the one that the smaller name dialled, but for restarts and lost links
            theirs = self.dialled != (peer.name < peer.them)
            if boot == other.hello["boot"] and self.dialled != other.dialled and theirs:
                return self.end("duplicate of another link")
            other.end("duplicate of another link")
        self.hear, peer.link = self.obey, self
        self.sock.settimeout(10)
        have, number = self.hello["have"].split(":")
        everything = have != peer.boot or int(number) > peer.change or boot != peer.had[0]
        peer.had = peer.had if boot == peer.had[0] else (boot, 0)
        self.cursor = self.acked = 0 if everything else int(number)
        self.send(everything)

    def send(self, everything=False):
        """What is behind the cursor, but for what they know; or everything, from the head."""
        start, self.cursor = 0 if everything else self.cursor, self.peer.change
        for stamp in sorted(self.peer.stamps.values(), key=lambda stamp: stamp.change):
            if stamp.change > start and (everything or self.peer.them not in stamp.path):
                self.say(" ".join((stamp.line, *stamp.path[-64:], self.peer.name)))
        if self.cursor > start:
            self.say(f"MARK {self.cursor}")

    def obey(self, line):
        peer, (word, *fields) = self.peer, line.split(" ")
        if peer.started and TWIN.fullmatch(line):
            boot, started, _ = fields
            need((int(started), boot) < (peer.started, peer.boot), "TWIN that is not earlier")
            peer.twin = boot  # its owner has it leave
            return
        need(word == "AT" or OTHER.fullmatch(line), "a line that is none of the peer protocol")
        if word == "AT":
            stamp = Stamp(line)
            need(stamp.path[-1:] == [peer.them], "AT whose list is not one that its sender ends")
            peer.store(stamp)
        elif word == "MARK":
            peer.had = (peer.had[0], max(peer.had[1], int(fields[0])))
            self.say(f"ACK {fields[0]}")
            self.send()
        elif word == "ACK":
            need(int(fields[0]) <= self.cursor, "ACK of what was not marked")
            self.acked = max(self.acked, int(fields[0]))
        elif word == "PING":
            self.say(f"PONG {fields[0]}")
            if not (fields[3:] or peer.partial or self.acked < peer.change):
                agreed, now = " ".join(fields[1:]) == peer.count_and_digest(), time.monotonic()
                self.differed, self.pause = (0, 10) if agreed else (self.differed + 1, self.pause)
                if self.differed > 1 and now >= self.next_full:
                    self.next_full, self.pause = now + self.pause, min(2 * self.pause, 3600)
                    self.send(everything=True)


class PaperPeer:
    """`link` is its link, if it has one; `changed` guards all, and tells of all that comes."""
    def __init__(self, name, herd, them, secret=None, started=0):
        self.started, self.twin = started, None  # twin: the boot of an earlier process
        self.name, self.herd, self.them, self.secret = name, herd, them, secret
        self.boot, self.had = secrets.token_hex(8), ("", 0)  # had: their boot, and the last MARK
        self.stamps, self.change, self.partial = {}, 0, False
        self.link, self.changed = None, threading.Condition()

    def count_and_digest(self):
        return f"{len(self.stamps)} {sum(s.hash for s in self.stamps.values()) % 2**64:016x}"

    def store(self, stamp):
        """Take a stamp, from the link or another peer, if the total order says so."""
        held = self.stamps.get(stamp.id)
        if stamp.skew < -86_400 * 10**9:  # limits.future
            self.partial = True
        elif not held or stamp.order > held.order:
            self.change += 1
            self.stamps[stamp.id], stamp.change = stamp, self.change

    def tell(self, client_id, position, when):
        """IAMAT from a client of our own; returns what it is answered."""
        skew = Decimal(time.time_ns()) / 10**9 - Decimal(when)
        stamp = Stamp(f"AT {self.name} {skew:+.9f} {client_id} {position} {when}")
        with self.changed:
            if client_id not in self.stamps or stamp.time > self.stamps[client_id].time:
                self.store(stamp)
                if self.link:
                    self.link.send()
            return self.stamps[client_id].line
