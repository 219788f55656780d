"""test_hardened.py - what the linker made of the program: the marks by which the kernel and the C
library protect a process (src/packaging/hardening.cmake)."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from herd import STAMPEDE

SANITIZED = b"__asan_init" in pathlib.Path(STAMPEDE).read_bytes()
LIBRARIES = sorted((pathlib.Path(STAMPEDE).parent / "src").glob("lib*.a"))
MARK = {"x86_64": "SHSTK", "aarch64": "BTI, PAC"}.get(os.uname().machine)


def readelf(*arguments):
    done = subprocess.run(["readelf", "-W", *map(str, arguments)], capture_output=True, check=True,
                          text=True)
    return done.stdout


@unittest.skipUnless(shutil.which("readelf"), "there is no readelf (binutils)")
class Hardened(unittest.TestCase):
    def test_it_can_be_loaded_anywhere(self):
        self.assertRegex(readelf("-h", STAMPEDE), r"Type:\s+DYN ")
        self.assertRegex(readelf("-d", STAMPEDE), r"FLAGS_1.*\bPIE\b")

    def test_its_tables_of_functions_are_read_only(self):
        """Filled in before it starts (BIND_NOW), and then written to no more (full RELRO)."""
        self.assertIn("GNU_RELRO", readelf("-l", STAMPEDE))
        self.assertRegex(readelf("-d", STAMPEDE), r"FLAGS_1.*\bNOW\b")

    def test_no_memory_is_both_written_and_run(self):
        found = readelf("-l", STAMPEDE)
        segments = re.findall(r"^ +(\w+) +(?:0x\w+ +){5}([RWE ]{3}) ", found, re.M)
        self.assertIn(("GNU_STACK", "RW "), segments)
        self.assertEqual([each for each in segments if "W" in each[1] and "E" in each[1]], [])

    def test_stacks_are_watched(self):
        self.assertIn("__stack_chk_fail", readelf("--dyn-syms", STAMPEDE))

    @unittest.skipIf(SANITIZED, "AddressSanitizer does not go together with _FORTIFY_SOURCE")
    def test_writes_into_buffers_are_checked(self):
        self.assertRegex(readelf("--dyn-syms", STAMPEDE), r"__\w+_chk@")

    @unittest.skipUnless(MARK, "this processor's mark is not known here")
    def test_every_object_keeps_to_shadow_stacks(self):
        """One that did not would take them from the whole program; one comes from assembler."""
        self.assertGreaterEqual(len(LIBRARIES), 4)
        for library in LIBRARIES:
            members = re.split(r"^File: ", readelf("-n", library), flags=re.M)[1:]
            self.assertTrue(members)
            lacking = [text.splitlines()[0] for text in members if MARK not in text]
            self.assertEqual(lacking, [], library)

    @unittest.skipUnless(MARK == "SHSTK", "claimed on x86-64 only, whatever the start files say")
    def test_the_program_keeps_to_shadow_stacks(self):
        self.assertIn(MARK, readelf("-n", STAMPEDE))


if __name__ == "__main__":
    unittest.main()
