"""Clients of the SSH server that do what no proper client does: clients.py CASE PORT KEYS [ARGUMENT...]

Each case is a function; what it prints is what its test in this directory expects. Those who fail have to wait, so each
process comes from an address of its own.
"""

import asyncio
import base64
import hashlib
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time

import asyncssh
import paramiko
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from paramiko.message import Message

PORT, KEYS = int(sys.argv[2]), sys.argv[3]
PID = os.getpid()
SOURCE = f"127.{1 + PID // 62500 % 100}.{1 + PID // 250 % 250}.{1 + PID % 250}"


def path(name):
    return os.path.join(KEYS, name)


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=30, source_address=(SOURCE, 0))


def transport():
    session = paramiko.Transport(dial())
    session.banner_timeout = session.auth_timeout = session.handshake_timeout = 30
    session.start_client(timeout=30)
    return session


def log_in(user, key=None):
    session = transport()
    session.auth_publickey(user, key or paramiko.PKey.from_path(path(user)))
    return session


def string(text):
    text = text.encode() if isinstance(text, str) else text
    return struct.pack(">I", len(text)) + text


def carry_out(session, line, stdin=b""):
    channel = session.open_session(timeout=30)
    channel.settimeout(30)
    channel.exec_command(line)
    if stdin:
        channel.sendall(stdin)
    channel.shutdown_write()
    out = b"".join(iter(lambda: channel.recv(65536), b""))
    return channel.recv_exit_status(), out.decode()


def tell(session, line):
    status, out = carry_out(session, line)
    print(f"status {status}\n{out}", end="")


# ---- logins ----------------------------------------------------------------------------------------------


def paramiko_case(user, key, line):
    if key.startswith("p"):
        # Its own reader does not know all that ssh-keygen writes.
        with open(path(key), "rb") as file:
            private = serialization.load_ssh_private_key(file.read(), None)
        signer = paramiko.ECDSAKey(vals=(private, private.public_key()))
    else:
        signer = paramiko.PKey.from_path(path(key))
    tell(log_in(user, signer), line)


def asyncssh_case(user, key, line):
    async def run():
        options = dict(username=user, client_keys=[path(key)], known_hosts=None, local_addr=(SOURCE, 0), config=[])
        async with asyncssh.connect("127.0.0.1", PORT, **options) as session:
            done = await session.run(line)
            print(f"status {done.exit_status}\n{done.stdout}", end="")

    asyncio.run(run())


APPLICATION = "ssh:"


class Security(paramiko.PKey):
    """A security key in software (PROTOCOL.u2f)."""

    def __init__(self, name):
        self.public_blob = None
        self.kind, raw = open(path(f"{name}.raw")).read().split(" ")
        self.key = serialization.load_pem_private_key(bytes.fromhex(raw), None)

    @staticmethod
    def make(name, kind, key):
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with open(path(f"{name}.raw"), "w") as file:
            file.write(f"{kind} {pem.hex()}")
        print(name, kind, base64.b64encode(Security(name).asbytes()).decode())

    def get_name(self):
        return self.kind

    def asbytes(self):
        public = self.key.public_key()
        if "ed25519" in self.kind:
            parts = [public.public_bytes_raw()]
        else:
            point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
            parts = ["nistp256", point]
        return b"".join(map(string, [self.kind, *parts, APPLICATION]))

    def sign_ssh_data(self, data, algorithm=None):
        # Touched, and the fifth signature.
        state = struct.pack(">BI", 1, 5)
        signed = hashlib.sha256(APPLICATION.encode()).digest() + state + hashlib.sha256(data).digest()
        message = Message()
        message.add_string(self.kind)
        if "ed25519" in self.kind:
            message.add_string(self.key.sign(signed))
        else:
            inner = Message()
            for number in utils.decode_dss_signature(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))):
                inner.add_mpint(number)
            message.add_string(inner.asbytes())
        message.add_bytes(state)
        return message


def make_sk():
    Security.make("sk_ed25519", "sk-ssh-ed25519@openssh.com", ed25519.Ed25519PrivateKey.generate())
    Security.make("sk_ecdsa", "sk-ecdsa-sha2-nistp256@openssh.com", ec.generate_private_key(ec.SECP256R1()))


def sk(name, line):
    tell(log_in(name, Security(name)), line)


def refused(attempt):
    try:
        attempt()
    except (paramiko.SSHException, EOFError):
        print("refused")
    else:
        print("let in")


def sk_forged(name):
    key = Security(name)
    blob = key.asbytes()
    new = ed25519.Ed25519PrivateKey.generate() if "ed25519" in key.kind else ec.generate_private_key(ec.SECP256R1())
    key.key, key.asbytes = new, lambda: blob
    refused(lambda: log_in(name, key))


def forged(user):
    key = paramiko.PKey.from_path(path("stranger"))
    blob = paramiko.PKey.from_path(path(user)).asbytes()
    key.asbytes = lambda: blob
    key._fields_cached = None
    refused(lambda: log_in(user, key))


def no_login(how):
    session = transport()
    if how == "password":
        refused(lambda: session.auth_password("heron1", "heron1", fallback=False))
    elif how == "interactive":
        refused(lambda: session.auth_interactive("heron1", lambda *_: ["heron1"]))
    elif how == "none":
        refused(lambda: session.auth_none("heron1"))
    else:
        for name in ["ca", "certified"]:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(name)], check=True)
        # Of the very key that is let in without one.
        with open(path("heron1.pub")) as known, open(path("certified.pub"), "w") as copy:
            copy.write(known.read())
        subprocess.run(
            ["ssh-keygen", "-q", "-s", path("ca"), "-I", "x", "-n", "heron1", path("certified.pub")], check=True
        )
        key = paramiko.PKey.from_path(path("heron1"))
        key.load_certificate(path("certified-cert.pub"))
        refused(lambda: session.auth_publickey("heron1", key))


# ---- what is asked for -----------------------------------------------------------------------------------


def long_exec(user, length):
    session = log_in(user)
    try:
        tell(session, "x" * int(length))
    except (paramiko.SSHException, EOFError, OSError):
        print("closed")


def open_raw(session, kind, payload):
    """Opens a channel; gives back what became of it."""
    number = session._next_channel()
    message = Message()
    message.add_byte(bytes([90]))
    message.add_string(kind)
    for value in [number, 65536, 32768]:
        message.add_int(value)
    message.add_bytes(payload)
    channel = paramiko.Channel(number)
    session._channels.put(number, channel)
    session.channel_events[number] = event = threading.Event()
    session.channels_seen[number] = True
    channel._set_transport(session)
    channel._set_window(65536, 32768)
    session._send_user_message(message)
    assert event.wait(30), kind
    return session.get_exception() is None


def channels(user, port):
    session = log_in(user)
    here, there = string("127.0.0.1"), struct.pack(">I", int(port))
    opened = [
        kind
        for kind, payload in [
            ("direct-tcpip", here + there + here + there),
            ("forwarded-tcpip", here + there + here + there),
            ("x11", here + there),
            ("auth-agent@openssh.com", b""),
            ("direct-streamlocal@openssh.com", string("/etc/passwd") + string("") + struct.pack(">I", 0)),
            ("forwarded-streamlocal@openssh.com", string("/etc/passwd") + string("")),
            ("tun@openssh.com", struct.pack(">II", 1, 0x7FFFFFFF)),
            ("nonsense", b""),
        ]
        if open_raw(session, kind, payload)
    ]
    for kind, payload in [
        ("tcpip-forward", (string("0.0.0.0") + struct.pack(">I", 0))),
        ("streamlocal-forward@openssh.com", string("/tmp/aiglon-test.sock")),
        ("nonsense@example.org", b""),
    ]:
        message = Message()
        message.add_byte(bytes([80]))
        message.add_string(kind)
        message.add_boolean(True)
        message.add_bytes(payload)
        session.completion_event = threading.Event()
        session.global_response = None
        session._send_user_message(message)
        assert session.completion_event.wait(30), kind
        if session.global_response is not None:
            opened.append(kind)
    print("all refused" if not opened and session.is_active() else f"opened {opened}")


def request(session, channel, kind, payload=b"", reply=True):
    """Whether a request on a channel succeeds."""
    message = Message()
    message.add_byte(bytes([98]))
    message.add_int(channel.remote_chanid)
    message.add_string(kind)
    message.add_boolean(reply)
    message.add_bytes(payload)
    if reply:
        channel._event_pending()
    session._send_user_message(message)
    try:
        if reply:
            channel._wait_for_event()
    except paramiko.SSHException:
        return False
    return True


def requests(user):
    session = log_in(user)
    x11 = b"\0" + string("MIT-MAGIC-COOKIE-1") + string("00" * 16) + struct.pack(">I", 0)
    for name, kind, payload in [
        ("agent", "auth-agent-req@openssh.com", b""),
        ("x11", "x11-req", x11),
        ("env", "env", string("LD_PRELOAD") + string("/tmp/x")),
        ("subsystem", "subsystem", string("sftp")),
    ]:
        done = request(session, session.open_session(), kind, payload)
        print(name, "done" if done else "refused")
    channel = session.open_session()
    assert request(session, channel, "shell")
    print("second command", "done" if request(session, channel, "exec", string("whoami")) else "refused")
    print("status", carry_out(session, "whoami")[0])


def ask_for_ever(user):
    session = log_in(user)
    channel = session.open_session()
    for _ in range(300):
        try:
            request(session, channel, "env", string("A") + string("B"), reply=False)
        except (paramiko.SSHException, EOFError, OSError):
            break
    wait_for_end(session, 20)
    print("ended")


def wait_for_end(session, seconds):
    until = time.monotonic() + seconds
    while session.is_active():
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.05)


def terminals(user):
    session = log_in(user)
    modes = b"".join(struct.pack(">BI", code, 0xFFFFFFFF) for code in [1, 2, 50, 53, 70, 128, 129, 159]) + b"\0"
    for term, columns, rows, coded in [
        ("xterm", 80, 24, b""),
        ("", 0, 0, b"\0"),
        ("\x1b]0;x\x07", 1, 1, modes),
        ("x" * 10000, 0xFFFFFFFF, 0xFFFFFFFF, modes),
    ]:
        channel = session.open_session()
        channel.settimeout(30)
        size = struct.pack(">IIII", columns, rows, 0, 0)
        assert request(session, channel, "pty-req", string(term) + size + string(coded))
        # Another one, instead.
        assert request(session, channel, "pty-req", string(term) + size + string(coded))
        assert request(session, channel, "shell")
        for wide in [0, 1, 30, 0xFFFFFFFF, columns]:
            request(session, channel, "window-change", struct.pack(">IIII", wide, 24, 0, 0), reply=False)
        channel.sendall(b"whoami\rquit\r")
        out = b"".join(iter(lambda: channel.recv(65536), b""))
        assert channel.recv_exit_status() == 0 and b"operator" in out, out
    # Too late.
    channel = session.open_session()
    assert request(session, channel, "shell")
    assert not request(session, channel, "pty-req", string("x") + struct.pack(">IIII", 80, 24, 0, 0) + string(b""))
    assert session.is_active()
    print("all served")


# ---- below that ------------------------------------------------------------------------------------------


def packet(payload):
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def exactly(stream, count):
    data = b""
    while len(data) < count:
        piece = stream.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def greet(stream):
    """Both versions; gives back the server's first packet."""
    line = b""
    while not line.endswith(b"\n"):
        line += exactly(stream, 1)
    assert line == b"SSH-2.0-aiglon\r\n", line
    stream.sendall(b"SSH-2.0-test\r\n")
    length, padding = struct.unpack(">IB", exactly(stream, 5))
    return exactly(stream, length - 1)[: length - 1 - padding]


def offers():
    payload, at = greet(dial()), 17
    for _ in range(8):
        (length,) = struct.unpack(">I", payload[at : at + 4])
        print(payload[at + 4 : at + 4 + length].decode())
        at += 4 + length


def terrapin():
    stream = dial()
    greet(stream)
    lists = ["curve25519-sha256,kex-strict-c-v00@openssh.com", "ssh-ed25519"]
    lists += ["chacha20-poly1305@openssh.com"] * 2 + ["hmac-sha2-256-etm@openssh.com"] * 2 + ["none"] * 2 + [""] * 2
    init = b"\x14" + secrets.token_bytes(16) + b"".join(map(string, lists)) + bytes(5)
    stream.sendall(packet(init) + packet(b"\x02" + string("")))
    stream.settimeout(10)
    try:
        while stream.recv(4096):
            pass
    except ConnectionResetError:
        pass
    print("closed")


def rubbish(user):
    for data in [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SSH-1.5-old\r\n",
        b"x" * 100_000,
        b"\n" * 100_000,
        b"SSH-2.0-x\r\n" + b"\xff" * 100_000,
        b"SSH-2.0-x\r\n" + packet(b"\x14" + bytes(16) + struct.pack(">I", 0xFFFFFFFF)),
        b"SSH-2.0-x\r\n" + packet(b"\x15"),
        b"SSH-2.0-x\r\n" + packet(b"\x32" + string(user) + string("ssh-connection") + string("none")),
        b"SSH-2.0-x\r\n" + packet(b"\x5a" + string("session") + struct.pack(">III", 0, 1, 1)),
    ]:
        for _ in range(3):
            stream = dial()
            stream.settimeout(0.5)
            try:
                stream.sendall(data)
                while stream.recv(4096):
                    pass
            except OSError:
                pass
            stream.close()
    print("done")


# ---- many, and slow --------------------------------------------------------------------------------------


def crowd(count, *users):
    inside, most, each, served, right, refusals = {}, 0, 0, 0, 0, 0

    async def one(user):
        nonlocal most, each, served, right, refusals
        options = dict(
            username=user,
            client_keys=[path(user)],
            known_hosts=None,
            local_addr=(SOURCE, 0),
            config=[],
            login_timeout=30,
        )
        try:
            async with asyncssh.connect("127.0.0.1", PORT, **options) as session:
                done = await asyncio.wait_for(session.run("whoami"), 30)
                inside[user] = inside.get(user, 0) + 1
                most, each = max(most, sum(inside.values())), max(each, inside[user])
                served += 1
                right += done.stdout.startswith(f"{user}\n")
                await asyncio.sleep(3)
                inside[user] -= 1
        except (asyncssh.Error, OSError):
            refusals += 1

    async def all_of_them():
        await asyncio.gather(*(one(users[n % len(users)]) for n in range(int(count))))

    asyncio.run(all_of_them())
    print(f"served {served}\nrefused {refusals}\nmost {most}\nmost of one {each}\nright {right}")


def many_channels(user):
    session, opened = log_in(user), 0
    kept = []
    for _ in range(10):
        try:
            kept.append(session.open_session(timeout=30))
            opened += 1
        except paramiko.ChannelException:
            pass
    print(f"{opened} of 10")
    kept.pop().close()
    time.sleep(0.5)
    print("status", carry_out(session, "whoami")[0])


def slow_reader(user):
    session = log_in(user)
    channel = session.open_session(window_size=32768)
    assert request(session, channel, "shell")
    begun = time.monotonic()
    try:
        channel.sendall(b"help\n" * 2000)
    except OSError:
        pass
    wait_for_end(session, 60)
    print("cut off after", time.monotonic() - begun)


cases = dict(globals(), paramiko=paramiko_case, asyncssh=asyncssh_case)
cases[sys.argv[1]](*sys.argv[4:])
