"""bench.py - what all parts share: running load and flood, rounds, samples, progress, medians.

A sample is the result of one burst: a dictionary with part, case, server, round and values.
Servers take turns within a round, so that changes of the machine's speed affect all of them, in a
random order, so that none always follows the same other one. Ratios are of medians over the rounds
of one run.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import time

import servers

BURST_TIMEOUT_S = 600
REST_WINDOW_S, REST_CORES, REST_TIMEOUT_S = 0.03, 0.1, 5
# of a part's rounds
QUICK_S = {"iamat": 25, "open": 8, "whatsat": 5, "flood": 12, "cost": 8, "journal": 15, "live": 15}
QUICK_END_S = 100  # after this no new burst starts


class Bench:
    """One run of the harness: its options, its servers, what it has measured."""

    def __init__(self, folder, quick, rounds):
        self.folder, self.quick, self.rounds = folder, quick, rounds
        self.samples, self.running, self.notes = [], [], []
        self.began = time.monotonic()
        self.told = False
        self.dice = random.Random(1)

    def say(self, text):
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", file=sys.stderr, flush=True)

    def note(self, text):
        self.notes.append(text)
        self.say(text)

    def out_of_time(self):
        """With --quick: whether the two minutes are nearly over, so the rest is skipped."""
        late = self.quick and time.monotonic() - self.began > QUICK_END_S
        if late and not self.told:
            self.note("the rest is skipped for lack of time; name fewer parts, or omit --quick")
            self.told = True
        return late

    def each_round(self, part):
        """Round numbers, with progress messages; with --quick until the part's time is over."""
        began = time.monotonic()
        for round_ in range(self.rounds):
            if self.out_of_time():
                return
            if self.quick and round_ and time.monotonic() - began > QUICK_S[part]:
                self.note(f"{part}: {round_} rounds instead of {self.rounds}, for lack of time")
                return
            self.say(f"{part}: round {round_ + 1} of {self.rounds}")
            yield round_

    # -- servers

    def start(self, candidates):
        """Start servers; those that cannot be started are left out, with a note."""
        started = []
        for server in [] if self.out_of_time() else candidates:
            try:
                self.running.append(server)
                started.append(server.start(self.folder))
            except (servers.Trouble, OSError) as why:
                self.note(f"{server.label} is left out: {why}")
                self.stop([server])
        return started

    def stop(self, some=None):
        for server in list(self.running if some is None else some):
            server.stop()
            if server in self.running:
                self.running.remove(server)

    # -- bursts

    def tool(self, program, words, core):
        pin = None if core is None else lambda: os.sched_setaffinity(0, {core})
        command = [str(word) for word in (servers.BUILD / "perf" / program, *words)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  preexec_fn=pin, timeout=BURST_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise servers.Trouble(f"{' '.join(command)}: not within {BURST_TIMEOUT_S} s") from None
        if done.returncode:
            raise servers.Trouble(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def shuffled(self, some):
        """In a random order, which is the same in every run."""
        return self.dice.sample(some, len(some))

    def settle(self):
        """Wait until the servers are idle: some work for a second after a burst, which would
        affect the next one."""
        until = time.monotonic() + REST_TIMEOUT_S
        pids = [pid for server in self.running for pid in server.pids()]
        began, used = time.monotonic(), servers.cpu_s(pids)
        while began < until:
            time.sleep(REST_WINDOW_S)
            before, began = began, time.monotonic()
            used_before, used = used, servers.cpu_s(pids)
            if used - used_before < REST_CORES * (began - before):
                return
        self.say("the servers do not become idle")

    def load(self, server, *words, core=servers.LOAD_CORE):
        self.settle()
        pids = ",".join(map(str, server.pids()))
        got = self.tool("load", ["-p", server.protocol, "-P", pids, *words, server.port], core)
        if not got["answered"]:
            raise servers.Trouble("no command was answered in the counted time")
        return got

    def flood(self, herd, *words, at_once=False):
        """Run flood; adds the processor time of all nodes per update."""
        if not at_once:
            self.settle()
        sinks = ",".join(map(str, herd.sinks()))
        used = servers.cpu_s(herd.pids())
        got = self.tool("flood", ["-p", herd.protocol, *words, herd.source(), sinks], None)
        used = servers.cpu_s(herd.pids()) - used
        return {**got, "cpu_us": used / max(1, got.get("updates") or got["told"]) * 1e6}

    def fill(self, server, ids):
        """Send a server one update of each client."""
        ids = min(ids, server.ids_most or ids)
        depth = min(64, server.depth_most)
        return self.load(server, "-c", 16, "-d", depth, "-i", f"{ids},sequence", "-n", ids)

    def sample(self, part, case, server, round_, measure):
        """Measure once; a failure becomes a note."""
        if self.out_of_time():
            return None
        try:
            values = measure()
        except servers.Trouble as why:
            self.note(f"{part} {case} {server}: {why}")
            return None
        self.samples.append(
            {"part": part, "case": case, "server": server, "round": round_, **values})
        return values


def pick(samples, part, case, server, key):
    return [s[key] for s in samples
            if s["part"] == part and s["case"] == case and s["server"] == server and key in s]


def median(samples, part, case, server, key):
    """None if there are no samples."""
    values = pick(samples, part, case, server, key)
    return statistics.median(values) if values else None


def spread(samples, part, case, server, key):
    """Half of the distance from the smallest to the largest value, relative to the median."""
    values = pick(samples, part, case, server, key)
    middle = statistics.median(values) if values else 0
    return (max(values) - min(values)) / 2 / middle if middle else 0


def labels(samples, part, what):
    """The cases of a part in the order measured; or its servers, Stampede first."""
    found = list(dict.fromkeys(s[what] for s in samples if s["part"] == part))
    if what == "case":
        return found
    known = [server.label for server in servers.singles()] + \
        [herd.label for herd in servers.herds("shipped")]
    return sorted(found, key=lambda label: known.index(label) if label in known else len(known))
