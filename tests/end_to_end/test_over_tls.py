"""Every road encrypted: holders, index and devices over HTTPS, each checking the other's certificate."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from signpost_cli.demo.families import HANDLES, Caseload, generate_csv, write_handles
from signpost_cli.demo.world import Organisation, Tls, World
from tests.support.certificates import make_certificate
from tests.support.quick_world import QuickWorld

NORTH = Organisation("north-council", "council", "feed-01", "feed")
HOSPITAL = Organisation("aldate-hospital", "hospital", "triage-07", "urgent")
TODAY = date.today()  # noqa: DTZ011 - the feed's own day


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three holders and the index over HTTPS, a council and a hospital."""
    pair = make_certificate(tmp_path_factory.mktemp("certificate"))
    tls = Tls(certificate=pair.certificate, key=pair.key, authority=pair.certificate)
    with QuickWorld(tmp_path_factory.mktemp("world"), tls=tls) as world:
        world.set_up_services()
        world.enrol_all((NORTH, HOSPITAL))
        yield world


@pytest.fixture(scope="module")
def caseload(world: World) -> Caseload:
    """What the council registered, over HTTPS."""
    folder = world.root / NORTH.name
    written = generate_csv(folder / "caseload.csv", 3, 25, today=TODAY)
    handle = world.add_handle(NORTH.name, "Duty social worker")
    write_handles(folder / "handles.csv", dict.fromkeys(HANDLES.values(), handle))
    world.must(NORTH.name, "register", "caseload.csv", "--format", "csv", "--handles", "handles.csv")
    time.sleep(2)  # ten ticks of the settling worker: what was registered is visible
    return written


def _details(caseload: Caseload) -> str:
    child = caseload.current[0]
    return json.dumps({"nhs_number": child.nhs_number, "date_of_birth": child.date_of_birth.isoformat()})


def test_a_lookup_is_answered_over_https(world: World, caseload: Caseload) -> None:
    done = world.command(HOSPITAL.name, "lookup", "--stdin", "--json", stdin=_details(caseload))

    assert done.code == 0
    assert json.loads(done.stdout)["answer"] == "current"


def test_the_device_that_does_not_trust_the_certificate_could_not_check(world: World, caseload: Caseload) -> None:
    """Whoever sits in between with a certificate of their own learns nothing and answers nothing."""
    settings = world.root / HOSPITAL.name / "desk" / "desk.toml"
    trusted = settings.read_text()
    settings.write_text("".join(line for line in trusted.splitlines(keepends=True) if not line.startswith("ca_file")))
    assert settings.read_text() != trusted

    done = world.command(HOSPITAL.name, "lookup", "--stdin", stdin=_details(caseload))
    settings.write_text(trusted)

    assert (done.code, done.stdout) == (6, "")
    assert "This is not a no" in done.stderr


def test_the_doctor_finds_nothing_wrong(world: World, caseload: Caseload) -> None:
    done = world.command(HOSPITAL.name, "doctor")

    assert done.code == 0, done.stdout + done.stderr
    assert caseload.children == 25


@pytest.mark.parametrize(("name", "host"), [("index", "0.0.0.0"), ("holder-1", "::")])  # noqa: S104 - that is refused
def test_no_service_listens_beyond_this_machine_without_a_certificate(
    world: World, tmp_path: Path, name: str, host: str
) -> None:
    settings = (world.root / name / "settings.toml").read_text().splitlines()
    plain = [line for line in settings if not line.startswith("tls_")]
    copy = world.root / name / f"open-{tmp_path.name}.toml"
    copy.write_text("\n".join([*plain, f'host = "{host}"']) + "\n")

    done = world.command(name, "serve", "index" if name == "index" else "holder", "--settings", copy.name)

    assert done.code != 0
    assert "certificate" in done.stderr
