"""The part of docs/reference/command-line.md that is made from the commands themselves.

`python -m tests.support.command_line_page` writes it anew; a test compares the two.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from signpost_cli.exit_codes import ExitCode
from signpost_cli.main import COMMANDS, load
from tests.contract.repository import ROOT

__all__ = ["PAGE", "made_part", "parts_of"]

PAGE: Final = ROOT / "docs" / "reference" / "command-line.md"
_BEGIN: Final = "<!-- from here to the end, made from the commands themselves -->\n"


def parts_of(page: Path) -> tuple[str, str]:
    """What was written by hand, with the line that ends it, and what was made."""
    head, line, made = page.read_text(encoding="utf-8").partition(_BEGIN)
    return head + line, made


def made_part() -> str:
    """The exit codes and every command, as Markdown."""
    lines = ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {int(code)} | {code.sentence} |" for code in ExitCode]
    lines += ["", "## Commands", ""]
    for name in COMMANDS:
        for path, command in _commands(load(name), (name,)):
            lines += _section(path, command)
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


def _section(path: tuple[str, ...], command: Any) -> list[str]:
    said, _, example = inspect.cleandoc(command.help).replace("\b\n", "").partition("Example:")
    paragraphs = [" ".join(paragraph.split()) for paragraph in said.split("\n\n") if paragraph.strip()]
    lines = [f"### signpost {' '.join(path)}", ""]
    for paragraph in paragraphs:
        lines += [paragraph, ""]
    if getattr(command, "commands", None):
        inner = ", ".join(f"`{name}`" for name in command.commands)
        lines += [f"Commands: {inner}.", ""]
    rows = [row for parameter in command.params if (row := _row(parameter)) is not None]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    example = inspect.cleandoc(f"\n{example}".replace("\n  ", "\n")).strip()
    return [*lines, "```", example, "```", ""]


def _row(parameter: Any) -> str | None:
    if "--help" in parameter.opts or getattr(parameter, "hidden", False):
        return None
    if parameter.param_type_name == "argument":
        shown = parameter.metavar or parameter.name.upper()
    elif parameter.is_flag:
        shown = ", ".join(parameter.opts)
    else:
        shown = f"{', '.join(parameter.opts)} {_takes(parameter)}"
    said = f"{(parameter.help or '').strip()}{' Required.' if parameter.required else ''}"
    return f"| `{_in_cell(shown)}` | {_in_cell(said)} |"


def _takes(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    if parameter.metavar:
        return str(parameter.metavar)
    if issubclass(kind, Enum):
        return "|".join(str(each.value) for each in kind)
    return {Path: "FILE", int: "N", float: "N"}.get(kind, "TEXT")


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    by_hand, _ = parts_of(PAGE)
    PAGE.write_text(by_hand + made_part(), encoding="utf-8")
