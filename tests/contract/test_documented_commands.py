"""Every `signpost …` command that a page shows exists, with the options it is shown with; and so does every one that
a help text or a hint names.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from signpost.edge.failures import failure_of
from signpost.protocol.problems import Problem, ProblemCode
from signpost.service.refusals import RefusalCode, StartRefused
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

    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options
    assert not hasattr(command, "commands") or not words or words == ["--help"]


def helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each help text, its options' too, with whose it is."""
    yield path, command.help
    for parameter in command.params:
        yield path, getattr(parameter, "help", None) or ""
    for name, inner in getattr(command, "commands", {}).items():
        yield from helps(inner, f"{path} {name}")


def named() -> Iterator[tuple[str, str]]:
    """Each `signpost …` in words for people, as far as it could be commands' names."""
    texts = [
        *(found for name in COMMANDS for found in helps(load(name), name)),
        *((f"problem {code.value}", Problem(code).hint) for code in ProblemCode),
        *((f"failure of {code.value}", failure_of(code).hint) for code in ProblemCode),
        *((f"refusal {code.value}", StartRefused(code).hint) for code in RefusalCode),
    ]
    for where, text in texts:
        for words in re.findall(r"\bsignpost ((?:[a-z-]+[ \n]?)+)", text):
            yield where, words.strip()


@pytest.mark.parametrize(("where", "words"), sorted(set(named())))
def test_a_command_that_a_help_text_names_exists(where: str, words: str) -> None:
    first, *rest = words.split()
    assert first in COMMANDS
    command: Any = load(first)
    while hasattr(command, "commands"):
        assert rest, "it names a group, which does nothing by itself"
        assert rest[0] in command.commands
        command = command.commands[rest.pop(0)]
