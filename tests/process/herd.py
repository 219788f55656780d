"""herd.py - real nodes for tests: starts them, talks to them, stops them, reads their logs.

    with Herd(SHIPPED) as herd:             # five processes, linked or not
        herd.linked()
        with herd["Goloman"].client() as c:
            c.tell(b"kiwi", b"+34-118", b"100.5")

The kernel chooses the ports, which stay reserved as long as the herd exists, so that a node can be
killed and restarted. Tests wait for conditions, never for time to pass; a wait fails at once when a
node ends, and otherwise after DEADLINE_S. All processes of a herd are ended with it. A sanitizer's
report or an unexpected exit code fails the test; the logs of a failed test are printed.
"""
import itertools
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

DEADLINE_S = 60  # after this a wait has failed; nothing is expected to take that long
LOOK_AGAIN_MS = 20

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMPEDE = os.environ.get("STAMPEDE", str(ROOT / "build/dev/stampede"))

SHIPPED = {
    "Goloman": ("Hands", "Holiday", "Wilkes"),
    "Hands": ("Wilkes",),
    "Holiday": ("Welsh", "Wilkes"),
    "Welsh": (),
    "Wilkes": (),
}
ALONE = {"Goloman": ()}

SANITIZER = re.compile(rb"ERROR: \w+Sanitizer|runtime error:")
LOG_LINES_SHOWN = 60


def until(condition, what, nodes=()):
    """The first true result of condition(). Fails when one of `nodes` ends, or at the deadline."""
    ended = select.poll()
    for node in nodes:
        ended.register(node.pidfd, select.POLLIN)
    deadline = time.monotonic() + DEADLINE_S
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S} s: {what}")
        if ended.poll(LOOK_AGAIN_MS):
            raise AssertionError(f"a node ended while waiting: {what}")
    return result


def reserve_port():
    """A socket that holds a port without listening; a listener with SO_REUSEADDR may share it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def environment():
    """For the program: sanitizers end it with a code that no test expects, and delay the reuse of
    little freed memory, so that tests can measure a node's memory."""
    ours = {"ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=8",
            "UBSAN_OPTIONS": "print_stacktrace=1"}
    return os.environ | {name: ":".join(filter(None, [os.environ.get(name), options]))
                         for name, options in ours.items()}


def run(*arguments, stdin=b"", expect=(0,), folder=None):
    """Run `stampede ARGUMENTS` to its end. `expect`: the exit codes that it may have."""
    done = subprocess.run([STAMPEDE, *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=DEADLINE_S, env=environment(), cwd=folder, check=False)
    if done.returncode not in expect:
        raise AssertionError(f"{arguments}: exit code {done.returncode}, not in {expect}\n"
                             f"{done.stdout.decode(errors='replace')}"
                             f"{done.stderr.decode(errors='replace')}")
    return done


def nanoseconds(text):
    """The exact value of decimal seconds, signed or not."""
    whole, _, fraction = text.decode().lstrip("+-").partition(".")
    value = int(whole) * 10**9 + int(fraction.ljust(9, "0") or "0")
    return -value if text.startswith(b"-") else value


class Client:
    """A client's connection. Each operation fails after DEADLINE_S."""

    def __init__(self, address, receive_bytes=None):
        self.socket = socket.socket()
        self.socket.settimeout(DEADLINE_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.pending = b""
        try:
            self.socket.connect(address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _receive(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise AssertionError(f"closed by the node after {self.pending!r}")
        self.pending += data

    def _take(self, end):
        searched = 0
        while (at := self.pending.find(end, searched)) < 0:
            searched = max(0, len(self.pending) - len(end) + 1)
            self._receive()
        taken, self.pending = self.pending[:at], self.pending[at + len(end):]
        return taken

    def line(self):
        """A reply of one line, without its LF."""
        return self._take(b"\n")

    def places(self):
        """A reply to WHATSAT: the AT line and the JSON's text, which is None for a `? ` reply."""
        at = self.line()
        return (at, None) if at.startswith(b"? ") else (at, self._take(b"\n\n"))

    def ask(self, line):
        """Send one line; its reply of one line."""
        self.send(line + b"\n")
        return self.line()

    def near(self, line):
        """Send a WHATSAT line; its reply as of places()."""
        self.send(line + b"\n")
        return self.places()

    def tell(self, client_id, position, at):
        return self.ask(b" ".join([b"IAMAT", client_id, position, at]))

    def known(self, client_id):
        """The AT line that the node holds, or None."""
        at, text = self.near(b"WHATSAT " + client_id + b" 0 0")
        return at if text is not None else None

    def finish(self):
        """Half-close: send no more; replies still arrive."""
        self.socket.shutdown(socket.SHUT_WR)

    def rest(self):
        """All that arrives until the node closes the connection."""
        while data := self.socket.recv(1 << 16):
            self.pending += data
        rest, self.pending = self.pending, b""
        return rest

    def reset(self):
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_closed(self):
        """Whether the node has closed, without reading what it sent before."""
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0))


class Node:
    """One node's name, addresses, process and log."""

    def __init__(self, herd, name):
        self.herd, self.name = herd, name
        self.holders = [reserve_port(), reserve_port()]
        self.client_address, self.peer_address = (h.getsockname() for h in self.holders)
        self.log_path = herd.folder / f"{name}.log"
        self.process = self.pidfd = None

    def start(self, config=None, ready=True, **popen):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [STAMPEDE, "node", self.name, "-c", config or self.herd.config_of(self.name)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), **popen)
        self.pidfd = os.pidfd_open(self.process.pid)
        if ready:
            until(self.accepts, f"{self.name} accepts clients", [self])
        return self

    def accepts(self):
        """Whether the node itself handles a connection. That one can be made proves less: the
        kernel closes the listening sockets of a killed node only after the process has ended."""
        try:
            with self.client() as probe:
                probe.finish()
                return probe.rest() == b""
        except ConnectionError:
            return False

    def client(self, **options):
        return Client(self.client_address, **options)

    def log(self):
        """All that it logged. A test that looks for a line must see all lines, so a log with
        dropped lines is a failure."""
        text = self.printed()
        if b" lines_dropped_before=" in text:
            raise AssertionError(f"{self.name} dropped lines of its log")
        return text

    def printed(self):
        """Whatever is in its log file: log lines, complete or not, and sanitizers' reports."""
        return self.log_path.read_bytes() if self.log_path.exists() else b""

    def deliver(self, number):
        signal.pidfd_send_signal(self.pidfd, number)

    def ended(self, code=0):
        """Wait for its end, which must come with `code`."""
        got = self.process.wait(timeout=DEADLINE_S)
        self._forget()
        if got != code:
            raise AssertionError(f"{self.name} ended with {got}, expected {code}")

    def stop(self, number=signal.SIGTERM):
        self.deliver(number)
        self.ended()

    def kill(self):
        """Kill it, and wait until the kernel has closed its sockets."""
        self.process.kill()
        self.process.wait()
        self._forget()
        until(self._is_silent, f"{self.name}'s port is closed")

    def _is_silent(self):
        with socket.socket() as probe:
            return probe.connect_ex(self.client_address) != 0

    def _forget(self):
        os.close(self.pidfd)
        self.process = self.pidfd = None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Herd:
    """The nodes of one topology.conf, in a temporary folder.

    edges   node name -> names it talks to
    more    further lines for topology.conf
    start   whether entering starts all nodes
    """

    def __init__(self, edges=None, more="", start=True):
        self.edges = edges or ALONE
        self.more = more
        self.start_all = start
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="herd-"))
        self.nodes = {name: Node(self, name) for name in self.edges}
        self.config = self.write("topology.conf")

    def __getitem__(self, name):
        return self.nodes[name]

    @property
    def node(self):
        """The node of a herd of one."""
        (only,) = self.nodes.values()
        return only

    def config_of(self, name):
        """The topology.conf that a node reads: here the same for all."""
        return self.config

    def node_keys(self, name):
        """Further lines for a node's section."""
        return ""

    def write(self, file_name, name="demo", edges=None, peers=None):
        """Write a topology.conf with this herd's ports. `peers`: name -> another peer port."""
        text = [f"herd = {name}"]
        for node, talks_to in (edges or self.edges).items():
            client = self.nodes[node].client_address[1]
            peer = (peers or {}).get(node, self.nodes[node].peer_address[1])
            text.append(f'node {node} {{\n  client = "127.0.0.1:{client}"\n'
                        f'  peer = "127.0.0.1:{peer}"\n{self.node_keys(node)}'
                        f'  talks_to = {{{", ".join(talks_to)}}}\n}}')
        path = self.folder / file_name
        path.write_text("\n".join(text) + "\n" + self.more + "\n")
        return path

    def __enter__(self):
        failed = True
        try:
            if self.start_all:
                for node in self.nodes.values():
                    node.start(ready=False)
                for node in self.nodes.values():
                    until(node.accepts, f"{node.name} accepts clients", [node])
            failed = False
        finally:
            if failed:
                self._end(show=True)
        return self

    def __exit__(self, kind, *_):
        failed = True
        try:
            if kind is None:
                self._stop_and_look()
                failed = False
        finally:
            self._end(show=failed)

    def _stop_and_look(self):
        for node in self.running():
            node.stop()
        for node in self.nodes.values():
            if SANITIZER.search(node.printed()):
                raise AssertionError(f"{node.name} left a sanitizer's report")

    def _end(self, show):
        for node in self.running():
            node.kill()
        if show:
            for node in self.nodes.values():
                lines = node.printed().decode(errors="backslashreplace").splitlines()
                for line in lines[-LOG_LINES_SHOWN:]:
                    print(f"{node.name}| {line}", file=sys.stderr)
        for node in self.nodes.values():
            for holder in node.holders:
                holder.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def running(self):
        return [node for node in self.nodes.values() if node.process]

    def until(self, condition, what):
        return until(condition, what, self.running())

    def command(self, subcommand, *arguments, **options):
        """Run a subcommand that takes -c."""
        return run(subcommand, "-c", self.config, *arguments, **options)

    def status(self):
        """The status of each node that answers, by name."""
        said = json.loads(self.command("status", "--json", expect=(0, 1)).stdout)
        return {node["node"]: node for node in said if node["up"]}

    def linked(self, names=None):
        """Wait until all links of the named nodes are up."""
        names = set(names or self.nodes)

        def up():
            said = self.status()
            return names <= said.keys() and all(
                link["up"] for name in names for link in said[name]["links"])
        self.until(up, f"links of {sorted(names)}")

    def at_rest(self, teller):
        """Wait until spare links carry notices instead of stamps. That takes updates, which
        `teller` is sent: they reach both ends of every spare link."""
        with self[teller].client() as client:
            numbers = itertools.count()

            def noticed():
                client.tell(b"at-rest-%d" % next(numbers), b"+1-1", b"1")
                return all(link["notices_got"] for node in self.status().values()
                           for link in node["links"] if not link["in_tree"])
            self.until(noticed, "spare links bring notices")

    def known(self, client_id):
        """What each running node holds of a client, by node name."""
        held = {}
        for node in self.running():
            with node.client() as client:
                held[node.name] = client.known(client_id)
        return held

    def agree(self, client_id, line, names=None):
        """Wait until the named nodes hold exactly this AT line."""
        names = set(names or [node.name for node in self.running()])

        def same():
            held = self.known(client_id)
            return all(held[name] == line for name in names)
        self.until(same, f"{line!r} at {sorted(names)}")
