"""What a thief of the index's folder finds (protocol.md C2): numbers, seals and equality, and nobody's name.

The keys lie in another folder of it; everything else is searched, the write-ahead log and freed pages included.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from signpost.index.keyfile import make_keys
from signpost.protocol.classes import Use
from signpost.protocol.encoding import to_base64url
from signpost.protocol.messages import Change, ChangeRequest
from signpost.protocol.purposes import Kind, Role
from signpost.service.refusals import RefusalCode, StartRefused
from tests.integration.index.conftest import Scene, set_scene
from tests.support.running_index import RunningIndex
from tests.support.world import chance, reference_of, whole_child

ADA = whole_child("ada")


def everything_stored(folder: Path) -> bytes:
    """Every byte of every file of the data folder, the keys apart."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "keys"]
    assert any(path.suffix == ".sqlite" for path in files)
    return b"".join(path.read_bytes() for path in files)


def spellings(raw: bytes) -> list[bytes]:
    """How bytes might stand in a file."""
    return [raw, to_base64url(raw).encode(), raw.hex().encode(), raw.hex().upper().encode()]


def test_nothing_that_names_anybody_rests_in_clear(scene: Scene) -> None:
    """No tag, reference, handle, organisation, account, telephone, receipt or case reference: sealed or numbered."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    register = scene.world.registering(scene.feed, [registration])
    registered = scene.index.ask(scene.feed, "/v1/registrations", register)
    unsettled = everything_stored(scene.index.folder)
    scene.index.settle()
    lookup = scene.world.lookup(scene.nurse, ADA)
    looked_up = scene.index.ask(scene.nurse, "/v1/lookups", lookup)
    scene.index.operate("/revocations", {"organisation": "southtown", "account": "gone.tomorrow"})
    withdrawal = Change(reference=reference_of("one"), action="withdraw", ended_on=None, row_digest=None)
    scene.index.ask(scene.feed, "/v1/involvements/changes", ChangeRequest(changes=[withdrawal]))
    scene.index.settle()
    settled = everything_stored(scene.index.folder)

    secret: list[bytes] = []
    for tag in (*registration.tags, *lookup.tags):
        secret += spellings(tag.tag)
    for raw in (
        registration.reference,
        registration.child_reference,
        registration.row_digest,
        registration.sealed_case_reference,
    ):
        secret += spellings(raw)
    secret += [
        text.encode()
        for text in (
            scene.handle, "Duty desk", "01632 960001", "northtown", "southtown", "st-elsewhere", "gone.tomorrow",
            scene.feed.account, scene.nurse.account, registered.json()["receipt"], looked_up.json()["receipt"],
            *lookup.receipts, *register.receipts, "looked-up",
        )
    ]  # fmt: skip

    for name in secret:
        assert name not in unsettled
        assert name not in settled


def test_the_plain_halves_of_tags_rest_nowhere(scene: Scene) -> None:
    """Not even half of a tag stands in any file."""
    registration = scene.world.registration(ADA, scene.handle, reference="one")
    scene.index.ask(scene.feed, "/v1/registrations", scene.world.registering(scene.feed, [registration]))
    scene.index.settle()

    stored = everything_stored(scene.index.folder)

    assert not any(tag.tag[:16] in stored or tag.tag[16:] in stored for tag in registration.tags)


def test_two_indexes_number_the_same_names_differently(tmp_path: Path) -> None:
    """Without the key file a number cannot be made again, nor compared with another index's."""
    rows = []
    for seed in (1, 2):
        with RunningIndex(tmp_path / str(seed), seed=seed) as index:
            scene = set_scene(index)
            index.register(scene.feed, ADA, scene.handle, reference="one")
            index.settle()
            rows.append({(row[0], row[1], row[2]) for row in index.tables()["involvement_tags"]})

    shared = rows[0] & rows[1]
    assert len(shared) == 1  # the row that ends the table


def test_a_copy_moved_to_another_place_does_not_open(scene: Scene) -> None:
    """A sealed row is bound to its place: swapped between two involvements, neither opens."""
    for reference in ("one", "two"):
        scene.index.register(scene.feed, ADA, scene.handle, reference=reference)
    (first, second) = scene.index.tables()["owned_involvements"]

    def swap(connection: object) -> None:
        for row, sealed in ((first, second[2]), (second, first[2])):
            connection.execute(  # type: ignore[attr-defined]
                "UPDATE owned_involvements SET sealed = ? WHERE involvement = ?", (sealed, row[1])
            )

    scene.index.writer.run(swap)

    own = scene.index.index.involvements._involvements
    with pytest.raises(Exception, match="seal does not open"):
        own.after(scene.feed.organisation, None, 10)


def test_other_keys_are_refused(tmp_path: Path) -> None:
    """A database does not open with a key file that is not its own, and stays as it was."""
    with RunningIndex(tmp_path / "data", seed=1) as index:
        index.admit("northtown")
        keys, before = index.keys, index.tables()

    with pytest.raises(StartRefused) as refused:
        RunningIndex(tmp_path / "data", keys=make_keys(chance(2).randbytes))
    assert refused.value.code is RefusalCode.KEYS_OF_ANOTHER_DATABASE

    with RunningIndex(tmp_path / "data", keys=keys) as again:
        assert again.tables() == before


def test_a_copied_folder_with_its_keys_is_the_same_index(tmp_path: Path) -> None:
    """What a restored backup is: the same answers, and the same replays refused."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        index.register(scene.feed, ADA, scene.handle, reference="one")
        index.settle()
        request = scene.world.lookup(scene.nurse, ADA)
        assert index.ask(scene.nurse, "/v1/lookups", request).json()["answer"] == "current"
        keys, world = index.keys, index.world
    shutil.copytree(tmp_path / "data", tmp_path / "restored")
    (tmp_path / "restored").chmod(0o700)

    with RunningIndex(tmp_path / "restored", keys=keys, world=world) as restored:
        assert restored.ask(scene.nurse, "/v1/lookups", request).json()["code"] == "receipt-spent"
        assert restored.look_up(scene.nurse, ADA) == "current"
        colleague = restored.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
        stolen = world.lookup(colleague, ADA, receipts=request.receipts)
        assert restored.ask(colleague, "/v1/lookups", stolen).json()["code"] == "receipts-mismatch"
        assert world.receipts(colleague, Use.LOOKUP, 12) != request.receipts
