"""Every `signpost …` command that a page shows exists, with the options it is shown with."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from signpost_cli.main import COMMANDS, load
from tests.contract.repository import text_files


def shown() -> Iterator[tuple[str, str]]:
    """Each command line in a fenced block of a page, with the page it stands in."""
    for path, text in text_files():
        if path.suffix != ".md":
            continue
        for block in re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text):
            for line in block.replace("\\\n", " ").splitlines():
                if found := re.match(r"\s*(?:\$ )?(signpost .*)", line):
                    # what the shell would put in is a word like any other
                    yield str(path), re.sub(r"\$\([^)]*\)|\$[a-z0-9]+", "WORD", found[1])


SHOWN = sorted(set(shown()))


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=[f"{page}: {line[:40]}" for page, line in SHOWN])
def test_a_command_that_a_page_shows_exists(page: str, line: str) -> None:
    words = shlex.split(re.split(r"[|<>&;)]|  #", line)[0])[1:]
    if words[0] in ("--help", "--version"):
        return
    assert words[0] in COMMANDS
    command: Any = load(words.pop(0))
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]

    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options
    assert not hasattr(command, "commands") or not words or words == ["--help"]
