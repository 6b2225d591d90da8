#!/usr/bin/env python3
"""Makes images for containers (OCI) out of programs of cross/build.sh: nothing is in them but aiglon.

    cross/oci.py [--out DIR] PROGRAM...     into target/cross/release

PROGRAM is named as cross/build.sh names it, aiglon-VERSION-TARGET-BUILD. PROGRAM.oci.tar is for `docker load` and `podman load`.
Of several machines, aiglon-VERSION-BUILD.oci.tar has the images of all, for a registry. The same input gives the same bytes.
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What registries call the machine of a target.
PLATFORMS = {
    "mips-unknown-linux-musl": {"architecture": "mips"},
    "mipsel-unknown-linux-musl": {"architecture": "mipsle"},
    "armv7-unknown-linux-musleabihf": {"architecture": "arm", "variant": "v7"},
    "arm-unknown-linux-musleabi": {"architecture": "arm", "variant": "v6"},
    "aarch64-unknown-linux-musl": {"architecture": "arm64", "variant": "v8"},
    "riscv64gc-unknown-linux-musl": {"architecture": "riscv64"},
    "x86_64-unknown-linux-musl": {"architecture": "amd64"},
}
# As on OpenWrt. It is nobody else's, and containers are told apart by their maker.
USER = 9093
STATE = "/var/lib/aiglon"
INTERPRETER = 3  # of a program's parts, the one that names a dynamic linker


def fail(words):
    sys.exit(f"oci: {words}")


def epoch():
    """The time of every file: SOURCE_DATE_EPOCH, else the date of the newest release."""
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return int(os.environ["SOURCE_DATE_EPOCH"])
    return int(subprocess.check_output(["bash", "-c", '. "$0/cross/tools.sh"; released', ROOT]))


def tar(members, when):
    """Of path: (mode, owner, bytes, or None for a directory)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, (mode, owner, content) in members.items():
            entry = tarfile.TarInfo(path)
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode = when, owner, owner, "", "", mode
            if content is None:
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def layer(program, when):
    files = {
        "etc/config/aiglon": (0o644, 0, (ROOT / "cross/oci.config").read_bytes()),
        # So that people who look find a name.
        "etc/group": (0o644, 0, f"root:x:0:\naiglon:x:{USER}:\n".encode()),
        "etc/passwd": (0o644, 0, f"root:x:0:0:root:/:/\naiglon:x:{USER}:{USER}:aiglon:{STATE}:/\n".encode()),
        "usr/bin/aiglon": (0o755, 0, program),
        "usr/share/doc/aiglon/LICENSE-APACHE": (0o644, 0, (ROOT / "LICENSE-APACHE").read_bytes()),
        "usr/share/doc/aiglon/LICENSE-MIT": (0o644, 0, (ROOT / "LICENSE-MIT").read_bytes()),
        # A new volume takes owner and mode over.
        STATE[1:]: (0o700, USER, None),
    }
    tree = {}
    for path in files:
        for parent in pathlib.PurePosixPath(path).parents:
            if str(parent) != ".":
                tree[str(parent)] = (0o755, 0, None)
    return tar(dict(sorted({**tree, **files}.items())), when)


def static(program):
    """Whether a program asks for no dynamic linker, which an empty image does not have."""
    wide, order = program[4] == 2, "<" if program[5] == 1 else ">"
    table, = struct.unpack_from(order + ("Q" if wide else "I"), program, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", program, 54 if wide else 42)
    return all(struct.unpack_from(order + "I", program, table + size * at)[0] != INTERPRETER for at in range(count))


class Image:
    """One machine's: its blobs by their names, and the descriptor that leads to them."""

    def __init__(self, path):
        match = re.fullmatch(r"aiglon-(\d+\.\d+\.\d+)-(.+)-(small|full)", path.name)
        if not match or match[2] not in PLATFORMS:
            fail(f"{path.name}: name it as cross/build.sh does, aiglon-VERSION-TARGET-BUILD")
        self.version, target, self.build = match.groups()
        program = path.read_bytes()
        if program[:4] != b"\x7fELF" or not static(program):
            fail(f"{path.name} is no static program")
        self.name, self.blobs = path.name, {}
        # It says nothing of a registry; a releaser gives it another name there.
        self.tag = f"localhost/aiglon:{self.version}" + ("-small" if self.build == "small" else "")
        when = epoch()
        date = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        plain = layer(program, when)
        self.layer = self.blob(gzip.compress(plain, 9, mtime=0), "layer.v1.tar+gzip")
        platform = {"os": "linux", **PLATFORMS[target]}
        config = {
            "created": date,
            **platform,
            "config": {
                "User": f"{USER}:{USER}",
                "ExposedPorts": {"8080/tcp": {}, "8081/tcp": {}},
                "Env": ["PATH=/usr/bin"],
                "Entrypoint": ["/usr/bin/aiglon"],
                "Cmd": ["serve", "/etc/config/aiglon", "--fallback", f"{STATE}/config.last-good"],
                "Volumes": {STATE: {}},
                "WorkingDir": "/",
                "Labels": {
                    "org.opencontainers.image.title": "aiglon",
                    "org.opencontainers.image.description": "A public status page that fits on a router",
                    "org.opencontainers.image.version": self.version,
                    "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
                },
                "StopSignal": "SIGTERM",
            },
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]},
            "history": [{"created": date, "created_by": f"cross/oci.py {path.name}"}],
        }
        self.config = self.blob(compact(config), "config.v1+json")
        manifest = {"schemaVersion": 2, "mediaType": kind("manifest.v1+json"), "config": self.config, "layers": [self.layer]}
        self.descriptor = {**self.blob(compact(manifest), "manifest.v1+json"), "platform": platform}

    def blob(self, content, what):
        name = hashlib.sha256(content).hexdigest()
        self.blobs[name] = content
        return {"mediaType": kind(what), "digest": f"sha256:{name}", "size": len(content)}


def kind(what):
    return f"application/vnd.oci.image.{what}"


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def file_of(descriptor):
    return "blobs/" + descriptor["digest"].replace(":", "/")


def archive(index, blobs, docker=None):
    files = {"index.json": compact(index), "oci-layout": compact({"imageLayoutVersion": "1.0.0"})}
    if docker:
        files["manifest.json"] = compact(docker)
    files |= {f"blobs/sha256/{name}": content for name, content in blobs.items()}
    members = {path: (0o644, 0, content) for path, content in sorted(files.items())}
    return tar({"blobs": (0o755, 0, None), "blobs/sha256": (0o755, 0, None), **members}, epoch())


def index_of(descriptors):
    return {"schemaVersion": 2, "mediaType": kind("index.v1+json"), "manifests": descriptors}


def named(descriptor, tag):
    """With the annotations by which podman, and Docker's containerd, find a name."""
    return {**descriptor, "annotations": {"io.containerd.image.name": tag, "org.opencontainers.image.ref.name": tag}}


def one(image):
    """For `load`. Docker reads manifest.json, unless containerd keeps its images; that and podman read the index."""
    docker = [{"Config": file_of(image.config), "Layers": [file_of(image.layer)], "RepoTags": [image.tag]}]
    return archive(index_of([named(image.descriptor, image.tag)]), image.blobs, docker)


def several(images):
    """One name that leads to all machines."""
    inner = compact(index_of([image.descriptor for image in images]))
    name = hashlib.sha256(inner).hexdigest()
    outer = {"mediaType": kind("index.v1+json"), "digest": f"sha256:{name}", "size": len(inner)}
    blobs = {name: inner}
    for image in images:
        blobs |= image.blobs
    return archive(index_of([named(outer, images[0].tag)]), blobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target/cross/release")
    parser.add_argument("program", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    images = [Image(path) for path in sorted(given.program, key=lambda path: path.name)]
    given.out.mkdir(parents=True, exist_ok=True)
    made = {f"{image.name}.oci.tar": one(image) for image in images}
    for version, build in sorted({(image.version, image.build) for image in images}):
        group = [image for image in images if (image.version, image.build) == (version, build)]
        if len(group) > 1:
            made[f"aiglon-{version}-{build}.oci.tar"] = several(group)
    for name, content in made.items():
        (given.out / name).write_bytes(content)
        print(f"{given.out / name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
