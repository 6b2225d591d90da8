#!/usr/bin/env python3
"""Holds the bills of materials of cross/build.sh to CycloneDX's schema, to SPDX, and to what a package URL is.

    cross/check_sbom.py FILE...     each aiglon-VERSION-TARGET-BUILD.cdx.json; exit 1 if one is wrong

What it needs is in requirements-sbom.txt; cross/test.sh --sbom sees to it.
"""

import copy
import importlib.resources
import json
import pathlib
import sys
import tomllib

import jsonschema
import license_expression
import packageurl

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPDX = license_expression.get_spdx_licensing()
SCHEMAS = importlib.resources.files("cyclonedx") / "schema/_res"
# What the small build must not have, and the full one must; and what no program is linked with.
ONLY_FULL = {"russh", "ring", "tokio"}
IN_ALL = {"rust-std", "musl", "libunwind", "compiler-rt", "zigc", "smol", "rustix"}
IN_NONE = {"proptest", "serde_json", "serde_derive", "syn", "proc-macro2", "cc"}


def validator():
    def schema(name):
        return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text())

    bom, others = schema("bom-1.5"), [schema("spdx"), schema("jsf-0.82")]
    resolver = jsonschema.RefResolver.from_schema(bom, store={other["$id"]: other for other in others})
    return jsonschema.Draft7Validator(bom, resolver=resolver, format_checker=jsonschema.FormatChecker())


VALIDATOR = validator()


def faults(bill, build):
    """What is wrong with it, line by line."""
    for error in VALIDATOR.iter_errors(bill):
        yield f"schema: {error.json_path}: {error.message[:200]}"
    own = bill["metadata"]["component"]
    components = bill["components"]
    refs = [row["bom-ref"] for row in [own, *components]]
    for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
        yield f"twice: {ref}"
    for row in [own, *components]:
        licences = [licence.get("expression", "") for licence in row.get("licenses", [])]
        if len(licences) != 1:
            yield f"{row['name']}: not one licence: {licences}"
        for licence in licences:
            try:
                SPDX.parse(licence, validate=True, strict=True)
            except license_expression.ExpressionError as error:
                yield f"{row['name']}: {error}"
        try:
            purl = packageurl.PackageURL.from_string(row["purl"])
            if purl.to_string() != row["purl"] or purl.version != row["version"]:
                yield f"{row['name']}: {row['purl']} should be {purl.to_string()}"
        except ValueError as error:
            yield f"{row['name']}: {error}"
        if row["purl"].startswith("pkg:cargo/") and row is not own and "hashes" not in row:
            yield f"{row['name']}: no checksum"
    # Each is there because of another.
    rows = {row["ref"]: row.get("dependsOn", []) for row in bill["dependencies"]}
    if set(rows) != set(refs):
        yield f"dependencies of what is not there, or of not all: {sorted(set(rows) ^ set(refs))}"
    found, waiting = set(), [own["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            waiting += rows.get(ref, [])
    if found != set(refs):
        yield f"nobody depends on, or nobody has: {sorted(found ^ set(refs))}"
    names = {row["name"] for row in components}
    wanted = IN_ALL | ONLY_FULL if build == "full" else IN_ALL
    refused = IN_NONE if build == "full" else IN_NONE | ONLY_FULL
    for name in sorted(wanted - names):
        yield f"{name} is missing"
    for name in sorted(refused & names):
        yield f"{name} is in no {build} program"
    locked = {(row["name"], row["version"]) for row in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for row in components:
        if row["purl"].startswith("pkg:cargo/") and (row["name"], row["version"]) not in locked:
            yield f"{row['name']} {row['version']} is not in Cargo.lock"


def broken(bill):
    """The same with one fault each, which must be found."""
    def change(name, act):
        other = copy.deepcopy(bill)
        act(other)
        return name, other

    first = "components"
    yield change("a type that is none", lambda bill: bill[first][0].update(type="thing"))
    yield change("a checksum of other letters", lambda bill: bill[first][0].update(hashes=[{"alg": "SHA-256", "content": "z"}]))
    yield change("a licence that is none", lambda bill: bill[first][0].update(licenses=[{"expression": "MIT/Apache-2.0"}]))
    yield change("a purl without a type", lambda bill: bill[first][0].update(purl="cargo/name@1.0.0"))
    yield change("another version in the purl", lambda bill: bill[first][0].update(purl=bill[first][0]["purl"] + "1"))
    yield change("one twice", lambda bill: bill[first].append(bill[first][0]))
    yield change("one that nobody has", lambda bill: bill["dependencies"][0]["dependsOn"].append("pkg:cargo/nobody@1.0.0"))
    yield change("one gone", lambda bill: bill[first].pop())
    yield change("a macro", lambda bill: bill[first][0].update(name="syn"))


def main():
    files = [pathlib.Path(name) for name in sys.argv[1:]]
    if not files:
        sys.exit(__doc__)
    wrong = 0
    for file in files:
        build = file.name.removesuffix(".cdx.json").rsplit("-", 1)[1]
        bill = json.loads(file.read_text())
        lines = list(faults(bill, build))
        lines += [f"not seen: {name}" for name, other in broken(bill) if not list(faults(other, build))]
        wrong += len(lines)
        print(f"{file.name}: {len(bill['components'])} components, {len(lines)} faults")
        for line in lines:
            print(f"  {line}")
    sys.exit(1 if wrong else 0)


main()
