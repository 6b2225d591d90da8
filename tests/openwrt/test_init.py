"""The init script and the hotplug script, under busybox's ash, and the daemon as they let procd run it."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import unittest

from common import UID, OnARouter, eventually, free_port

RUNS = "/var/run/aiglon"
COPIES = "/var/run/aiglon-config"


class Init(OnARouter):
    def start(self):
        result = self.router.init("start")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.router.procd(), ["set"])

    def not_started(self, *whys):
        """procd is told so, each time, and runs nothing."""
        self.assertEqual(
            [message["instances"] for _, message in self.router.calls()],
            [{"instance1": {"command": ["/usr/bin/aiglon"], "error": [why]}} for why in whys],
        )

    def test_what_procd_is_told(self):
        (self.router.root / "sbin/ujail").write_text("#!/bin/sh\n")
        os.chmod(self.router.root / "sbin/ujail", 0o755)
        result = self.router.init("start")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        [(method, message)] = self.router.calls()
        self.assertEqual(method, "set")
        mounts = {COPIES: "0", "/etc/aiglon": "1", RUNS: "1"}
        self.assertEqual(
            message,
            {
                "name": "aiglon",
                "script": "/etc/init.d/aiglon",
                "instances": {
                    "instance1": {
                        "command": ["/usr/bin/aiglon", "serve", COPIES + "/config", "--fallback", "/etc/aiglon/config.last-good",
                                    "--machine", COPIES + "/machine", "--log", "procd"],
                        "user": "aiglon",
                        "group": "aiglon",
                        "file": ["/usr/bin/aiglon"],
                        "respawn": ["3600", "5", "0"],
                        "stdout": True,
                        "stderr": True,
                        "limits": {"core": "0"},
                        "no_new_privs": True,
                        "capabilities": "/etc/capabilities/aiglon.json",
                        "jail": {"name": "aiglon", "procfs": True, "ronly": True, "mount": mounts},
                    }
                },
                "triggers": [
                    ["config.change", ["if", ["eq", "package", "aiglon"], ["run_script", "/etc/init.d/aiglon", "reload"]], 1000],
                    ["config.change", ["if", ["eq", "package", "system"], ["run_script", "/etc/init.d/aiglon", "machine"]], 1000],
                    ["interface.*", [["run_script", "/etc/init.d/aiglon", "machine"]], 1000],
                ],
            },
        )

    def test_who_may_read_and_write_what(self):
        self.start()
        self.owned("etc/config/aiglon", 0, 0, 0o600)
        self.owned("var/run/aiglon-config", 0, UID, 0o750)
        self.owned("var/run/aiglon-config/config", 0, UID, 0o640)
        self.owned("etc/aiglon", UID, UID, 0o700)
        self.owned("var/run/aiglon", UID, UID, 0o755)
        # It listens before it has read the journal, and answers after.
        self.assertIn("Antenna", self.router.page())
        self.owned("etc/aiglon/journal", UID, UID, 0o600)
        # The configuration that somebody writes leads to the console, for root.
        told = self.router.enter("/usr/bin/aiglon", "console", "status")
        self.assertEqual(told.returncode, 0, told)

    def test_from_within_a_jail_the_console_answers(self):
        self.router.init("start")
        [(_, message)] = self.router.calls()
        # As ujail does, processes are counted anew inside: whoever comes from outside has no number there.
        command = ["unshare", "--pid", "--fork", f"--root={self.router.root}", f"--setuid={UID}", f"--setgid={UID}"]
        with open(self.router.root / "tmp/stderr", "wb") as log:
            jail = subprocess.Popen([*command, *message["instances"]["instance1"]["command"]], stdout=log, stderr=log)
        try:
            eventually(lambda: "listening on" in self.router.said(), "the daemon listens")
            told = self.router.enter("/usr/bin/aiglon", "console", "whoami")
            self.assertEqual(told.returncode, 0, told)
            self.assertTrue(told.stdout.startswith("owner\n"), told)
            stranger = self.router.enter("/usr/bin/aiglon", "console", "whoami", user=UID + 1)
            self.assertNotEqual(stranger.returncode, 0, stranger)
        finally:
            # Its child, whom it waits for; that is the whole jail.
            for child in pathlib.Path(f"/proc/{jail.pid}/task/{jail.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            jail.wait(20)

    def test_without_ujail_there_is_none_and_low_ports_are_warned_of(self):
        self.router.configure((f"127.0.0.1:{self.router.port}", "127.0.0.1:80"))
        result = self.router.init("start")
        self.assertIn("ports below 1024 are root's: 127.0.0.1:80 will be refused", result.stderr)
        [(_, message)] = self.router.calls()
        self.assertFalse({"jail", "capabilities"} & message["instances"]["instance1"].keys())

    def test_a_low_port_that_a_reload_brings_is_told_at_once(self):
        self.start()
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write("config listen 'low'\n\toption address '127.0.0.1:81'\n\tlist serve 'page'\n")
        result = self.router.init("reload")
        self.assertEqual(result.returncode, 3, result)
        for told in (result.stderr, self.router.read("tmp/log")):
            self.assertIn("without procd-ujail ports below 1024 are root's: 127.0.0.1:81 will be refused", told)
            self.assertIn("not listening on http://127.0.0.1:81/: it is not for the daemon's user", told)

    def test_a_reload_is_in_force_when_it_returns_and_the_copy_is_new(self):
        self.start()
        self.router.configure(("'Antenna'", "'Heron and others'"))
        self.assertEqual(self.router.init("reload").returncode, 0)
        self.assertIn("Heron and others", self.router.read("var/run/aiglon-config/config"))
        self.owned("var/run/aiglon-config/config", 0, UID, 0o640)
        self.assertEqual(self.router.procd(), [])
        self.assertIn("Heron and others", self.router.page())

    def test_a_reload_without_one_of_its_listeners_says_so_and_is_in_force(self):
        self.start()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with open(self.router.root / "etc/config/aiglon", "a") as file:
                file.write(f"config listen 'tunnel'\n\toption address '127.0.0.1:{port}'\n\tlist serve 'ingest'\n")
            self.router.configure(("'Antenna'", "'Heron and others'"))
            result = self.router.init("reload")
            self.assertEqual(result.returncode, 3, result)
            for told in (result.stderr, self.router.read("tmp/log")):
                self.assertIn(f"not listening on http://127.0.0.1:{port}/: somebody listens there", told)
            self.assertIn("Heron and others", self.router.page())

    def test_a_reload_of_whom_nobody_can_ask_fails_and_is_a_signal(self):
        self.router.configure(("option console '/var/run/aiglon/console.sock'", "option console 'off'"))
        self.start()
        self.router.configure(("'Antenna'", "'Heron and others'"))
        result = self.router.init("reload")
        self.assertEqual(result.returncode, 4, result)
        self.assertIn("there is no console", result.stderr)
        self.assertEqual(self.router.procd(), ["signal"])
        eventually(lambda: "Heron and others" in self.router.page(), "the page has its new title")

    def test_a_reload_of_a_broken_configuration_changes_nothing(self):
        self.start()
        before = self.router.read("var/run/aiglon-config/config")
        self.router.configure(("option lang 'en'", "option lang 'klingon'"))
        result = self.router.init("reload")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"/etc/config/aiglon:\d+: .*klingon")
        self.assertRegex(self.router.read("tmp/log"), r"-t aiglon -p daemon.err /etc/config/aiglon:\d+: .*klingon")
        self.assertEqual(self.router.procd(), [])
        self.assertEqual(self.router.read("var/run/aiglon-config/config"), before)

    def test_a_reload_of_what_does_not_run_starts_it(self):
        self.assertEqual(self.router.init("reload").returncode, 0)
        self.assertEqual(self.router.procd(), ["set"])
        self.assertIn("Antenna", self.router.page())

    def test_another_directory_needs_another_jail(self):
        self.start()
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write("config listen 'proxy'\n\toption address 'unix:/tmp/aiglon-status/http.sock'\n\tlist serve 'page'\n")
        self.assertEqual(self.router.init("reload").returncode, 0)
        self.assertEqual(self.router.procd(), ["delete", "set"])
        # The first of its listeners is that of the visitors.
        eventually((self.router.root / "tmp/aiglon-status/http.sock").is_socket, "the proxy's socket")
        self.owned("tmp/aiglon-status", UID, UID, 0o755)

    def test_a_broken_configuration_at_a_start(self):
        self.router.configure(("option lang 'en'", "option lang 'klingon'"))
        result = self.router.init("start")
        why = "/etc/config/aiglon has mistakes, and there is no earlier one in /etc/aiglon"
        self.assertIn(f"aiglon: not started: {why}\n", result.stderr)
        self.not_started(why)
        told = self.router.enter("/usr/bin/aiglon", "console", "status")
        self.assertIn(f"it was not started: {why}\n", told.stderr)
        self.owned("var/run/aiglon-config/why", 0, UID, 0o640)
        # Mended, it leaves a good one behind; then broken again, that one takes over.
        self.router.configure(("klingon", "en"))
        self.start()
        self.router.init("stop")
        self.assertEqual(self.router.procd(), ["delete"])
        self.assertEqual(self.router.ended, 0)
        self.router.configure(("option lang 'en'", "option lang 'klingon'"))
        self.router.init("start")
        self.assertEqual(self.router.procd(), ["set"])
        self.assertIn("serving the last good configuration", self.router.said())
        self.assertIn("Antenna", self.router.page())

    def test_a_broken_configuration_does_not_say_where_the_last_good_one_is(self):
        (self.router.root / "sbin/ujail").write_text("#!/bin/sh\n")
        os.chmod(self.router.root / "sbin/ujail", 0o755)
        (self.router.root / "mnt").mkdir()
        self.router.write("etc/config/fstab", "config mount 'stick'\n\toption target '/mnt'\n")
        self.router.write("proc/mounts", "/dev/sda1 /mnt ext4 rw 0 0\n")
        self.router.configure(("option state_dir '/etc/aiglon'", "option state_dir '/mnt/aiglon'"))
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write("config listen 'proxy'\n\toption address 'unix:/tmp/aiglon-status/http.sock'\n\tlist serve 'page'\n")
        self.start()
        # It is written when the daemon has begun to serve.
        eventually((self.router.root / "etc/aiglon/config.last-good").exists, "the last good file")
        self.router.init("stop")
        self.assertEqual(self.router.procd(), ["delete"])
        mounts = {COPIES: "0", "/etc/aiglon": "1", "/mnt/aiglon": "1", RUNS: "1", "/tmp/aiglon-status": "1"}
        config = self.router.root / "etc/config/aiglon"
        for broken in (b"", b"\0\n", b"# caf\xe9\n", os.mkfifo, os.mkdir):
            if callable(broken):
                config.unlink()
                broken(config)
            else:
                config.write_bytes(broken)
            # After a power cut: what is in memory is gone.
            shutil.rmtree(self.router.root / "tmp/aiglon-status", ignore_errors=True)
            self.router.init("start")
            [(_, message)] = self.router.calls()
            instance = message["instances"]["instance1"]
            self.assertEqual(instance["jail"]["mount"], mounts, broken)
            self.router.begin(self.router.instance)
            self.assertIn("Antenna", self.router.page())
            self.owned("tmp/aiglon-status", UID, UID, 0o755)
            told = self.router.enter("/usr/bin/aiglon", "console", "status")
            self.assertEqual(told.returncode, 0, told)
            self.router.init("stop")
            self.assertEqual(self.router.procd(), ["delete"])
        self.assertFalse((self.router.root / COPIES[1:] / "good").exists())

    def test_the_last_good_configuration_has_root_make_nothing_on_flash(self):
        good = self.router.root / "etc/aiglon/config.last-good"
        self.start()
        self.router.init("stop")
        self.router.procd()
        good.write_text(good.read_text().replace("'/etc/aiglon'", "'/etc/uci-defaults/new'") +
                        "config listen 'proxy'\n\toption address 'unix:/etc/init.d/new/s'\n\tlist serve 'page'\n")
        (self.router.root / "etc/config/aiglon").write_text("")
        self.router.init("start")
        self.assertFalse((self.router.root / "etc/uci-defaults/new").exists())
        self.assertFalse((self.router.root / "etc/init.d/new").exists())

    def test_an_edit_and_a_start_of_one_that_runs(self):
        self.start()
        pid = self.router.daemon.pid
        self.router.configure(("'Antenna'", "'Heron and others'"))
        result = self.router.init("start")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("Heron and others", self.router.page())
        [(method, same)] = self.router.calls()
        self.assertEqual(method, "set")
        # A file with mistakes ends nothing, and no respawn finds it.
        self.router.configure(("option lang 'en'", "option lang 'klingon'"))
        before = self.router.read("var/run/aiglon-config/config")
        result = self.router.init("start")
        self.assertRegex(result.stderr, r"/etc/config/aiglon:\d+: .*klingon")
        self.assertEqual(self.router.calls(), [("set", same)])
        self.assertEqual(self.router.read("var/run/aiglon-config/config"), before)
        self.assertEqual(self.router.daemon.pid, pid)

    def test_each_line_of_the_log_has_its_severity(self):
        self.start()
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write(f"config listen 'again'\n\toption address '0.0.0.0:{self.router.port}'\n\tlist serve 'page'\n")
        self.assertEqual(self.router.init("reload").returncode, 3)
        information, trouble = self.router.read("tmp/stdout"), self.router.read("tmp/stderr")
        self.assertIn(f"listening on http://127.0.0.1:{self.router.port}/ (page)\n", information)
        self.assertRegex(trouble, r"^cannot listen on http://0\.0\.0\.0:\d+/: ")
        self.assertNotIn("listening on", trouble)
        self.assertNotIn("cannot", information)

    def test_a_network_whose_address_comes_and_changes(self):
        self.router.configure((f"127.0.0.1:{self.router.port}", f"lan:{self.router.port}"))
        self.start()
        # Until it is there, nobody from outside comes in, and whoever looks after it is told.
        self.assertIn(f"listening on http://127.0.0.1:{self.router.port}/ (page)", self.router.said())
        lack = f"lan:{self.router.port}: this network has no address yet; until then only 127.0.0.1 is listened on"
        self.assertIn(f"warning: {lack}\n", self.router.read("tmp/stderr"))
        told = self.router.enter("/usr/bin/aiglon", "console", "status")
        self.assertIn(lack, told.stdout)
        self.assertEqual(self.router.init("reload").returncode, 3)
        self.assertEqual(self.router.init("machine").returncode, 0)
        for address in ("127.0.0.2", "127.0.0.3"):
            self.router.write("tmp/networks", f"wan 192.0.2.1\nlan {address}\n")
            self.assertEqual(self.router.init("machine").returncode, 0)
            self.owned("var/run/aiglon-config/machine", 0, UID, 0o640)
            self.assertIn(f"listening on http://{address}:{self.router.port}/ (page)\n", self.router.read("tmp/stdout"))
            told = self.router.enter("/usr/bin/aiglon", "ready")
            self.assertEqual((told.returncode, told.stdout), (0, "in force\n"))
        # What has not changed is not told again: a reload writes to flash.
        before = self.router.read("tmp/stdout")
        self.assertEqual(self.router.init("machine").returncode, 0)
        self.assertEqual(self.router.read("tmp/stdout"), before)
        self.assertIn(f"lan:{self.router.port}", self.router.read("etc/aiglon/config.last-good"))

    def test_an_address_that_comes_while_it_is_started(self):
        self.router.configure((f"127.0.0.1:{self.router.port}", f"lan:{self.router.port}"))
        # The trigger is there only once procd has been told.
        told = self.router.read("bin/ubus")
        self.router.write("bin/ubus", told + '[ "$3" != set ] || echo "lan 127.0.0.2" >/tmp/networks\n')
        self.start()
        self.assertIn(f"listening on http://127.0.0.2:{self.router.port}/ (page)\n", self.router.read("tmp/stdout"))

    def test_an_address_that_comes_between_two_tries(self):
        self.router.configure((f"127.0.0.1:{self.router.port}", f"lan:{self.router.port}"))
        self.start()
        self.router.end()
        self.router.write("tmp/networks", "lan 127.0.0.2\n")
        self.assertEqual(self.router.init("machine").returncode, 0)
        self.router.begin(self.router.instance)
        self.assertIn(f"listening on http://127.0.0.2:{self.router.port}/ (page)\n", self.router.read("tmp/stdout"))

    def test_the_zone_is_the_routers(self):
        system = "config system\n\toption hostname 'OpenWrt'\n\toption timezone '{}'\n"
        self.router.write("etc/config/system", system.format("<+03>-3"))
        self.router.hotplug(ACTION="stratum")
        self.router.calls()
        self.start()
        zone = lambda: re.search(r"Times are in <[^>]*>([^<]*)", self.router.page())[1]
        self.assertEqual(zone(), "UTC+3")
        self.router.write("etc/config/system", system.format("UTC"))
        self.assertEqual(self.router.init("machine").returncode, 0)
        self.assertEqual(zone(), "UTC")

    def test_a_service_that_is_not_enabled_is_not_started(self):
        self.start()
        self.router.configure(("config aiglon 'main'\n", "config aiglon 'main'\n\toption enabled '0'\n"))
        result = self.router.init("reload")
        self.assertEqual((result.returncode, result.stderr), (0, "aiglon: not started: /etc/config/aiglon says option enabled '0'\n"))
        [(method, message)] = self.router.calls()
        self.assertEqual((method, message["instances"]), ("set", {}))
        self.router.end()
        told = self.router.enter("/usr/bin/aiglon", "console", "status")
        self.assertIn("it was not started: /etc/config/aiglon says option enabled '0'", told.stderr)
        self.router.configure(("option enabled '0'", "option enabled '1'"))
        self.start()
        self.assertFalse((self.router.root / COPIES[1:] / "why").exists())

    def test_a_disk_that_is_not_there(self):
        (self.router.root / "mnt/stick").mkdir(parents=True)
        self.router.write("etc/config/fstab", "config mount\n\toption target '/mnt/stick/'\n")
        self.router.write("proc/mounts", "")
        self.router.configure(("option state_dir '/etc/aiglon'", "option state_dir '/mnt/stick/aiglon'"))
        result = self.router.init("start")
        self.assertIn("no disk at /mnt/stick: what people write is in memory only", result.stderr)
        [(_, message)] = self.router.calls()
        self.assertEqual(
            message["triggers"][3:],
            [["mount.add", ["if", ["eq", "target", "/mnt/stick"], ["run_script", "/etc/init.d/aiglon", "restart"]], 1000]],
        )
        self.router.begin(message["instances"]["instance1"])
        self.assertIn("Antenna", self.router.page())
        told = self.router.enter("/usr/bin/aiglon", "console", "status")
        self.assertIn("in memory only", told.stdout + told.stderr)
        self.assertEqual(list((self.router.root / "mnt/stick").iterdir()), [])
        # It comes, and goes away again; what is made on it stays there.
        self.router.write("proc/mounts", "/dev/sda1 /mnt/stick ext4 rw 0 0\n")
        self.router.init("restart")
        self.assertEqual(self.router.procd(), ["delete", "set"])
        self.owned("mnt/stick/aiglon/journal", UID, UID, 0o600)
        self.router.write("proc/mounts", "")
        self.router.init("restart")
        [_, (_, message)] = self.router.calls()
        self.owned("mnt/stick/aiglon", 0, 0, 0o700)
        self.router.end()

    def test_after_a_sysupgrade_state_is_the_daemons_again(self):
        self.start()
        self.router.init("stop")
        self.router.procd()
        state = self.router.root / "etc/aiglon"
        # Whatever the daemon left there: a link gives nothing away.
        (state / "link").symlink_to("/etc/passwd")
        for path in [state, *state.iterdir()]:
            os.chown(path, 0 if path == state else 4242, 0, follow_symlinks=False)
        self.start()
        self.owned("etc/passwd", 0, 0, 0o644)
        (state / "link").unlink()
        for path in [state, *state.iterdir()]:
            self.assertEqual(path.stat().st_uid, UID, path)

    def test_a_directory_of_somebody_else_is_left_alone(self):
        disk = self.router.root / "mnt"
        disk.mkdir()
        (disk / "photos").write_text("")
        self.router.write("etc/config/fstab", "config mount 'stick'\n\toption target '/mnt'\n")
        self.router.write("proc/mounts", "/dev/sda1 /mnt ext4 rw 0 0\n")
        (disk / "aiglon").symlink_to(".")
        self.router.configure(("option state_dir '/etc/aiglon'", "option state_dir '/mnt/aiglon'"))
        result = self.router.init("start")
        self.assertIn("/mnt/aiglon is not a directory that this script makes or gives away", result.stderr)
        (disk / "aiglon").unlink()
        (disk / "aiglon").mkdir()
        (disk / "aiglon/photos").write_text("")
        result = self.router.init("start")
        self.assertIn("/mnt/aiglon is not empty and not ours", result.stderr)
        self.not_started("state_dir /mnt/aiglon cannot be used", "state_dir /mnt/aiglon cannot be used")
        self.owned("mnt", 0, 0, 0o755)
        self.owned("mnt/photos", 0, 0, 0o644)

    def test_no_configuration_has_root_make_or_give_away_any_directory(self):
        root = self.router.root
        self.router.write("etc/config/fstab", "config mount 'stick'\n\toption target '/mnt/stick'\n"
                          "config mount 'absent'\n\toption target '/mnt/absent'\nconfig mount 'overlay'\n\toption target '/overlay'\n"
                          "config mount 'root'\n\toption target '/'\nconfig mount 'pattern'\n\toption target '/mnt/st.ck'\n")
        self.router.write("proc/mounts", "/dev/sda1 /mnt/stick ext4 rw 0 0\n/dev/mtdblock5 /overlay jffs2 rw 0 0\n/dev/root / ext4 rw 0 0\n")
        # What the package left there is gone after its first run.
        (root / "etc/uci-defaults/aiglon").unlink()
        for name in ("mnt/stick", "overlay", "tmp/aiglon-mine"):
            (root / name).mkdir(parents=True)
        (root / "tmp/aiglon-link").symlink_to("/etc")
        (root / "mnt/stick/link").symlink_to("/etc/uci-defaults")
        before = "option state_dir '/etc/aiglon'"
        places = ["/etc/uci-defaults", "/etc/cron", "/mnt/stick", "/mnt/stick/link", "/mnt/stick/link/x", "/overlay/x", "/",
                  "/tmp/aiglon-link", "/tmp/aiglon-link/uci-defaults", "/tmp/x"]
        for place in places:
            after = f"option state_dir '{place}'"
            self.router.configure((before, after))
            before = after
            result = self.router.init("start")
            self.assertIn("not a directory that this script makes or gives away", result.stderr, place)
            self.not_started(f"state_dir {place} cannot be used")
        for name in ("etc", "etc/uci-defaults", "mnt/stick", "overlay"):
            self.assertEqual((root / name).stat().st_uid, 0, name)
        for name in ("etc/cron", "etc/x", "mnt/absent", "overlay/x", "etc/uci-defaults/x", "tmp/x", "tmp/aiglon-x"):
            self.assertFalse((root / name).exists(), name)
        # Nor for a socket; the rest is served.
        self.router.configure((before, "option state_dir '/mnt/stick/aiglon'"))
        with open(root / "etc/config/aiglon", "a") as file:
            file.write("config listen 'proxy'\n\toption address 'unix:/etc/cron/s'\n\tlist serve 'page'\n")
        result = self.router.init("start")
        self.assertIn("/etc/cron is not a directory that this script makes or gives away", result.stderr)
        self.assertEqual(self.router.procd(), ["set"])
        self.owned("mnt/stick/aiglon", UID, UID, 0o700)
        self.assertFalse((root / "etc/cron").exists())
        self.assertIn("Antenna", self.router.page())

    def knows_the_time(self):
        """Whether what is said now is dated."""
        for command in (["banner", "set", "A storm."], ["banner"]):
            told = self.router.enter("/usr/bin/aiglon", "console", "--json", *command)
            self.assertEqual(told.returncode, 0, told)
        [banner] = json.loads(told.stdout)
        return banner["since"] is not None

    def test_when_the_clock_is_right(self):
        self.start()
        for action, stratum in (("step", "3"), ("unsync", "16"), ("stratum", "16")):
            self.router.hotplug(ACTION=action, stratum=stratum)
        self.assertEqual(self.router.procd(), [])
        self.assertFalse(self.knows_the_time())
        self.router.hotplug(ACTION="stratum", stratum="3")
        self.assertEqual(self.router.procd(), ["signal"])
        eventually(self.knows_the_time, "it is told")
        # Once is enough; and who starts later finds it.
        self.router.hotplug(ACTION="periodic", stratum="3")
        self.assertEqual(self.router.procd(), [])
        self.router.init("stop")
        self.router.procd()
        self.start()
        self.assertTrue(self.knows_the_time())

    def test_the_clock_may_be_right_before_the_daemon_has_ever_run(self):
        # chrony tells no stratum.
        self.router.hotplug(ACTION="stratum")
        self.router.calls()
        self.start()
        self.assertTrue(self.knows_the_time())
        self.owned("var/run/aiglon-config", 0, UID, 0o750)

    def test_one_command_for_a_stolen_antenna(self):
        token, line = self.router.enter("/usr/bin/aiglon", "token").stdout.splitlines()
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            for source in ("heron", "egret"):
                file.write(f"\n# {source}\nconfig source '{source}'\n\toption site 'antenna'\n\t{line}\n".replace(
                    line, line if source == "heron" else line[:-2] + ("0" if line[-2] != "0" else "1") + "'"))
            file.write("\nconfig component 'heron_north'\n\toption service 'wifi'\n\tlist source 'heron'\n")
            for user in ("ana", "ben"):
                file.write(f"\nconfig user {user}\n\tlist site antenna\n")
        self.start()
        ingest = f"http://127.0.0.1:{self.router.ingest}/api/v2/alerts"
        push = lambda: self.router.enter("/bin/wget", "-q", "-O", "-", "--header", f"Authorization: Bearer {token}",
                                         "--post-data", "[]", ingest).returncode
        speak = lambda user: self.router.enter("/usr/bin/aiglon", "console", "--user", user, "whoami").returncode
        self.assertEqual((push(), speak("ana"), speak("ben")), (0, 0, 0))
        before = self.router.read("etc/config/aiglon")

        # Whoever does not exist is not done.
        result = self.router.enter("/usr/bin/aiglon", "revoke", "anna")
        self.assertEqual((result.returncode, result.stdout, self.router.read("etc/config/aiglon")), (1, "", before))
        self.assertIn("no source and no user of that name", result.stderr)

        # Another mistake in the file does not matter, and the service is not reloaded.
        with open(self.router.root / "etc/config/aiglon", "a") as file:
            file.write("\nconfig site 'wrong'\n\toption retain_days 500\n")
        before = self.router.read("etc/config/aiglon")
        result = self.router.enter("/usr/bin/aiglon", "revoke", "heron", "ana")
        self.assertEqual((result.returncode, result.stdout), (0, "heron: revoked\nana: revoked\n"), result)
        self.assertEqual(self.router.procd(), [])
        self.assertNotEqual(push(), 0)
        self.assertNotEqual(speak("ana"), 0)
        # procd starts it again with the copy, and that has lost them, too.
        for copy in ("var/run/aiglon-config/config", "etc/aiglon/config.last-good"):
            self.assertNotIn(line.split("'")[1], self.router.read(copy))
            self.assertNotIn("ana", self.router.read(copy))
        self.owned("var/run/aiglon-config/config", 0, UID, 0o640)
        self.owned("etc/aiglon/config.last-good", UID, UID, 0o600)
        self.assertEqual(speak("ben"), 0)
        self.owned("etc/config/aiglon", 0, 0, 0o600)
        after = self.router.read("etc/config/aiglon")
        removed = [line for line in before.splitlines() if line not in after.splitlines()]
        self.assertEqual(removed, ["\t" + line, "config user ana"])
        self.assertIn("'egret'", after)
        self.assertFalse(list((self.router.root / "etc/config").glob("*revoked*")))

    def test_what_the_feed_runs_on_an_installed_package(self):
        self.router.install()
        shutil.copy(pathlib.Path(__file__).parents[2] / "openwrt/aiglon/test.sh", self.router.root / "tmp/test.sh")
        ports = {"PAGE_PORT": str(free_port()), "INGEST_PORT": str(free_port())}
        version = self.router.enter("/usr/bin/aiglon", "--version").stdout.split()[1]
        result = self.router.enter("/bin/sh", "/tmp/test.sh", "aiglon-mini", version, **ports)
        self.assertEqual((result.returncode, result.stdout.splitlines()[-1:]), (0, ["aiglon: OK"]), result)
        self.assertNotEqual(self.router.enter("/bin/sh", "/tmp/test.sh", "aiglon", "99.0").returncode, 0)


if __name__ == "__main__":
    unittest.main()
