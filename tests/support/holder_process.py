"""Key holders as processes of their own, each in its folder, spoken to as a custodian or an edge would.

`python -m tests.support.holder_process --settings FILE` is a holder that kills itself (SIGKILL) where it would begin to
multiply: after the charge, before the answer.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from signpost.protocol.messages import HolderIdentity
from signpost.protocol.secret import Secret
from signpost_keys.custody import make_identity
from signpost_keys.folder import HolderFolder
from tests.support.one_holder import CHEAP, PASSPHRASE

__all__ = ["HolderProcess", "free_port", "write_settings"]

_PASSPHRASE: Final = PASSPHRASE.reveal().decode()
_PATIENCE_SECONDS: Final = 30.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def write_settings(folder: Path, fields: Mapping[str, object]) -> Path:
    """A settings file in a folder of the holder's own."""
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "settings.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()))
    return file


class HolderProcess:
    """One holder. `port` is where it listens; `url` what others are told, where a recorder stands between."""

    def __init__(
        self, home: Path, *, index_key: str, index_url: str = "http://127.0.0.1:1", port: int | None = None,
        url: str | None = None, passphrase: str = _PASSPHRASE, module: str = "signpost_keys",
    ) -> None:  # fmt: skip
        self.port = free_port() if port is None else port
        self.url = url or f"http://127.0.0.1:{self.port}"
        self.passphrase = passphrase
        self.home = home
        self.settings = write_settings(
            home,
            {
                "port": self.port,
                "public_url": self.url,
                "data_dir": "data",
                "index_url": index_url,
                "index_credential_key": index_key,
            },
        )
        self.folder = HolderFolder(home / "data")
        self.log = home / "log"
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def make_identity(self) -> HolderIdentity:
        """Its keys, sealed at a cost that only tests use."""
        public = make_identity(self.folder, Secret(self.passphrase.encode()), os.urandom, cost=CHEAP)
        return public.at(self.url)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        ready_before = self._ready_lines()
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", self._module, "--settings", str(self.settings)]
            self._process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._ready_lines() == ready_before:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> int:
        """Asks it to stop; its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """Kills it where it stands."""
        return self._end(signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(_PATIENCE_SECONDS)
        self._process = None
        return code

    def custody(self, method: str, path: str, **fields: Any) -> httpx2.Response:
        """A request over the custodian's socket."""
        transport = httpx2.HTTPTransport(uds=str(self.folder.socket))
        with httpx2.Client(transport=transport, base_url="http://local", timeout=_PATIENCE_SECONDS) as client:
            return client.request(method, path, json=fields or None)

    def unlock(self) -> str:
        """Opens it; the state it is then in."""
        state: str = self.custody("POST", "/unlock", passphrase=self.passphrase).json()["state"]
        return state

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, timeout=_PATIENCE_SECONDS)

    def exchange(self, messages: Sequence[str]) -> httpx2.Response:
        """One exchange of the ceremony, in public."""
        return httpx2.post(f"{self.url}/v1/ceremony", json={"messages": list(messages)}, timeout=_PATIENCE_SECONDS)

    def files(self) -> dict[str, bytes]:
        """Every file it has written, the log too."""
        found = {}
        for path in sorted(self.home.rglob("*")):
            if path.is_file():
                try:
                    found[str(path.relative_to(self.home))] = path.read_bytes()
                except FileNotFoundError:
                    continue  # replaced just now: the next look sees it
        return found

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait()

    def _ready_lines(self) -> int:
        return self.log.read_text().count('"event": "ready"') if self.log.exists() else 0


def _dies_after_the_charge(*arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from signpost_keys import evaluate
    from signpost_keys.__main__ import main

    evaluate._evaluate = _dies_after_the_charge  # type: ignore[assignment]
    sys.exit(main())
