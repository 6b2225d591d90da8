"""The configuration that comes with the package: what OpenWrt's uci makes of it when LuCI commits, aiglon reads the same; and it says
nothing that config.example does not have."""

import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from common import ROOT, TARGET

OURS = ROOT / "openwrt/aiglon/files/aiglon.config"
EXAMPLE = ROOT / "config.example"


def parse(text):
    """UCI, as its documentation has it: sections of (type, name, options); an option is a value, or a list of them."""
    sections = []
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        keyword, *rest = words
        if keyword == "config":
            kind, name = rest
            sections.append((kind, name, {}))
        elif keyword == "option":
            name, value = rest
            assert name not in sections[-1][2], line
            sections[-1][2][name] = value
        else:
            assert keyword == "list", line
            name, value = rest
            sections[-1][2].setdefault(name, []).append(value)
    return sections


def export(sections):
    """As `uci commit` writes it: no comments, every value in single quotes."""
    quote = lambda value: "'" + value.replace("'", "'\\''") + "'"
    text = ""
    for kind, name, options in sections:
        text += f"\nconfig {kind} {quote(name)}\n"
        for option, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                text += f"\t{'list' if isinstance(value, list) else 'option'} {option} {quote(one)}\n"
    return text


class Uci(unittest.TestCase):
    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-uci-"))
        self.addCleanup(shutil.rmtree, self.out)

    def check(self, path):
        run = subprocess.run([TARGET / "debug/aiglon", "check", path], text=True, capture_output=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run)

    def test_there_and_back(self):
        for path in (OURS, EXAMPLE):
            sections = parse(path.read_text())
            written = self.out / "aiglon"
            written.write_text(export(sections))
            self.assertEqual(parse(written.read_text()), sections)
            self.check(path)
            self.check(written)

    def test_names_are_those_that_uci_takes(self):
        for path in (OURS, EXAMPLE):
            for kind, name, options in parse(path.read_text()):
                for word in (kind, name, *options):
                    self.assertRegex(word, r"^[A-Za-z0-9_]+$")

    def test_what_comes_with_the_package_stands_in_the_example(self):
        # With what is only suggested there.
        text = re.sub(r"(?m)^#\t", "\t", EXAMPLE.read_text())
        known = {}
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["config"]:
                kind = words[1]
            elif words:
                known.setdefault(kind, set()).add((words[0], words[1]))
        for kind, _, options in parse(OURS.read_text()):
            for name, value in options.items():
                # A text may be in each language.
                name = re.sub(r"_(ar|en|fr)$", "", name)
                self.assertIn(("list" if isinstance(value, list) else "option", name), known[kind])

    def test_no_secret_and_nobody_comes_with_the_package(self):
        kinds = [kind for kind, _, _ in parse(OURS.read_text())]
        self.assertNotIn("source", kinds)
        self.assertNotIn("user", kinds)


if __name__ == "__main__":
    unittest.main()
