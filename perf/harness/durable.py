"""durable.py - what a journal costs, by mode, beside Redis; and how long a start from it takes."""
import re
import time

import servers
from servers import Server, Stampede

SHAPES = ((50, 1), (50, 16), (50, 128))
RATE = 100_000
LOGS_MAX = 16  # then a node makes a base, however small they are


class Journaled(Stampede):
    """A node that keeps its stamps; `more` are further keys of `journal`."""

    def __init__(self, mode, more=""):
        super().__init__(f"stampede {mode}")
        self.mode, self.keys = mode, more

    def begin(self, folder):
        self.folder = folder / f"journal-{self.port}"
        self.more = f'journal {{ dir = "{self.folder}"  mode = {self.mode} {self.keys} }}\n'
        super().begin(folder)


class AppendOnly(Server):
    """Redis with an append-only file."""

    def __init__(self, how):
        super().__init__(f"redis {how}", "redis-set")
        self.how = how

    def begin(self, folder):
        self.run(folder, servers.redis(folder, self.port, "--appendonly", "yes", "--appendfsync",
                                       self.how), self.port)


def journal(bench):
    """IAMAT by mode of the journal; latency at a fixed rate; time to start from what is kept."""
    ids = 100_000 if bench.quick else 1_000_000
    seconds = (0.3, 0.1) if bench.quick else (2, 0.5)
    running = bench.start([Stampede("stampede"), Journaled("none"), Journaled("interval"),
                           Journaled("always"), Server("redis SET", "redis-set"),
                           AppendOnly("everysec"), AppendOnly("always")])
    for server in running:
        bench.say(f"journal: {server.label} receives {ids} clients")
        bench.fill(server, ids)
    for round_ in bench.each_round("journal"):
        for connections, depth in SHAPES:
            for s in bench.shuffled(running):
                words = ("-c", connections, "-d", depth, "-i", ids, "-t", seconds[0], "-w",
                         seconds[1])
                bench.sample("journal", f"{connections}x{depth}", s.label, round_,
                             lambda s=s, w=words: bench.load(s, *w))
        for s in bench.shuffled(running):
            if s.label in ("redis always",):  # it does not take this rate, unpipelined
                continue
            words = ("-c", 50, "-d", 128, "-r", RATE, "-s", "-i", ids, "-t", seconds[0], "-w",
                     seconds[1])
            bench.sample("journal", f"{RATE}/s", s.label, round_,
                         lambda s=s, w=words: bench.load(s, *w))
    bench.stop()
    for count in (100_000,) if bench.quick else (370_000, 1_000_000, 10_000_000):
        starts(bench, count)


def starts(bench, count):
    """From a log, then from the base that is made of it: how long reading back takes."""
    server = Journaled("interval")
    bench.say(f"journal: starting with {count} stamps")
    if not bench.start([server]):
        return
    bench.fill(server, count)
    restart(bench, server, f"{count} from a log", count)
    for _ in range(LOGS_MAX):
        if has_base(server):
            break
        restart(bench, server, None, count)
    servers.until(lambda: has_base(server), "a base", 60)
    restart(bench, server, f"{count} from a base", count)
    bench.stop([server])


def restart(bench, server, case, count):
    (process,) = server.processes
    server.stop()
    began = time.monotonic()
    server.run(bench.folder, process.popen.args, server.port)
    ready_ms = (time.monotonic() - began) * 1e3
    stamps, _, size, read_ms = map(int, found(server).groups())
    if stamps != count:
        bench.note(f"journal: {stamps} of {count} stamps are back")
    if case:
        bench.sample("journal starts", case, "stampede", 0,
                     lambda: {"read_ms": read_ms, "ready_ms": ready_ms, "bytes": size / count})


def has_base(server):
    """Whether it has a base, and nothing older."""
    names = [path.name for path in server.folder.iterdir()]
    return len(names) <= 2 and any(name.startswith("base-") for name in names)


def found(server):
    """What the node says in its log that it has read."""
    says = re.compile(r" journal .*stamps=(\d+) records=(\d+) bytes=(\d+) ms=(\d+)")
    servers.until(lambda: says.search(server.processes[0].log.read_text()), "the log is written")
    return says.search(server.processes[0].log.read_text())
