#!/usr/bin/env python3
"""What is in a program: a bill of materials (CycloneDX 1.5, JSON), from Cargo.lock and what cargo says of TARGET.

    cross/sbom.py TARGET RUST-VERSION    to stdout; the same bytes for the same Cargo.lock

Only what is linked in: no tests, nothing that runs in the build alone.
"""

import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def linked(metadata):
    """The packages that the program is linked with, from its own package on."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found, waiting = {}, [metadata["resolve"]["root"]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = [
                dep["pkg"] for dep in nodes[name]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])
            ]
            waiting += found[name]
    return found


def main():
    target, rust = sys.argv[1:]
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--features=full", f"--filter-platform={target}"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    sums = {(row["name"], row["version"]): row.get("checksum") for row in lock["package"]}
    graph = linked(metadata)

    def reference(package):
        return f"pkg:cargo/{package['name']}@{package['version']}"

    def component(package, kind):
        row = {
            "type": kind,
            "bom-ref": reference(package),
            "name": package["name"],
            "version": package["version"],
            "purl": reference(package),
        }
        if package["license"]:
            row["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if checksum := sums.get((package["name"], package["version"])):
            row["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return row

    own = metadata["resolve"]["root"]
    others = sorted((packages[name] for name in graph if name != own), key=lambda row: (row["name"], row["version"]))
    std = {"type": "library", "bom-ref": f"rust-std@{rust}", "name": "rust-std", "version": rust,
           "licenses": [{"expression": "MIT OR Apache-2.0"}]}
    # Zig 0.15 carries it, and links it in.
    musl = {"type": "library", "bom-ref": "musl@1.2.5", "name": "musl", "version": "1.2.5",
            "licenses": [{"expression": "MIT"}]}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(packages[own], "application"),
                     "properties": [{"name": "target", "value": target}]},
        "components": [component(package, "library") for package in others] + [std, musl],
        "dependencies": [
            {"ref": reference(packages[name]), "dependsOn": sorted(reference(packages[dep]) for dep in set(deps))}
            for name, deps in sorted(graph.items(), key=lambda item: reference(packages[item[0]]))
        ],
    }
    print(json.dumps(bill, indent=1, ensure_ascii=False))


main()
