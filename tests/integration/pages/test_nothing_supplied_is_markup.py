"""What the index, a colleague or a feed supplies is text on every page: a desk's title, a case reference, a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import signpost.edge.gateway.pages
from signpost.edge.gateway.pages.templates import make_templates

TEMPLATES = Path(signpost.edge.gateway.pages.__file__).parent / "templates"
HOSTILE = "\"'><script>alert(1)</script><b onclick=x>"
COMPONENTS = (
    'govukSummaryList({"rows": [{"key": {"text": it}, "value": {"text": it}}]})',
    'govukInsetText({"text": it ~ " (" ~ it ~ ")"})',
    'govukButton({"text": "Decide " ~ it})',
    'govukSelect({"id": "a", "name": "a", "label": {"text": it}, "items": [{"value": it, "text": it}]})',
    'govukTable({"caption": it, "head": [{"text": it}], "rows": [[{"text": it}]]})',
    'govukErrorSummary({"titleText": it, "errorList": [{"text": it, "href": "#" ~ it}]})',
    'govukInput({"id": "a", "name": it, "label": {"text": it}, "value": it, "errorMessage": {"text": it}})',
    'govukRadios({"idPrefix": "a", "name": it, "items": [{"value": it, "text": it}]})',
    'govukDateInput({"id": "a", "items": [{"name": "day", "value": it}], "hint": {"text": it}})',
    'govukWarningText({"text": it, "iconFallbackText": it})',
    'govukNotificationBanner({"titleText": it, "text": it})',
    'govukServiceNavigation({"serviceName": it, "navigation": [{"href": it, "text": it}]})',
)


@pytest.mark.parametrize("component", COMPONENTS)
def test_no_component_takes_a_text_for_markup(component: str) -> None:
    page = make_templates().from_string(f"{{{{ {component} }}}}").render(it=HOSTILE)

    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b " not in page


def test_what_a_component_takes_for_markup_is_written_in_a_template_and_never_put_together_of_texts() -> None:
    """A `{% set %}` block escapes what is put into it; texts joined by `~` are believed as they are."""
    given = [
        (path.name, found.strip(), path.read_text())
        for path in sorted(TEMPLATES.rglob("*.html"))
        for found in re.findall(r'"html":((?:\s*(?:"[^"]*"|\'[^\']*\'|\([^()]*\)|[^,}"\'(])+))', path.read_text())
    ]

    assert given
    for name, value, template in given:
        joined = re.sub(r"""shown_(?:time|day)\([^()]*\)|'[^']*'|"[^"]*"|~|\s""", "", value)
        assert not joined or f"{{% set {joined} %}}" in template, (name, value)
    assert not [path.name for path in TEMPLATES.rglob("*.html") if re.search(r"\|\s*safe|autoescape", path.read_text())]
