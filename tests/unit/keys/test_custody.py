"""A share rests sealed, opens with its passphrase alone, and is served only when it is the manifest's (A4)."""

from __future__ import annotations

import ast
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from signpost.protocol.group import Scalar
from signpost.protocol.keys import SigningKey
from signpost.protocol.manifest import SignedManifest
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.sealing import Argon2Cost
from signpost.protocol.secret import Secret
from signpost.service.refusals import RefusalCode, StartRefused
from signpost_keys.custody import Custody, make_identity
from signpost_keys.folder import HolderFolder
from tests.contract.repository import python_files
from tests.support.ceremony import Holders, make_holders
from tests.support.one_holder import CHEAP, PASSPHRASE, make_folder

URL = "http://127.0.0.1:9001"


@pytest.fixture(scope="module")
def holders() -> Holders:
    return make_holders()


def _opened(folder: HolderFolder, passphrase: Secret = PASSPHRASE) -> Custody:
    custody = Custody(folder, url=URL)
    custody.unlock(*custody.open_files(passphrase))
    return custody


def _contents(folder: HolderFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.path.iterdir()}


def test_a_holder_starts_locked_and_knows_no_secret(tmp_path: Path, holders: Holders) -> None:
    custody = Custody(make_folder(tmp_path / "holder", holders, 1), url=URL)

    assert custody.state == "locked"
    assert custody.opened is None
    assert custody.key is None
    assert custody.number == 1


def test_the_passphrase_opens_the_share_that_the_manifest_names(tmp_path: Path, holders: Holders) -> None:
    custody = _opened(make_folder(tmp_path / "holder", holders, 1))

    assert custody.state == "serving"
    assert custody.key is not None
    assert custody.key.share == holders.shares[0]
    assert custody.key.entry == holders.manifest.holders[0]


def test_locking_forgets_every_secret(tmp_path: Path, holders: Holders) -> None:
    custody = _opened(make_folder(tmp_path / "holder", holders, 1))

    custody.lock()

    assert custody.state == "locked"
    assert custody.opened is None
    assert custody.key is None


@pytest.mark.parametrize("wrong", [b"four words of a tesT", b"four words of a test ", b"x"])
def test_a_wrong_passphrase_is_named_and_changes_nothing(tmp_path: Path, holders: Holders, wrong: bytes) -> None:
    folder = make_folder(tmp_path / "holder", holders, 1)
    custody, before = Custody(folder, url=URL), _contents(folder)

    with pytest.raises(Problem) as refused:
        custody.open_files(Secret(wrong))

    assert refused.value.code is ProblemCode.PASSPHRASE_WRONG
    assert _contents(folder) == before
    assert custody.state == "locked"


@pytest.mark.parametrize("name", ["identity.sealed", "share.sealed"])
def test_every_flipped_byte_of_a_sealed_file_is_refused(tmp_path: Path, holders: Holders, name: str) -> None:
    """A changed file opens as nothing, whichever byte was changed."""
    folder = make_folder(tmp_path / "holder", holders, 1)
    path = folder.path / name
    raw = path.read_bytes()

    for place in range(len(raw)):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(Problem) as refused:
            Custody(folder, url=URL).open_files(PASSPHRASE)
        assert refused.value.code in (ProblemCode.PASSPHRASE_WRONG, ProblemCode.KEY_MISMATCH)


def test_every_file_is_this_users_alone(tmp_path: Path, holders: Holders) -> None:
    folder = make_folder(tmp_path / "holder", holders, 1)

    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {path.name for path in folder.path.iterdir()} >= {"identity.sealed", "share.sealed", "manifest.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["identity.sealed", "identity.json", "manifest.json"])
def test_a_file_that_others_can_read_stops_the_start(tmp_path: Path, holders: Holders, name: str) -> None:
    folder = make_folder(tmp_path / "holder", holders, 1)
    (folder.path / name).chmod(0o640)

    with pytest.raises(StartRefused) as refused:
        Custody(folder, url=URL)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


def test_a_share_that_others_can_read_is_not_opened(tmp_path: Path, holders: Holders) -> None:
    folder = make_folder(tmp_path / "holder", holders, 1)
    custody = Custody(folder, url=URL)
    folder.share.chmod(0o644)

    with pytest.raises(StartRefused) as refused:
        custody.open_files(PASSPHRASE)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


def test_a_folder_without_an_identity_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefused) as refused:
        Custody(HolderFolder(tmp_path), url=URL)

    assert refused.value.code is RefusalCode.KEYS_MISSING


def test_an_identity_is_made_once(tmp_path: Path) -> None:
    """A second one would make the first one's share unusable for ever."""
    folder = HolderFolder(tmp_path / "holder")
    make_identity(folder, PASSPHRASE, os.urandom, cost=CHEAP)
    before = _contents(folder)

    with pytest.raises(FileExistsError):
        make_identity(folder, PASSPHRASE, os.urandom, cost=CHEAP)

    assert _contents(folder) == before


def test_a_share_of_another_key_is_not_served(tmp_path: Path, holders: Holders) -> None:
    """share · G must be the public key that the manifest names for this holder."""
    folder = make_folder(tmp_path / "holder", holders, 1)
    custody = _opened(folder)
    assert custody.opened is not None
    folder.replace(folder.share, custody.opened.seal_share(holders.shares[0] + Scalar.from_int(1), holders.signed))

    with pytest.raises(Problem) as refused:
        Custody(folder, url=URL).open_files(PASSPHRASE)

    assert refused.value.code is ProblemCode.KEY_MISMATCH


def test_a_share_that_does_not_fit_is_not_accepted(tmp_path: Path, holders: Holders) -> None:
    """Another holder's share would evaluate to nonsense, and prove it with nobody's key."""
    folder = make_folder(tmp_path / "holder", holders, 1, with_key=False)
    custody, before = _opened(folder), _contents(folder)

    with pytest.raises(Problem) as refused:
        custody.accept(holders.shares[1], holders.signed)

    assert refused.value.code is ProblemCode.KEY_MISMATCH
    assert _contents(folder) == before


def test_a_holder_with_a_share_accepts_no_other(tmp_path: Path, holders: Holders) -> None:
    custody = _opened(make_folder(tmp_path / "holder", holders, 1))

    with pytest.raises(Problem) as refused:
        custody.accept(holders.shares[0], holders.signed)

    assert refused.value.code is ProblemCode.ALREADY_EXISTS


def test_files_of_two_holders_do_not_mix(tmp_path: Path, holders: Holders) -> None:
    """A share restored beside another holder's identity, from the wrong backup, is named as such."""
    first, second = (make_folder(tmp_path / str(number), holders, number) for number in (1, 2))
    first.share.write_bytes(second.share.read_bytes())

    with pytest.raises(Problem) as refused:
        Custody(first, url=URL).open_files(PASSPHRASE)

    assert refused.value.code is ProblemCode.KEY_MISMATCH


def test_a_share_of_an_older_key_does_not_open_under_a_newer_manifest(tmp_path: Path, holders: Holders) -> None:
    """A share is sealed together with its manifest's fingerprint."""
    folder = make_folder(tmp_path / "holder", holders, 1)
    other = make_holders()
    other.signing_keys[0] = holders.signing_keys[0]
    mixed = _resigned(holders, other)
    folder.manifest.write_bytes(mixed)

    with pytest.raises(Problem) as refused:
        Custody(folder, url=URL).open_files(PASSPHRASE)

    assert refused.value.code is ProblemCode.KEY_MISMATCH


def _resigned(holders: Holders, other: Holders) -> bytes:
    """Another key's manifest that names the first holder all the same, and is signed by all it names."""
    entries = list(other.manifest.holders)
    entries[0] = replace(entries[0], signing_key=holders.signing_keys[0].verify_key)
    manifest = replace(other.manifest, holders=tuple(entries))
    keys: list[SigningKey] = [holders.signing_keys[0], *other.signing_keys[1:]]
    return SignedManifest(manifest, {key.verify_key.text: manifest.sign(key) for key in keys}).encoding()


def _unsigned(raw: bytes) -> bytes:
    document = json.loads(raw)
    document["signatures"].popitem()
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda raw: b"{}", id="not a manifest"),
        pytest.param(_unsigned, id="a signature is missing"),
        pytest.param(lambda raw: raw.replace(b'"threshold":2', b'"threshold":3'), id="altered"),
        pytest.param(lambda raw: make_holders().signed.encoding(), id="of other holders"),
    ],
)
def test_a_manifest_that_is_not_this_holders_stops_the_start(
    tmp_path: Path, holders: Holders, spoil: Callable[[bytes], bytes]
) -> None:
    """The manifest is verified at every start, before anything is served."""
    folder = make_folder(tmp_path / "holder", holders, 1)
    folder.manifest.write_bytes(spoil(folder.manifest.read_bytes()))

    with pytest.raises(StartRefused) as refused:
        Custody(folder, url=URL)

    assert refused.value.code is RefusalCode.DOCUMENT_REFUSED


def test_a_holder_at_another_address_than_its_manifest_says_stops_the_start(tmp_path: Path, holders: Holders) -> None:
    """Requests are signed for the manifest's address: under another one none would ever verify."""
    folder = make_folder(tmp_path / "holder", holders, 1)

    with pytest.raises(StartRefused) as refused:
        Custody(folder, url="http://127.0.0.1:9999")

    assert refused.value.code is RefusalCode.DOCUMENT_REFUSED


def test_what_was_opened_does_not_print(tmp_path: Path, holders: Holders) -> None:
    custody = _opened(make_folder(tmp_path / "holder", holders, 1))
    share = holders.shares[0].encoding()

    for shown in (repr(custody.opened), str(custody.opened), repr(custody.key), f"{custody.key}"):
        assert share.hex() not in shown
        assert repr(share) not in shown


def test_no_code_but_tests_chooses_a_cost_of_argon2() -> None:
    """The cheap cost of the tests cannot reach a custodian: nothing outside the sealing module names a cost, and a new
    identity is sealed at the full one.
    """
    chosen = [
        f"{path}:{node.lineno}"
        for path, text in python_files()
        if path.parts[0] != "tests" and path.name != "sealing.py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "Argon2Cost")
            or any(
                keyword.arg == "cost" and getattr(keyword.value, "id", getattr(keyword.value, "attr", None)) != "cost"
                for keyword in node.keywords
            )
        )
    ]

    assert chosen == []
    assert Argon2Cost().memory_kib == 64 * 1024


def test_a_new_identity_is_sealed_at_the_full_cost(tmp_path: Path) -> None:
    folder = HolderFolder(tmp_path / "holder")

    make_identity(folder, PASSPHRASE, os.urandom)

    assert json.loads(folder.identity.read_bytes())["argon2"] == {"m": 64 * 1024, "p": 4, "t": 3}
