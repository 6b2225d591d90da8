#!/usr/bin/env python3
"""Holds the programs of cross/build.sh to the figures in cross/sizes.

    cross/budget.py check DIR            says every size; exit 1 if one is over its limit
    cross/budget.py record DIR           writes the sizes into cross/sizes as the last ones

Of one that grew by more than 2% since it was recorded, the largest crates and functions are shown: DIR/symbols has the
programs with their symbols.
"""

import lzma
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SIZES = HERE / "sizes"
GROWTH = 1.02
# As OpenWrt's squashfs on NOR flash: xz in blocks of 256 KiB. Whole files come out a little smaller.
BLOCK = 262_144


def xz(data):
    blocks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    return sum(len(lzma.compress(block, lzma.FORMAT_XZ, lzma.CHECK_CRC32, 9 | lzma.PRESET_EXTREME)) for block in blocks)


def rows():
    for line in SIZES.read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            target, build, *figures = words
            yield (target, build), [int(figure.replace(",", "")) if figure != "-" else None for figure in figures]


def measured(directory):
    for (target, build), figures in rows():
        for path in directory.glob(f"aiglon-*-{target}-{build}"):
            data = path.read_bytes()
            yield (target, build), figures, len(data), xz(data), path


def check(directory):
    failed = 0
    print(f"{'':42} {'bytes':>9} {'limit':>9} {'last':>9}   {'xz':>8} {'limit':>8} {'last':>8}")
    for (target, build), (limit, last, xz_limit, xz_last), size, packed, path in measured(directory):
        print(f"{target + ' ' + build:42} {size:>9,} {limit or 0:>9,} {last or 0:>9,}   "
              f"{packed:>8,} {xz_limit or 0:>8,} {xz_last or 0:>8,}")
        if limit and size > limit:
            print(f"  over its limit by {size - limit:,} bytes")
            failed += 1
        if xz_limit and packed > xz_limit:
            print(f"  over its limit by {packed - xz_limit:,} bytes, compressed")
            failed += 1
        if last and size > last * GROWTH:
            print(f"  grown by {100 * (size - last) / last:.1f}% since it was recorded; what is in it:", flush=True)
            subprocess.run([HERE / "elf.py", "report", directory / "symbols" / path.name], check=False)
    return failed


def record(directory):
    new = {key: (size, packed) for key, _, size, packed, _ in measured(directory)}
    lines = []
    for line in SIZES.read_text().splitlines():
        words = line.split()
        if words and not words[0].startswith("#") and tuple(words[:2]) in new:
            size, packed = new[tuple(words[:2])]
            words[3], words[5] = f"{size:,}", f"{packed:,}"
            line = "{:31} {:6} {:>10} {:>10} {:>10} {:>10}".format(*words[:6])
        lines.append(line)
    SIZES.write_text("\n".join(lines) + "\n")


def main():
    match sys.argv[1:]:
        case ["check", directory]:
            sys.exit(1 if check(pathlib.Path(directory)) else 0)
        case ["record", directory]:
            record(pathlib.Path(directory))
        case _:
            sys.exit(__doc__)


main()
