"""The page that lists the domain labels lists the ones the code has."""

from __future__ import annotations

import re

from signpost.protocol.labels import Label
from tests.contract.repository import ROOT

_ROW = re.compile(r"(?m)^\| `(signpost/v1/[a-z/-]+)` \| ")


def test_the_protocol_page_lists_every_label_once_and_no_other() -> None:
    """A reviewer who reads protocol.md has seen every purpose that a key, hash or signature serves."""
    listed = _ROW.findall((ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"))

    assert sorted(listed) == sorted(label.value for label in Label)


def test_no_two_uses_share_a_label() -> None:
    """Two names for one label would be aliases: the table would silently hold one purpose fewer."""
    assert len(Label.__members__) == len(set(Label))


def test_every_label_names_a_role_and_a_purpose() -> None:
    """`signpost/v1/<role>/<purpose>`, in lower case, so that no label is the beginning of another's role."""
    assert all(re.fullmatch(r"signpost/v1/[a-z]+/[a-z-]+", label.value) for label in Label)
