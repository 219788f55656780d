#!/usr/bin/env python3
"""gazetteer_remake.py - checks that convert.py makes src/gazetteer/places.bin, byte for byte.

usage: gazetteer_remake.py PACKAGE-FOLDER

Exit code: 0 it does, 1 it does not or the package cannot be converted, 2 wrong usage. Run it by hand
when the package or the converter changes; the package is not part of the repository.
"""

import filecmp
import pathlib
import subprocess
import sys
import tempfile

GAZETTEER = pathlib.Path(__file__).resolve().parents[2] / "src" / "gazetteer"


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    committed = GAZETTEER / "places.bin"
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "places.bin"
        converter = [sys.executable, str(GAZETTEER / "convert.py"), sys.argv[1], str(made)]
        if subprocess.run(converter, check=False).returncode != 0:
            sys.exit(1)
        if not filecmp.cmp(made, committed, shallow=False):
            print(f"{committed}: differs from what {sys.argv[1]} makes", file=sys.stderr)
            sys.exit(1)
    print(f"{committed}: the same, byte for byte")


if __name__ == "__main__":
    main()
