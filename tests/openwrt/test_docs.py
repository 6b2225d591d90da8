"""What docs/openwrt.md and docs/safety.md say can be done: each configuration in it is read by the program that it is for, the paths and the
links in it lead somewhere, and what it says at the console is understood there."""

import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from common import ROOT, TARGET, UID, OnARouter
from test_pack import PLACES

PAPER = ROOT / "docs/openwrt.md"
TEXT = PAPER.read_text()
SENDERS = (ROOT / "docs/senders.md").read_text()
SAFETY = (ROOT / "docs/safety.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT + SAFETY, re.S)


class Configurations(unittest.TestCase):
    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-docs-"))
        self.addCleanup(shutil.rmtree, self.out)

    def accepts(self, *command):
        run = subprocess.run(command, text=True, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, 0, run)

    def certificate(self):
        """A key and its certificate in one file."""
        path = self.out / "both.pem"
        run = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        self.accepts(*run, "-subj", "/CN=status.example.org", "-keyout", path, "-out", self.out / "certificate.pem")
        path.write_text(path.read_text() + (self.out / "certificate.pem").read_text())
        return path

    def test_uci(self):
        text = (ROOT / "openwrt/aiglon/files/aiglon.config").read_text() + "".join(blocks("uci"))
        (self.out / "aiglon").write_text(text)
        self.accepts(TARGET / "debug/aiglon", "check", self.out / "aiglon")

    def test_nginx(self):
        [server] = blocks("nginx")
        server = re.sub(r"/etc/ssl/\S+(?=;)", str(self.certificate()), server).replace("listen 443", f"listen unix:{self.out}/s")
        (self.out / "nginx.conf").write_text(f"pid {self.out}/pid; error_log stderr; events {{}}\nhttp {{\n{server}}}\n")
        self.accepts("/usr/sbin/nginx", "-t", "-e", "stderr", "-c", self.out / "nginx.conf")

    def test_haproxy(self):
        [text] = blocks("haproxy")
        text = re.sub(r"/etc/haproxy/\S+", str(self.certificate()), text)
        (self.out / "haproxy.cfg").write_text(text)
        self.accepts("/usr/sbin/haproxy", "-c", "-f", self.out / "haproxy.cfg")

    def test_prometheus(self):
        [text] = blocks("yaml")
        (self.out / "prometheus.yml").write_text(text)
        self.accepts("promtool", "check", "config", self.out / "prometheus.yml")

    def test_links_and_paths(self):
        own = {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in TEXT.splitlines() if line.startswith("#")}
        for link in re.findall(r"\]\(([^)]+)\)", TEXT):
            path, _, anchor = link.partition("#")
            self.assertTrue((PAPER.parent / path).exists(), link)
            if not path:
                self.assertIn(anchor, own)
        table = re.findall(r"(?m)^\| `(/[^`]+)` \|", TEXT)
        told = {path.lstrip("/") for path in table}
        for path in PLACES:
            if path not in ("usr/bin/aiglon", "etc/init.d/aiglon", "lib/upgrade/keep.d/aiglon-mini"):
                self.assertIn(path, told)


class FromARouterWithoutCurl(OnARouter):
    def test_a_shell_speaks_for_itself(self):
        [script] = [block for block in re.findall(r"```sh\n(.*?)```", SENDERS, re.S) if "| nc " in block]
        self.router.write("etc/aiglon.beat", script.replace("10.9.0.1 8081", f"127.0.0.1 {self.router.ingest}"))
        token, line = self.router.enter("/usr/bin/aiglon", "token").stdout.splitlines()
        self.router.write("etc/aiglon.token", token + "\n")
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write(f"config source 'cron'\n\toption site 'antenna'\n\t{line}\n"
                       "config heartbeat 'antenna_up'\n\toption source 'cron'\n\toption every '5m'\n")
        self.assertEqual(self.router.init("start").returncode, 0)
        self.router.procd()
        beat = lambda name: self.router.enter("/bin/ash", "/etc/aiglon.beat", name)
        taken = beat("antenna_up")
        self.assertEqual((taken.returncode, taken.stdout, taken.stderr), (0, "", ""))
        self.assertIn("on time", self.router.enter("/usr/bin/aiglon", "console", "heartbeats").stdout)
        self.assertEqual(beat("nobody").returncode, 1)


class AtTheConsole(OnARouter):
    def test_what_it_says_there_is_understood(self):
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write("".join(blocks("uci")).replace("10.9.0.1:", "127.0.0.1:"))
        result = self.router.init("start")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.router.procd()
        # What cron runs, but for the ping.
        [cron] = blocks("cron")
        beat = cron.split("&&")[1].strip()
        self.assertTrue(beat.startswith("aiglon beat "), cron)
        run = self.router.enter("/bin/sh", "-c", beat)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        told = self.router.enter("/usr/bin/aiglon", "console", "heartbeats")
        self.assertIn("on time", told.stdout)
        commands = re.findall(r"(?m)^aiglon console (.*?)(?: +#.*)?$", "\n".join(blocks("sh")))
        self.assertGreaterEqual(len(commands), 3)
        for command in commands:
            run = self.router.enter("/usr/bin/aiglon", "console", *shlex.split(command))
            self.assertEqual(run.returncode, 0, run)
        # Of what it names in its sentences: out and in again, and a word that slipped.
        archive = self.router.enter("/bin/sh", "-c", "aiglon console export >/tmp/state.txt && aiglon console --yes import </tmp/state.txt")
        self.assertEqual(archive.returncode, 0, archive)
        self.assertEqual(self.router.enter("/usr/bin/aiglon", "console", "--yes", "redact", "antenna/1").returncode, 0)
        self.owned("etc/aiglon/journal", UID, UID, 0o600)


if __name__ == "__main__":
    unittest.main()
