"""test_journal.py - journal { dir }: what was acknowledged is there after any end, on any disk."""
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from herd import SHIPPED, Herd, run
from killed import WAIT, Load

PAIR = {"Goloman": ("Hands",), "Hands": ()}
DIR = 'dir = "data/%n"'
LOG_1, LOG_2 = "log-0000000000000001", "log-0000000000000002"


def keeps(more="", limits=""):
    return f"journal {{ {DIR} {more} }}\n{limits}"


def journal(herd, name="Goloman"):
    return herd.status()[name]["journal"]


def folder(herd, name="Goloman"):
    return herd.folder / "data" / name


def files(herd, name="Goloman"):
    return sorted(path.name for path in folder(herd, name).iterdir())


def on_disk(herd, name="Goloman"):
    """Wait until all that the node holds is durable."""
    herd.until(lambda: journal(herd, name)["behind"] == 0, f"{name}'s journal is level")


def event(node, name):
    """The lines of its log with an event."""
    return re.findall(rb"^\S+ \w+ node=\S+ " + name + rb"\b.*$", node.log(), re.M)


def flip(path, at):
    """One bit of a file becomes another."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def crc32c(data):
    """The checksum of RFC 3720, bit by bit."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


@contextlib.contextmanager
def small_disk(at, size):
    """A file system of its own, of `size` bytes; skips the test where that is not allowed."""
    at.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", at],
                             capture_output=True, check=False)
    if mounted.returncode:
        raise unittest.SkipTest(f"no file system can be mounted here: {mounted.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", at], check=True)


class Restarts(unittest.TestCase):
    def test_a_node_that_was_killed_has_what_was_on_the_disk(self):
        with Herd(more=keeps("flush = 10ms")) as herd, herd.node.client() as client:
            reply = client.tell(b"kiwi", b"+34.068930-118.445127", b"1621464827.959498503")
            long_time = client.tell(b"long", b"+1+1", b"0" * 900 + b"1.50")
            on_disk(herd)
            herd.node.kill()
            herd.node.start()
            self.assertEqual(herd.known(b"kiwi"), {"Goloman": reply})
            self.assertEqual(herd.known(b"long"), {"Goloman": long_time})
            self.assertEqual(journal(herd)["found_stamps"], 2)

    def test_a_node_that_was_stopped_has_everything(self):
        for mode in ("none", "interval", "always"):
            with self.subTest(mode=mode), Herd(more=keeps(f"mode = {mode}")) as herd:
                with herd.node.client() as client:
                    client.send(b"".join(b"IAMAT c%d +1+1 1\n" % i for i in range(5000)))
                    for _ in range(5000):
                        client.line()
                herd.node.stop()
                herd.node.start()
                self.assertEqual(herd.status()["Goloman"]["stamps"], 5000)

    def test_always_loses_nothing_when_all_are_killed_at_once(self):
        with Herd(SHIPPED, more=keeps("mode = always")) as herd:
            herd.linked()
            with Load(herd) as load:
                for _ in range(4):
                    self.assertEqual(load.kill_all(), {})
                    self.assertEqual(load.damaged(), [])
                load.end()
                herd.command("wait", "--timeout", WAIT)
                self.assertEqual(load.lost(load.acknowledged), {})

    def test_interval_loses_nothing_that_a_neighbour_has_confirmed(self):
        with Herd(SHIPPED, more=keeps("mode = interval")) as herd:
            herd.linked()
            with Load(herd) as load:
                for name in ("Goloman", "Welsh"):
                    lost, _ = load.kill_one(name)
                    self.assertEqual(lost, {})
                    self.assertEqual(load.damaged(), [])
                load.end()
                herd.command("wait", "--timeout", WAIT)
                self.assertEqual(load.lost(load.acknowledged), {})

    def test_links_go_on_where_they_were(self):
        with Herd(PAIR, more=keeps("flush = 10ms")) as herd:
            herd.linked()
            with herd["Hands"].client() as client:
                for i in range(300):
                    client.tell(b"before-%d" % i, b"+1+1", b"1")
                herd.until(lambda: herd.status()["Goloman"]["stamps"] == 300, "all are there")
            on_disk(herd)
            on_disk(herd, "Hands")
            herd["Goloman"].stop()
            with herd["Hands"].client() as client:
                for i in range(7):
                    client.tell(b"meanwhile-%d" % i, b"+1+1", b"1")
            herd["Goloman"].start()
            herd.until(lambda: herd.status()["Goloman"]["stamps"] == 307, "all are there again")
            (link,) = herd.status()["Goloman"]["links"]
            self.assertLess(link["got"], 100)  # not everything once more
            self.assertLess(link["sent"], 100)

    def test_files_are_made_anew_before_there_are_too_many(self):
        with Herd(more=keeps()) as herd:
            for life in range(20):
                with herd.node.client() as client:
                    client.tell(b"c%d" % life, b"+1+1", b"1")
                herd.node.stop()
                herd.node.start()
            herd.until(lambda: any(name.startswith("base-") for name in files(herd)), "a base")
            herd.until(lambda: len(files(herd)) < 8, "what is older goes")
            herd.node.kill()
            herd.node.start()
            self.assertEqual(herd.status()["Goloman"]["stamps"], 20)


class Folder(unittest.TestCase):
    def test_it_is_made_for_its_user_only(self):
        old = os.umask(0)
        try:
            with Herd(more=keeps()) as herd:
                for path in (herd.folder / "data", folder(herd)):
                    self.assertEqual(path.stat().st_mode & 0o777, 0o700)
                self.assertEqual((folder(herd) / LOG_1).stat().st_mode & 0o777, 0o600)
        finally:
            os.umask(old)

    def test_two_processes_do_not_share_it(self):
        with Herd(PAIR, more='journal { dir = "data" }', start=False) as herd:
            herd["Goloman"].start()
            herd["Hands"].start(ready=False)
            herd["Hands"].ended(1)
            self.assertIn(b"data is in use by another process; stop that one, or give each node a "
                          b"folder of its own", herd["Hands"].printed())

    def test_that_of_another_node_is_refused(self):
        with Herd(PAIR, more=keeps(), start=False) as herd:
            herd["Goloman"].start()
            herd["Goloman"].stop()
            folder(herd).rename(folder(herd, "Hands"))
            herd["Hands"].start(ready=False)
            herd["Hands"].ended(1)
            self.assertIn(f"{LOG_1} is of another node".encode(), herd["Hands"].printed())

    def test_one_that_cannot_be_used_is_told(self):
        with Herd(more='journal { dir = "file/data" }', start=False) as herd:
            (herd.folder / "file").write_text("")
            herd.node.start(ready=False)
            herd.node.ended(1)
            self.assertIn(b"file/data cannot be made: ", herd.node.printed())

    def test_more_stamps_than_there_may_be(self):
        with Herd(more=keeps()) as herd:
            with herd.node.client() as client:
                for i in range(20):
                    client.tell(b"c%d" % i, b"+1+1", b"1")
            herd.node.stop()
            herd.config.write_text(herd.config.read_text() + "limits { stamps = 10 }\n")
            herd.node.start(ready=False)
            herd.node.ended(1)
            self.assertIn(b"there are 20 stamps in the journal, and limits.stamps is 10; raise it",
                          herd.node.printed())

    def test_a_reload_keeps_it(self):
        with Herd(more=keeps()) as herd:
            herd.config.write_text(herd.config.read_text().replace("data/%n", "elsewhere"))
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: event(herd.node, b"reload_failed"), "it is refused")
            self.assertIn(b"journal.dir is another one, which needs a restart",
                          event(herd.node, b"reload_failed")[0])

    def test_a_reload_changes_the_mode(self):
        with Herd(more=keeps("mode = none")) as herd, herd.node.client() as client:
            client.tell(b"a", b"+1+1", b"1")
            herd.config.write_text(herd.config.read_text().replace("none", "always"))
            herd.node.deliver(signal.SIGHUP)
            herd.until(lambda: journal(herd)["mode"] == "always", "it is reloaded")
            reply = client.tell(b"b", b"+1+1", b"1")
            self.assertEqual(journal(herd)["behind"], 0)
            herd.node.kill()
            herd.node.start()
            self.assertEqual(herd.known(b"b"), {"Goloman": reply})


class Damage(unittest.TestCase):
    def damaged(self, herd):
        """Goloman's journal with a wrong bit in the middle of what is durable; it is stopped."""
        with herd["Goloman"].client() as client:
            for i in range(100):
                client.tell(b"c%d" % i, b"+1+1", b"1")
                if i == 50:
                    on_disk(herd)
        herd["Goloman"].stop()
        flip(folder(herd) / LOG_1, 4096 + 200)

    def test_the_rest_comes_from_neighbours(self):
        with Herd(PAIR, more=keeps("flush = 10ms")) as herd:
            herd.linked()
            self.damaged(herd)
            herd["Goloman"].start()
            herd.until(lambda: herd.status()["Goloman"]["stamps"] == 100, "all are there again")
            self.assertTrue(event(herd["Goloman"], b"journal_damaged"))
            herd.until(lambda: any(name.startswith("base-") for name in files(herd)), "a base")
            self.assertIn(b"The journal of Goloman was damaged when it started",
                          herd.command("status", "--table", expect=(0, 1)).stdout)
            herd["Goloman"].stop()
            herd["Goloman"].start()
            self.assertFalse(journal(herd)["found_damaged"])

    def test_it_can_be_refused(self):
        with Herd(more=keeps("flush = 10ms damaged = refuse")) as herd:
            self.damaged(herd)
            herd.node.start(ready=False)
            herd.node.ended(1)
            self.assertIn(b"is damaged, and journal.damaged is refuse", herd.node.printed())

    def test_a_later_version_is_refused(self):
        with Herd(more=keeps()) as herd:
            herd.node.stop()
            path = folder(herd) / LOG_1
            data = bytearray(path.read_bytes())
            data[8] = 99
            data[4092:4096] = crc32c(data[:4092]).to_bytes(4, "little")
            path.write_bytes(data)
            herd.node.start(ready=False)
            herd.node.ended(1)
            self.assertIn(b"is of a later version of stampede", herd.node.printed())

    def test_what_stampede_journal_says(self):
        with Herd(more=keeps("flush = 10ms")) as herd:
            with herd.node.client() as client:
                replies = [client.tell(b"c%d" % i, b"+1+1", b"1") for i in range(3)]
            on_disk(herd)
            said = run("journal", folder(herd))
            self.assertIn(b"a node has this folder in use", said.stderr)
            herd.node.stop()
            said = run("journal", folder(herd)).stdout.decode().splitlines()
            self.assertRegex(said[1], rf"^{LOG_1}  clean +\d+ +3 +3 +0 ")
            self.assertEqual(said[2], "herd demo, node Goloman")
            stamps = run("journal", "--stamps", folder(herd)).stdout.splitlines()
            self.assertEqual(stamps, replies)
            flip(folder(herd) / LOG_1, 4096 + 100)
            self.assertIn(b"damaged", run("journal", folder(herd), expect=(1,)).stdout)
            run("journal", "--stamps", folder(herd), expect=(1,))
            self.assertEqual(run("journal", herd.folder, expect=(1,)).stdout, b"")
            run("journal", expect=(2,))


class Disk(unittest.TestCase):
    def test_a_full_disk_and_room_again(self):
        with Herd(more=keeps("flush = 10ms"), start=False) as herd, \
                small_disk(herd.folder / "data", "4m"):
            ballast = herd.folder / "data" / "ballast"
            herd.node.start()
            with herd.node.client() as client:
                client.tell(b"first", b"+1+1", b"1")
                on_disk(herd)
                with contextlib.suppress(OSError):
                    ballast.write_bytes(bytes(8 << 20))
                numbers = itertools.count()

                def full():
                    client.send(b"".join(b"IAMAT x%d +1+1 1\n" % next(numbers)
                                         for _ in range(500)))
                    for _ in range(500):
                        client.line()
                    return journal(herd)["state"] == "full"
                herd.until(full, "the disk is full")
                told = herd.command("status", "--table", expect=(1,)).stdout
                self.assertRegex(told, rb"Goloman has not kept its stamps on the disk for \S+: "
                                       rb"the disk is full\.")
                last = client.tell(b"last", b"+1+1", b"1")
                ballast.unlink()
            on_disk(herd)
            self.assertEqual(len(event(herd.node, b"journal_full")), 1)
            self.assertEqual(len(event(herd.node, b"journal_works_again")), 1)
            herd.node.kill()
            herd.node.start()
            self.assertEqual(herd.known(b"last"), {"Goloman": last})
            self.assertFalse(journal(herd)["found_damaged"])
            herd.node.stop()

    def test_always_ends_rather_than_promise_what_a_full_disk_cannot_keep(self):
        with Herd(more=keeps("mode = always"), start=False) as herd, \
                small_disk(herd.folder / "data", "64k"):
            herd.node.start()
            with herd.node.client() as client:
                client.tell(b"first", b"+1+1", b"1")
                with contextlib.suppress(OSError):
                    (herd.folder / "data" / "ballast").write_bytes(bytes(1 << 20))
                client.send(b"".join(b"IAMAT x%d +1+1 1\n" % i for i in range(500)))
                answered = client.rest().count(b"\n")
                self.assertLess(answered, 500)
            herd.node.ended(1)
            self.assertEqual(len(event(herd.node, b"journal_gives_up")), 1)
            (herd.folder / "data" / "ballast").unlink()
            herd.node.start()
            self.assertGreaterEqual(herd.status()["Goloman"]["stamps"], 1 + answered)
            herd.node.stop()

    def test_a_folder_that_is_removed_under_it(self):
        with Herd(more=keeps("flush = 10ms")) as herd, herd.node.client() as client:
            client.tell(b"first", b"+1+1", b"1")
            on_disk(herd)
            shutil.rmtree(folder(herd))
            herd.until(lambda: journal(herd)["state"] == "broken", "it is noticed")
            self.assertEqual(journal(herd)["error"], "the file is gone")
            client.tell(b"second", b"+1+1", b"1")  # it serves on
            herd.command("status", "--table", expect=(1,))

    def test_a_disk_that_fails(self):
        """A loop device over a sparse file, on a file system that has no room for it."""
        tools = ("losetup", "mkfs.ext4", "mount")
        if os.geteuid() != 0 or not all(shutil.which(tool) for tool in tools):
            self.skipTest("needs root, losetup and mkfs.ext4")
        with Herd(more=keeps("flush = 10ms"), start=False) as herd, \
                small_disk(herd.folder / "under", "6m"), contextlib.ExitStack() as after:
            image = herd.folder / "under" / "image"
            with open(image, "wb") as sparse:
                sparse.truncate(64 << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", image],
                           check=True)
            (herd.folder / "data").mkdir()
            mounted = subprocess.run(["mount", "-o", "loop", image, herd.folder / "data"],
                                     capture_output=True, check=False)
            if mounted.returncode:
                self.skipTest(f"no loop device: {mounted.stderr.decode()}")
            after.callback(subprocess.run, ["umount", "-l", herd.folder / "data"], check=True)
            herd.node.start()
            with herd.node.client() as client:
                numbers = itertools.count()

                def broken():
                    client.send(b"".join(b"IAMAT x%d +1+1 1\n" % next(numbers)
                                         for _ in range(2000)))
                    for _ in range(2000):
                        client.line()
                    return event(herd.node, b"journal_broken")
                herd.until(broken, "the disk fails")
                client.tell(b"after", b"+1+1", b"1")
            herd.node.stop()


if __name__ == "__main__":
    unittest.main()
