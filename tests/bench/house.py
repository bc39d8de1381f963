"""A whole Signpost for the measurements that need one: three holders and an index, each a process, on loopback.

The services are the real ones. What people do before they run is done here, in this process, to have it done in
seconds: the ceremony is played, shares are sealed at a cost that only tests use, and devices are enrolled directly.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from signpost.edge.desk import Desk, DeskSettings
from signpost.edge.organisation_keys import copy_feed_keys, make_organisation_keys
from signpost.protocol.keys import VerifyKey
from signpost.protocol.purposes import MACHINE_ROLES, Kind, Role
from signpost.service.clock import system_randomness
from signpost_cli.demo.families import HANDLES, write_handles
from tests.bench.enrolment import Enrolled, enrol, tell
from tests.bench.lone_index import LoneIndex
from tests.bench.processes import running
from tests.support.ceremony import Holders, make_holders
from tests.support.held_shift import hold
from tests.support.one_holder import PASSPHRASE, make_folder

__all__ = ["House", "house"]

_HOLDERS, _THRESHOLD = 3, 2
_BUDGET = 10_000_000
"""Points a day: no benchmark is to meet the end of a budget."""
_LOOKUPS = 2_000
"""An account's lookups a shift: the most a holder may be set to allow."""


@dataclass(frozen=True, slots=True)
class House:
    """The running services, by process id, and the folder that desks are made in."""

    root: Path
    index: LoneIndex
    index_process: int
    holder_processes: tuple[int, ...]

    def admit(self, name: str, kind: Kind, signing_key: VerifyKey) -> None:
        """Index and key holders take an organisation."""
        self.index.tell("/organisations", organisation=name, kind=kind.value, signing_key=signing_key.text)
        for number in range(1, _HOLDERS + 1):
            tell(
                _holder_folder(self.root, number) / "custody.sock",
                "/admissions",
                organisation=name,
                signing_key=signing_key.text,
                budget=_BUDGET,
            )

    def add_hospital(self, name: str = "aldate-hospital") -> Path:
        """A hospital's desk, for urgent lookups."""
        return self._desk(self._enrol(name, Kind.HOSPITAL, Role.URGENT))

    def add_council(self, name: str) -> Path:
        """A council's desk for feeds, with one handle and a handles file in it."""
        enrolled = self._enrol(name, Kind.COUNCIL, Role.FEED)
        desk = self._desk(enrolled)
        keys = self.root / f"{name}-keys"
        make_organisation_keys(
            keys,
            name=enrolled.organisation.name,
            kind=Kind.COUNCIL,
            passphrase=PASSPHRASE,
            randomness=system_randomness,
        )
        copy_feed_keys(keys, desk)
        handle = self.index.tell("/handles", organisation=name, title="Duty desk", telephone="0113 496 0001")["handle"]
        write_handles(desk / "handles.csv", dict.fromkeys(HANDLES.values(), handle))
        return desk

    def _enrol(self, name: str, kind: Kind, role: Role) -> Enrolled:
        enrolled = enrol(name, kind, role, credential_key=self.index.keys.credential_key())
        self.admit(name, kind, enrolled.organisation.signing_key.verify_key)
        return enrolled

    def _desk(self, enrolled: Enrolled) -> Path:
        folder = self.root / f"{enrolled.organisation.name}-desk"
        Desk.make(
            folder,
            settings=DeskSettings(
                index_url=self.index.url,
                organisation=enrolled.organisation.name,
                account=enrolled.account,
                role=enrolled.role,
                kind=enrolled.organisation.kind,
                manifest_fingerprint=self.index.holders.manifest.fingerprint(),
                out_of_hours="0113 496 0000",
            ),
            manifest=self.index.holders.signed.encoding(),
            device=enrolled.identity.key,
        )
        identity = enrolled.identity
        if enrolled.role in MACHINE_ROLES:
            Desk.keep_shift(folder, certificate=identity.certificate, credential=identity.credential)
        else:
            holders = self.index.holders.manifest.holders
            hold(
                folder,
                account=enrolled.account,
                organisation=enrolled.organisation.name,
                certificate=identity.certificate,
                credential=identity.credential,
                key=identity.key,
                bases=frozenset({self.index.url, *(holder.url for holder in holders)}),
            )
        return folder


@contextlib.contextmanager
def house(root: Path) -> Iterator[House]:
    """The services, open and admitting nobody yet."""
    root.mkdir(mode=0o700, parents=True)
    holders = make_holders(_HOLDERS, _THRESHOLD, port=_free_ports(_HOLDERS))
    index = LoneIndex.make(root / "index", holders)
    with contextlib.ExitStack() as opened:
        index_process = opened.enter_context(index.serving())
        processes = [opened.enter_context(_holder(root, index, holders, number)) for number in range(1, _HOLDERS + 1)]
        yield House(root, index, index_process, tuple(processes))


@contextlib.contextmanager
def _holder(root: Path, index: LoneIndex, holders: Holders, number: int) -> Iterator[int]:
    data = _holder_folder(root, number)
    data.parent.mkdir(mode=0o700)
    make_folder(data, holders, number)
    url = holders.manifest.holders[number - 1].url
    port = int(url.rpartition(":")[2])
    settings = data.parent / "settings.toml"
    settings.write_text(
        f'port = {port}\npublic_url = "{url}"\ndata_dir = "data"\nindex_url = "{index.url}"\n'
        f'index_credential_key = "{index.keys.credential_key().verify_key.text}"\n'
        f"[budgets]\nurgent_lookups = {_LOOKUPS}\n"
    )
    arguments = ["signpost_keys", "--settings", str(settings)]
    with running(arguments, port=port, log=data.parent / "log") as process:
        tell(data / "custody.sock", "/unlock", passphrase=PASSPHRASE.reveal().decode())
        yield process


def _holder_folder(root: Path, number: int) -> Path:
    return root / f"holder-{number}" / "data"


def _free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody listens on now."""
    for first in range(20_000, 30_000, count):
        with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
            for port in range(first, first + count):
                opened.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise OSError("no ports in a row are free")
