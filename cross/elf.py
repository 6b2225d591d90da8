#!/usr/bin/env python3
"""Looks into the programs of cross/build.sh, of whatever machine and byte order.

    cross/elf.py strip IN OUT     only what is loaded is kept: no symbols, no sections (as OpenWrt's sstrip does)
    cross/elf.py report IN        the largest crates, modules and functions, of a program that still has its symbols
"""

import collections
import os
import re
import shutil
import struct
import subprocess
import sys

CRATES = 25
MODULES = 40
FUNCTIONS = 40
# Where the numbers of the file's head stand, and how long they are, with 32 and with 64 bits.
HEAD = {1: "HHIIIIIHHHHHH", 2: "HHIQQQIHHHHHH"}
NAMES = "type machine version entry phoff shoff flags ehsize phentsize phnum shentsize shnum shstrndx".split()
SECTION = {1: "IIIIIIIIII", 2: "IIQQQQIIQQ"}
SYMTAB, FUNCTION = 2, 2
# Kinds of segments.
NULL, LOAD = 0, 1
# The crate in a mangled name (Rust's v0): the first `C`, with or without a disambiguator, then a length and the name.
CRATE = re.compile(r"C(?:s[0-9A-Za-z]*_)?([1-9][0-9]*)_?([A-Za-z0-9_]+)")


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        if self.bytes[:4] != b"\x7fELF":
            sys.exit(f"{path}: not a program for Linux")
        self.wide = self.bytes[4]
        self.order = "<" if self.bytes[5] == 1 else ">"
        self.head = dict(zip(NAMES, struct.unpack_from(self.order + HEAD[self.wide], self.bytes, 16)))

    def sections(self):
        for index in range(self.head["shnum"]):
            at = self.head["shoff"] + index * self.head["shentsize"]
            yield struct.unpack_from(self.order + SECTION[self.wide], self.bytes, at)

    def segments(self):
        """Of each, where its head stands, its type, and where it ends in the file."""
        for index in range(self.head["phnum"]):
            at = self.head["phoff"] + index * self.head["phentsize"]
            if self.wide == 1:
                kind, offset, _, _, size = struct.unpack_from(self.order + "IIIII", self.bytes, at)
            else:
                kind, _, offset, _, _, size = struct.unpack_from(self.order + "IIQQQQ", self.bytes, at)
            yield at, kind, offset + size

    def loaded_end(self):
        """Where the last byte that is loaded ends."""
        heads = self.head["phoff"] + self.head["phnum"] * self.head["phentsize"]
        return max([heads] + [end for _, kind, end in self.segments() if kind == LOAD])

    def strip(self):
        for name in ("shoff", "shnum", "shstrndx"):
            self.head[name] = 0
        struct.pack_into(self.order + HEAD[self.wide], self.bytes, 16, *self.head.values())
        loaded = self.loaded_end()
        # RISC-V's attributes are a segment that is not loaded, behind all that is for debuggers.
        for at, _, end in self.segments():
            if end > loaded:
                struct.pack_into(self.order + "I", self.bytes, at, NULL)
        return self.bytes[:loaded]

    def functions(self):
        """Each with its size; of several names for one, the first."""
        sections, seen = list(self.sections()), set()
        for section in sections:
            if section[1] != SYMTAB:
                continue
            names = sections[section[6]][4]
            entry = "IIIBBH" if self.wide == 1 else "IBBHQQ"
            step = struct.calcsize(self.order + entry)
            for at in range(section[4], section[4] + section[5], step):
                row = struct.unpack_from(self.order + entry, self.bytes, at)
                name, value, size, info = row[:4] if self.wide == 1 else (row[0], row[4], row[5], row[1])
                if size and info & 15 == FUNCTION and value not in seen:
                    seen.add(value)
                    begin = names + name
                    yield size, self.bytes[begin : self.bytes.index(0, begin)].decode()


def crate(symbol):
    if not symbol.startswith("_R"):
        return "(C: musl, compiler)"
    found = CRATE.search(symbol)
    return found[2][: int(found[1])] if found else "(unknown)"


# The module of ours in a demangled name, two deep at most; a name of another crate that holds a type of ours is ours.
MODULE = re.compile(r"\baiglon((?:::[a-z_0-9]+){1,2})(?=::)")


def report(path):
    functions = sorted(Elf(path).functions(), reverse=True)
    names = demangled([symbol for _, symbol in functions])
    crates, modules = collections.Counter(), collections.Counter()
    for (size, symbol), name in zip(functions, names):
        crates[crate(symbol)] += size
        if found := MODULE.search(name):
            modules[found[1][2:]] += size
    print(f"functions, {sum(crates.values()):,} bytes; what is inlined counts with its caller, "
          "what is generic with who wrote it")
    for name, size in crates.most_common(CRATES):
        print(f"{size:>9,}  {name}")
    print("modules of aiglon")
    for name, size in modules.most_common(MODULES):
        print(f"{size:>9,}  {name}")
    print("largest functions")
    for (size, _), name in zip(functions[:FUNCTIONS], names):
        print(f"{size:>9,}  {name[:140]}")


def demangled(symbols):
    if not shutil.which("c++filt"):
        return symbols
    done = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, text=True, check=True)
    return [re.sub(r"\[[0-9a-f]+\]", "", line) for line in done.stdout.splitlines()]


def main():
    match sys.argv[1:]:
        case ["strip", source, target]:
            with open(target, "wb") as file:
                file.write(Elf(source).strip())
            os.chmod(target, 0o755)
        case ["report", source]:
            report(source)
        case _:
            sys.exit(__doc__)


main()
