"""What an upgrade does to a configuration of an earlier release: a router says that it can be taken, unless it has a token that reads."""

import os
import re
import unittest

from common import OnARouter

READER = """config source 'amtool'
\toption site 'antenna'
\tlist token 'sha256:7b6b025cc441b46d8428ab334d044231acb9b43f1068ab2862c3a63f89f89967'
\toption scope 'read'
"""
CONFIG = "etc/config/aiglon"


class Edge(OnARouter):
    def setUp(self):
        super().setUp()
        # What the release before this one brought.
        self.old = re.sub(r"(?m)^\toption edge .*\n", "", self.router.read(CONFIG))

    def given(self, text):
        self.router.write(CONFIG, text)
        os.chmod(self.router.root / CONFIG, 0o600)

    def stays(self, text):
        self.given(text)
        before = self.written()
        self.router.upgraded()
        self.assertEqual(self.router.read(CONFIG), text)
        self.assertEqual(self.written(), before)

    def written(self):
        """Which file it is, whose, and when it was written; whoever reads it changes the time of access."""
        about = (self.router.root / CONFIG).stat()
        return (about.st_ino, about.st_mode, about.st_uid, about.st_gid, about.st_size, about.st_mtime_ns, about.st_ctime_ns)

    def check(self):
        return self.router.enter("/usr/bin/aiglon", "check")

    def test_the_new_configuration_says_it_and_no_upgrade_touches_it(self):
        self.assertIn("\toption edge '1'", self.router.read(CONFIG))
        self.stays(self.router.read(CONFIG))

    def test_an_upgrade_says_it_once_and_leaves_the_rest(self):
        for text in (
            self.old,
            self.old.replace("config aiglon 'main'", "config aiglon main # ours"),
            self.old.replace("config aiglon 'main'", '  config  "aiglon"  "main"'),
        ):
            self.given(text)
            self.router.upgraded()
            new = self.router.read(CONFIG)
            self.assertEqual(re.sub(r"(?m)^\toption edge '1'\t.*\n", "", new), text)
            self.assertEqual(new.count("option edge '1'"), 1)
            self.owned(CONFIG, 0, 0, 0o600)
            self.assertEqual(self.check().returncode, 0)
            self.stays(new)
            self.given(new + READER)
            self.assertIn("source 'amtool' has scope 'read', and this device is an edge", self.check().stderr)
        self.assertEqual(sorted(path.name for path in (self.router.root / "etc/config").iterdir()), ["aiglon"])

    def test_a_configuration_without_a_main_section_gets_one(self):
        text = "config listen 'visitors'\n\toption address '127.0.0.1:8080'\n\tlist serve 'page'\nconfig site 'antenna'\n"
        self.given(text)
        self.router.upgraded()
        self.assertEqual(self.router.read(CONFIG), text + "\nconfig aiglon 'main'\n\toption edge '1'\n")

    def test_where_a_token_reads_an_upgrade_changes_nothing_and_check_notes_it(self):
        self.router.write("etc/openwrt_release", "")
        self.stays(self.old + READER)
        told = self.check()
        self.assertEqual(told.returncode, 0, told)
        self.assertIn("note: whoever takes this router could read alerts, because source 'amtool' has scope 'read'", told.stdout)

    def test_who_has_said_that_nobody_can_take_it_is_believed(self):
        self.router.write("etc/openwrt_release", "")
        self.stays(self.old.replace("config aiglon 'main'\n", "config aiglon 'main'\n\toption edge '0'\n") + READER)
        self.assertNotIn("note: ", self.check().stdout)

    def test_what_has_mistakes_or_is_not_there_stays_so(self):
        self.stays(self.old.replace("option lang 'en'", "option lang 'klingon'"))
        (self.router.root / CONFIG).unlink()
        self.router.upgraded()
        self.assertFalse((self.router.root / CONFIG).exists())

    def test_check_notes_a_router_that_does_not_say_it(self):
        self.given(self.old)
        self.assertNotIn("note: ", self.check().stdout)
        self.router.write("etc/openwrt_release", "")
        self.assertIn("note: a router can be taken, and this configuration does not say so: say option edge '1'", self.check().stdout)


if __name__ == "__main__":
    unittest.main()
