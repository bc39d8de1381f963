"""The two statutory returns on the command line: what each needs to be told, and what `explain` shows of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signpost_cli.main import run
from tests.unit.edge.feeds.support import write
from tests.unit.edge.feeds.test_cin_feed import census, child
from tests.unit.edge.feeds.test_s903_feed import HEADER, episode, open_903


@pytest.fixture(autouse=True)
def no_desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIGNPOST_HOME", str(tmp_path / "no-desk"))


def returns(folder: Path) -> dict[str, Path]:
    """One of each, with the same child."""
    open_903(folder / "s903", [HEADER], [episode("02/01/2025")]).close()
    return {"cin": census(folder / "c.xml", child("1")), "s903": folder / "s903"}


@pytest.mark.parametrize("written_in", ["cin", "s903"])
def test_each_child_of_a_return_is_one_line(
    written_in: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what the identity file adds."""
    ids = write(tmp_path / "ids.csv", {"local_id": "001", "nhs_number": "9990000042"})
    path = returns(tmp_path)[written_in]

    assert run(["explain", str(path), "--format", written_in, "--identity", str(ids), "--json"]) == 0

    line = json.loads(capsys.readouterr().out)
    assert line["id"] == "1"
    assert [each["template"] for each in line["register"]][:2] == ["nhs", "upn"]


@pytest.mark.parametrize("written_in", ["cin", "s903"])
def test_a_return_needs_a_handle(written_in: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names no team, and no default would be right."""
    assert run(["register", str(returns(tmp_path)[written_in]), "--format", written_in]) == 2

    assert "--handle" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--handle", "--identity"])
def test_other_formats_have_both_in_each_row(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So neither is quietly passed over."""
    file = write(tmp_path / "f.csv", {"local_id": "1"})

    assert run(["register", str(file), "--format", "csv", option, str(file)]) == 2
    assert option in capsys.readouterr().err

    if option == "--identity":
        assert run(["explain", str(file), "--format", "csv", option, str(file)]) == 2
        assert option in capsys.readouterr().err


def test_an_unsafe_census_is_told_and_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An entity that would be a file's content, were it looked at."""
    unsafe = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    path = census(tmp_path / "c.xml", child("&b;"), before=unsafe)

    assert run(["explain", str(path), "--format", "cin", "--json"]) == 2

    assert "FILE_XML_UNSAFE" in capsys.readouterr().err
