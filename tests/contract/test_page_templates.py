"""The templates of the gateway's pages, as they are written: what no page may have, whoever adds one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contract.repository import ROOT

_FOLDER = ROOT / "signpost" / "edge" / "gateway" / "pages" / "templates"
TEMPLATES = sorted(_FOLDER.rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(_FOLDER)))
def test_a_template_escapes_everything_and_runs_nothing(template: Path) -> None:
    """What is not text of its own is escaped, and there is no script, style or other origin in it."""
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"\|\s*safe\b|autoescape|\bMarkup\b", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+\s*=|javascript:", text)
    assert not re.search(r'(?:src|action)="(?!/|\{\{)', text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(_FOLDER)))
def test_a_form_is_posted_to_a_path_without_a_query_and_is_its_sessions_own(template: Path) -> None:
    """Each has the token that another site does not know; what it sends is in its body."""
    text = template.read_text(encoding="utf-8")

    forms = re.findall(r"<form\b[^>]*>(?:\s*\{\{ form_fields \}\})?", text)

    assert all(re.match(r'<form method="post" action="(?:/[a-z/-]*|\{\{ \w+ \}\})"', form) for form in forms)
    assert all(form.endswith("{{ form_fields }}") for form in forms)
    assert not re.search(r'href="[^"]*\?', text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(_FOLDER)))
def test_a_title_is_fixed_words(template: Path) -> None:
    """A browser keeps titles in its history. (A page that has none is not shown at all.)"""
    titles = re.findall(r"\{% block title %\}(.*?)\{% endblock %\}", template.read_text(encoding="utf-8"))

    fixed = [title for title in titles if "{{" not in title]

    assert titles == fixed or (template.name, titles) == ("refused.html", ["{{ told.heading }}"])
