"""The feed's Makefile, read by make with stubs of OpenWrt's: its variables, what it runs, what it installs; and that the profiles it
names are what they should be although the feed sets profile.release by the environment."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from common import HERE, ROOT, pack, packages, program

# What the feed's rust-values.mk exports.
FEED = {
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "true",
    "CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS": "true",
    "CARGO_PROFILE_RELEASE_LTO": "false",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS": "true",
    "CARGO_PROFILE_RELEASE_PANIC": "unwind",
}


PLACES = {"aiglon": "feeds/packages/net/aiglon", "luci-app-aiglon": "feeds/luci/applications/luci-app-aiglon"}


class Makefile(unittest.TestCase):
    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-make-"))
        self.addCleanup(shutil.rmtree, self.out)
        # Where they are in the feeds: each Makefile includes what is beside it there.
        shutil.copytree(HERE / "feed/feeds", self.out / "feeds")
        for app, place in PLACES.items():
            shutil.copytree(ROOT / "openwrt" / app, self.out / place)

    def make(self, *arguments, app="aiglon", **variables):
        command = ["make", "-s", "-C", self.out / PLACES[app], f"TOPDIR={HERE}/feed", f"OUT={self.out}"]
        command += [f"{name}={value}" for name, value in variables.items()]
        return subprocess.run([*command, *arguments], check=True, text=True, capture_output=True).stdout

    def shown(self):
        told = {}
        for line in self.make("show").splitlines():
            package, field = line.split(" ", 1)
            name, value = field.split("=", 1)
            told[package, name] = value.strip()
        return told

    def test_the_variables(self):
        told = self.shown()
        version = subprocess.check_output([program(), "--version"], text=True).split()[1]
        self.assertEqual(told["-", "PKG_VERSION"], version)
        self.assertEqual(told["-", "PKG_LICENSE"], "MIT OR Apache-2.0")
        self.assertEqual(told["-", "PKG_BUILD_DEPENDS"], "rust/host")
        for name, variant in (("aiglon", "full"), ("aiglon-mini", "mini")):
            self.assertEqual(told[name, "VARIANT"], variant)
            # A number that no other package has: what an upgrade of the image keeps is still ours.
            self.assertEqual(told[name, "USERID"], "aiglon=9093:aiglon=9093")
            self.assertIn("@(aarch64||arm||mips", told[name, "DEPENDS"])
            self.assertEqual(told[name, "PROVIDES"], f"@{name}-any aiglon-daemon")
        # One of them suffices; both in menuconfig would be a circle.
        self.assertEqual((told["aiglon", "CONFLICTS"], told["aiglon-mini", "CONFLICTS"]), ("aiglon-mini", ""))
        self.assertEqual((told["aiglon", "DEFAULT_VARIANT"], told["aiglon-mini", "DEFAULT_VARIANT"]), ("", "1"))

    def test_luci_leaves_the_choice_to_whoever_builds(self):
        told = dict(line.split("=", 1) for line in self.make("show", app="luci-app-aiglon").splitlines())
        # With `+aiglon` OpenWrt's kconfig says "recursive dependency detected": LuCI would select the one that is missing.
        self.assertEqual(told["LUCI_DEPENDS"], "+luci-base aiglon-daemon")
        self.assertEqual(told["LUCI_MAINTAINER"], "The aiglon authors")

    def test_what_each_variant_builds(self):
        full = self.make("-n", "compile", BUILD_VARIANT="full")
        mini = self.make("-n", "compile", BUILD_VARIANT="mini")
        for run in (full, mini):
            self.assertRegex(run, r'RUSTFLAGS="[^"]*--cfg=fix_y2038')
            self.assertIn("--locked", run)
        self.assertIn("--profile board --features \"full\"", full)
        self.assertIn("--profile small --features \"gzip,hmac-sha256/opt_size\"", mini)
        self.assertEqual([run.count("--no-default-features") for run in (full, mini)], [0, 1])

    def test_the_profiles_are_their_own(self):
        for profile, level in (("small", "z"), ("board", "3")):
            graph = subprocess.run(
                ["cargo", "build", "--locked", "--profile", profile, "--bin", "aiglon", "--unit-graph", "-Zunstable-options"],
                cwd=ROOT, env={**os.environ, **FEED, "RUSTC_BOOTSTRAP": "1"}, check=True, capture_output=True,
            ).stdout
            [unit] = [u for u in json.loads(graph)["units"] if u["target"]["kind"] == ["bin"] and u["target"]["name"] == "aiglon"]
            got = {name: unit["profile"][name] for name in ("opt_level", "lto", "codegen_units", "panic", "overflow_checks",
                                                            "debug_assertions", "debuginfo")}
            want = {"opt_level": level, "lto": "fat", "codegen_units": 1, "panic": "abort", "overflow_checks": False,
                    "debug_assertions": False, "debuginfo": 0}
            self.assertEqual(got, want, profile)

    def test_it_takes_a_release(self):
        told = self.shown()
        version = told["-", "PKG_VERSION"]
        self.assertEqual(told["-", "PKG_SOURCE"], f"aiglon-{version}.tar.gz")
        self.assertTrue(told["-", "PKG_SOURCE_URL"].endswith(f"/aiglon/aiglon-{version}.crate?"), told["-", "PKG_SOURCE_URL"])
        # `skip` would take whatever comes.
        self.assertRegex(told["-", "PKG_HASH"], r"^[0-9a-f]{64}$")

    def test_pack_says_what_it_says(self):
        from test_pack import Adb, members

        full = self.out / program().name.replace("-small", "-full")
        shutil.copy(program(), full)
        pack(self.out, full)
        told = self.shown()
        release = f"{told['-', 'PKG_VERSION']}-r{told['-', 'PKG_RELEASE']}"
        for name, out in (("aiglon-mini", packages()), ("aiglon", self.out)):
            [ipk], [apk] = out.glob(f"{name}_*.ipk"), out.glob(f"{name}_*.apk")
            _, control = members(ipk)
            fields = dict(re.findall(r"(?ms)^([\w-]+): (.*?)(?=^[\w-]+: |\Z)", control["control"][1].decode()))
            fields = {field: " ".join(value.split()) for field, value in fields.items()}
            says = lambda field: told[name, field]
            provides = [word.lstrip("@") for word in says("PROVIDES").split()]
            want = {
                "Package": name, "Version": release, "License": told["-", "PKG_LICENSE"], "Maintainer": told["-", "PKG_MAINTAINER"],
                "Section": says("SECTION"), "URL": says("URL"), "Require-User": says("USERID"), "Provides": ", ".join(provides),
                "Description": " ".join(says("description").split()),
            }
            want |= {"Conflicts": says("CONFLICTS")} if says("CONFLICTS") else {}
            for field in ("Architecture", "Installed-Size"):
                fields.pop(field)
            self.assertEqual(fields, want)
            conffiles = says("conffiles").split()
            self.assertEqual(control["conffiles"][1].decode().split(), [path for path in conffiles if not path.endswith("/")])
            adb = Adb(apk)
            info, _, _ = adb.root()
            text = lambda at: info[at].decode() if info[at] else ""
            self.assertEqual((text(0), text(1), text(5), text(7), text(8)),
                             (name, release, want["License"], want["Maintainer"], want["URL"]))
            # One line: apk refuses all work on a router whose list of packages has a line that it does not know.
            self.assertEqual(text(3), want["Description"])
            self.assertEqual(info[20], [f"openwrt:section={want['Section']}".encode()])
            self.assertEqual(info[13], 100 if says("DEFAULT_VARIANT") else None)
            # The virtual name has no version: others may have it, too.
            self.assertEqual(sorted(info[15]), sorted([[provides[0].encode()], [provides[1].encode(), release.encode()]]))

    def test_pack_says_of_luci_what_its_makefile_says(self):
        from test_pack import Adb, members

        pack(self.out, "--luci")
        [ipk], [apk] = self.out.glob("luci-app-aiglon_*.ipk"), self.out.glob("luci-app-aiglon_*.apk")
        told = dict(line.split("=", 1) for line in self.make("show", app="luci-app-aiglon").splitlines())
        data, control = members(ipk)
        fields = dict(line.split(": ", 1) for line in control["control"][1].decode().splitlines())
        fields.pop("Installed-Size")
        depends = [word.lstrip("+") for word in told["LUCI_DEPENDS"].split()]
        want = {
            # Without LUCI_PKGARCH and without sources it is for all machines.
            "Package": "luci-app-aiglon", "Version": told["PKG_VERSION"], "Architecture": told["LUCI_PKGARCH"] or "all",
            "License": told["PKG_LICENSE"], "Maintainer": told["LUCI_MAINTAINER"], "URL": told["LUCI_URL"], "Section": "luci",
            "Provides": "luci-app-aiglon-any", "Depends": ", ".join(depends), "Description": told["LUCI_TITLE"],
        }
        self.assertEqual(fields, want)
        info, _, _ = Adb(apk).root()
        self.assertEqual([info[at].decode() for at in (0, 1, 3, 5, 7, 8)],
                         [want[field] for field in ("Package", "Version", "Description", "License", "Maintainer", "URL")])
        self.assertEqual(info[14], [[word.encode()] for word in sorted(depends)])
        self.assertEqual(info[20], [b"openwrt:section=luci"])
        root = self.out / "root"
        self.make("install", app="luci-app-aiglon", DESTDIR=root)
        installed = {str(p.relative_to(root)): (oct(p.stat().st_mode & 0o777), p.read_bytes()) for p in root.rglob("*") if p.is_file()}
        self.assertEqual(installed, {path: (oct(e.mode), content) for path, (e, content) in data.items() if content is not None})

    def test_it_installs_what_pack_packs(self):
        (self.out / "install/bin").mkdir(parents=True)
        shutil.copy(program(), self.out / "install/bin/aiglon")
        for name in ("aiglon", "aiglon-mini"):
            root = self.out / name
            self.make(f"install-{name}", DESTDIR=root)
            installed = {str(p.relative_to(root)): (oct(p.stat().st_mode & 0o777), p.read_bytes()) for p in root.rglob("*") if p.is_file()}
            # The list of what is kept is called as the package is.
            own = {path.replace(f"keep.d/{name}", "keep.d/aiglon-mini"): file for path, file in installed.items()}
            self.assertEqual(own, packed(packages()), name)


def packed(out):
    from test_pack import members

    [package] = out.glob("aiglon-mini_*.ipk")
    data, _ = members(package)
    return {path: (oct(entry.mode), content) for path, (entry, content) in data.items() if content is not None}


if __name__ == "__main__":
    unittest.main()
