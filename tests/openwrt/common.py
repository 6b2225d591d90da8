"""A router for tests: a directory with busybox, aiglon as its package has it, and stubs of what OpenWrt brings; entered by chroot.
What the init script hands to procd is written down, and a small procd does it when told: `Router.procd`."""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# The user that the package asks for.
UID = 9093
# What of busybox a router has and the scripts may use. There is no `stat`.
APPLETS = "ash awk basename cat chmod chown cmp cp cut date dirname echo find grep id kill ls mkdir mktemp mv nc ps readlink rm sed sh sleep tail tr wget".split()


def program():
    """aiglon as cargo has built it last, without what is for debuggers, under a name that cross/build.sh would give it."""
    built = TARGET / "debug/aiglon"
    version = subprocess.check_output([built, "--version"], text=True).split()[1]
    named = TARGET / f"openwrt/aiglon-{version}-x86_64-unknown-linux-musl-small"
    named.parent.mkdir(parents=True, exist_ok=True)
    if not named.exists() or named.stat().st_mtime < built.stat().st_mtime:
        part = named.with_suffix(f".{os.getpid()}")
        subprocess.run(["strip", "-o", part, built], check=True)
        part.rename(named)
    return named


def pack(out, *arguments):
    subprocess.run([ROOT / "openwrt/pack", "--out", out, *arguments], check=True, stdout=subprocess.DEVNULL)


@functools.cache
def packages():
    """A directory with the packages of the program that cargo has built; it goes when the tests are over."""
    out = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-packages-"))
    atexit.register(shutil.rmtree, out)
    pack(out, program())
    return out


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(holds, what, within_s=20):
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(0.05)


class Router:
    """Ends with the test: processes, directory."""

    def __init__(self, test):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="aiglon-router-"))
        test.addCleanup(shutil.rmtree, self.root)
        os.chmod(self.root, 0o755)
        self.daemon, self.seen = None, 0
        test.addCleanup(self.end)
        for name in ("bin", "sbin", "dev", "etc/config", "lib/functions", "proc", "tmp", "usr/bin", "var/run", "var/lock"):
            (self.root / name).mkdir(parents=True)
        shutil.copytree(HERE / "root", self.root, dirs_exist_ok=True)
        for name, device in (("null", (1, 3)), ("urandom", (1, 9))):
            os.mknod(self.root / "dev" / name, 0o020666, os.makedev(*device))
            os.chmod(self.root / "dev" / name, 0o666)
        busybox = shutil.which("busybox")
        self.bring(busybox, "bin/busybox")
        for name in APPLETS:
            (self.root / "bin" / name).symlink_to("busybox")
        self.write("etc/passwd", f"root:x:0:0:root:/root:/bin/ash\naiglon:x:{UID}:{UID}::/var/run/aiglon:/bin/false\n")
        self.write("etc/group", f"root:x:0:\naiglon:x:{UID}:\n")
        self.write("tmp/ubus", "")
        self.write("tmp/log", "")
        self.running(False)
        self.install()
        self.port = free_port()
        self.ingest = free_port()
        self.configure(("lan:8080", f"127.0.0.1:{self.port}"), ("127.0.0.1:8081", f"127.0.0.1:{self.ingest}"))

    def install(self):
        """Unpacks the .ipk."""
        [package] = packages().glob("aiglon-mini_*.ipk")
        with tarfile.open(package) as outer, tarfile.open(fileobj=outer.extractfile("./data.tar.gz")) as data:
            data.extractall(self.root, numeric_owner=True)
        self.bring(self.root / "usr/bin/aiglon", None)

    def bring(self, path, place):
        """A program of this machine, and the libraries that it wants."""
        if place:
            shutil.copy(path, self.root / place)
        for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", path], text=True, capture_output=True).stdout):
            to = self.root / library[1:]
            to.parent.mkdir(parents=True, exist_ok=True)
            if not to.exists():
                shutil.copy(library, to)

    def write(self, name, text):
        (self.root / name).write_text(text)

    def read(self, name):
        return (self.root / name).read_text()

    def configure(self, *changes):
        """As `uci commit` does: another file takes its place."""
        path = self.root / "etc/config/aiglon"
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        new = path.with_name(".aiglon.uci")
        new.write_text(text)
        os.chmod(new, 0o600)
        new.rename(path)

    def enter(self, *command, user=None, **environment):
        """Runs a command inside; the result has its words and its status."""
        return subprocess.run(
            command, preexec_fn=lambda: self.inside(user), text=True, capture_output=True, timeout=60,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment},
        )

    def inside(self, user=None):
        os.chroot(self.root)
        os.chdir("/")
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    def init(self, action):
        return self.enter("/etc/init.d/aiglon", action)

    def hotplug(self, **environment):
        """As hotplug-call does: the script is read by a shell."""
        result = self.enter("/bin/sh", "-c", ". /etc/hotplug.d/ntp/30-aiglon", **environment)
        assert result.returncode == 0 and not result.stderr, result

    def upgraded(self):
        """As default_postinst and the boot do; the next package brings the script again."""
        script = self.root / "etc/uci-defaults/aiglon"
        body = script.read_bytes()
        run = '( [ -f "$1" ] && cd "$(dirname "$1")" && . "$1" ) && rm -f "$1"'
        result = self.enter("/bin/sh", "-c", run, "sh", "/etc/uci-defaults/aiglon")
        assert result.returncode == 0 and not result.stdout + result.stderr and not script.exists(), result
        script.write_bytes(body)

    # ---- procd ---------------------------------------------------------------------------------------------------

    def calls(self):
        """What has been said to procd since the last time: (method, message)."""
        lines = self.read("tmp/ubus").splitlines()
        new, self.seen = lines[self.seen :], len(lines)
        return [(method, json.loads(message)) for method, message in (line.split(" ", 1) for line in new)]

    def procd(self):
        """Does what procd would; returns the names of the methods."""
        done = []
        for method, message in self.calls():
            done.append(method)
            assert message["name"] == "aiglon"
            if method == "delete":
                self.end()
            elif method == "signal":
                self.daemon.send_signal(message["signal"])
            elif method == "set" and message["instances"]:
                self.begin(message["instances"]["instance1"])
        return done

    def begin(self, instance):
        self.instance = instance
        self.logs = [open(self.root / "tmp" / name, "wb") for name in ("stdout", "stderr")]
        # The listeners are above 1023 here: no capability is needed.
        self.daemon = subprocess.Popen(
            instance["command"], preexec_fn=lambda: self.inside(UID), stdin=subprocess.DEVNULL, env=instance.get("env", {}),
            stdout=self.logs[0] if instance.get("stdout") else subprocess.DEVNULL, stderr=self.logs[1],
        )
        self.running(True)
        eventually(lambda: "listening on" in self.said(), "the daemon listens")

    def end(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            self.ended = self.daemon.wait(20)
            for log in self.logs:
                log.close()
            self.daemon = None
            self.running(False)

    def running(self, true):
        answer = {"aiglon": {"instances": {"instance1": {"running": True}}}} if true else {}
        self.write("tmp/list", json.dumps(answer))

    def said(self):
        logs = [self.root / "tmp" / name for name in ("stdout", "stderr")]
        return "".join(log.read_text() for log in logs if log.exists())

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=20) as answer:
            return answer.read().decode()


class OnARouter(unittest.TestCase):
    def setUp(self):
        self.router = Router(self)

    def owned(self, name, uid, gid, mode):
        status = (self.router.root / name).stat()
        self.assertEqual((status.st_uid, status.st_gid, oct(status.st_mode & 0o7777)), (uid, gid, oct(mode)), name)
