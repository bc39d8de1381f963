"""The index as it is run: `python -m signpost.index`, its settings, its sockets, its log, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from signpost.index.keyfile import read_keys
from signpost.index.settings import IndexSettings
from signpost.protocol.keys import VerifyKey
from signpost.protocol.messages import LookupAnswer
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.revocation import RevocationList
from tests.support.world import Child, Device, FixedClock, World, body_of, same_holders, whole_child

ADA = whole_child("ada")


class RealClock(FixedClock):
    """The machine's clock, for a world around a real process."""

    def now(self) -> int:
        """Whole seconds since 1970."""
        return int(time.time())


@dataclass
class Service:
    """A running index, and its operator and askers."""

    process: subprocess.Popen[str]
    folder: Path
    world: World

    def operate(self, path: str, document: Mapping[str, object]) -> httpx2.Response:
        """What the operator does on the socket."""
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(self.folder / "data" / "operator.sock"))) as client:
            return client.post(f"http://operator{path}", json=document)

    def enrol(self, organisation: str, role: Role, kind: Kind) -> Device:
        """A device with a credential of this index."""
        signer = self.world.organisation_key(organisation)
        admitted = {"organisation": organisation, "kind": kind, "signing_key": signer.verify_key.text}
        assert self.operate("/organisations", admitted).status_code == 201
        return self.world.device(organisation, role, kind, account="someone")

    def post(self, device: Device, path: str, body: bytes) -> httpx2.Response:
        """A signed request over the network."""
        with httpx2.Client() as client:
            headers = self.world.signed_headers(device, path, body)
            return client.post(self.world.url + path, content=body, headers=headers)

    def word(self, device: Device, child: Child) -> str:
        """The word of a lookup."""
        answer = self.post(device, "/v1/lookups", body_of(self.world.lookup(device, child)))
        assert answer.status_code == 200, answer.text
        return LookupAnswer.model_validate_json(answer.content).answer


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_settings(folder: Path, port: int) -> Path:
    """Settings of an index on loopback, with the manifest of the test's holders."""
    signed = same_holders().signed
    (folder / "manifest.json").write_bytes(signed.encoding())
    settings = folder / "index.toml"
    settings.write_text(
        f"""
        port = {port}
        public_url = "http://127.0.0.1:{port}"
        data_dir = "data"
        manifest = "manifest.json"
        manifest_fingerprint = "{signed.manifest.fingerprint()}"
        expected_organisations = ["northtown"]
        settling_tick_ms = 20
        """
    )
    return settings


def run_index(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m signpost.index` to its end."""
    command = [sys.executable, "-m", "signpost.index", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def make_keys(settings: Path) -> VerifyKey:
    """Make the index's keys; the public one."""
    made = run_index("new-keys", "--settings", str(settings))
    assert made.returncode == 0, made.stderr
    return VerifyKey.parse(json.loads(made.stdout)["credential_key"])


@contextmanager
def serving(settings: Path, world: World) -> Iterator[Service]:
    """The index, from `ready` until the block ends; it is asked to stop if it still runs."""
    command = [sys.executable, "-m", "signpost.index", "--settings", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            first = json.loads(process.stderr.readline())
            assert first["event"] == "ready", first
            yield Service(process, settings.parent, world)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def test_it_serves_is_killed_and_serves_on(tmp_path: Path) -> None:
    """From its first keys: made, started, used over the network, killed with -9, started again and asked to stop."""
    port = free_port()
    settings = write_settings(tmp_path, port)
    credential_key = make_keys(settings)
    # The test has no copy of the index's secret: credentials come from the operator's socket.
    signing = read_keys(IndexSettings.load(settings).key_file).credential_key()
    world = World(credential_key=signing, clock=RealClock(), url=f"http://127.0.0.1:{port}")

    with serving(settings, world) as service:
        assert httpx2.get(f"{world.url}/health").json()["state"] == "serving"
        feed = service.enrol("northtown", Role.FEED, Kind.COUNCIL)
        nurse = service.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
        desk = {"organisation": "northtown", "title": "Duty desk", "telephone": "01632 960001"}
        handle = service.operate("/handles", desk).json()["handle"]
        rows = [world.registration(ADA, handle, reference="one")]
        answer = service.post(feed, "/v1/registrations", body_of(world.registering(feed, rows)))
        assert answer.status_code == 202, answer.text
        service.process.kill()
        service.process.wait(30)

    with serving(settings, world) as service:
        deadline = time.monotonic() + 20
        while service.word(nurse, ADA) != "current":
            assert time.monotonic() < deadline, "what was acknowledged never settled"
            time.sleep(0.05)
        assert service.word(nurse, whole_child("ben")) == "none"
        listed = httpx2.get(f"{world.url}/v1/revocations").json()["list"]
        assert RevocationList.read(listed, credential_key).names == frozenset()

        assert service.process.stderr is not None
        service.process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in service.process.stderr]
        assert service.process.wait(30) == 0
        assert [line["event"] for line in lines] == ["stopping", "stopped"]


def test_it_does_not_start_without_keys(tmp_path: Path) -> None:
    """It says that they have still to be made, and ends with 1."""
    refused = run_index("--settings", str(write_settings(tmp_path, free_port())))

    assert refused.returncode == 1
    assert json.loads(refused.stderr.splitlines()[0])["code"] == "keys-missing"
    assert "Traceback" not in refused.stderr


def test_keys_are_not_made_twice(tmp_path: Path) -> None:
    """The second time is refused, and nothing is written to stdout."""
    settings = write_settings(tmp_path, free_port())
    make_keys(settings)

    refused = run_index("new-keys", "--settings", str(settings))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert json.loads(refused.stderr.splitlines()[0])["code"] == "keys-already-made"


def test_malformed_settings_end_it_with_2(tmp_path: Path) -> None:
    """The field is named, and what was written there is not repeated."""
    settings = write_settings(tmp_path, free_port())
    settings.write_text(settings.read_text().replace("settling_tick_ms = 20", 'settling_tick_ms = "Weatherwax"'))

    refused = run_index("--settings", str(settings))

    assert refused.returncode == 2
    assert "settling_tick_ms" in refused.stderr
    assert "Weatherwax" not in refused.stderr
