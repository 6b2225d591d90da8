"""The packages that openwrt/pack makes: members, modes, owners, scripts, sums; and that the same input gives the same bytes. The .apk is
read by a reader of its own, after apk-v3(5)."""

import gzip
import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
import unittest
import zlib

from common import ROOT, Router, pack, packages, program

PLACES = {
    "usr/bin/aiglon": 0o755,
    "etc/config/aiglon": 0o600,
    "etc/init.d/aiglon": 0o755,
    "etc/uci-defaults/aiglon": 0o755,
    "etc/hotplug.d/ntp/30-aiglon": 0o644,
    "etc/capabilities/aiglon.json": 0o644,
    "lib/upgrade/keep.d/aiglon-mini": 0o644,
}


def members(package):
    """Of an .ipk: its files and directories, and those of its control archive; path: (entry, content or None)."""
    found = []
    with tarfile.open(package) as outer:
        names = outer.getnames()
        assert sorted(names) == [".", "./control.tar.gz", "./data.tar.gz", "./debian-binary"], names
        assert outer.extractfile("./debian-binary").read() == b"2.0\n"
        for inner in ("./data.tar.gz", "./control.tar.gz"):
            with tarfile.open(fileobj=outer.extractfile(inner)) as archive:
                found.append({
                    entry.name.removeprefix("./"): (entry, archive.extractfile(entry).read() if entry.isfile() else None)
                    for entry in archive
                })
    return found


class Adb:
    """Reads an .apk of version 3, or the index of a feed."""

    def __init__(self, path, schema=b"pckg"):
        raw = path.read_bytes()
        assert raw[:4] == b"ADBd"
        raw = zlib.decompress(raw[4:], -15)
        assert raw[:8] == b"ADB." + schema
        at, blocks = 8, []
        while at < len(raw):
            word = struct.unpack_from("<I", raw, at)[0]
            size = word & 0x3FFFFFFF
            blocks.append((word >> 30, raw[at + 4 : at + size]))
            at += size + -size % 8
        assert at == len(raw)
        (kind, self.tree), *rest = blocks
        self.signatures = [block for kind, block in rest if kind == 1]
        rest = [(kind, block) for kind, block in rest if kind != 1]
        assert kind == 0 and all(kind == 2 for kind, _ in rest)
        self.data = {struct.unpack_from("<II", block): block[8:] for _, block in rest}

    def value(self, word):
        kind, at = word >> 28, word & 0xFFFFFFF
        if word == 0:
            return None
        if kind == 1:
            return at
        if kind == 2:
            return struct.unpack_from("<I", self.tree, at)[0]
        if kind in (8, 9, 10):
            width = 1 << (kind - 8)
            length = int.from_bytes(self.tree[at : at + width], "little")
            assert at % width == 0 and at + width + length <= len(self.tree)
            return self.tree[at + width : at + width + length]
        assert kind == 14 and at % 4 == 0, hex(word)
        count = struct.unpack_from("<I", self.tree, at)[0]
        return [self.value(slot) for slot in struct.unpack_from(f"<{count - 1}I", self.tree, at + 4)]

    def root(self):
        assert self.tree[:4] == bytes(4)
        return self.value(struct.unpack_from("<I", self.tree, 4)[0])


class Pack(unittest.TestCase):
    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-pack-"))
        self.addCleanup(shutil.rmtree, self.out)

    def test_an_ipk(self):
        [package] = packages().glob("*.ipk")
        data, control = members(package)
        files = {path: entry.mode for path, (entry, content) in data.items() if content is not None}
        self.assertEqual(files, PLACES)
        for path, (entry, content) in {**data, **control}.items():
            self.assertEqual((entry.uid, entry.gid, entry.uname, entry.gname), (0, 0, "", ""), path)
            if content is None:
                self.assertTrue(entry.isdir() and entry.mode == 0o755, path)
        self.assertEqual(data["usr/bin/aiglon"][1], program().read_bytes())
        # With a directory among them, opkg upgrades nothing, after it has stopped the daemon.
        self.assertEqual(control["conffiles"][1], b"/etc/config/aiglon\n")
        self.assertEqual(data["lib/upgrade/keep.d/aiglon-mini"][1], b"/etc/aiglon/\n")
        lines = control["control"][1].decode().splitlines()
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(" "))
        version = subprocess.check_output([program(), "--version"], text=True).split()[1]
        self.assertEqual(fields["Package"], "aiglon-mini")
        self.assertEqual(fields["Version"], f"{version}-r1")
        self.assertEqual(fields["Architecture"], "x86_64")
        for name in ("postinst", "prerm"):
            entry, script = control[name]
            self.assertEqual(entry.mode, 0o755)
            self.shell(script.decode(), "default_" + name)

    def shell(self, script, function):
        """A script does nothing outside of a router, and on one calls what OpenWrt has for it."""
        self.assertEqual(subprocess.run(["busybox", "ash", "-c", script], env={"IPKG_INSTROOT": "/nowhere"}).returncode, 0)
        (self.out / "lib").mkdir(exist_ok=True)
        names = ("default_postinst", "default_prerm", "add_group_and_user")
        (self.out / "lib/functions.sh").write_text("".join(f'{n}() {{ echo {n} "$pkgname" "$PKG_UPGRADE"; }}\n' for n in names))
        run = subprocess.run(["busybox", "ash", "-c", script], env={"IPKG_INSTROOT": str(self.out)}, text=True, capture_output=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn(function, run.stdout)
        return run.stdout.split()

    def test_an_apk(self):
        [package] = packages().glob("*.apk")
        adb = Adb(package)
        info, paths, scripts = adb.root()
        self.assertEqual(info[0], b"aiglon-mini")
        self.assertEqual(info[4], b"x86_64")
        # What both builds provide, so that they conflict; and never the name of the other one.
        self.assertEqual(info[15], [[b"aiglon-daemon", info[1]], [b"aiglon-mini-any"]])
        directories = [directory[0] or b"" for directory in paths]
        self.assertEqual(directories, sorted(directories))
        files = {}
        for number, directory in enumerate(paths, 1):
            self.assertEqual(directory[1], [0o755, b"root", b"root"])
            inside = directory[2] if len(directory) > 2 else []
            self.assertEqual([entry[0] for entry in inside], sorted(entry[0] for entry in inside))
            for index, (name, (mode, user, group), size, _, digest) in enumerate(inside, 1):
                content = adb.data.pop((number, index))
                self.assertEqual((user, group, size), (b"root", b"root", len(content)))
                self.assertEqual(digest, hashlib.sha256(content).digest())
                files[os.path.join((directory[0] or b"").decode(), name.decode())] = (mode, content)
        self.assertEqual(adb.data, {})
        own = {path: mode for path, (mode, _) in files.items() if not path.startswith("lib/apk/")}
        self.assertEqual(own, PLACES)
        lists = "lib/apk/packages/aiglon-mini."
        self.assertEqual(files[lists + "rusers"][1], b"aiglon=9093:aiglon=9093\n")
        self.assertEqual(files[lists + "conffiles"][1], b"/etc/aiglon/\n/etc/config/aiglon\n")
        digest = hashlib.sha256(files["etc/config/aiglon"][1]).hexdigest()
        self.assertEqual(files[lists + "conffiles_static"][1].decode(), f"/etc/config/aiglon {digest}\n")
        listed = files[lists + "list"][1].decode().split()
        self.assertEqual(listed, sorted(["/" + path for path in PLACES] + [f"/{lists}rusers"]))
        # The id is that of the tree in which it is still zero.
        where = adb.tree.index(info[2])
        empty = adb.tree[:where] + bytes(20) + adb.tree[where + 20 :]
        self.assertEqual(info[2], hashlib.sha256(empty).digest()[:20])
        self.assertEqual(self.shell(scripts[2].decode(), "default_postinst")[0], "add_group_and_user")
        self.shell(scripts[3].decode(), "default_prerm")
        self.assertEqual(self.shell(scripts[6].decode(), "default_postinst")[-3:], ["default_postinst", "aiglon-mini", "1"])

    def test_both_builds_and_other_machines(self):
        # The beginning of the program will do: nobody runs it.
        full = self.out / program().name.replace("-small", "-full")
        full.write_bytes(program().read_bytes()[:9000])
        pack(self.out, full, "--arch", "x86_64", "--arch", "x86_64_v3")
        names = sorted(path.name.split("_", 1)[0] + "." + path.suffix for path in self.out.glob("aiglon_*"))
        self.assertEqual(names, ["aiglon..apk", "aiglon..apk", "aiglon..ipk", "aiglon..ipk"])
        _, control = members(next(self.out.glob("*_x86_64_v3.ipk")))
        self.assertIn("\nConflicts: aiglon-mini\n", control["control"][1].decode())

    def test_a_feed(self):
        small, full = (self.out / program().name.replace("-small", build) for build in ("-small", "-full"))
        for path in (small, full):
            path.write_bytes(program().read_bytes()[:9000])
        key, public = self.out / "key.pem", self.out / "public.pem"
        run = lambda *command: subprocess.run(command, check=True, capture_output=True).stdout
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        run("openssl", "ec", "-in", key, "-pubout", "-out", public)
        pack(self.out, "--feed", "--apk-key", key, "--arch", "x86_64", "--arch", "x86_64_v3", full, small)
        names = ["aiglon", "aiglon-mini", "luci-app-aiglon", "luci-i18n-aiglon-ar", "luci-i18n-aiglon-fr"]
        for arch in ("x86_64", "x86_64_v3"):
            place = self.out / arch
            # opkg's: the fields of each package, and where it is.
            text = (place / "Packages").read_text()
            self.assertEqual(gzip.decompress((place / "Packages.gz").read_bytes()).decode(), text)
            listed = [dict(re.findall(r"^(\S+): (.*)$", part, re.M)) for part in text.strip().split("\n\n")]
            self.assertEqual([row["Package"] for row in listed], names)
            for row in listed:
                content = (place / row["Filename"]).read_bytes()
                self.assertEqual((row["Size"], row["SHA256sum"]), (str(len(content)), hashlib.sha256(content).hexdigest()))
                _, control = members(place / row["Filename"])
                said = dict(re.findall(r"^(\S+): (.*)$", control["control"][1].decode(), re.M))
                self.assertLessEqual(said.items(), row.items())
            # apk's: what each package says, its size, and in place of its id the sum of its tree.
            index = Adb(place / "packages.adb", b"indx")
            _, rows, pattern = index.root()
            self.assertEqual([row[0].decode() for row in rows], names)
            for row in rows:
                name = pattern.decode()
                for field, value in (("${name}", row[0]), ("${version}", row[1]), ("${arch}", row[4])):
                    name = name.replace(field, value.decode())
                package = Adb(place / name)
                told = package.root()[0]
                self.assertEqual((row[2], row[12]), (hashlib.sha256(package.tree).digest(), (place / name).stat().st_size))
                told += [None] * (len(row) - len(told))
                row[2], row[12] = told[2], told[12]
                self.assertEqual(row, told)
            # Its signature, as apk 3 asks OpenSSL for it.
            [block] = index.signatures
            point = run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")[-65:]
            self.assertEqual(block[:18], b"\0\4" + hashlib.sha512(point).digest()[:16])
            (self.out / "signature").write_bytes(block[18:])
            (self.out / "said").write_bytes(b"indx" + block[:18] + hashlib.sha512(index.tree).digest())
            run("openssl", "dgst", "-sha512", "-verify", public, "-signature", self.out / "signature", self.out / "said")
        # Without a key it has no signature, and the same bytes each time.
        for name in ("one", "two"):
            pack(self.out / name, "--feed", small)
        self.assertEqual(Adb(self.out / "one/x86_64/packages.adb", b"indx").signatures, [])
        for path in (self.out / "one/x86_64").iterdir():
            self.assertEqual(path.read_bytes(), (self.out / "two/x86_64" / path.name).read_bytes(), path.name)
        # What is no key for this says so.
        run("openssl", "genrsa", "-out", key, "2048")
        command = [ROOT / "openwrt/pack", "--out", self.out, "--feed", "--apk-key", key, small]
        refused = subprocess.run(command, text=True, capture_output=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("make it by `openssl ecparam", refused.stderr)

    def test_the_page_of_luci(self):
        pack(self.out, "--luci")
        [package] = self.out.glob("luci-app-aiglon_*_all.ipk")
        data, control = members(package)
        app = ROOT / "openwrt/luci-app-aiglon"
        want = {"www/" + str(path.relative_to(app / "htdocs")) for path in (app / "htdocs").rglob("*.js")}
        want |= {str(path.relative_to(app / "root")) for path in (app / "root").rglob("*.json")}
        files = {path: entry.mode for path, (entry, content) in data.items() if content is not None}
        # rpcd runs it.
        self.assertEqual(files, dict.fromkeys(want, 0o644) | {"usr/libexec/rpcd/luci.aiglon": 0o755})
        self.assertIn("\nDepends: luci-base, aiglon-daemon\n", control["control"][1].decode())
        self.shell(control["postinst"][1].decode(), "default_postinst")
        # That rpcd does not run is no fault of this package, and nothing to be told.
        router = Router(self)
        router.write("lib/functions.sh", "default_postinst() { :; }\n")
        router.write("tmp/luci-indexcache.1", "")
        run = router.enter("/bin/ash", "-c", control["postinst"][1].decode())
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertFalse((router.root / "tmp/luci-indexcache.1").exists())
        [package] = self.out.glob("luci-app-aiglon_*_noarch.apk")
        info, paths, _ = Adb(package).root()
        self.assertEqual((info[0], info[4]), (b"luci-app-aiglon", b"noarch"))
        self.assertEqual(info[14], [[b"aiglon-daemon"], [b"luci-base"]])
        self.assertIn(b"www/luci-static/resources/view/aiglon", [directory[0] for directory in paths])

    def test_the_words_of_luci(self):
        pack(self.out, "--luci")
        # By the hashes that LuCI's own cbi.js makes of "Status page", and of "Down" in the context "aiglon".
        told = {
            "fr": {0x090FD641: "Page d'état", 0xDCFF20E1: "En panne"},
            "ar": {0x090FD641: "صفحة الحالة", 0xDCFF20E1: "معطل"},
        }
        names = {"fr": "Français (French)", "ar": "العربية (Arabic)"}
        for tag, known in told.items():
            [package] = self.out.glob(f"luci-i18n-aiglon-{tag}_*_all.ipk")
            data, control = members(package)
            files = {path: content for path, (_, content) in data.items() if content is not None}
            self.assertIn("\nDepends: luci-app-aiglon\n", control["control"][1].decode())
            defaults = files.pop(f"etc/uci-defaults/luci-i18n-aiglon-{tag}").decode()
            self.assertEqual(defaults, f"uci set luci.languages.{tag}='{names[tag]}'; uci commit luci\n")
            [(path, raw)] = files.items()
            self.assertEqual(path, f"usr/lib/lua/luci/i18n/aiglon.{tag}.lmo")
            begin = struct.unpack(">I", raw[-4:])[0]
            rows = list(struct.iter_unpack(">IIII", raw[begin:-4]))
            self.assertEqual(rows, sorted(rows))
            texts = {key: raw[at : at + size].decode() for key, _, at, size in rows}
            self.assertRegex(texts.pop(0), r"^nplurals=\d; plural=.*;$")
            self.assertLessEqual(known.items(), texts.items())
            # Each translation that differs from its text is there.
            po = (ROOT / f"openwrt/luci-app-aiglon/po/{tag}/aiglon.po").read_text()
            pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', po, re.M)
            self.assertGreater(len(pairs), 250)
            want = sorted(value.replace('\\"', '"') for key, value in pairs if key != value)
            self.assertEqual(sorted(texts.values()), want)

    def test_what_is_no_program_for_that_machine_is_refused(self):
        wrong = self.out / program().name.replace("x86_64", "mips")
        shutil.copy(program(), wrong)
        for path, words in ((wrong, "is no program for mips-unknown-linux-musl"), (self.out / "aiglon", "name it as")):
            run = subprocess.run([ROOT / "openwrt/pack", "--out", self.out, path], text=True, capture_output=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stderr)
        command = [ROOT / "openwrt/pack", "--out", self.out / "none", "--arch", "mips_24kc", program()]
        run = subprocess.run(command, text=True, capture_output=True)
        self.assertEqual((run.returncode, list(self.out.glob("none/*"))), (1, []))
        self.assertIn("does not run on mips_24kc, but on machines called x86_64*", run.stderr)
        # A machine without a unit for floating point.
        hard = self.out / program().name.replace("x86_64-unknown-linux-musl", "armv7-unknown-linux-musleabihf")
        hard.write_bytes(b"\x7fELF\1\1\1" + bytes(11) + b"\x28\0" + bytes(44))
        pack(self.out / "arm", "--arch", "arm_cortex-a9_vfpv3-d16", hard)
        command = [ROOT / "openwrt/pack", "--arch", "arm_cortex-a9", "--out", self.out / "arm", hard]
        run = subprocess.run(command, text=True, capture_output=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("does not run on arm_cortex-a9, but on machines called arm_cortex*vfp*", run.stderr)

    def test_the_same_bytes(self):
        (self.out / "elsewhere").mkdir()
        other = self.out / "elsewhere" / program().name
        shutil.copy(program(), other)
        os.utime(other, (1, 1))
        pack(self.out, other)
        for path in packages().iterdir():
            self.assertEqual((self.out / path.name).read_bytes(), path.read_bytes(), path.name)


if __name__ == "__main__":
    unittest.main()
