"""parts.py - the measurements: one function a part, with the name used on the command line."""
import contextlib
import os
import re
import socket
import subprocess
import time

import servers
from durable import journal
from live import live
from servers import Stampede, StampedeHerd, TOPOLOGIES

SHAPES = [(1, 1), (50, 1), (50, 16), (50, 128), (1000, 1), (10000, 1)]
QUICK_SERVERS = ("stampede", "stampede spin", "redis SET", "memcached", "nats", "asyncio",
                 "echo io_uring")


def chosen(bench, wanted=None):
    """The single servers to measure."""
    found = []
    for server in servers.singles():
        if wanted and server.label not in wanted:
            continue
        if bench.quick and server.label not in QUICK_SERVERS:
            continue
        if servers.available(server):
            found.append(server)
        else:
            bench.note(f"{server.label} is left out: it is not in perf/peers")
    return found


def burst_words(bench, connections=50):
    """Durations that let each connection get a few replies."""
    longer = 2 if connections >= 1000 else 1
    counted, warm_up = (0.12, 0.04) if bench.quick else (0.6, 0.2)
    return "-t", counted * longer, "-w", warm_up * longer


# -- (1) -------------------------------------------------------------------------------------------

def iamat(bench):
    """IAMAT by connections x depth: throughput, processor time, percentiles."""
    ids = 100_000 if bench.quick else 1_000_000
    shapes = SHAPES[:-1] if bench.quick else SHAPES
    running = bench.start(chosen(bench))
    for server in running:
        bench.say(f"iamat: {server.label} receives {min(ids, server.ids_most or ids)} clients")
        bench.sample("fill", f"{ids} ids", server.label, 0, lambda s=server: bench.fill(s, ids))
    for round_ in bench.each_round("iamat"):
        for connections, depth in shapes:
            if not bench.quick:
                bench.say(f"iamat: {connections} x {depth}")
            for s in bench.shuffled(running):
                if connections > s.connections_most or depth > s.depth_most:
                    continue
                words = ("-c", connections, "-d", depth, "-i", min(ids, s.ids_most or ids))
                # With one command at a time, half of the time would be the load's own wake-up.
                spin = ("-s",) if connections == 1 else ()
                bench.sample("iamat", f"{connections}x{depth}", s.label, round_,
                             lambda s=s, w=words + spin + burst_words(bench, connections):
                             bench.load(s, *w))
    bench.stop()


# -- (2) -------------------------------------------------------------------------------------------

def open_loop(bench):
    """Latency at fixed rates, from when each command was due."""
    ids = 100_000 if bench.quick else 1_000_000
    rates = (1000, 20_000, 100_000) if bench.quick else (1000, 10_000, 50_000, 100_000, 500_000,
                                                         2_000_000)
    seconds = 0.3 if bench.quick else 1
    running = bench.start(chosen(bench))
    for server in running:
        bench.fill(server, ids)
    lost = set()
    for round_ in bench.each_round("open"):
        for rate in rates:
            for s in bench.shuffled(running):
                if (s.label, rate) in lost or s.depth_most == 1 and rate > 1000:
                    continue
                words = ("-c", 50, "-d", min(128, s.depth_most), "-r", rate, "-s", "-t", seconds,
                         "-w", 0.1, "-i", min(ids, s.ids_most or ids))
                got = bench.sample("open", f"{rate}/s", s.label, round_,
                                   lambda s=s, w=words: bench.load(s, *w))
                if not got or got["p50_us"] > 100_000:  # too slow, so higher rates are skipped
                    lost.update((s.label, r) for r in rates if r >= rate)
    bench.stop()


# -- (3) -------------------------------------------------------------------------------------------

def knows_places(server):
    return server.protocol in ("herd", "http")


def whatsat(bench):
    """WHATSAT with the gazetteer, and look-ups of a client in other stores."""
    ids = 20_000
    running = bench.start(chosen(bench, ("stampede", "redis SET", "memcached", "asyncio", "uvloop",
                                         "node", "java", "lamp")))
    for server in running:
        bench.fill(server, ids)
    for round_ in bench.each_round("whatsat"):
        for around in ("0,0", "10,5", "50,20"):
            for connections, depth in ((1, 1), (50, 16)):
                for s in bench.shuffled(running):
                    if depth > s.depth_most or around != "0,0" and not knows_places(s):
                        continue
                    words = ("-q", 100, "-a", around, "-c", connections, "-d", depth, "-i",
                             min(ids, s.ids_most or ids))
                    bench.sample("whatsat", f"{around} {connections}x{depth}", s.label, round_,
                                 lambda s=s, w=words: bench.load(s, *w, *burst_words(bench)))
    bench.stop()


# -- (4) -------------------------------------------------------------------------------------------

HELLO = {
    "herd": (b"IAMAT idle-%05d-123456789 +34-118 1\n", b"\n"),
    "redis-set": (b"*3\r\n$3\r\nSET\r\n$10\r\nidle-%05d\r\n$1\r\nx\r\n", b"+OK\r\n"),
    "memcached": (b"set idle-%05d 0 0 1\r\nx\r\n", b"STORED\r\n"),
    "nats": (b'CONNECT {"verbose":false}\r\nPING\r\n', b"PONG\r\n"),
}


def connect_idle(server, count):
    """Connections that have sent one command and are silent since."""
    question, answer = HELLO[server.protocol]
    held = []
    for i in range(count):
        s = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        s.sendall(question % i if b"%" in question else question)
        said = b""
        while answer not in said:
            said += s.recv(4096)
        held.append(s)
    return held


def resident_at_rest(bench, server):
    """Memory once it no longer changes: Redis frees an idle client's buffers after seconds."""
    seen, enough = [], 8 if server.protocol == "redis-set" else 2
    while len(seen) < (12 if bench.quick else 40):
        seen.append(servers.resident_bytes(server.pids()))
        if len(seen) > enough and max(seen[-enough:]) - min(seen[-enough:]) < seen[-1] / 1000:
            break
        time.sleep(0.5)
    return seen[-1]


def memory(bench):
    """Bytes of process memory per stamp, and per idle connection."""
    sizes = (200_000,) if bench.quick else (1_000_000, 10_000_000)
    wanted = ("stampede", "redis SET", "memcached")
    wanted += () if bench.quick else ("asyncio", "node", "java")
    for server in chosen(bench, wanted):
        if not bench.start([server]):
            continue
        bench.fill(server, 1000)
        before, filled = servers.resident_bytes(server.pids()), 1000
        for ids in sizes:
            if ids > 1_000_000 and server.label not in ("stampede", "redis SET", "memcached"):
                continue
            bench.say(f"memory: {server.label}, {ids} ids")

            def stamps(server=server, ids=ids):
                bench.fill(server, ids)
                held = servers.resident_bytes(server.pids())
                return {"bytes": (held - before) / (ids - filled)}
            bench.sample("memory", f"a stamp of {ids}", server.label, 0, stamps)
        bench.stop()
    wanted += () if bench.quick else ("nats",)  # it keeps no stamps
    for server in chosen(bench, wanted):
        if not bench.start([server]):
            continue
        count = 2000 if bench.quick else 10_000
        bench.say(f"memory: {server.label}, {count} idle connections")

        def idle(server=server, count=count):
            warm = connect_idle(server, 500)
            if server.protocol == "herd":  # touches the shared receive buffers
                bench.load(server, "-c", 500, "-d", 16, "-i", 1000, "-t", 0.5)
            before = resident_at_rest(bench, server)
            held = connect_idle(server, count)
            after = resident_at_rest(bench, server)
            for each in warm + held:
                each.close()
            return {"bytes": (after - before) / count}
        bench.sample("memory", "an idle connection", server.label, 0, idle)
        bench.stop()


# -- (5) -------------------------------------------------------------------------------------------

RATES = (100, 1000, 20_000)
QUICK_HERDS = ("stampede", "redis chain", "nats cluster", "asyncio")


def flood(bench):
    """Five nodes: updates a second until all have them; time until an update is at the farthest."""
    for topology in ("shipped",) if bench.quick else TOPOLOGIES:
        running = bench.start([herd for herd in servers.herds(topology)
                               if not bench.quick or herd.label in QUICK_HERDS])
        for herd in running:  # fills the stores and warms up the code
            bench.flood(herd, "-n", min(20_000, herd.count_most))
        bench.say(f"flood: {topology}")
        for round_ in bench.each_round("flood"):
            for herd in bench.shuffled(running):
                flood_bursts(bench, herd, topology, round_)
        bench.stop()
    bench.say("flood: from a cold start")
    for round_ in range(1 if bench.quick else bench.rounds):
        flood_cold(bench, round_)


def flood_bursts(bench, herd, topology, round_):
    count = 50_000 if bench.quick else 200_000
    seconds = 0.5 if bench.quick else 2

    def all_told():
        got = bench.flood(herd, "-n", min(count, herd.count_most))
        if herd.level() is False:
            bench.note(f"flood: {herd.label}, {topology}: not all nodes hold the same")
        return got
    bench.sample("flood", f"{topology}, as fast as can be", herd.label, round_, all_told)
    for rate in RATES[1:] if bench.quick else RATES:
        if rate > herd.most_per_second:
            continue
        every = max(1, rate // 2000)
        bench.sample("flood", f"{topology}, {rate}/s", herd.label, round_,
                     lambda r=rate, e=every: bench.flood(herd, "-r", r, "-e", e, "-t", seconds))


def flood_cold(bench, round_):
    """20,000/s from the moment when a herd is linked."""
    for herd in bench.shuffled(servers.herds("shipped")):
        if herd.most_per_second < 20_000 or bench.quick and isinstance(herd, servers.PeerHerd):
            continue
        if bench.start([herd]):
            bench.sample("flood", "cold, 20000/s", herd.label, round_,
                         lambda h=herd: bench.flood(h, "-r", 20_000, "-e", 10, "-t", 2,
                                                    at_once=True))
            bench.stop([herd])


# -- (6) -------------------------------------------------------------------------------------------

def growth(bench):
    """The longest pause while a store grows from empty to many stamps, and without growth."""
    ids = 200_000 if bench.quick else 10_000_000
    rate = 200_000
    wanted = ("stampede",) if bench.quick else ("stampede", "redis SET", "memcached")
    for server in chosen(bench, wanted):
        if not bench.start([server]):
            continue
        for case in ("growing", "known"):
            bench.say(f"growth: {server.label}, {ids} ids, {case}")
            words = ("-c", 50, "-d", 128, "-r", rate, "-s", "-i", f"{ids},sequence", "-n", ids)
            bench.sample("growth", f"{case}, {rate}/s", server.label, 0,
                         lambda s=server, w=words: bench.load(s, *w))
        bench.stop()
    if bench.out_of_time():
        return
    bench.say(f"growth: the store alone, {ids} ids")
    said = subprocess.run([servers.BUILD / "perf/store", str(ids)], capture_output=True, text=True,
                          check=True).stdout
    longest = float(re.search(r"([\d.]+) us the longest", said)[1])
    bench.sample("growth", "the store alone", "stampede", 0, lambda: {"max_us": longest})


# -- (7) -------------------------------------------------------------------------------------------

def cost(bench):
    """The cost of an IAMAT by the number of ids, connections and nodes."""
    steps = [10 ** n for n in (range(3, 6) if bench.quick else range(3, 8))]
    connected = [10 ** n for n in (range(4) if bench.quick else range(5))]
    running = bench.start([Stampede(f"stampede {ids}") for ids in steps])
    for ids, server in zip(steps, running):
        bench.say(f"cost: {ids} ids")
        bench.fill(server, ids)
    for round_ in bench.each_round("cost"):
        for ids, server in bench.shuffled(list(zip(steps, running))):
            words = ("-c", 50, "-d", 16, "-i", ids, *burst_words(bench))
            bench.sample("cost ids", str(ids), "stampede", round_,
                         lambda s=server, w=words: bench.load(s, *w))
        for connections in connected:
            words = ("-c", connections, "-d", 1, "-i", 1000, *burst_words(bench, connections))
            bench.sample("cost connections", str(connections), "stampede", round_,
                         lambda w=words: bench.load(running[0], *w))
    bench.stop()
    for count in (2, 4) if bench.quick else (2, 4, 8, 16):
        names = [f"N{i}" for i in range(count)]
        for shape, edges in (("mesh", servers.mesh(names)),
                             ("line", {n: names[i + 1:i + 2] for i, n in enumerate(names)})):
            running = bench.start([StampedeHerd(edges, names[0], names[-1])])
            for herd in running:
                bench.flood(herd, "-n", 5000)
            bench.say(f"cost: {count} nodes, {shape}")
            for herd in running:
                for round_ in range(1 if bench.quick else bench.rounds):
                    bench.sample("cost nodes", f"{count} in a {shape}", "stampede", round_,
                                 lambda h=herd, n=count: spread_cost(bench, h, n))
            bench.stop()


def spread_cost(bench, herd, nodes):
    got = bench.flood(herd, "-n", 20_000 if bench.quick else 50_000)
    return {**got, "cpu_us_a_node": got["cpu_us"] / nodes}


# -- what else the README quotes -------------------------------------------------------------------

def lifecycle(bench):
    """Time from starting five processes to all links up, and from SIGTERM to a node's end."""
    for round_ in range(bench.rounds):
        herd = StampedeHerd(*TOPOLOGIES["shipped"])
        began = time.monotonic()
        if not bench.start([herd]):
            return
        bench.sample("lifecycle", "five nodes linked", "stampede", round_,
                     lambda b=began: {"ms": (time.monotonic() - b) * 1e3})
        for process in herd.processes:
            began = time.monotonic()
            process.popen.terminate()
            process.popen.wait()
            bench.sample("lifecycle", "SIGTERM to ended", "stampede", round_,
                         lambda b=began: {"ms": (time.monotonic() - b) * 1e3})
        bench.stop()


PARTS = {"iamat": iamat, "open": open_loop, "whatsat": whatsat, "memory": memory, "flood": flood,
         "growth": growth, "cost": cost, "lifecycle": lifecycle, "journal": journal,
         "live": live}
