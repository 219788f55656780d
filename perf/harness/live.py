"""live.py - what is near a position, beside Redis; and what live queries cost those who write."""
import socket

from servers import Server, Stampede

SHAPES = ((50, 1), (50, 16))
CENTRE = b"+34.068930-118.445127"


class Asked(Stampede):
    """A node that is asked NEAR; the load's other commands are IAMATs."""

    def __init__(self):
        super().__init__("stampede NEAR")
        self.protocol = "near"


class Watched(Stampede):
    """A node that somebody watches: what is told goes to a connection that is read at the end."""

    def __init__(self, label, line):
        super().__init__(label)
        self.line = line

    def begin(self, folder):
        super().begin(folder)
        self.watcher = socket.create_connection(("127.0.0.1", self.port))
        self.watcher.sendall(self.line)
        said = b""
        while b"WATCHING 1" not in said:
            said += self.watcher.recv(65536)


def live(bench):
    """NEAR 10 km, 20, beside GEOSEARCH; and IAMAT with nobody, with a fence, with an id watched."""
    ids = 100_000 if bench.quick else 1_000_000
    seconds = (0.3, 0.1) if bench.quick else (2, 0.5)
    asked = [Asked(), Server("redis GEOSEARCH", "redis-geosearch")]
    running = bench.start(asked)
    for server in running:
        bench.say(f"live: {server.label} receives {ids} clients")
        bench.fill(server, ids)
    for round_ in bench.each_round("live"):
        for connections, depth in SHAPES:
            for share in (100, 50):
                for s in bench.shuffled(running):
                    words = ("-c", connections, "-d", depth, "-i", ids, "-q", share, "-t",
                             seconds[0], "-w", seconds[1])
                    bench.sample("live near", f"{connections}x{depth} {share} %", s.label, round_,
                                 lambda s=s, w=words: bench.load(s, *w))
    bench.stop()
    watched = [Stampede("stampede"), Watched("stampede, an id", b"WATCH kiwi\n"),
               Watched("stampede, a fence", b"WATCH NEAR " + CENTRE + b" 1\n")]
    running = bench.start(watched)
    for server in running:
        bench.fill(server, ids)
    for round_ in bench.each_round("live"):
        for connections, depth in SHAPES:
            for s in bench.shuffled(running):
                words = ("-c", connections, "-d", depth, "-i", ids, "-t", seconds[0], "-w",
                         seconds[1])
                bench.sample("live watched", f"{connections}x{depth}", s.label, round_,
                             lambda s=s, w=words: bench.load(s, *w))
    bench.stop()
