"""servers.py - starts and stops what is measured: nodes, peers and packaged servers, single and in
herds.

Everything runs in the foreground, on free loopback ports, with its files in a temporary folder, in
a session of its own, and is stopped by its pid. Single servers are pinned to the first core and the
load to the last; herds are not pinned, because five nodes share two cores.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
PEERS = ROOT / "perf/peers"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
READY_S = 60
LOOK_AGAIN_S = 0.002


class Trouble(Exception):
    """Something could not be started or measured; the text is for the user."""


def free_ports(count):
    """Ports that were free a moment ago, all different."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def until(condition, what, seconds=READY_S):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Trouble(f"not within {seconds} s: {what}")
        time.sleep(LOOK_AGAIN_S)
    return value


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def talk(port, question, enough):
    """What a server replies to `question`, up to `enough`."""
    with socket.create_connection(("127.0.0.1", port), timeout=READY_S) as s:
        s.sendall(question)
        said = b""
        while enough not in said:
            more = s.recv(65536)
            if not more:
                break
            said += more
        return said


class Process:
    """A program that runs in a session of its own."""

    def __init__(self, command, folder, core=None, says_ready=False):
        self.log = folder / f"{pathlib.Path(command[0]).parent.name}-{id(self):x}.log"
        self.says_ready = says_ready
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if says_ready else log, stderr=log, cwd=folder,
                start_new_session=True,
                preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}))

    def wait_ready(self, port):
        if self.says_ready and self.popen.stdout.readline() != b"ready\n":
            raise Trouble(f"did not get ready: {self.said()}")
        until(lambda: listens(port) or self.popen.poll() is not None, f"port {port} listens")
        if self.popen.poll() is not None:
            raise Trouble(f"ended: {self.said()}")

    def said(self):
        return self.log.read_text(errors="replace")[-600:]

    def pids(self):
        """The pids of all processes of the session: a start script may start several."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError, IndexError):
                after_name = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2]
                if after_name.split()[3] == str(self.popen.pid):
                    found.append(int(entry))
        return found

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            pass
        if self.pids() or self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


def resident_bytes(pids):
    """The memory of processes; pages that they share are counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_s(pids):
    """The processor time used by processes."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


# -- commands --------------------------------------------------------------------------------------

def stampede_conf(folder, edges, more=""):
    """A topology.conf of nodes on free ports; its path, and the client ports by name."""
    ports = iter(free_ports(2 * len(edges)))
    clients, text = {}, "herd = perf\n"
    for name, neighbours in edges.items():
        clients[name] = next(ports)
        text += (f'node {name} {{ client = "127.0.0.1:{clients[name]}" '
                 f'peer = "127.0.0.1:{next(ports)}" talks_to = {{{", ".join(neighbours)}}} }}\n'
                 .replace(" talks_to = {}", ""))
    path = folder / f"{'-'.join(edges)[:40]}-{next(iter(clients.values()))}.conf"
    path.write_text(text + "limits { stamps = 12000000  connections = 20000 }\n" + more)
    return path, clients


def stampede_node(conf, name):
    return [BUILD / "stampede", "node", name, "-c", conf]


def redis(folder, port, *more):
    own = folder / f"redis-{port}"
    own.mkdir(exist_ok=True)
    return ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly",
            "no", "--dir", own, "--maxclients", 20000, *more]


def memcached(port):
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return ["memcached", "-t", 1, "-p", port, "-U", 0, "-l", "127.0.0.1", "-m", 8192, "-c", 20000,
            *user]


def nats(port, *more):
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    return [program, "-a", "127.0.0.1", "-p", port, *more]


def peer(name, port, *more):
    return [PEERS / name / "start", "--port", port, *more]


# -- single servers --------------------------------------------------------------------------------

class Server:
    """A single server: its protocol, as perf/load names it, and the most load that it takes."""

    def __init__(self, label, protocol="herd", ids=None, connections=10**6, depth=10**6):
        self.label, self.protocol = label, protocol
        self.ids_most, self.connections_most, self.depth_most = ids, connections, depth
        self.processes = []

    def start(self, folder):
        (self.port,) = free_ports(1)
        self.begin(folder)
        return self

    def begin(self, folder):
        kind = self.label.split()[0]
        ready = (PEERS / kind / "start").exists()
        if ready:
            command = peer(kind, self.port)
        elif kind == "echo":
            command = [BUILD / "perf/echo", self.port]
        else:
            command = {"redis": lambda: redis(folder, self.port), "nats": lambda: nats(self.port),
                       "memcached": lambda: memcached(self.port)}[kind]()
        self.run(folder, command, self.port, says_ready=ready)

    def run(self, folder, command, port, core=SERVER_CORE, says_ready=False):
        process = Process(command, folder, core, says_ready)
        self.processes.append(process)
        process.wait_ready(port)

    def pids(self):
        """The pids of the server that gets the load."""
        return self.processes[0].pids()

    def stop(self):
        for process in self.processes:
            process.stop()
        self.processes = []


class Stampede(Server):
    """One node alone; or linked to a peer that runs on the load's core."""

    def __init__(self, label="stampede", more="", linked=False):
        super().__init__(label)
        self.more, self.linked = more, linked

    def begin(self, folder):
        edges = {"Goloman": ["Hands"], "Hands": []} if self.linked else {"Goloman": []}
        conf, ports = stampede_conf(folder, edges, self.more)
        self.port = ports["Goloman"]
        for name, core in zip(edges, (SERVER_CORE, LOAD_CORE)):
            self.run(folder, stampede_node(conf, name), ports[name], core)


def singles():
    """All single servers, Stampede first."""
    return [
        Stampede(),
        Stampede("stampede spin", "spin = 50us\n"),
        Stampede("stampede linked", linked=True),
        Server("redis SET", "redis-set"),
        Server("redis GEOADD", "redis-geoadd"),
        Server("memcached", "memcached"),
        Server("nats", "nats"),
        Server("asyncio"),
        Server("uvloop"),
        Server("node"),
        Server("java"),
        Server("lamp", "http", ids=5000, connections=200, depth=1),
        Server("echo io_uring", "echo"),
        Server("epoll_echo", "echo"),
    ]


def available(server):
    """Whether it can be started; a checkout may lack peers."""
    kind = server.label.split()[0]
    ours_or_packaged = kind in ("stampede", "redis", "memcached", "nats", "echo")
    return ours_or_packaged or (PEERS / kind / "start").exists()


# -- herds -----------------------------------------------------------------------------------------

NAMES = ["Goloman", "Hands", "Holiday", "Welsh", "Wilkes"]


def mesh(names):
    return {name: names[i + 1:] for i, name in enumerate(names)}


# Edges, the node that gets the updates, the node that is farthest from it.
TOPOLOGIES = {
    "line": ({name: NAMES[i + 1:i + 2] for i, name in enumerate(NAMES)}, "Goloman", "Wilkes"),
    "shipped": ({"Goloman": ["Hands", "Holiday", "Wilkes"], "Hands": ["Wilkes"],
                 "Holiday": ["Welsh", "Wilkes"], "Welsh": [], "Wilkes": []}, "Welsh", "Hands"),
    "mesh": (mesh(NAMES), "Goloman", "Wilkes"),
}


class Herd:
    """Nodes that flood; the source gets updates, the sinks must see them, the farthest first."""

    def __init__(self, label, protocol, edges, source, farthest, most_per_second=10**9,
                 count_most=10**9):
        self.label, self.protocol = label, protocol
        self.most_per_second, self.count_most = most_per_second, count_most
        self.edges = edges
        self.order = [source, farthest, *(n for n in edges if n not in (source, farthest))]
        self.processes = []

    def start(self, folder):
        self.ports = dict(zip(self.order, free_ports(len(self.order))))
        for name, command, says_ready in self.commands(folder):
            self.processes.append(Process(command, folder, None, says_ready))
        for name, process in zip(self.ports, self.processes):
            process.wait_ready(self.ports[name])
        self.linked()
        return self

    def linked(self):
        """Wait until all links are up."""

    def level(self):
        """Whether all nodes hold the same; None: unknown."""
        return None

    def source(self):
        return self.ports[self.order[0]]

    def sinks(self):
        return [self.ports[name] for name in self.order[1:]]

    def pids(self):
        return [pid for process in self.processes for pid in process.pids()]

    def stop(self):
        for process in self.processes:
            process.popen.terminate()
        for process in self.processes:
            process.stop()
        self.processes = []


class StampedeHerd(Herd):
    def __init__(self, edges, source, farthest):
        super().__init__("stampede", "herd", edges, source, farthest)

    def commands(self, folder):
        self.conf, ports = stampede_conf(folder, self.edges)
        self.ports = {name: ports[name] for name in self.order}
        return [(name, stampede_node(self.conf, name), False) for name in self.ports]

    def linked(self):
        ends = {name: len(set(self.edges[name]) | {n for n in self.edges if name in self.edges[n]})
                for name in self.edges}
        until(lambda: all(process.log.read_bytes().count(b" link_up ") >= ends[name]
                          for name, process in zip(self.ports, self.processes)), "all links are up")

    def level(self):
        said = subprocess.run([BUILD / "stampede", "status", "--json", "-c", self.conf],
                              capture_output=True, text=True, check=False).stdout
        nodes = json.loads(said) if said.strip() else []
        stores = {(node.get("stamps"), node.get("digest")) for node in nodes}
        return len(nodes) == len(self.edges) and len(stores) == 1


class PeerHerd(Herd):
    def __init__(self, name, edges, source, farthest, most_per_second, count_most):
        super().__init__(name, "herd", edges, source, farthest, most_per_second, count_most)

    def commands(self, folder):
        path = folder / f"{self.label}-{self.source()}.topology"
        path.write_text("".join(" ".join([name, str(self.ports[name]), *self.edges[name]]) + "\n"
                                for name in self.edges))
        return [(name, peer(self.label, port, "--node", name, "--topology", path), True)
                for name, port in self.ports.items()]


class RedisChain(Herd):
    """A chain of replicas, each of the one before; the last is the farthest."""

    def __init__(self, count=5):
        names = [f"r{i}" for i in range(count)]
        super().__init__("redis chain", "redis-set", dict.fromkeys(names), names[0], names[-1])
        self.chain = names

    def commands(self, folder):
        for i, name in enumerate(self.order):
            before = self.chain[self.chain.index(name) - 1] if name != self.chain[0] else None
            follow = ["--replicaof", f"127.0.0.1 {self.ports[before]}"] if before else []
            follow += ["--repl-diskless-sync-delay", 0]
            yield name, redis(folder, self.ports[name], *follow), False

    def linked(self):
        def all_follow():
            said = [talk(port, b"*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n", b"master_replid2")
                    for port in self.sinks()]
            return all(b"master_link_status:up" in text for text in said)
        until(all_follow, "all replicas follow")

    def level(self):
        sizes = {talk(port, b"*1\r\n$6\r\nDBSIZE\r\n", b"\r\n") for port in self.ports.values()}
        return len(sizes) == 1


class NatsCluster(Herd):
    """A full mesh, which nats-server makes of any routes; every sink has a subscriber."""

    def __init__(self, count=5):
        names = [f"n{i}" for i in range(count)]
        super().__init__("nats cluster", "nats", dict.fromkeys(names), names[0], names[-1])

    def commands(self, folder):
        routes = free_ports(len(self.order))
        first = f"nats-route://127.0.0.1:{routes[0]}"
        for name, route in zip(self.order, routes):
            known = ["--routes", first] if route != routes[0] else []
            yield name, nats(self.ports[name], "--cluster_name", "perf", "--cluster",
                             f"nats://127.0.0.1:{route}", *known), False

    def linked(self):
        def all_joined():
            return all("Route connection created" in process.log.read_text(errors="replace")
                       for process in self.processes)
        until(all_joined, "all have routes")
        time.sleep(1)  # the mesh completes itself after the first route; nothing reports when


def herds(topology):
    """All herds, for a topology; those with a fixed shape take part with that."""
    edges, source, farthest = TOPOLOGIES[topology]
    found = [StampedeHerd(edges, source, farthest), RedisChain(), NatsCluster()]
    for name, rate, count in (("asyncio", 1000, 2000), ("uvloop", 1000, 2000),
                              ("node", 1000, 20_000), ("java", 20_000, 50_000)):
        if (PEERS / name / "start").exists():
            found.append(PeerHerd(name, edges, source, farthest, rate, count))
    return found
