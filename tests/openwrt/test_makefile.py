"""The feed's Makefile, read by make with stubs of OpenWrt's: its variables, what it runs, what it installs; and that the profiles it
names are what they should be although the feed sets profile.release by the environment."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from common import HERE, ROOT, packages, program

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


class Makefile(unittest.TestCase):
    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-make-"))
        self.addCleanup(shutil.rmtree, self.out)

    def make(self, *arguments, app="aiglon", **variables):
        command = ["make", "-s", "-C", ROOT / "openwrt" / app, f"TOPDIR={HERE}/feed", f"OUT={self.out}"]
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
            self.assertEqual(told[name, "USERID"], "aiglon:aiglon")
            self.assertEqual(told[name, "conffiles"], "/etc/config/aiglon")
            self.assertEqual(told[name, "description"], "yes")
            self.assertIn("@(aarch64||arm||mips", told[name, "DEPENDS"])
        # One of them suffices; both in menuconfig would be a circle.
        self.assertEqual((told["aiglon", "CONFLICTS"], told["aiglon-mini", "CONFLICTS"]), ("aiglon-mini", ""))
        self.assertEqual((told["aiglon", "PROVIDES"], told["aiglon-mini", "PROVIDES"]), ("", "aiglon"))
        self.assertEqual((told["aiglon", "DEFAULT_VARIANT"], told["aiglon-mini", "DEFAULT_VARIANT"]), ("", "1"))

    def test_luci_leaves_the_choice_to_whoever_builds(self):
        told = dict(line.split("=", 1) for line in self.make("show", app="luci-app-aiglon").splitlines())
        # With `+aiglon` OpenWrt's kconfig says "recursive dependency detected": LuCI would select the one that is missing.
        self.assertEqual(told["LUCI_DEPENDS"], "+luci-base aiglon")
        self.assertEqual(told["LUCI_MAINTAINER"], "The aiglon authors")
        self.assertEqual(told["LUCI_PKGARCH"], "all")

    def test_what_each_variant_builds(self):
        full = self.make("-n", "compile", BUILD_VARIANT="full")
        mini = self.make("-n", "compile", BUILD_VARIANT="mini")
        for run in (full, mini):
            self.assertRegex(run, r'RUSTFLAGS="[^"]*--cfg=fix_y2038')
            self.assertIn("--locked", run)
        self.assertIn("--profile board --features \"full\"", full)
        self.assertRegex(mini, r"--profile small +--root")

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

    def test_the_source_that_it_takes_is_whole(self):
        self.make("prepare")
        self.assertEqual(self.shown()["-", "PKG_SOURCE"], "")
        subprocess.run(["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"],
                       cwd=self.out / "build", check=True, capture_output=True)
        # All that the build reads: what the compiler of the pages names, and the floor of the clock.
        for name in ("src/main.rs", "www/build.rs", "CHANGELOG.md", "LICENSE-MIT"):
            self.assertTrue((self.out / "build" / name).exists(), name)

    def test_elsewhere_it_takes_a_release(self):
        tree = self.out / "feed/net/aiglon"
        shutil.copytree(ROOT / "openwrt/aiglon", tree)
        command = ["make", "-s", "-C", tree, f"TOPDIR={HERE}/feed", f"OUT={self.out}", "show"]
        told = subprocess.run(command, check=True, text=True, capture_output=True).stdout
        self.assertRegex(told, r"(?m)^- PKG_SOURCE=aiglon-\d+\.\d+\.\d+\.crate$")
        # `skip` would take whatever comes.
        self.assertRegex(told, r"(?m)^- PKG_HASH=[0-9a-f]{64}$")

    def test_it_installs_what_pack_packs(self):
        (self.out / "install/bin").mkdir(parents=True)
        shutil.copy(program(), self.out / "install/bin/aiglon")
        for name in ("aiglon", "aiglon-mini"):
            root = self.out / name
            self.make(f"install-{name}", DESTDIR=root)
            installed = {str(p.relative_to(root)): (oct(p.stat().st_mode & 0o777), p.read_bytes()) for p in root.rglob("*") if p.is_file()}
            self.assertEqual(installed, packed(packages()), name)


def packed(out):
    from test_pack import members

    [package] = out.glob("aiglon-mini_*.ipk")
    data, _ = members(package)
    return {path: (oct(entry.mode), content) for path, (entry, content) in data.items() if content is not None}


if __name__ == "__main__":
    unittest.main()
