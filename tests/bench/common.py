"""What tests/bench/run, tests/bench/hostile and tests/cost/run share: the daemon, what is sent to it, and a plain client."""

import hashlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "target"
TOKEN = "bench"
LANGS = ("ar", "en", "fr")
TIMEOUT_S = 60


def say(text):
    print(text, file=sys.stderr, flush=True)


def need(program, package):
    """The path of a program of a Debian package; without it there is nothing to measure."""
    # Daemons are in sbin, which is not on everybody's path.
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not path:
        sys.exit(f"{program} is missing: apt install {package}")
    return path


def build(*arguments, **environment):
    """Builds the release binary as `cargo build --release` does."""
    subprocess.run(
        ["cargo", "build", "--release", "--bin", "aiglon", *arguments],
        cwd=ROOT, check=True, env={**os.environ, **environment},
    )
    return TARGET / "release" / "aiglon"


def token(site):
    """What the source of a site says who it is by."""
    return f"{TOKEN}{site or ''}"


def config(sites=1, components=16, services=4):
    """A page like one that people would have: so many services, and so many components over them."""
    lines = ["config listen 'bench'", "\toption address '127.0.0.1:0'", "\tlist serve 'page'", "\tlist serve 'ingest'"]
    for site in range(sites):
        lines += [f"config site 'site{site}'", "\toption title 'Solidarity antennas'", f"\tlist host 'site{site}.test'"]
        lines += [f"config source 'source{site}'", f"\toption site 'site{site}'", "\toption resync '0s'"]
        lines += [f"\tlist token 'sha256:{hashlib.sha256(token(site).encode()).hexdigest()}'"]
        for service in range(services):
            name = f"s{site}_{service}"
            lines += [f"config service '{name}'", f"\toption site 'site{site}'", f"\toption name 'Wi-Fi, antenna {service}'"]
        for part in range(components):
            lines += [f"config component 'c{site}_{part}'", f"\toption service 's{site}_{part % services}'"]
            lines += [f"\toption name 'Side {part} of the court'", "\tlist publish 'summary'"]
    return "\n".join(lines) + "\n"


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + ".663Z"


def batch(count, now, first=0, components=16, services=4, over=(), site=0):
    """Alerts as Prometheus writes them (the fixture of Prometheus 3.5): about 500 bytes each. They fire, but for the numbers
    in `over`: these come besides, and are resolved."""
    alerts = []
    for number in [*over, *range(first, first + count)]:
        alerts.append({
            "annotations": {
                "description": "Pas de réponse \"depuis\" 5 min\nligne 2 — 0",
                "summary": f"Antenna 10.0.0.1:{number:05} is <down> & out",
            },
            "endsAt": stamp(now - 1 if number in over else now + 240),
            "startsAt": stamp(now - 60),
            "generatorURL": "http://vm:9090/graph?g0.expr=up%7Bjob%3D%22antenna%22%7D+%3D%3D+0&g0.tab=1",
            "labels": {
                "alertname": "AntennaDown", "component": f"c{site}_{number % components}", "instance": f"10.0.0.1:{number:05}",
                "job": "antenna", "service": f"s{site}_{number % services}", "severity": "critical",
            },
        })
    text = json.dumps(alerts, ensure_ascii=False, separators=(",", ":"))
    # Go escapes these three.
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode()


def post(body, path="/api/v2/alerts", site=0):
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Prometheus/3.5.3\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {token(site)}\r\nContent-Type: application/json\r\n\r\n"
    ).encode() + body


def get(path="/", host="site0.test", lang="en"):
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 (Android 9; Mobile; rv:140.0)\r\n"
        f"Accept: text/html\r\nAccept-Language: {lang}\r\n\r\n"
    ).encode()


class Client:
    """One connection; a request at a time."""

    def __init__(self, port, timeout=TIMEOUT_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request, wanted=(200,)):
        """Sends a request and returns its whole answer: head, body."""
        self.socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._read()
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status not in wanted:
            raise RuntimeError(f"answered {status}: {body[:200]!r}")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            body += self._read()
        return head, body

    def _read(self):
        more = self.socket.recv(1 << 20)
        if not more:
            raise RuntimeError("the connection was closed in the middle of an answer")
        return more

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Process:
    """A process in a directory of its own under target/, ended by its id."""

    def __init__(self, command, **options):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, **options)
        self.pid = self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def memory(self):
        """Resident KiB: all of it, and what is its own and not a file's."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return tuple(int(re.search(rf"{key}:\s+(\d+)", status)[1]) for key in ("VmRSS", "RssAnon"))

    def processor_s(self):
        """Seconds of processor time so far, its own and the kernel's on its behalf."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Aiglon(Process):
    """The daemon on a free port of loopback, perhaps inside another program (`wrap`)."""

    def __init__(self, binary, text, wrap=(), state=None):
        self.dir = tempfile.TemporaryDirectory(prefix="aiglon-bench-")
        file = pathlib.Path(self.dir.name) / "config"
        file.write_text(text)
        super().__init__(
            [*wrap, binary, "serve", file, "--state-dir", state or self.dir.name], stderr=subprocess.PIPE,
        )
        self.log = b""
        self.port = self._port()
        # Whoever does not read a pipe stops its writer.
        self.reader = threading.Thread(target=self._drain, daemon=True)
        self.reader.start()

    def _port(self):
        stderr = self.process.stderr
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            if select.select([stderr], [], [], 0.1)[0]:
                more = os.read(stderr.fileno(), 65536)
                self.log += more
                found = re.search(rb"listening on http://127\.0\.0\.1:(\d+)/", self.log)
                if found:
                    return int(found[1])
                if not more:
                    break
        self.stop()
        sys.exit(f"{' '.join(self.command)} does not listen:\n{self.log.decode()}")

    def _drain(self):
        while more := os.read(self.process.stderr.fileno(), 65536):
            self.log += more

    def stop(self):
        code = super().stop()
        if hasattr(self, "reader"):
            self.reader.join(TIMEOUT_S)
        self.process.stderr.close()
        self.dir.cleanup()
        return code
