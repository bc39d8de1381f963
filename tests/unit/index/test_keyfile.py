"""The index's key file: private, whole or refused, never written over."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from signpost.index.keyfile import IndexKeys, make_keys, read_keys, write_keys
from signpost.service.refusals import RefusalCode, StartRefused
from tests.support.world import chance


@pytest.fixture
def keys() -> IndexKeys:
    """Some keys."""
    return make_keys(chance(1).randbytes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where they are kept."""
    return tmp_path / "keys" / "index-keys.json"


def test_what_is_written_is_read(keys: IndexKeys, file: Path) -> None:
    """The same keys come back."""
    write_keys(file, keys)

    assert read_keys(file) == keys


def test_the_file_is_private(keys: IndexKeys, file: Path) -> None:
    """0600 in a folder that is 0700."""
    write_keys(file, keys)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_keys_are_made_once(keys: IndexKeys, file: Path) -> None:
    """A second key file is refused, and the first stays."""
    write_keys(file, keys)

    with pytest.raises(StartRefused) as refused:
        write_keys(file, make_keys(chance(2).randbytes))

    assert refused.value.code is RefusalCode.KEYS_ALREADY_MADE
    assert read_keys(file) == keys


def test_a_file_that_others_can_read_is_refused(keys: IndexKeys, file: Path) -> None:
    """It must be taken as read."""
    write_keys(file, keys)
    file.chmod(0o640)

    with pytest.raises(StartRefused) as refused:
        read_keys(file)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


def test_missing_keys_are_said_to_be_missing(file: Path) -> None:
    """Not that a file cannot be read: that they have still to be made."""
    with pytest.raises(StartRefused) as refused:
        read_keys(file)

    assert refused.value.code is RefusalCode.KEYS_MISSING


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.pop("row"),
        lambda document: document.update(more="AAAA"),
        lambda document: document.update(format="signpost.index-keys/2"),
        lambda document: document.update(row=document["pseudonym"]),
        lambda document: document.update(row=1),
        lambda document: document.update(row="not base64url!"),
    ],
    ids=["missing", "unknown", "version", "length", "type", "encoding"],
)
def test_a_spoilt_file_is_refused_without_repeating_it(spoil: object, keys: IndexKeys, file: Path) -> None:
    """Every malformed file gets the same named refusal, and nothing of what it holds."""
    write_keys(file, keys)
    document = json.loads(file.read_text())
    assert callable(spoil)
    spoil(document)
    file.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))

    with pytest.raises(StartRefused) as refused:
        read_keys(file)

    assert refused.value.code is RefusalCode.DOCUMENT_REFUSED
    assert not any(text in str(refused.value) for text in document.values() if isinstance(text, str) and len(text) > 30)


def test_a_fingerprint_is_of_the_keys_that_rows_depend_on(keys: IndexKeys) -> None:
    """Another row key is another fingerprint; another credential key is not."""
    other = make_keys(chance(2).randbytes)

    assert keys.fingerprint() != other.fingerprint()
    assert (
        keys.fingerprint()
        == IndexKeys(
            keys.tag_at_rest, keys.access_tag, keys.lookup_tag, keys.row, keys.pseudonym, other.credential
        ).fingerprint()
    )


def test_keys_do_not_print(keys: IndexKeys) -> None:
    """Nothing of a key is in its representation."""
    assert repr(keys).count("<Secret of") == 6
    assert keys.row.reveal().hex()[:8] not in repr(keys)
