"""After the whole story, nothing that the index or a key holder wrote, logged, sent or was sent says who a child is.

Every identifier, name, date of birth and case reference of every child in it is searched for, in each spelling a
program might use, in every byte of every file of the four services (databases with their write-ahead logs and freed
pages, logs, keys and settings) and of everything that went over the wire to or from them. Some day on which work began
or ended is somebody's birthday, so dates of birth are searched for where no date of work stands.
"""

from __future__ import annotations

import base64
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from signpost.edge.names import Family, Given, canonical, fold, sound
from signpost_cli.demo.story import Story
from tests.support.quick_world import QuickWorld
from tests.support.recorder import Recorder

_SERVICES = ("index", "holder-1", "holder-2", "holder-3")


@dataclass(frozen=True)
class Told:
    """What is left when the story is over."""

    root: Path
    wire: dict[str, bytes]
    secrets: frozenset[str]
    births: frozenset[date]
    screen: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The demo's story, played once, with a recorder before every service."""
    root = tmp_path_factory.mktemp("story")
    lines: list[str] = []
    with Recorder() as recorder, QuickWorld(root, address=recorder.address) as world:
        story = Story(world, seed=11, today=date.today(), tell=lines.append)  # noqa: DTZ011 - the feeds' own day
        story.play()
        yield Told(
            root=root,
            wire={name: recorder.kept(name) for name in _SERVICES},
            secrets=_secrets(root),
            births=_births(root),
            screen="\n".join(lines),
        )


def _rows(root: Path) -> Iterator[dict[str, str]]:
    for path in [*sorted(root.glob("*/ssd/*.csv")), *sorted(root.glob("*/caseload.csv"))]:
        with path.open(newline="") as file:
            yield from csv.DictReader(file)


_SECRET_COLUMNS = (
    "pers_person_id", "pers_common_child_id", "pers_forename", "pers_surname", "link_identifier_value",
    "invo_involvements_id", "local_id", "nhs_number", "upn", "forename", "middle_name", "surname", "postcode",
    "previous_postcode", "addr_address_postcode",
)  # fmt: skip
_ASKED_BY_NAME = {"ONeill", "Brownlow"}
"""As the nurse spells it."""


def _secrets(root: Path) -> frozenset[str]:
    found = {row[column] for row in _rows(root) for column in _SECRET_COLUMNS if row.get(column)} | _ASKED_BY_NAME
    # And as names are compared: canonical, evened out, by sound.
    for row in _rows(root):
        given = Given.read(row.get("forename") or row.get("pers_forename") or "")
        family = Family.read(row.get("surname") or row.get("pers_surname") or "")
        found |= {canonical(given.call), sound(given.call), *(fold(name) for name in (family.joined, family.last))}
    # Four letters and fewer (Mia, Ali) occur by chance among megabytes of random bytes.
    return frozenset(text for text in found if len(text) >= 5)


def _births(root: Path) -> frozenset[date]:
    texts = {row.get("pers_dob") or row.get("date_of_birth") or "" for row in _rows(root)}
    return frozenset(date.fromisoformat(text) for text in texts if text)


_SHORTEST = 5
_SHORTEST_CODED = 8
"""Of letters inside base64: fewer occur by chance."""
_CODE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


def _spellings(text: str) -> set[bytes]:
    raw = text.encode()
    found = {each.encode() for each in (text, text.upper(), text.lower(), text.replace(" ", ""))}
    found |= {text.encode("utf-16-le"), raw.hex().encode()}
    # Inside base64 a text begins at one of three places.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        inner = coded[-(-before * 4 // 3) + (1 if before else 0) : -1]
        found |= {inner} if len(inner) >= _SHORTEST_CODED else set()
    return {each for each in found if len(each) >= _SHORTEST}


def _found(raw: bytes, spellings: Iterable[bytes]) -> bytes | None:
    """The first of the spellings that occurs in the bytes. One pass, however many spellings.

    One shorter than eight must stand alone: megabytes of base64 hold every short word somewhere in the middle.
    """
    by_head: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for spelling in spellings:
        by_head[spelling[:_SHORTEST]].append(spelling)
    for at in range(len(raw) - _SHORTEST + 1):
        for spelling in by_head.get(raw[at : at + _SHORTEST], ()):
            if raw.startswith(spelling, at) and (
                len(spelling) >= _SHORTEST_CODED or not _CODE.intersection(_around(raw, at, at + len(spelling)))
            ):
                return spelling
    return None


def _around(raw: bytes, start: int, end: int) -> bytes:
    return raw[max(0, start - 1) : start] + raw[end : end + 1]


def _date_spellings(day: date) -> set[bytes]:
    return {
        f"{day:%Y-%m-%d}".encode(), f"{day:%d/%m/%Y}".encode(), f"{day:%Y%m%d}".encode(), f"{day:%d%m%Y}".encode(),
        f"{day.year}-{min(day.day, day.month):02}-{max(day.day, day.month):02}".encode(),
    }  # fmt: skip


def _files(told: Told) -> dict[str, bytes]:
    found = {
        str(path.relative_to(told.root)): path.read_bytes()
        for service in _SERVICES
        for path in sorted((told.root / service).rglob("*"))
        if path.is_file()
    }
    for name in ("manifest.json", "roster.json"):
        found[name] = (told.root / name).read_bytes()
    return found


def test_the_story_was_told_to_its_end_and_there_is_something_to_search_for(told: Told) -> None:
    files = _files(told)

    assert len(told.secrets) > 2500
    assert {"M13 7DD", "M4 4QX", "Katherine", "O'Neill-Brownlow", fold("ONEILLBROWNLOW")} <= told.secrets
    assert len(told.births) > 400
    assert sum(name.endswith("index.sqlite") for name in files) == 1
    assert sum(name.endswith("holder.db") for name in files) == 3
    assert sum(name.endswith("/log") and bool(raw) for name, raw in files.items()) == 4
    assert all(len(told.wire[name]) > 10_000 for name in _SERVICES)
    for word in ("CURRENT", "PREVIOUS", "NONE", "(exit 6)", "(exit 2)"):
        assert word in told.screen


def test_the_search_finds_what_it_looks_for(told: Told) -> None:
    """A search that cannot find proves nothing: the councils' own files hold every secret."""
    own = b"".join(path.read_bytes() for path in told.root.glob("*/ssd/*.csv"))
    some = sorted(text for text in told.secrets if text.encode() in own and len(text) > 8)[:100]

    assert len(some) == 100
    assert _found(own, _all_spellings(told)) is not None
    for text in some:
        for before in (b"", b"a", b"ab", b"abc"):
            coded = b"..." + base64.b64encode(before + text.encode() + b" after") + b"..."
            assert _found(coded, _spellings(text)) is not None
        assert _found(text.encode().hex().encode(), _spellings(text)) is not None
        assert _found(b"x" * 99 + text.lower().encode(), _spellings(text)) is not None
    for short in ("B4 3LX", "Aisha"):
        for spelled in (short, short.lower(), short.replace(" ", "")):
            assert _found(b'{"a":"' + spelled.encode() + b'"}', _spellings(short)) is not None
            assert _found(b"x" * 9 + spelled.replace(" ", "").encode() + b"x", _spellings(short)) is None


def test_no_service_wrote_or_logged_anything_of_a_child(told: Told) -> None:
    spellings = _all_spellings(told)

    for name, raw in _files(told).items():
        assert _found(raw, spellings) is None, f"{name} holds something of a child"


def test_nothing_of_a_child_went_over_the_wire(told: Told) -> None:
    spellings = _all_spellings(told)

    for name, raw in told.wire.items():
        assert _found(raw, spellings) is None, f"{name} was sent something of a child"


def test_no_date_of_birth_is_anywhere_but_where_dates_of_work_stand(told: Told) -> None:
    """The index is sent the months work began and the days it ended; some day will be somebody's birthday. So these are
    taken out, and nothing that is left is one. Key holders are sent no dates at all.
    """
    births = {spelling for day in told.births for spelling in _date_spellings(day)}

    for name, raw in told.wire.items():
        left = _without_dates_of_work(raw) if name == "index" else raw
        assert _found(left, births) is None, f"{name} was sent a date of birth"
    for name, raw in _files(told).items():
        assert _found(raw, births) is None, f"{name} holds a date of birth"


def _all_spellings(told: Told) -> set[bytes]:
    return {spelling for text in told.secrets for spelling in _spellings(text)}


def _without_dates_of_work(raw: bytes) -> bytes:
    parts = raw.split(b'_on":"')
    return parts[0] + b"".join(part[10:] for part in parts[1:])


def test_the_screen_of_the_nurse_repeats_no_more_than_four_digits(told: Told) -> None:
    children = {row.get("nhs_number") or row.get("pers_common_child_id") or "" for row in _rows(told.root)} - {""}

    assert not any(number in told.screen for number in children)


def test_the_services_addresses_hold_nothing_but_paths(told: Told) -> None:
    """No identifier in a URL: every request line is one of the published paths."""
    paths = set()
    for raw in told.wire.values():
        for line in raw.split(b"\r\n"):
            if line.endswith(b" HTTP/1.1") and line.split(b" ")[0] in {b"GET", b"POST"}:
                paths.add(line.split(b" ")[1].decode())
    assert paths
    assert all(path.startswith(("/health", "/v1/")) and "?" not in path and len(path) < 40 for path in paths)
