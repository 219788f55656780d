#!/usr/bin/env python3
"""track.py - prints IAMAT lines of clients that move around, for `stampede send`.

    tests/tools/track.py --lines 5000 --clients 20 | build/release/stampede send

Each client starts near --around and moves in steps of a few metres, turning a little each time. The
order of clients is random; each client's times only grow. The same --seed gives the same walk, and
with the same --start the same lines. Without --start the last line has the present time, so that
each run has newer stamps than the one before.
"""
import argparse
import math
import random
import sys
import time

METRES_PER_DEGREE = 111_195  # of latitude
STEP_M = (0.5, 25.0)
TURN_DEG = 20
SPREAD_DEG = 0.05
NS = 10**9


class Walker:
    def __init__(self, name, chance, latitude, longitude):
        self.name, self.chance = name, chance
        self.latitude = latitude + chance.uniform(-SPREAD_DEG, SPREAD_DEG)
        self.longitude = longitude + chance.uniform(-SPREAD_DEG, SPREAD_DEG)
        self.heading = chance.uniform(0, 360)

    def step(self):
        self.heading += self.chance.gauss(0, TURN_DEG)
        degrees = self.chance.uniform(*STEP_M) / METRES_PER_DEGREE
        self.latitude += degrees * math.cos(math.radians(self.heading))
        if abs(self.latitude) > 85:  # turn back before a pole
            self.latitude = math.copysign(85, self.latitude)
            self.heading += 180
        self.longitude += (degrees * math.sin(math.radians(self.heading))
                           / math.cos(math.radians(self.latitude)))
        self.longitude = (self.longitude + 180) % 360 - 180  # across the date line

    def line(self, time_ns):
        return (f"IAMAT {self.name} {self.latitude:+.6f}{self.longitude:+.6f} "
                f"{time_ns // NS}.{time_ns % NS:09d}")


def track(lines, clients, seed, around, start_ns, pause_ns):
    """Generates the lines."""
    chance = random.Random(seed)
    walkers = [Walker(f"walker-{i + 1}", chance, *around) for i in range(clients)]
    for i in range(lines):
        walker = chance.choice(walkers)
        walker.step()
        yield walker.line(start_ns + i * pause_ns + chance.randrange(pause_ns))


def place(text):
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > 80 or abs(longitude) > 180:
        raise ValueError
    return latitude, longitude


def positive(text):
    value = float(text)
    if not 0 < value < 9 * 10**9:
        raise ValueError
    return value


def count(text):
    return int(positive(text))


def main():
    parser = argparse.ArgumentParser(description="Print IAMAT lines of clients that move around.")
    parser.add_argument("--lines", type=count, default=1000, help="how many lines (1000)")
    parser.add_argument("--clients", type=count, default=10, help="how many clients (10)")
    parser.add_argument("--seed", type=int, default=1, help="selects the random walk (1)")
    parser.add_argument("--around", type=place, default=(34.06893, -118.445127), metavar="LAT,LNG",
                        help="where they start (34.06893,-118.445127); --around=-33.9,151.2")
    parser.add_argument("--start", type=positive, metavar="SECONDS",
                        help="POSIX time of the first line (default: the last line is now)")
    parser.add_argument("--pause", type=positive, default=1.0, metavar="SECONDS",
                        help="time between two lines, by the clients' clocks (1)")
    options = parser.parse_args()
    pause_ns = max(1, int(options.pause * NS))
    start_ns = (int(options.start * NS) if options.start is not None
                else max(0, time.time_ns() - options.lines * pause_ns))
    try:
        for line in track(options.lines, options.clients, options.seed, options.around, start_ns,
                          pause_ns):
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe
        sys.stderr.close()


if __name__ == "__main__":
    main()
