"""proxy.py - wires between nodes that can be made to fail: a small TCP proxy on loopback.

    with WiredHerd(SHIPPED) as herd:
        herd.wire("Holiday", "Goloman").cut()
        ...
        herd.heal()

Every edge has a wire. Each node reads a topology.conf in which its neighbours' peer addresses are
ends of wires, so the proxy is in between, whoever dials. Nothing else changes, because nodes are
identified by the name in HELLO, not by address. Bytes are never dropped from a stream that goes on:
a direction that loses bytes (lose) ends with its connections, as in a real network. The proxy runs
in one thread; any other thread may change wires at any time.
"""
import asyncio
import contextlib
import random
import socket
import threading

from herd import SHIPPED, Herd, reserve_port

READ_BYTES = 1 << 16
LOOK_AGAIN_S = 0.01


class Wire:
    """One edge: carries the bytes between two nodes, whichever of them dialled.

    delay_s      delay of each read, plus up to as much again at random
    bytes_per_s  limit of the rate; None: none
    piece_bytes  most bytes passed on in one write, at random; None: as they were read
    """

    def __init__(self, herd, names):
        self.herd, self.names = herd, names
        self.chance = random.Random(repr(names))
        self.ports = {}  # the dialling node's name -> the port it dials
        self.transports = set()
        self.passed_bytes = 0
        self._well()

    def _well(self):
        self.is_cut = self.is_stalled = False
        self.losing = set()  # names of nodes whose bytes are lost
        self.delay_s, self.bytes_per_s, self.piece_bytes = 0, None, None

    def _reset_all(self):
        for transport in list(self.transports):
            transport.abort()

    def cut(self):
        """Connections break, with all bytes in transit; new ones are closed at once."""
        self.is_cut = True
        self.herd.in_proxy(self._reset_all)

    def stall(self):
        """Nothing passes in either direction, also on new connections; nobody is told."""
        self.is_stalled = True

    def lose(self, name):
        """From now on what `name` sends is lost; what it receives is not."""
        self.losing.add(name)

    def heal(self):
        """The wire works again. Connections that lost bytes are closed."""
        if self.losing:
            self.herd.in_proxy(self._reset_all)
        self._well()

    async def accepted(self, dialler, reader, writer):
        """Serve a connection that `dialler` made, to its end or the proxy's: asyncio logs an error
        if it is cancelled."""
        (other,) = set(self.names) - {dialler}
        ends = OSError, asyncio.CancelledError
        with contextlib.suppress(*ends), contextlib.ExitStack() as stack:
            self._know(stack, writer)
            if self.is_cut:
                return
            address = self.herd[other].peer_address
            far_reader, far_writer = await asyncio.open_connection(*address)
            self._know(stack, far_writer)
            there = asyncio.create_task(self._pump(dialler, reader, far_writer))
            back = asyncio.create_task(self._pump(other, far_reader, writer))
            await asyncio.gather(there, back)

    def _know(self, stack, writer):
        self.transports.add(writer.transport)
        stack.callback(self.transports.discard, writer.transport)
        stack.callback(writer.transport.abort)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def _pump(self, speaker, reader, writer):
        """Pass bytes on. The sleeps imitate a slow network; they wait for no event."""
        while data := await reader.read(READ_BYTES):
            while self.is_stalled:
                await asyncio.sleep(LOOK_AGAIN_S)
            if self.delay_s:
                await asyncio.sleep(self.delay_s * (1 + self.chance.random()))
            while data and speaker not in self.losing:
                size = self.chance.randint(1, self.piece_bytes) if self.piece_bytes else len(data)
                writer.write(data[:size])
                await writer.drain()
                self.passed_bytes += len(data[:size])
                if self.bytes_per_s:
                    await asyncio.sleep(len(data[:size]) / self.bytes_per_s)
                elif self.piece_bytes:
                    await asyncio.sleep(0)  # so that the pieces arrive one by one
                data = data[size:]
        writer.write_eof()


class WiredHerd(Herd):
    """A herd in which every link passes through a wire."""

    def __init__(self, edges=None, more="", start=True):
        super().__init__(edges or SHIPPED, more, start)
        self.wires = {frozenset((one, other)): Wire(self, (one, other))
                      for one, talks_to in self.edges.items() for other in talks_to}
        self.servers = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.configs = {name: self._write_own(name) for name in self.nodes}

    def config_of(self, name):
        return self.configs[name]

    def wire(self, one, other):
        return self.wires[frozenset((one, other))]

    def heal(self):
        for wire in self.wires.values():
            wire.heal()

    def part(self, names, fault=Wire.cut):
        """Separate the named nodes from the others, by cut or stall."""
        for wire in self.wires.values():
            if len(set(wire.names) & set(names)) == 1:
                fault(wire)

    def in_proxy(self, action):
        """Run a function in the proxy's thread, to its end."""
        async def act():
            return action()
        return asyncio.run_coroutine_threadsafe(act(), self.loop).result()

    def _write_own(self, name):
        """A node's topology.conf, with the proxy's addresses for its neighbours."""
        peers = {}
        for wire in self.wires.values():
            if name in wire.names:
                (other,) = set(wire.names) - {name}
                holder = reserve_port()
                self.nodes[name].holders.append(holder)
                wire.ports[name] = peers[other] = holder.getsockname()[1]
        return self.write(f"{name}.conf", peers=peers)

    def __enter__(self):
        self.thread.start()
        for wire in self.wires.values():
            for dialler, port in wire.ports.items():
                self._listen(wire, dialler, port)
        return super().__enter__()

    def _listen(self, wire, dialler, port):
        def accepted(reader, writer):
            return wire.accepted(dialler, reader, writer)
        server = asyncio.start_server(accepted, "127.0.0.1", port, limit=READ_BYTES)
        self.servers.append(asyncio.run_coroutine_threadsafe(server, self.loop).result())

    def _end(self, show):
        super()._end(show)
        self.in_proxy(self._end_proxy)
        self.thread.join()
        self.loop.close()

    def _end_proxy(self):
        for server in self.servers:
            server.close()
        for task in asyncio.all_tasks(self.loop) - {asyncio.current_task()}:
            task.cancel()
        self.loop.call_later(LOOK_AGAIN_S, self.loop.stop)
