"""A service in a process of its own: what it says at start, who may speak to it, and how it ends."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.repository import ROOT
from tests.support.certificates import make_certificate

NOTES: dict[str, Any] = {"author": "ann", "notes": [{"colour": "red", "day": "2026-03-01"}] * 3}
PATIENCE = 30.0


@dataclass
class Started:
    """The toy service, as a process, and each line it logged."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port it says it listens on."""
        port = self.lines[-1]["port"]
        assert isinstance(port, int)
        return port

    def end(self, number: signal.Signals | None = None) -> int:
        """Sends the signal, if one is named, reads what is still said, and gives the exit code."""
        if number is not None:
            self.process.send_signal(number)
        assert self.process.stderr is not None
        self.lines += [json.loads(line) for line in self.process.stderr]
        return self.process.wait(PATIENCE)


def command(folder: Path, host: str, *pair: Path) -> list[str]:
    return [sys.executable, "-m", "tests.support.toy_service", str(folder), host, "0", *map(str, pair)]


@contextlib.contextmanager
def started(folder: Path, *pair: Path, host: str = "127.0.0.1") -> Iterator[Started]:
    """The service once it is ready. Killed afterwards if it has not ended."""
    process = subprocess.Popen(command(folder, host, *pair), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    service = Started(process)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            service.lines.append(json.loads(line))
            if service.lines[-1]["event"] == "ready":
                break
        yield service
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stderr.close()


def refused(folder: Path, host: str, *pair: Path) -> tuple[int, str]:
    """The exit code and what was said by a service that should not start."""
    ended = subprocess.run(
        command(folder, host, *pair), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_a_service_says_where_it_listens_and_answers_there(tmp_path: Path) -> None:
    """One line when both addresses answer; the admin application is on the socket, and on the socket only."""
    with started(tmp_path) as service:
        (ready,) = service.lines
        public = httpx2.Client(base_url=f"http://127.0.0.1:{service.port}")
        local = httpx2.Client(transport=httpx2.HTTPTransport(uds=str(tmp_path / "toy.sock")), base_url="http://toy")
        with public, local:
            written = public.post("/notes", json=NOTES)
            counted = public.get("/notes")
            health = [local.get("/health").status_code, public.get("/health").status_code]
            notes = local.post("/notes", json=NOTES).status_code

    assert {name: ready[name] for name in ("event", "host", "scheme", "admin_socket")} == {
        "event": "ready",
        "host": "127.0.0.1",
        "scheme": "http",
        "admin_socket": True,
    }
    assert (written.status_code, counted.json()) == (202, {"seen": 3})
    assert (health, notes) == ([200, 404], 404)
    assert "server" not in written.headers


def test_everything_a_service_makes_is_its_users_own(tmp_path: Path) -> None:
    with started(tmp_path) as service:
        httpx2.post(f"http://127.0.0.1:{service.port}/notes", json=NOTES)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}

    assert modes == dict.fromkeys(("toy.sqlite", "toy.sqlite-wal", "toy.sqlite-shm", "toy.sock"), 0o600)


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="this machine has no /proc")
def test_a_service_leaves_no_core_dump(tmp_path: Path) -> None:
    """One would hold every key it has in memory."""
    with started(tmp_path) as service:
        limits = Path(f"/proc/{service.process.pid}/limits").read_text()

    (core,) = [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core == ["0", "0"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_asked_to_stop_finishes_what_it_began(tmp_path: Path, number: signal.Signals) -> None:
    """The request under way is answered; the socket and the write-ahead log are gone; the exit code is 0."""
    with started(tmp_path) as service:
        address = f"http://127.0.0.1:{service.port}"
        httpx2.post(f"{address}/notes", json=NOTES)
        with httpx2.stream("GET", f"{address}/slow", params={"seconds": 0.5}) as answer:
            parts = answer.iter_bytes()
            first = next(parts)
            service.process.send_signal(number)
            rest = b"".join(parts)
        code = service.end()

    assert (first, rest) == (b"begun", b" and done")
    assert code == 0
    assert [line["event"] for line in service.lines] == ["ready", "stopping", "stopped"]
    assert [each.name for each in tmp_path.iterdir()] == ["toy.sqlite"]


def test_after_a_kill_the_service_starts_again(tmp_path: Path) -> None:
    """The socket left behind is nobody's, and what was acknowledged is there."""
    with started(tmp_path) as service:
        httpx2.post(f"http://127.0.0.1:{service.port}/notes", json=NOTES)
        service.end(signal.SIGKILL)
    left = (tmp_path / "toy.sock").exists()

    with started(tmp_path) as again:
        seen = httpx2.get(f"http://127.0.0.1:{again.port}/notes").json()

    assert left
    assert seen == {"seen": 3}


def test_a_folder_is_not_served_twice(tmp_path: Path) -> None:
    """The second start is refused by name; the first goes on."""
    with started(tmp_path) as service:
        code, said = refused(tmp_path, "127.0.0.1")
        still = httpx2.get(f"http://127.0.0.1:{service.port}/notes").status_code

    assert (code, still) == (1, 200)
    assert "already-running" in said
    assert str(tmp_path) in said


def test_beyond_loopback_a_service_does_not_start_without_a_certificate(tmp_path: Path) -> None:
    """What, where and what to do, on stderr; and the same as one line of the catalogue."""
    code, said = refused(tmp_path, "0.0.0.0")  # noqa: S104 - to see it refused

    line, *words = said.splitlines()
    assert code == 1
    assert json.loads(line)["code"] == "certificate-required"
    assert words == [
        "signpost: without a certificate a service listens on loopback only [certificate-required]",
        "Set tls_certificate and tls_key, or a loopback host.",
    ]


def test_with_a_certificate_a_service_speaks_tls_and_nothing_else(tmp_path: Path) -> None:
    """A client that trusts it is answered; one that does not, one of TLS 1.2 and one of plain HTTP are not."""
    pair = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(pair.certificate))
    old = ssl.create_default_context(cafile=str(pair.certificate))
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    with started(tmp_path / "data", pair.certificate, pair.key) as service:
        address = f"https://127.0.0.1:{service.port}/notes"
        answered = httpx2.post(address, json=NOTES, verify=trusting)
        for context in (old, ssl.create_default_context()):
            with pytest.raises(httpx2.ConnectError):
                httpx2.post(address, json=NOTES, verify=context)
        with pytest.raises(httpx2.TransportError):
            httpx2.post(address.replace("https", "http"), json=NOTES)
        counted = httpx2.get(f"{address}", verify=trusting)
        code = service.end(signal.SIGTERM)

    assert (answered.status_code, counted.json(), code) == (202, {"seen": 3}, 0)
    assert service.lines[0]["scheme"] == "https"


def test_what_is_no_http_is_answered_without_being_logged(tmp_path: Path) -> None:
    """Of a broken request line only that a library complained is kept."""
    with started(tmp_path) as service:
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as caller:
            caller.sendall(b"HEIRLOOM /9990000042 heirloom\r\n\r\n")
            answer = caller.recv(4096)
        service.end(signal.SIGTERM)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"9990000042" not in answer
    assert [line["event"] for line in service.lines] == ["ready", "library-complained", "stopping", "stopped"]
    assert service.lines[1]["library"] == "uvicorn.error"


def test_a_request_with_two_lengths_is_one_request_or_none(tmp_path: Path) -> None:
    """ASVS 4.2.1: nothing is smuggled in behind a body whose end two parties would see in two places."""
    inner = b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
    head = b"POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    heads = [
        head + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        head + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        head + b"content-length: 0\r\ncontent-length: 38\r\n\r\n",
        head + b"transfer-encoding: x\r\ncontent-length: 0\r\n\r\n",
    ]
    with started(tmp_path) as service:
        for sent in heads:
            with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as caller:
                caller.sendall(sent + inner)
                caller.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: caller.recv(65_536), b""))
            assert answer.startswith(b"HTTP/1.1 400 "), answer
            assert answer.count(b"HTTP/1.1 ") == 1
        service.end(signal.SIGTERM)


FOREIGN = """
import asyncio, logging, threading, warnings
from signpost.service.foreign_logging import take_over_logging
from signpost.service.log import Log, Word

take_over_logging(Log(Word("toy")))

class Falls:
    def __del__(self):
        raise ValueError("heirloom")

async def forgets():
    async def fails():
        raise LookupError("heirloom")
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    del task

logging.getLogger("some.library").warning("heirloom %s", "heirloom")
logging.getLogger("some.library").info("heirloom")
logging.getLogger("uvicorn.access").info("GET /heirloom")
warnings.warn("heirloom")
Falls()
threading.Thread(target=lambda: int("heirloom")).start()
asyncio.run(forgets())
{"heirloom": 1}["an heirloom"]
"""


def test_what_libraries_and_the_interpreter_say_is_kept_without_their_words(tmp_path: Path) -> None:
    """Logs, warnings, and what falls in a destructor, a thread, a forgotten task or the main program."""
    ended = subprocess.run(
        [sys.executable, "-c", FOREIGN], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    said = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert "heirloom" not in ended.stderr + ended.stdout
    assert [(line["event"], line.get("library"), line["exception"]) for line in said] == [
        ("library-complained", "some.library", None),
        ("library-complained", "py.warnings", None),
        ("unexpected", None, "ValueError"),
        ("unexpected", None, "ValueError"),
        ("library-complained", "asyncio", "LookupError"),
        ("unexpected", None, "KeyError"),
    ]
