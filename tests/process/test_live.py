"""test_live.py - live queries at real nodes: looks, news across a herd, those who do not read, and
searches beside a full scan. PROTOCOL.md, "Live queries"."""
import math
import random
import re
import unittest

from herd import SHIPPED, Herd

RADIUS_M = 6371008.8
NEWS = re.compile(rb"! (\d+) ([A-Z]+) (.*)\Z")


def news(client, number, word):
    """The next line, which must be such news: what follows the word."""
    line = client.line()
    found = NEWS.match(line)
    if not found or (found[1], found[2]) != (b"%d" % number, word):
        raise AssertionError(f"{line!r} is no ! {number} {word}")
    return found[3]


def look(node, line):
    """As `printf ... | nc -N` does it: all that the node says."""
    with node.client() as client:
        client.send(line)
        client.finish()
        return client.rest()


def writes(client, lines, together=500):
    """Send all lines, so many at once, and read all replies: those of one line each."""
    replies = []
    for begin in range(0, len(lines), together):
        part = lines[begin:begin + together]
        client.send(b"".join(part))
        replies += [client.line() for _ in part]
    return replies


class Looks(unittest.TestCase):
    def test_one_look_by_half_close(self):
        with Herd() as herd, herd.node.client() as writer:
            at = writer.tell(b"kiwi", b"+34-118", b"100.5")
            self.assertEqual(look(herd.node, b"WATCH kiwi\n"),
                             b"! 1 NOW " + at + b"\nWATCHING 1 kiwi\n")
            self.assertEqual(look(herd.node, b"WATCH nobody\r\n"), b"WATCHING 1 nobody\n")
            self.assertEqual(look(herd.node, b"WATCH\n"), b"! 1 NOW " + at + b"\nWATCHING 1\n")
            self.assertEqual(
                look(herd.node, b"WATCH NEAR +34.1-118 20\nNEAR +34-118 1 5\nUNWATCH 9\n"),
                b"! 1 IN " + at + b"\nWATCHING 1 NEAR +34.1-118 20\n"
                b"NEAR 1 +34-118 1 5\n0.000 " + at + b"\n? UNWATCH 9\n")

    def test_half_a_line_waits_for_its_other_half(self):
        with Herd(more="limits { partial = 1ms }") as herd, herd.node.client() as writer, \
                herd.node.client() as client:
            client.send(b"WATCH ki")
            at = writer.tell(b"kiwi", b"+1+1", b"1")
            writer.send(b"WHATSAT nobody 1 1")  # once this is taken, the other would have been, too
            self.assertEqual(writer.line(), b"? WHATSAT nobody 1 1")
            client.send(b"wi\n")
            self.assertEqual(news(client, 1, b"NOW"), at)
            self.assertEqual(client.line(), b"WATCHING 1 kiwi")

    def test_one_watch_too_many(self):
        with Herd() as herd, herd.node.client() as client:
            replies = writes(client, [b"WATCH id%d\n" % i for i in range(1001)])
            self.assertEqual(replies[:1000],
                             [b"WATCHING %d id%d" % (i + 1, i) for i in range(1000)])
            self.assertEqual(replies[1000], b"? WATCH id1000")
            self.assertEqual(client.ask(b"UNWATCH 1"), b"UNWATCHED 1")
            self.assertEqual(client.ask(b"WATCH id1000"), b"WATCHING 1001 id1000")


class Herds(unittest.TestCase):
    def test_told_at_another_node_and_again_after_a_kill(self):
        with Herd(SHIPPED) as herd:
            herd.linked()
            with herd["Goloman"].client() as writer, herd["Welsh"].client() as one, \
                    herd["Welsh"].client() as circle, herd["Wilkes"].client() as everything:
                self.assertEqual(one.ask(b"WATCH kiwi"), b"WATCHING 1 kiwi")
                self.assertEqual(circle.ask(b"WATCH NEAR +34-118 100"),
                                 b"WATCHING 1 NEAR +34-118 100")
                self.assertEqual(everything.ask(b"WATCH"), b"WATCHING 1")
                for at, position, word in (
                        (b"1", b"+34-118", b"ENTER"), (b"2", b"+34.5-118", b"MOVE"),
                        (b"3", b"-34-118", b"EXIT"), (b"4", b"+34-118", b"ENTER")):
                    said = writer.tell(b"kiwi", position, at)
                    self.assertEqual(news(one, 1, b"NOW"), said)
                    self.assertEqual(news(circle, 1, word), said)
                    self.assertEqual(news(everything, 1, b"NOW"), said)
                herd["Welsh"].kill()
                for name in ("Wilkes", "Holiday", "Goloman"):
                    self.assertEqual(look(herd[name], b"WATCH kiwi\n"),
                                     b"! 1 NOW " + said + b"\nWATCHING 1 kiwi\n")


class Slow(unittest.TestCase):
    CHANGES, TOGETHER = 20000, 5  # a turn tells only the newest of what it has put

    def test_who_reads_nothing_is_told_the_newest(self):
        kiwi = b"kiwi" * 60
        with Herd() as herd, herd.node.client() as writer, \
                herd.node.client(receive_bytes=4096) as slow:
            self.assertEqual(slow.ask(b"WATCH " + kiwi), b"WATCHING 1 " + kiwi)
            *_, newest = writes(writer, [b"IAMAT %s +1+1 %d\n" % (kiwi, at)
                                         for at in range(1, self.CHANGES + 1)], self.TOGETHER)
            told, last = 0, 0
            while last < self.CHANGES:
                at = news(slow, 1, b"NOW")
                self.assertGreater(int(at.split()[-1]), last)
                told, last = told + len(at), int(at.split()[-1])
            self.assertEqual(at, newest)
            self.assertGreater(told, 60000, "the node filled what it may keep")
            self.assertLess(told, 3 * 65536, "what the node and both kernels kept")
            self.assertEqual(slow.ask(b"UNWATCH 1"), b"UNWATCHED 1")

    def test_who_watches_everything_and_stops_reading(self):
        with Herd() as herd, herd.node.client() as writer, \
                herd.node.client(receive_bytes=4096) as slow:
            self.assertEqual(slow.ask(b"WATCH"), b"WATCHING 1")
            newest = {}
            for at in range(1, 11):
                lines = [b"IAMAT id%d +1+1 %d\n" % (i, at) for i in range(1000)]
                for reply in writes(writer, lines):
                    newest[reply.split()[3]] = reply
            held, told = {}, 0
            while held != newest:
                at = news(slow, 1, b"NOW")
                client_id = at.split()[3]
                if client_id in held:
                    self.assertGreater(int(at.split()[-1]), int(held[client_id].split()[-1]))
                held[client_id] = at
                told += 1
            self.assertLess(told, 6000, "most were replaced before they were told")
            self.assertEqual(slow.ask(b"nonsense"), b"? nonsense")


def vector(north, east):
    north, east = math.radians(north), math.radians(east)
    return (math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north))


def metres(a, b):
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return RADIUS_M * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b)))


class Near(unittest.TestCase):
    """Ten thousand stamps, many of them beside the date line, at the poles, and on one spot."""
    STAMPS, QUESTIONS = 10000, 40

    def positions(self, dice):
        for i in range(self.STAMPS):
            kind = i % 5
            if kind == 0:
                yield dice.uniform(-90, 90), dice.uniform(-180, 180)
            elif kind == 1:
                yield dice.uniform(-1, 1), dice.choice((-1, 1)) * dice.uniform(179.5, 180)
            elif kind == 2:
                yield dice.choice((-1, 1)) * dice.uniform(89, 90), dice.uniform(-180, 180)
            elif kind == 3:
                yield dice.choice(((90, 0), (90, 77), (-90, 180), (0, 180), (0, -180), (48, 11)))
            else:
                yield 48 + dice.gauss(0, 0.1), 11 + dice.gauss(0, 0.1)

    def look_at(self, client, question, centre, radius_km, count, held):
        head = client.ask(question).split()
        self.assertEqual((head[0], head[2:]), (b"NEAR", question.split()[1:4]))
        lines = [client.line().split(b" ", 1) for _ in range(int(head[1]))]
        ids = [at.split()[3] for _, at in lines]
        far = {client_id: metres(centre, where) for client_id, (_, where) in held.items()}
        nearest = sorted((m, client_id) for client_id, m in far.items() if m <= radius_km * 1000)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(len(ids), min(count, len(nearest)), question)
        for (said_km, at), client_id, (expected_m, _) in zip(lines, ids, nearest):
            self.assertEqual(at, held[client_id][0])
            self.assertAlmostEqual(far[client_id], expected_m, delta=1e-3)
            self.assertRegex(said_km, rb"\A\d+\.\d{3}\Z")
            self.assertLessEqual(abs(float(said_km) * 1000 - far[client_id]), 0.501)
        for one, other in zip(ids, ids[1:]):
            if held[one][1] == held[other][1]:
                self.assertLess(one, other)

    def test_beside_a_full_scan(self):
        dice = random.Random(16)
        with Herd(more="limits { near = 1000 }") as herd, herd.node.client() as client:
            said = [(f"{north:+.7f}{east:+.7f}".encode(), vector(round(north, 7), round(east, 7)))
                    for north, east in self.positions(dice)]
            replies = writes(client, [b"IAMAT id%d %s 1\n" % (i, text)
                                      for i, (text, _) in enumerate(said)])
            held = {b"id%d" % i: (reply, said[i][1]) for i, reply in enumerate(replies)}
            places = [(0, 180), (0, -180), (90, 0), (-90, 5), (48, 11), (0.25, 179.75), (-42, -11)]
            for i in range(self.QUESTIONS):
                north, east = places[i] if i < len(places) else (
                    round(dice.uniform(-90, 90), 7), round(dice.uniform(-180, 180), 7))
                radius, count = dice.choice((0, 1, 30, 500, 20038)), dice.choice((1, 10, 100, 1000))
                question = f"NEAR {north:+.7f}{east:+.7f} {radius} {count}".encode()
                self.look_at(client, question, vector(north, east), radius, count, held)


if __name__ == "__main__":
    unittest.main()
