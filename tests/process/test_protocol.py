"""test_protocol.py - PROTOCOL.md, "Client port", tried with one node over a real socket."""
import http.client
import json
import re
import threading
import time
import unittest

from herd import Client, Herd, nanoseconds

DAY_S = 86400
LINE_BYTES = 1024
UCLA = b"+34.068930-118.445127"  # about fifteen places within 10 km


def at_fields(line):
    """The five fields of an AT line, with the skew in nanoseconds."""
    match = re.fullmatch(rb"AT (\S+) ([+-](?:0|[1-9]\d*)\.\d{9}) (\S+) (\S+) (\S+)", line)
    if not match:
        raise AssertionError(f"not an AT line: {line!r}")
    origin, skew, client_id, position, at = match.groups()
    return origin, nanoseconds(skew), client_id, position, at


class Iamat(unittest.TestCase):
    def test_skew_is_receive_time_minus_client_time(self):
        now_s = int(time.time())
        times = (b"0", b"0.000000001", b"1400794645.392014450", b"%d" % now_s,
                 b"%d.999999999" % (now_s - 1), b"%d.5" % (now_s + 3600),
                 b"%d.123456789" % (now_s + 80000))
        with Herd() as herd, herd.node.client() as client:
            for i, at in enumerate(times):
                with self.subTest(time=at):
                    before = time.time_ns()
                    line = client.tell(b"kiwi%d" % i, UCLA, at)
                    after = time.time_ns()
                    origin, skew, *said = at_fields(line)
                    self.assertEqual(origin, b"Goloman")
                    self.assertEqual(said, [b"kiwi%d" % i, UCLA, at])
                    self.assertLessEqual(before, nanoseconds(at) + skew)
                    self.assertLessEqual(nanoseconds(at) + skew, after)

    def test_a_client_whose_clock_runs_ahead_gets_minus(self):
        with Herd() as herd, herd.node.client() as client:
            self.assertIn(b" -", client.tell(b"ahead", b"+1+1", b"%d" % (time.time() + 3600)))
            self.assertIn(b" +", client.tell(b"behind", b"+1+1", b"%d" % (time.time() - 3600)))

    def test_position_and_time_are_copied_byte_for_byte(self):
        positions = (b"+0+0", b"-0-0", b"+00.0-000.0", b"+034.10-118.20", b"+90+180", b"-90-180",
                     b"+90.000000000000000-180.000000000000000",
                     b"+89.999999999999999+179.999999999999999",
                     b"+1.5-2", b"+1-2.5", b"-034.068930+118.445127")
        times = (b"0", b"000000000000000000000000000001", b"1", b"1.0", b"1.000000000", b"0001.50",
                 b"1520023934.918963997")
        with Herd() as herd, herd.node.client() as client:
            for i, position in enumerate(positions):
                for j, at in enumerate(times):
                    client_id = b"p%dt%d" % (i, j)
                    with self.subTest(position=position, time=at):
                        _, _, *said = at_fields(client.tell(client_id, position, at))
                        self.assertEqual(said, [client_id, position, at])

    def test_ids_are_any_bytes_but_white_space_and_control(self):
        ids = (b"kiwi.cs.ucla.edu", "Käsekrainer-東京-🐘".encode(), b"\xff\xfe\x80", b"+34-118",
               b"AT", b"IAMAT", b"?", b'"\\\';--', b"%s%n", b"a" * 255, b"\x85\xa0\xc2\x85", b"!",
               b"~")
        with Herd() as herd, herd.node.client() as client:
            for client_id in ids:
                with self.subTest(id=client_id):
                    line = client.tell(client_id, b"+1-1", b"100")
                    self.assertEqual(line.split(b" ", 3)[3], client_id + b" +1-1 100")
                    self.assertEqual(client.known(client_id), line)

    def test_a_newer_time_is_stored_and_others_get_what_is_stored(self):
        steps = (  # position, time, whether it becomes the stored one
            (b"+1-1", b"1520023934.918963997", True),
            (b"+2-2", b"1520023934.918963997", False),
            (b"+3-3", b"1520023934.918963998", True),
            (b"+4-4", b"1520023934.918963997", False),
            (b"+5-5", b"1520023934.91896399", False),
            (b"+6-6", b"001520023934.918963998", False),
            (b"+7-7", b"0", False),
            (b"+8-8", b"1520023934.9189639980", None),  # ten fraction digits
            (b"+9-9", b"1520023934.918964", True),
            (b"+1-2", b"1520023934.918964000", False),
            (b"+1-3", b"1520023935", True),
        )
        with Herd() as herd, herd.node.client() as client:
            stored = None
            for position, at, newer in steps:
                with self.subTest(position=position, time=at):
                    line = client.tell(b"kiwi", position, at)
                    if newer is None:
                        self.assertEqual(line, b"? IAMAT kiwi %b %b" % (position, at))
                        continue
                    if newer:
                        stored = line
                        self.assertEqual(at_fields(line)[3:], (position, at))
                    self.assertEqual(line, stored)
                    self.assertEqual(client.known(b"kiwi"), stored)

    def test_a_time_too_far_ahead_is_invalid_and_changes_nothing(self):
        with Herd() as herd, herd.node.client() as client:
            stored = client.tell(b"kiwi", b"+1-1", b"5")
            far = b"IAMAT kiwi +2-2 %d" % (time.time() + DAY_S + 60)
            self.assertEqual(client.ask(far), b"? " + far)
            self.assertEqual(client.known(b"kiwi"), stored)
            near = b"%d" % (time.time() + DAY_S - 60)
            self.assertEqual(at_fields(client.tell(b"kiwi", b"+3-3", near))[3:], (b"+3-3", near))

    def test_limits_future_is_counted_from_the_receive_time(self):
        with Herd(more="limits { future = 1min }") as herd, herd.node.client() as client:
            far = b"IAMAT kiwi +2-2 %d" % (time.time() + 3600)
            self.assertEqual(client.ask(far), b"? " + far)
            near = b"%d" % (time.time() + 10)
            self.assertEqual(at_fields(client.tell(b"kiwi", b"+3-3", near))[3:], (b"+3-3", near))


class Invalid(unittest.TestCase):
    POSITIONS = (b"34-118", b"+34", b"+34118", b"-118", b"+34.-118", b"+.5-118", b"+34-.5",
                 b"+34-118.", b"+34.0.0-118", b"+34-118/", b"+34e1-118", b"+90.1+0",
                 b"+90.000000000000001+0", b"-91+0", b"+0+181", b"+0-180.000000000000001",
                 b"+0034-118", b"+34-0118", b"++34-118", b"+34--118", b"+34-118+5",
                 b"+34.0000000000000000-118", b"+34-118.0000000000000000", b"+34,5-118",
                 b"+nan+nan", b"+inf-inf", b"+0x1+0", b"+", b"+-", "+３４-118".encode(),
                 b"+999999999999999999999+0", b"+18446744073709551616+0")
    TIMES = (b"-1", b"+1", b"1.", b".5", b".", b"1e3", b"1.0.0", b"1,5", b"0x10", b"1.0000000001",
             b"nan", b"inf", b"1_000", b"9223372036.854775808", b"9223372037",
             b"9223372036.854775807",
             b"99999999999999999999999", b"18446744073709551617", b"12a", "１".encode())
    RADII = (b"-1", b"+1", b"50.000000001", b"50.0000000000000000000001", b"51", b"1e1", b".5",
             b"5.", b"1.5.5", b"ten", b"99999999999999999999999", b"18446744073709551617", b"1,5")
    COUNTS = (b"21", b"-1", b"+1", b"1.0", b"1e1", b"five", b"99999999999999999999", b"4294967297",
              b"18446744073709551617", b".")
    OTHERS = (b"", b" ", b"\t \x0b\x0c", b"hello", b"IAMAT", b"WHATSAT", b"iamat kiwi +1-1 1",
              b"Iamat kiwi +1-1 1", b"whatsat kiwi 1 1", b"IAMAT kiwi", b"IAMAT kiwi +1-1",
              b"IAMAT kiwi +1-1 1 extra", b"IAMATkiwi +1-1 1", b"WHATSAT kiwi", b"WHATSAT kiwi 1",
              b"WHATSAT kiwi 1 1 1", b"WHATSAT nobody 1 1", b"IAMAT " + b"a" * 256 + b" +1-1 1",
              b"WHATSAT " + b"a" * 256 + b" 1 1", b"? IAMAT kiwi +1-1 1", b"HELLO stampede/1",
              b"PING 1 0 0",
              b"AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997",
              b"AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997 Hands",
              b"\xef\xbb\xbfIAMAT kiwi +1-1 1", b"IAMAT\xc2\xa0kiwi +1-1 1",
              "IAMAT kiwi +1−1 1".encode(),
              b"\x00", b"IAMAT ki\x00wi +1-1 1", b"IAMAT kiwi +1-1 1\x00", b"\x00IAMAT kiwi +1-1 1",
              b"IAMAT ki\x01wi +1-1 1", b"IAMAT ki\x08wi +1-1 1", b"IAMAT ki\x1bwi +1-1 1",
              b"IAMAT ki\x7fwi +1-1 1", b"IAMAT ki\x1fwi +1-1 1", b"IAMAT ki\x0ewi +1-1 1",
              b"%s%s%n", b"GET / HTTP/1.1")

    def lines(self):
        yield from self.OTHERS
        for position in self.POSITIONS:
            yield b"IAMAT kiwi " + position + b" 1"
        for at in self.TIMES:
            yield b"IAMAT kiwi +1-1 " + at
        for radius in self.RADII:
            yield b"WHATSAT held " + radius + b" 1"
        for count in self.COUNTS:
            yield b"WHATSAT held 1 " + count

    def test_each_is_answered_with_a_copy(self):
        with Herd() as herd, herd.node.client() as client:
            client.tell(b"held", b"+1-1", b"1")
            for line in self.lines():
                with self.subTest(line=line):
                    self.assertEqual(client.ask(line), b"? " + line)
            self.assertIsNone(client.known(b"kiwi"))

    def test_the_copy_has_neither_lf_nor_crlf(self):
        with Herd() as herd, herd.node.client() as client:
            for line, copy in ((b"hello\r\n", b"hello"), (b"\r\n", b""), (b"\n", b""),
                               (b" hello \t\r\n", b" hello \t"), (b"hel\rlo\n", b"hel\rlo"),
                               (b"hello\r\r\n", b"hello\r")):
                with self.subTest(line=line):
                    client.send(line)
                    self.assertEqual(client.line(), b"? " + copy)

    def test_every_control_byte_makes_a_line_invalid(self):
        white = b"\t\n\x0b\x0c\r"
        with Herd() as herd, herd.node.client() as client:
            for byte in (*range(0x20), 0x7f):
                if byte in white:
                    continue
                line = b"IAMAT kiwi%c +1-1 1" % byte
                with self.subTest(byte=byte):
                    self.assertEqual(client.ask(line), b"? " + line)


class WhiteSpace(unittest.TestCase):
    def test_any_of_it_separates_and_surrounds(self):
        lines = (b"IAMAT  a   +1-1    1", b"\tIAMAT\ta\t+1-1\t1\t",
                 b" \x0b\x0c\rIAMAT\x0ba\x0c+1-1\r1 \t",
                 b"IAMAT\ra\r+1-1\r1", b"IAMAT a +1-1 1\r", b"  IAMAT a +1-1 1  \r\r")
        with Herd() as herd, herd.node.client() as client:
            for i, line in enumerate(lines):
                with self.subTest(line=line):
                    client_id = b"a%d" % i
                    reply = client.ask(line.replace(b"a", client_id))
                    self.assertEqual(at_fields(reply)[2:], (client_id, b"+1-1", b"1"))
                    at, text = client.near(b"\x0b WHATSAT \t" + client_id + b"\x0c0\r0 \r")
                    self.assertEqual(at, reply)
                    self.assertIsNotNone(text)


class LongLines(unittest.TestCase):
    def padded(self, client_id, length):
        line = b"IAMAT " + client_id + b" +1-1 1"
        return line + b" " * (length - len(line))

    def test_the_limit_is_a_line_without_its_end(self):
        with Herd() as herd, herd.node.client() as client:
            for end in (b"\n", b"\r\n"):
                with self.subTest(end=end):
                    client.send(self.padded(b"fits", LINE_BYTES) + end)
                    self.assertEqual(at_fields(client.line())[2], b"fits")
                    long = self.padded(b"long", LINE_BYTES + 1)
                    client.send(long + end)
                    self.assertEqual(client.line(), b"? " + long[:LINE_BYTES])
                    self.assertIsNone(client.known(b"long"))

    def test_the_first_bytes_are_answered_and_the_rest_is_discarded(self):
        with Herd() as herd, herd.node.client() as client:
            for over in (1, 2, LINE_BYTES, LINE_BYTES + 1, 3 * LINE_BYTES, 1 << 20):
                length = LINE_BYTES + over
                with self.subTest(length=length):
                    long = bytes(b"0123456789abcdef"[i % 16] for i in range(length))
                    client.send(long + b"\n")
                    self.assertEqual(client.line(), b"? " + long[:LINE_BYTES])
                    self.assertEqual(client.ask(b"next"), b"? next")

    def test_the_limit_holds_across_pieces(self):
        with Herd() as herd, herd.node.client() as client:
            for piece in (self.padded(b"fits", LINE_BYTES - 1), b" ", b"\r", b"\n"):
                client.send(piece)
            self.assertEqual(at_fields(client.line())[2], b"fits")
            for piece in (b"x" * LINE_BYTES, b"y", b"z" * LINE_BYTES, b"\r", b"\n", b"next\n"):
                client.send(piece)
            self.assertEqual(client.line(), b"? " + b"x" * LINE_BYTES)
            self.assertEqual(client.line(), b"? next")

    def test_limits_line(self):
        with Herd(more="limits { line = 100B }") as herd, herd.node.client() as client:
            client.send(self.padded(b"fits", 100) + b"\n" + b"x" * 101 + b"\n" + b"y" * 100 + b"\n")
            self.assertEqual(at_fields(client.line())[2], b"fits")
            self.assertEqual(client.line(), b"? " + b"x" * 100)
            self.assertEqual(client.line(), b"? " + b"y" * 100)

    def test_one_cut_by_the_end_of_the_stream(self):
        with Herd() as herd:
            for length in (LINE_BYTES, LINE_BYTES + 1, 5000):
                with self.subTest(length=length), herd.node.client() as client:
                    client.send(b"z" * length)
                    client.finish()
                    self.assertEqual(client.rest(), b"? " + b"z" * LINE_BYTES + b"\n")


class Foreign(unittest.TestCase):
    VICTIM = b"IAMAT victim +0.0+0.0 2"

    def test_a_browser_moves_no_client(self):
        pages = (
            ("POST", "/", {"Content-Type": "text/plain", "Origin": "http://evil.test"}),
            ("POST", "/" + "a" * 3000, {}),  # longer than a line
            ("OPTIONS", "*", {}),
            ("GET", "/x?IAMAT%20victim", {"X": "IAMAT victim +0+0 2"}),
        )
        with Herd() as herd, herd.node.client() as client:
            stored = client.tell(b"victim", UCLA, b"1")
            for method, target, headers in pages:
                with self.subTest(method=method, target=target[:20]):
                    browser = http.client.HTTPConnection(*herd.node.client_address, timeout=20)
                    browser.request(method, target, self.VICTIM + b"\r\n\r\n" + self.VICTIM + b"\n", headers)
                    said = browser.sock.makefile("rb").read()  # to the end, which the node makes
                    browser.close()
                    line = f"{method} {target} HTTP/1.1".encode()
                    self.assertEqual(said, b"? " + line[:LINE_BYTES] + b"\n")
                    self.assertEqual(client.known(b"victim"), stored)
            self.assertEqual(herd.status()["Goloman"]["metrics"]["clients_dropped_http"], len(pages))

    def test_its_pieces_may_come_one_by_one(self):
        with Herd() as herd, herd.node.client() as client, herd.node.client() as other:
            for piece in (b"PO", b"ST / HT", b"TP/1.1\r"):
                client.send(piece)
            client.send(b"\nHost: x\r\n\r\n" + self.VICTIM + b"\n")
            self.assertEqual(client.rest(), b"? POST / HTTP/1.1\n")
            self.assertIsNone(other.known(b"victim"))

    def test_all_else_goes_on(self):
        firsts = (b"GET /", b"GET / HTTP/2.0", b"get / http/1.1", b"HTTP/1.1 200 OK", b"", b"GET  / HTTP/1.1",
                  b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-OpenSSH", b"GET / HTTP/1.1 ", b"x" * 2000,
                  b"IAMAT " + b"/" * 2000)
        with Herd() as herd:
            for first in firsts:
                with self.subTest(first=first[:20]), herd.node.client() as client:
                    self.assertEqual(client.ask(first), b"? " + first[:LINE_BYTES])
                    self.assertEqual(client.ask(b"GET / HTTP/1.1"), b"? GET / HTTP/1.1")
                    self.assertEqual(at_fields(client.tell(b"kiwi%d" % len(first), UCLA, b"1"))[0], b"Goloman")


class Whatsat(unittest.TestCase):
    def check_shape(self, text, count):
        self.assertNotIn(b"\n\n", text)
        self.assertFalse(text.endswith(b"\n"))
        said = json.loads(text)
        self.assertIsInstance(said["html_attributions"], list)
        self.assertIsInstance(said["results"], list)
        self.assertIn(said["status"], ("OK", "ZERO_RESULTS"))
        if count:
            self.assertEqual(said["status"] == "OK", bool(said["results"]))
        self.assertLessEqual(len(said["results"]), count)
        for result in said["results"]:
            self.assertIsInstance(result["name"], str)
            self.assertIsInstance(result["place_id"], str)
            self.assertIsInstance(result["vicinity"], str)
            self.assertTrue(all(isinstance(word, str) for word in result["types"]))
            self.assertLessEqual(abs(result["geometry"]["location"]["lat"]), 90)
            self.assertLessEqual(abs(result["geometry"]["location"]["lng"]), 180)
        return said

    def test_the_stored_line_then_json(self):
        with Herd() as herd, herd.node.client() as client:
            stored = client.tell(b"kiwi", UCLA, b"1520023934.918963997")
            for radius, count in ((b"10", 5), (b"1.5", 20), (b"50", 20), (b"50.0", 1), (b"050", 3),
                                  (b"0", 5), (b"0.0", 0), (b"10", 0), (b"00.5", 20),
                                  (b"49.999999999999", 20)):
                with self.subTest(radius=radius, count=count):
                    at, text = client.near(b"WHATSAT kiwi %b %d" % (radius, count))
                    self.assertEqual(at, stored)
                    self.check_shape(text, count)

    def test_at_most_count_results_and_the_nearer_ones(self):
        with Herd() as herd, herd.node.client() as client:
            client.tell(b"kiwi", UCLA, b"1")
            names = {}
            for count in (1, 5, 10, 20):
                _, text = client.near(b"WHATSAT kiwi 50 %03d" % count)
                said = self.check_shape(text, count)
                self.assertEqual(len(said["results"]), count)
                names[count] = [result["place_id"] for result in said["results"]]
            self.assertEqual(names[20][:10], names[10])
            self.assertEqual(names[10][:5], names[5])

    def test_a_small_radius_finds_less(self):
        with Herd() as herd, herd.node.client() as client:
            client.tell(b"kiwi", UCLA, b"1")
            client.tell(b"whale", b"-48.875-123.39", b"1")  # Point Nemo: no land within 2,600 km
            near = json.loads(client.near(b"WHATSAT kiwi 10 20")[1])
            far = json.loads(client.near(b"WHATSAT kiwi 50 20")[1])
            self.assertGreater(len(near["results"]), 0)
            self.assertLessEqual(len(near["results"]), len(far["results"]))
            for line in (b"WHATSAT kiwi 0 20", b"WHATSAT whale 50 20"):
                self.assertEqual(json.loads(client.near(line)[1])["results"], [])

    def test_positions_at_the_edges_of_the_map(self):
        with Herd() as herd, herd.node.client() as client:
            positions = (b"+90+0", b"-90-180", b"+0+180", b"+0-180", b"-16.8+179.99")
            for i, position in enumerate(positions):
                with self.subTest(position=position):
                    client.tell(b"edge%d" % i, position, b"1")
                    self.check_shape(client.near(b"WHATSAT edge%d 50 20" % i)[1], 20)

    def test_an_unknown_id_is_an_invalid_command(self):
        with Herd() as herd, herd.node.client() as client:
            client.tell(b"kiwi", b"+1-1", b"1")
            for client_id in (b"kiw", b"kiwii", b"Kiwi", b"a" * 255, b"\xff"):
                line = b"WHATSAT " + client_id + b" 10 5"
                self.assertEqual(client.ask(line), b"? " + line)


class Connections(unittest.TestCase):
    def test_replies_come_in_the_order_of_the_commands(self):
        with Herd() as herd, herd.node.client() as client:
            client.send(b"IAMAT a %b 1\nWHATSAT a 10 3\nhello\nIAMAT b +2-2 2\nWHATSAT b 10 1\n"
                        b"WHATSAT c 1 1\nIAMAT a +3-3 0\n" % UCLA)
            first = client.line()
            self.assertEqual(at_fields(first)[2:], (b"a", UCLA, b"1"))
            self.assertEqual(client.places()[0], first)
            self.assertEqual(client.line(), b"? hello")
            second = client.line()
            self.assertEqual(client.places()[0], second)
            self.assertEqual(client.line(), b"? WHATSAT c 1 1")
            self.assertEqual(client.line(), first)

    @staticmethod
    def mixed(count):
        """Commands, and for each the number of its kind."""
        for i in range(count):
            kind = i % 7
            client_id = b"client%d" % (i % 50)
            if kind in (0, 1, 4):
                yield "at", client_id, b"IAMAT %b +%d.5-%d %d" % (client_id, i % 90, i % 180, i)
            elif kind == 2:
                yield "places", client_id, b"WHATSAT %b 10 2" % client_id
            elif kind == 3:
                yield "?", None, b"nonsense %d" % i
            elif kind == 5:
                yield "?", None, b"WHATSAT nobody%d 1 1" % i
            else:
                yield "?", None, b"IAMAT %b +91+0 %d" % (client_id, i)

    def check_pipeline(self, count, send):
        commands = list(self.mixed(count))
        stream = b"".join(line + b"\n" for _, _, line in commands)
        with Herd() as herd, herd.node.client() as client:
            sender = threading.Thread(target=send, args=(client, stream))
            sender.start()
            held = {}
            for kind, client_id, line in commands:
                if kind == "at":
                    held[client_id] = client.line()
                    self.assertEqual(at_fields(held[client_id])[2:], tuple(line.split()[1:]))
                elif kind == "places" and client_id in held:
                    at, text = client.places()
                    self.assertEqual(at, held[client_id])
                    self.assertIn("results", json.loads(text))
                else:
                    self.assertEqual(client.line(), b"? " + line)
            sender.join()
            client.finish()
            self.assertEqual(client.rest(), b"")

    def test_thousands_pipelined_in_one_write(self):
        self.check_pipeline(7000, Client.send)

    def test_byte_by_byte(self):
        def send(client, stream):
            for i in range(len(stream)):
                client.send(stream[i:i + 1])
        self.check_pipeline(700, send)

    def test_cut_anywhere(self):
        line = b"\r\nIAMAT kiwi \xc3\xa4 x\r\nWHATSAT kiwi 10 1\r\n"
        with Herd() as herd:
            for cut in range(1, len(line)):
                with self.subTest(cut=cut), herd.node.client() as client:
                    client.send(line[:cut])
                    client.send(line[cut:])
                    self.assertEqual(client.line(), b"? ")
                    self.assertEqual(client.line(), b"? IAMAT kiwi \xc3\xa4 x")
                    self.assertEqual(client.line(), b"? WHATSAT kiwi 10 1")

    def test_half_close_completes_a_last_line(self):
        with Herd() as herd:
            for sent, replies in ((b"", b""), (b"\n", b"? \n"), (b"hello", b"? hello\n"),
                                  (b" ", b"?  \n"), (b"a\nb", b"? a\n? b\n"),
                                  (b"a\nb\n", b"? a\n? b\n"),
                                  (b"WHATSAT nobody 1 1", b"? WHATSAT nobody 1 1\n")):
                with self.subTest(sent=sent), herd.node.client() as client:
                    client.send(sent)
                    client.finish()
                    self.assertEqual(client.rest(), replies)

    def test_a_command_without_lf_is_answered_after_a_silence(self):
        with Herd() as herd, herd.node.client() as client:
            client.send(b"IAMAT kiwi +34.068930-118.445127 1.5")
            self.assertTrue(client.line().endswith(b" kiwi +34.068930-118.445127 1.5"))
            client.send(b"\n")  # its end comes late, and is no line of its own
            self.assertEqual(client.ask(b"hello"), b"? hello")
            client.send(b"WHATSAT kiwi 5 1\r")
            self.assertIn(b'"status"', client.places()[1])
            client.send(b"\r\n\n")
            self.assertEqual(client.line(), b"? ")

    def test_half_close_still_gets_everything(self):
        with Herd() as herd, herd.node.client() as client:
            client.send(b"IAMAT kiwi %b 1" % UCLA + b"\nWHATSAT kiwi 10 5" * 201)
            client.finish()
            at = client.line()
            for _ in range(201):
                again, text = client.places()
                self.assertEqual(again, at)
                self.assertEqual(len(json.loads(text)["results"]), 5)
            self.assertEqual(client.rest(), b"")

    def test_one_read_gets_a_whole_reply(self):
        with Herd() as herd, herd.node.client() as client:
            client.send(b"IAMAT kiwi %b 1\n" % UCLA)
            self.assertRegex(client.socket.recv(1 << 16), rb"\AAT [^\n]*\n\Z")
            for count in (0, 1, 20):
                client.send(b"WHATSAT kiwi 50 %d\n" % count)
                reply = client.socket.recv(1 << 16)
                self.assertTrue(reply.endswith(b"\n\n"), reply[-40:])
                at, _, text = reply.partition(b"\n")
                self.assertEqual(at_fields(at)[2], b"kiwi")
                self.assertEqual(len(json.loads(text)["results"]), count)

    def test_connections_stay_open_by_default(self):
        with Herd() as herd, herd.node.client() as client, herd.node.client() as other:
            for i in range(3):
                self.assertEqual(at_fields(client.tell(b"kiwi", b"+1-1", b"%d" % i))[4], b"%d" % i)
                self.assertEqual(at_fields(other.known(b"kiwi"))[4], b"%d" % i)

    def test_client_close_reply(self):
        with Herd(more="client_close = reply") as herd:
            with herd.node.client() as client:
                client.send(b"IAMAT kiwi %b 1\n" % UCLA)
                self.assertRegex(client.rest(), rb"\AAT [^\n]*\n\Z")
            with herd.node.client() as client:
                client.send(b"WHATSAT kiwi 10 5\nhello\nhello\n")
                at, text = client.places()
                self.assertEqual(at_fields(at)[2], b"kiwi")
                self.assertEqual(len(json.loads(text)["results"]), 5)
                self.assertEqual(client.rest(), b"")
            with herd.node.client() as client:
                client.send(b"hel")
                client.send(b"lo\r\n")
                self.assertEqual(client.rest(), b"? hello\n")
            with herd.node.client() as client:
                client.send(b"x" * 3000)
                self.assertEqual(client.rest(), b"? " + b"x" * LINE_BYTES + b"\n")

    def test_idle_connections_are_closed_after_limits_idle(self):
        with Herd(more="limits { idle = 1s }") as herd, herd.node.client() as client:
            client.send(b"hello\n")
            self.assertEqual(client.line(), b"? hello")
            self.assertEqual(client.rest(), b"")


if __name__ == "__main__":
    unittest.main()
