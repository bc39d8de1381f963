"""`signpost serve`: the command line becomes the service, with the settings it was given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from signpost_cli.main import run


@pytest.mark.parametrize(("what", "module"), [("index", "signpost.index"), ("holder", "signpost_keys")])
def test_it_becomes_the_services_own_program(
    what: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    settings.touch()
    became: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda program, command: became.append((program, command)))

    run(["serve", what, "--settings", str(settings)])

    assert became == [(sys.executable, [sys.executable, "-P", "-m", module, "--settings", str(settings)])]


@pytest.mark.parametrize("command", [["serve", "index"], ["serve", "holder"], ["admin", "index", "new"]])
def test_a_settings_file_that_is_not_there_is_named(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--settings", str(tmp_path / "nowhere.toml")]) == 2

    assert f"There is no settings file {tmp_path / 'nowhere.toml'}." in capsys.readouterr().err
