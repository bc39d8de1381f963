"""A whole Signpost on one machine's loopback: three key holders and the index as separate processes, and organisations.

Everything is done by the same commands a person would type, each in a process of its own; this module only types them,
in the right folder, and keeps the services running. Nothing here reaches into a service or skips a check.

Folders under the root: `holder-1` to `holder-3`, `index`, and one for each organisation, which holds its key folder
`keys`, its device's `desk`, and its files. Passphrases of the pretend custodians and administrators are files of 0600.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from signpost.edge.shift import end_shift
from signpost.protocol.secret import Secret
from signpost_cli.demo.people import Person

__all__ = ["APART", "PIN", "Completed", "Organisation", "Tls", "World", "WorldFailed", "free_ports"]

HOLDERS: Final = 3
THRESHOLD: Final = 2
START_SECONDS: Final = 30
COMMAND_SECONDS: Final = 300
BUDGET: Final = 1_200_000
"""Points a day at each holder: a feed of 100,000 rows (protocol.md D6)."""

APART: Final = 'worker = "apart"\n'
"""The index's setting by which its worker is a process of its own."""
PIN: Final = "482913"
"""Everybody's, of every shift: this machine plays them all."""

_Item = TypeVar("_Item")

Address = Callable[[str, int], str]
"""From a service's name and port to the address others use for it: a test may put a recorder in between."""


class WorldFailed(Exception):
    """A service did not start, or a command that had to succeed did not."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Tls:
    """One certificate for every service, its key, and the authority that signed it (it may be itself)."""

    certificate: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        """What trusts the authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.authority))


@dataclass(frozen=True, slots=True)
class Organisation:
    """A pretend organisation: one device, one account."""

    name: str
    kind: str
    account: str
    role: str
    vetting_until: str = ""
    """A date; else there is time enough."""
    desk: str = ""
    """The folder of a further account's device; the first one's is the organisation's own."""

    @property
    def folder(self) -> str:
        """Where this account types."""
        return self.desk or self.name


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _at_once(act: Callable[[_Item], object], items: Sequence[_Item]) -> None:
    """Each act in a thread: they only wait for the processes they start."""
    with ThreadPoolExecutor(len(items)) as threads:
        for done in [threads.submit(act, item) for item in items]:
            done.result()


def _loopback(_name: str, port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _loopback_over_tls(_name: str, port: int) -> str:
    return f"https://127.0.0.1:{port}"


class World:
    """The running services and the commands typed at them."""

    def __init__(self, root: Path, *, address: Address | None = None, tls: Tls | None = None) -> None:
        """A world under an empty folder, over plain HTTP or, with `tls`, over HTTPS."""
        self.root = root
        self._tls = tls
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._address = address or (_loopback if tls is None else _loopback_over_tls)
        self._what: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._urls: dict[str, str] = {}
        names = [*self.holder_names, "index"]
        for name, port in zip(names, free_ports(len(names)), strict=True):
            self.add_service(name, "index" if name == "index" else "holder", port)
        self.index_settings = ""
        """Further lines of the index's settings."""
        self._people: dict[str, Person] = {}
        self.manifest_fingerprint = ""
        """What custodians give to administrators by hand, once there is a manifest."""

    @property
    def holder_names(self) -> list[str]:
        """`holder-1` to `holder-3`."""
        return [f"holder-{number}" for number in range(1, HOLDERS + 1)]

    def url(self, name: str) -> str:
        """The address others use for a service."""
        return self._urls[name]

    def add_service(self, name: str, what: str, port: int) -> None:
        """Name a service of this world: `signpost serve WHAT` in a folder of its own, where there are its settings."""
        self._what[name], self._ports[name] = what, port
        self._urls[name] = self._address(name, port)

    def process_id(self, name: str) -> int:
        """The process of a running service."""
        return self._processes[name].pid

    # -- commands -----------------------------------------------------------------------------------------------------

    def command(self, folder: str, *arguments: str, stdin: str | None = None) -> Completed:
        """Type `signpost …` in a folder, with that folder's desk."""
        where = self.root / folder
        finished = subprocess.run(
            [sys.executable, "-m", "signpost_cli", *arguments],
            cwd=where,
            env={**self._environment, "SIGNPOST_HOME": str(where / "desk")},
            input=(stdin or "").encode(),
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Completed(finished.returncode, finished.stdout.decode(), finished.stderr.decode())

    def must(self, folder: str, *arguments: str, stdin: str | None = None) -> Completed:
        """Type a command that has to end with 0.

        Raises:
            WorldFailed: it did not.
        """
        done = self.command(folder, *arguments, stdin=stdin)
        if done.code != 0:
            typed = " ".join(("signpost", *arguments[:3]))
            raise WorldFailed(f"`{typed} …` in {folder} ended with {done.code}:\n{done.stderr or done.stdout}")
        return done

    # -- services -----------------------------------------------------------------------------------------------------

    def starting(self, what: str, settings: Path) -> list[str]:
        """What is typed to start a service. A test's world may start it in another way."""
        return [sys.executable, "-m", "signpost_cli", "serve", what, "--settings", str(settings)]

    def start(self, name: str) -> None:
        """Start a service and wait until it answers.

        Raises:
            WorldFailed: it ended, or did not answer in time; its log is in `NAME/log`.
        """
        settings = self.root / name / "settings.toml"
        with (self.root / name / "log").open("ab") as log:
            process = subprocess.Popen(
                self.starting(self._what[name], settings),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes[name] = process
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(name):
            if process.poll() is not None or time.monotonic() > deadline:
                raise WorldFailed(f"{name} did not start; its last words:\n{self._last_words(name)}")
            time.sleep(0.05)

    @contextlib.contextmanager
    def worker(self, *, minutes_ahead: int) -> Iterator[None]:
        """A worker beside the index for as long as this lasts, whose clock is so many minutes ahead."""
        settings = self.root / "index" / "worker.toml"
        text = (self.root / "index" / "settings.toml").read_text()
        apart = "" if APART in self.index_settings else APART
        settings.write_text(f"{text}{apart}worker_ahead_minutes = {minutes_ahead}\n")
        with (self.root / "index" / "log").open("ab") as log:
            process = subprocess.Popen(
                self.starting("worker", settings),
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)

    def kill(self, name: str) -> None:
        """Kill -9: the service gets no chance to tidy up."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def bring_back(self, holder: str) -> None:
        """Start a key holder, and have its custodian open it."""
        self.start(holder)
        self.must(holder, "keys", "unlock", "--settings", "settings.toml", "--passphrase-file", "passphrase")

    def settle_index(self, settings: str) -> None:
        """Start the index again with these further lines of its settings, in the place of those it had."""
        self.index_settings = settings
        self._write_index_settings(self.manifest_fingerprint)
        self.kill("index")
        self.start("index")

    def stop(self) -> None:
        """Stop every service that still runs."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        for name in self._people:
            end_shift(self.root / name / "desk")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self, name: str) -> bool:
        port = self._ports[name]
        connection = (
            http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            if self._tls is None
            else http.client.HTTPSConnection("127.0.0.1", port, timeout=1, context=self._tls.context())
        )
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _last_words(self, name: str) -> str:
        lines = (self.root / name / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-10:])

    # -- setting up ---------------------------------------------------------------------------------------------------

    def set_up_services(self) -> None:
        """Make the index's keys, three holders, their ceremony, and start them all."""
        self._write_index_settings("")
        self.must("index", "admin", "index", "new", "--settings", "settings.toml")
        identity = json.loads(
            self.must("index", "admin", "index", "show", "--settings", "settings.toml", "--json").stdout
        )
        _at_once(lambda name: self._set_up_holder(name, identity["credential_key"]), self.holder_names)
        identities = [f"../{name}/identity.json" for name in self.holder_names]
        made = self.must(
            "holder-1",
            "keys",
            "roster",
            *identities,
            "--threshold",
            str(THRESHOLD),
            "--out",
            "../roster.json",
            "--json",
        )
        fingerprint = json.loads(made.stdout)["fingerprint"]
        approving = ("keys", "approve", "../roster.json", "--settings", "settings.toml", f"--fingerprint={fingerprint}")
        _at_once(lambda name: self.must(name, *approving), self.holder_names)
        self.must(
            "holder-1", "keys", "ceremony", "--roster", "../roster.json", "--out", "../manifest.json", *self.trusting
        )
        shown = self.must("holder-1", "keys", "status", "--settings", "settings.toml", "--json").stdout
        self.manifest_fingerprint = json.loads(shown)["holders"][0]["manifest_fingerprint"]
        self._write_index_settings(self.manifest_fingerprint)
        self.start("index")

    def enrol_all(self, organisations: Sequence[Organisation]) -> None:
        """Admit organisations at the index and every holder, enrol one account of each, and sign it in."""
        _at_once(self._enrol, organisations)
        self.sign_in_all(organisations)

    def sign_in_all(self, organisations: Sequence[Organisation]) -> None:
        """Sign in whoever is a person."""
        people = [organisation.folder for organisation in organisations if organisation.folder in self._people]
        if people:
            _at_once(self.sign_in, people)

    def enrol_without_signing_in(self, organisations: Sequence[Organisation]) -> None:
        """As `enrol_all`, up to where each person signs in."""
        _at_once(self._enrol, organisations)

    def _enrol(self, organisation: Organisation) -> None:
        folder = self.root / organisation.name
        folder.mkdir(mode=0o700)
        self._passphrase(folder)
        made = self.must(
            organisation.name, "admin", "org", "key", "new", organisation.name, "--kind", organisation.kind,
            "--out", "keys", "--passphrase-file", "passphrase", "--json",
        )  # fmt: skip
        read_out = f"--fingerprint={json.loads(made.stdout)['key_fingerprint']}"
        public = f"../{organisation.name}/keys/organisation.json"
        self.must("index", "admin", "org", "add", public, "--settings", "settings.toml")
        for name in self.holder_names:
            self.must(name, "keys", "admit", public, "--budget", str(BUDGET), "--settings", "settings.toml", read_out)
        self._enrol_account(organisation)

    def _enrol_account(self, organisation: Organisation) -> None:
        """Enrol an account of an organisation, as its administrator and its owner do. This machine plays both."""
        name, folder = organisation.name, self.root / organisation.folder
        if organisation.role == "feed":
            self.must(
                name, "admin", "device", "enrol", "--account", organisation.account, "--home", "desk",
                *self.administering, *self.believing, *self.trusting,
            )  # fmt: skip
            return
        later = (date.today() + timedelta(days=300)).isoformat()  # noqa: DTZ011 - the administrator's own day
        made = self.must(
            name, "admin", "account", "enrol", organisation.account, "--role", organisation.role, "--vetting-until",
            organisation.vetting_until or later, "--training-until", later, "--json", *self.administering,
            *self.believing, *self.trusting,
        )  # fmt: skip
        password = secrets.token_urlsafe(24)
        given = {"token": json.loads(made.stdout)["token"], "password": password}
        codes = folder / "codes.secret"
        codes.unlink(missing_ok=True)
        self.must(
            organisation.folder, "enrol", "--stdin", "--codes-file", "codes.secret", "--home", "desk", *self.trusting,
            stdin=json.dumps(given),
        )  # fmt: skip
        self.must(name, "admin", "account", "approve", organisation.account, *self.administering, *self.trusting)
        self._people[organisation.folder] = Person(organisation.account, password, self._code_secret(codes))

    def add_colleagues(self, colleagues: Sequence[Organisation]) -> None:
        """Enrol further accounts of organisations that are admitted, and sign them in."""
        for colleague in colleagues:
            (self.root / colleague.folder).mkdir(mode=0o700)
        _at_once(self._enrol_account, colleagues)
        self.sign_in_all(colleagues)

    def sign_in(self, name: str) -> None:
        """Sign the owner of the account of a folder in.

        Raises:
            WorldFailed: they were not let in.
        """
        self.must(name, "login", "--stdin", stdin=self.what_is_typed(name))

    def what_is_typed(self, name: str) -> str:
        """What the owner of a folder's account types to sign in now, with a code that was not used yet."""
        person = self._people[name]
        given = {"username": person.account, "password": person.password, "code": person.next_code(), "pin": PIN}
        return json.dumps(given)

    @staticmethod
    def _code_secret(file: Path) -> Secret:
        return Secret(base64.b32decode(file.read_text().strip()))

    def add_handle(self, organisation: str, title: str, *, out_of_hours: str | None = None) -> str:
        """Add a handle of an organisation at the index; its opaque name."""
        behind = () if out_of_hours is None else ("--out-of-hours", out_of_hours)
        shown = self.must(
            "index", "admin", "handle", "add", organisation, "--title", title, "--telephone", "0113 496 0001",
            *behind, "--settings", "settings.toml", "--json",
        ).stdout  # fmt: skip
        handle: str = json.loads(shown)["handle"]
        return handle

    def _set_up_holder(self, name: str, credential_key: str) -> None:
        folder = self.root / name
        folder.mkdir(mode=0o700, parents=True)
        self._passphrase(folder)
        (folder / "settings.toml").write_text(
            f'port = {self._ports[name]}\npublic_url = "{self.url(name)}"\ndata_dir = "data"\n'
            f'index_url = "{self.url("index")}"\nindex_credential_key = "{credential_key}"\n{self.tls_settings}'
            + (f'index_ca_file = "{self._tls.authority}"\n' if self._tls else "")
        )
        made = self.must(name, "keys", "new", "--settings", "settings.toml", "--passphrase-file", "passphrase")
        (folder / "identity.json").write_text(made.stdout)
        self.bring_back(name)

    def _write_index_settings(self, fingerprint: str) -> None:
        folder = self.root / "index"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        expected = ", ".join(f'"{name}"' for name in ("north-council", "south-council", "east-council"))
        pinned = f'manifest = "../manifest.json"\nmanifest_fingerprint = "{fingerprint}"\n' if fingerprint else ""
        (folder / "settings.toml").write_text(
            f'port = {self._ports["index"]}\npublic_url = "{self.url("index")}"\ndata_dir = "data"\n'
            f"expected_organisations = [{expected}]\n{pinned}{self.tls_settings}{self.index_settings}"
        )

    @property
    def administering(self) -> tuple[str, ...]:
        """What an administrator's commands are told, in the organisation's folder."""
        return ("--org-keys", "keys", "--index", self.url("index"), "--passphrase-file", "passphrase")

    @property
    def believing(self) -> tuple[str, ...]:
        """What a device, or a gateway, is to believe."""
        return (f"--fingerprint={self.manifest_fingerprint}", "--out-of-hours", "0113 496 0000")

    @property
    def trusting(self) -> tuple[str, ...]:
        """Whose certificates are good, where there are any."""
        return () if self._tls is None else ("--ca-file", str(self._tls.authority))

    @property
    def authority(self) -> Path | None:
        """The authority's certificate, where this world speaks TLS."""
        return None if self._tls is None else self._tls.authority

    @property
    def tls_settings(self) -> str:
        """The lines of a service's settings that have it speak TLS, where this world does."""
        if self._tls is None:
            return ""
        return f'tls_certificate = "{self._tls.certificate}"\ntls_key = "{self._tls.key}"\n'

    def _passphrase(self, folder: Path) -> None:
        file = folder / "passphrase"
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24) + "\n")
