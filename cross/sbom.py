#!/usr/bin/env python3
"""What is in a program: a bill of materials (CycloneDX 1.5, JSON), from Cargo.lock and what cargo says.

    cross/sbom.py TARGET small|full     to stdout; the same bytes for the same sources and tools

Only what is linked in: no tests, nothing that runs in the build alone, and of the small build nothing that only the full one
has. rustc, and the Python that has zig (cross/tools.sh), are asked for their versions.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEATURES = {"small": ["--no-default-features", "--features=gzip"], "full": ["--features=full"]}
# "2 name v1.2.3 (what else there is to say)"
ROW = re.compile(r"(\d+) (\S+) v(\S+)")


def said(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked(target, build):
    """Each package that the program is linked with, and the packages that it asks for itself; ours is the first.
    Of cargo's commands `tree` alone knows features as they are in a build, without those of the tests."""
    graph, above = {}, []
    for line in said("cargo", "tree", "--locked", f"--target={target}", "--edges=normal,no-proc-macro",
                     "--prefix=depth", "--format= {p}", *FEATURES[build]).splitlines():
        depth, *package = ROW.match(line).groups()
        package = tuple(package)
        del above[int(depth):]
        graph.setdefault(package, set())
        if above:
            graph[above[-1]].add(package)
        above.append(package)
    return graph


def reference(package):
    name, version = package
    # In a purl, what follows a `+` is not a blank.
    return f"pkg:cargo/{name}@{version.replace('+', '%2B')}"


def tool_made():
    """What comes with the compilers, and no lock file names: name, version, licence, where it is from."""
    zig, clang = said("python3", "-m", "ziglang", "version").strip(), said("python3", "-m", "ziglang", "clang", "--version")
    place = said("python3", "-c", "import os, ziglang; print(os.path.dirname(ziglang.__file__))").strip()
    musl = (pathlib.Path(place) / "lib/libc/musl/src/internal/version.h").read_text().split('"')[1]
    llvm = re.search(r"clang version (\S+)", clang)[1]
    rust = said("rustc", "-V").split()[1]
    # With compiler_builtins, which has parts of LLVM's.
    licence = "(MIT OR Apache-2.0) AND MIT AND Apache-2.0 WITH LLVM-exception"
    yield "rust-std", rust, licence, f"pkg:github/rust-lang/rust@{rust}#library"
    # All as zig carries them.
    yield "musl", musl, "MIT", f"pkg:generic/musl@{musl}"
    yield "libunwind", llvm, "Apache-2.0 WITH LLVM-exception", f"pkg:generic/libunwind@{llvm}"
    yield "compiler-rt", zig, "MIT", f"pkg:generic/zig@{zig}#lib/compiler_rt"
    yield "zigc", zig, "MIT", f"pkg:generic/zig@{zig}#lib/c"


def main():
    target, build = sys.argv[1:]
    graph = linked(target, build)
    metadata = json.loads(said("cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={target}",
                               *FEATURES[build]))
    licences = {(package["name"], package["version"]): package["license"] for package in metadata["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    sums = {(row["name"], row["version"]): row.get("checksum") for row in lock["package"]}

    def component(package, kind):
        name, version = package
        row = {"type": kind, "bom-ref": reference(package), "name": name, "version": version, "purl": reference(package)}
        if licence := licences[package]:
            # The crates' old way to write "or", which is none of SPDX.
            row["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", licence)}]
        if checksum := sums[package]:
            row["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return row

    own, *others = graph
    tools = [
        {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
         "licenses": [{"expression": licence}]}
        for name, version, licence, purl in tool_made()
    ]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": component(own, "application"),
            "properties": [{"name": "aiglon:target", "value": target}, {"name": "aiglon:build", "value": build}],
        },
        "components": [component(package, "library") for package in sorted(others)] + tools,
        "dependencies": [
            {"ref": reference(package), "dependsOn": sorted(map(reference, wanted)) + (
                [tool["bom-ref"] for tool in tools] if package == own else [])}
            for package, wanted in sorted(graph.items())
        ] + [{"ref": tool["bom-ref"]} for tool in tools],
    }
    print(json.dumps(bill, indent=1, ensure_ascii=False))


main()
