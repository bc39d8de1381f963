"""docs/reference/command-line.md says of every command and exit code what the program says."""

from __future__ import annotations

from tests.support.command_line_page import PAGE, made_part, parts_of


def test_the_page_is_what_the_commands_say() -> None:
    """Where it is not: `python -m tests.support.command_line_page` writes it anew."""
    _, made = parts_of(PAGE)

    assert made == made_part()
