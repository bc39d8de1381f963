"""Services as processes of their own, on loopback, for as long as a measurement takes."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.sampling import peak_memory, process_cpu

__all__ = ["Finished", "ServiceFailed", "finished", "free_port", "running"]

_START_SECONDS = 30


class ServiceFailed(Exception):
    """A service ended, or did not answer in time."""


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextlib.contextmanager
def running(arguments: Sequence[str], *, port: int, log: Path) -> Iterator[int]:
    """`python -m …` until the context ends, from the moment its /health answers; its process id.

    Raises:
        ServiceFailed: it did not start.
    """
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, stdout=written, stderr=written
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServiceFailed(f"{arguments[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that did its work: what it took, processor time in seconds, and the most memory it held, in bytes."""

    seconds: float
    cpu_seconds: float
    peak_memory: int
    stdout: str


def finished(arguments: Sequence[str], *, folder: Path) -> Finished:
    """Runs `python -m …` in a folder to its end.

    Memory is asked of the kernel's own high-water mark while the process runs: what `wait` reports of a child begins
    with the size of its parent.

    Raises:
        ServiceFailed: it ended with another code than 0.
    """
    began = time.perf_counter()
    memory = 0
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
        )
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            memory = max(memory, peak_memory(process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        used = process_cpu(process.pid)
        stdout.seek(0)
        stderr.seek(0)
        if process.wait() != 0:
            raise ServiceFailed(f"{arguments[0]} ended with {process.returncode}:\n{stderr.read().decode()[-2000:]}")
        return Finished(seconds, used, memory, stdout.read().decode())


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
