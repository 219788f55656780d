#!/usr/bin/env python3
"""herd.py - a herd of servers on asyncio, in the way that is usual for such herds.

    herd.py --port P [--node NAME --topology FILE] [--uvloop]

One process a node, one port for clients and neighbours, Protocol classes, a dictionary of stamps,
and a new connection for every flood message. What a stamp's time is worth is decided in whole
nanoseconds. All lines stay bytes, and all replies to what came in together go out together.
"""
import argparse
import asyncio
import json
import pathlib
import re
import signal
import time

LINE_BYTES_MAX = 65536          # a connection that sends more without a newline is dropped
FUTURE_NS = 86400 * 10**9       # how far ahead a client's clock may be
CONNECTS_MAX = 64               # connections to one neighbour that are being made at a time
FLOODS_HIGH, FLOODS_LOW = 1000, 500     # floods under way: when clients have to wait, until when

# In a pattern of bytes \s is ASCII white space and \S everything else, as the protocol has it.
POSITION_AND_TIME = (rb"(?P<position>([+-]\d{1,3}(?:\.\d{1,15})?)([+-]\d{1,3}(?:\.\d{1,15})?))"
                     rb"\s+(?P<time>(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,9}))?)")
IAMAT = re.compile(rb"\s*IAMAT\s+(?P<id>\S{1,255})\s+" + POSITION_AND_TIME + rb"\s*").fullmatch
WHATSAT = re.compile(rb"\s*WHATSAT\s+(\S{1,255})\s+(\d+(?:\.\d+)?)\s+(\d+)\s*").fullmatch
AT = re.compile(rb"(?P<line>AT \S+ [+-]\d+\.\d{9} (?P<id>\S{1,255}) " + POSITION_AND_TIME +
                rb")(?P<seen>(?: \S+)+)").fullmatch


def nanoseconds(seconds, fraction):
    return int(seconds) * 10**9 + int((fraction or b"").ljust(9, b"0"))


class Neighbour:
    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.connects = asyncio.Semaphore(CONNECTS_MAX)


class Node:
    """The state of one server, and its replies."""

    def __init__(self, name, neighbours, places):
        self.name = name.encode()
        self.neighbours = neighbours
        self.places = places
        self.stamps = {}            # client id -> (time in nanoseconds, AT line)
        self.floods = set()         # tasks under way
        self.waiting = []           # clients' transports that are not read from until these are few

    def answer(self, line, transport):
        """The reply to one line; empty for a neighbour's line."""
        if match := IAMAT(line):
            reply = self.iamat(match, transport)
        elif match := WHATSAT(line):
            reply = self.whatsat(*match.groups())
        elif match := AT(line):
            sent_ns = nanoseconds(match["seconds"], match["fraction"])
            self.learn(match["id"], sent_ns, match["line"], match["seen"])
            return b""
        else:
            reply = None
        return reply or b"? " + line.removesuffix(b"\r") + b"\n"

    def iamat(self, match, transport):
        client, position, latitude, longitude, sent, seconds, fraction = match.groups()
        if abs(float(latitude)) > 90 or abs(float(longitude)) > 180:
            return None
        sent_ns = nanoseconds(seconds, fraction)
        skew_ns = time.time_ns() - sent_ns
        if skew_ns < -FUTURE_NS:
            return None
        whole, rest = divmod(abs(skew_ns), 10**9)
        line = b"AT %b %c%d.%09d %b %b %b" % (
            self.name, b"-" if skew_ns < 0 else b"+", whole, rest, client, position, sent)
        if self.learn(client, sent_ns, line, b"") and len(self.floods) > FLOODS_HIGH:
            transport.pause_reading()
            self.waiting.append(transport)
        return self.stamps[client][1] + b"\n"

    def whatsat(self, client, radius, count):
        stamp = self.stamps.get(client)
        count = int(count)
        if not stamp or float(radius) > 50 or count > 20:
            return None
        found = self.places | {"results": self.places["results"][:count]}
        return b"%b\n%b\n\n" % (stamp[1], json.dumps(found).encode())

    def learn(self, client, sent_ns, line, seen):
        """Store and flood a stamp if it is newer than the one held. Returns whether it was."""
        held = self.stamps.get(client)
        if held and held[0] >= sent_ns:
            return False
        self.stamps[client] = sent_ns, line
        message = b"%b%b %b\n" % (line, seen, self.name)
        names = seen.split()
        for neighbour in self.neighbours:
            if neighbour.name.encode() not in names:
                task = asyncio.get_running_loop().create_task(self.tell(neighbour, message))
                self.floods.add(task)
                task.add_done_callback(self.told)
        return True

    async def tell(self, neighbour, message):
        async with neighbour.connects:
            try:
                await asyncio.get_running_loop().create_connection(
                    lambda: Flood(message), "127.0.0.1", neighbour.port)
            except OSError:
                pass                # a neighbour that is down misses it; the others go round

    def told(self, task):
        self.floods.discard(task)
        if len(self.floods) < FLOODS_LOW:
            for transport in self.waiting:
                transport.resume_reading()
            self.waiting.clear()


class Flood(asyncio.Protocol):
    """One message's way to one neighbour."""

    def __init__(self, message):
        self.message = message

    def connection_made(self, transport):
        transport.write(self.message)
        transport.close()


class Connection(asyncio.Protocol):
    """A client, or a neighbour with a message."""

    def __init__(self, node):
        self.node = node
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.reply(lines)
        if len(self.rest) > LINE_BYTES_MAX:
            self.transport.abort()

    def eof_received(self):
        if self.rest:               # a last line may end without a newline
            self.reply([self.rest])
        # asyncio closes the transport, once all is sent

    def reply(self, lines):
        replies = b"".join([self.node.answer(line, self.transport) for line in lines])
        if replies:
            self.transport.write(replies)

    def pause_writing(self):        # a client that does not read is not read from
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


def read_topology(path, name):
    """The neighbours of a node. An edge that is named at one end is enough."""
    ports, edges = {}, set()
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            node, port, *others = line.split()
            ports[node] = int(port)
            edges |= {(node, other) for other in others} | {(other, node) for other in others}
    return [Neighbour(other, ports[other]) for other in sorted(ports) if (name, other) in edges]


async def serve(options):
    places = pathlib.Path(__file__).resolve().parents[1] / "places.json"
    neighbours = read_topology(options.topology, options.node) if options.topology else []
    node = Node(options.node, neighbours, json.loads(places.read_text()))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await loop.create_server(lambda: Connection(node), "127.0.0.1", options.port, backlog=4096)
    print("ready", flush=True)
    await stop.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--node", default="Goloman")
    parser.add_argument("--topology")
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop
        uvloop.install()
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
