"""docs/reference/asvs.md: every line of OWASP ASVS 5.0.0 at levels 1 and 2, once, in order."""

from __future__ import annotations

import re
from collections import Counter

from tests.contract.repository import ROOT

_ROW = re.compile(r"(?m)^\| (\d+)\.(\d+)\.(\d+) \| (L[12]) \| (.+) \|$")
# Lines of each chapter at levels 1 and 2, counted in the list that OWASP publishes (5.0.0, CSV).
_LINES = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip


def _rows() -> list[tuple[str, ...]]:
    return _ROW.findall((ROOT / "docs" / "reference" / "asvs.md").read_text(encoding="utf-8"))


def test_all_253_lines_are_there_once_and_in_order() -> None:
    """70 of level 1 and 183 of level 2."""
    places = [tuple(map(int, row[:3])) for row in _rows()]

    assert places == sorted(set(places))
    assert Counter(row[3] for row in _rows()) == {"L1": 70, "L2": 183}
    assert Counter(place[0] for place in places) == _LINES


def test_a_line_says_what_holds_it_or_that_nothing_does() -> None:
    """A test, a page, why it does not apply, that it is not met, or in plain words what there is."""
    page = (ROOT / "docs" / "reference" / "asvs.md").read_text(encoding="utf-8")
    rows = _rows()

    assert f"{sum(row[4].startswith('not applicable') for row in rows)} do not apply" in page
    unmet = sum(row[4].startswith("**not met") for row in rows)
    assert f"{unmet} {'is' if unmet == 1 else 'are'} **not met**" in page
    assert f"{sum(row[4].startswith('**met in part') for row in rows)} are **met in part**" in page


def test_each_attack_that_names_a_line_names_one_that_is_listed() -> None:
    """The function's name begins with it."""
    tests = (ROOT / "tests" / "integration" / "index" / "test_asvs.py").read_text(encoding="utf-8")
    named = {tuple(each) for each in re.findall(r"def test_(\d+)_(\d+)_(\d+)_", tests)}

    assert named
    assert named <= {row[:3] for row in _rows()}
