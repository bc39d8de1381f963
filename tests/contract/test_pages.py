"""What the pages say of the code is so: the tests they point to, and the codes they list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost.edge.feeds.errors import FILE_MEANINGS, ROW_MEANINGS
from tests.contract.repository import ROOT, text_files

_TEST = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")


def pages() -> Iterator[tuple[Path, str]]:
    """Every page of the documentation, with its text."""
    return ((path, text) for path, text in text_files() if path.suffix == ".md")


def test_every_test_that_a_page_points_to_exists() -> None:
    """A claim that names its test names one that is there."""
    missing = [
        f"{path}: {file}::{name}"
        for path, text in pages()
        for file, name in _TEST.findall(text)
        if not (ROOT / file).exists() or (name and f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]

    assert missing == []


@pytest.mark.parametrize("meanings", [ROW_MEANINGS, FILE_MEANINGS], ids=["rows", "files"])
def test_the_page_on_feeds_lists_every_code_with_its_meaning(meanings: dict[object, str]) -> None:
    """Whoever looks a code up finds it, in the words the program uses."""
    page = (ROOT / "docs" / "explanation" / "feeds.md").read_text(encoding="utf-8")

    missing = [str(code) for code, meaning in meanings.items() if f"| `{code}` | {meaning} |" not in page]

    assert missing == []


def test_the_page_on_feeds_lists_no_code_that_is_not_there() -> None:
    """A code that went goes from the page too."""
    page = (ROOT / "docs" / "explanation" / "feeds.md").read_text(encoding="utf-8")

    listed = set(re.findall(r"(?m)^\| `([A-Z0-9_]+)` \|", page))

    assert listed == {str(code) for code in (*ROW_MEANINGS, *FILE_MEANINGS)}
