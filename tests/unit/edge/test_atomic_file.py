"""A file is replaced whole, with its own mode from the first moment, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signpost.edge.atomic_file import PUBLIC, replace_file


def test_a_file_is_made_and_replaced_with_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"

    replace_file(file, b"first", mode=PUBLIC)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"first", 0o644)
    replace_file(file, b"second")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"second", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(tmp_path / "file", b"", mode=PUBLIC)
    finally:
        os.umask(before)

    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_stops_in_between_leaves_the_old_file_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    file = tmp_path / "file"
    replace_file(file, b"old")
    monkeypatch.setattr(os, step, fail)

    with pytest.raises(OSError, match="the disk is full"):
        replace_file(file, b"new")

    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
