"""A secret's file is this user's own, or it is not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from signpost.service.files import make_private_file, private_folder, read_private_file, refuse_unless_private
from signpost.service.refusals import RefusalCode, StartRefused


def write(path: Path, mode: int) -> Path:
    path.touch()
    path.write_bytes(b"secret")
    path.chmod(mode)
    return path


def test_a_folder_is_made_for_this_user_only(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "data")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert private_folder(folder) == folder


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o750, 0o777])
def test_a_folder_others_can_enter_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)

    with pytest.raises(StartRefused) as refused:
        private_folder(folder)

    assert refused.value.code is RefusalCode.FOLDER_OPEN_TO_OTHERS


def test_a_file_is_made_for_this_user_only(tmp_path: Path) -> None:
    """Whatever the umask of whoever started us."""
    before = os.umask(0)
    try:
        make_private_file(tmp_path / "key")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "key", mode)

    for use in (refuse_unless_private, read_private_file, make_private_file):
        with pytest.raises(StartRefused) as refused:
            use(path)
        assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "key", 0o600)
    os.chown(path, 65534, 65534)

    with pytest.raises(StartRefused) as refused:
        read_private_file(path)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS


def test_a_private_file_is_read(tmp_path: Path) -> None:
    assert read_private_file(write(tmp_path / "key", 0o600)) == b"secret"
    assert read_private_file(write(tmp_path / "only", 0o400)) == b"secret"


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    """Certificates are often kept as links to the newest."""
    (tmp_path / "good").symlink_to(write(tmp_path / "closed", 0o600))
    (tmp_path / "bad").symlink_to(write(tmp_path / "open", 0o644))

    assert read_private_file(tmp_path / "good") == b"secret"
    with pytest.raises(StartRefused):
        read_private_file(tmp_path / "bad")


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A missing file, a folder, and a pipe nobody writes to."""
    os.mkfifo(tmp_path / "pipe", 0o600)

    for name in ("missing", ".", "pipe"):
        with pytest.raises(StartRefused) as refused:
            read_private_file(tmp_path / name)
        assert refused.value.code is RefusalCode.FILE_UNREADABLE
