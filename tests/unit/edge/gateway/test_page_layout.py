"""What the layout of every page needs for itself stands in the way of no page."""

from __future__ import annotations

from types import SimpleNamespace

from signpost.edge.gateway.pages.navigation import PLACES
from signpost.edge.gateway.pages.templates import make_templates

_PAGE = """{% extends "layout.html" %}{% block title %}A page{% endblock %}
{% block content %}<p>{{ items }}, {{ listed }}</p>{% endblock %}"""


def test_a_pages_own_values_are_what_it_shows() -> None:
    """With a navigation and with errors, whose lists the layout makes under names of its own."""
    error = SimpleNamespace(words="Enter it", href="#it")

    shown = make_templates().from_string(_PAGE).render(
        items="its items", listed="its list", errors=[error], menu=[PLACES["/check"]], place=PLACES["/check"],
        look=SimpleNamespace(sheets=(), scripts=()), account=None, organisation="northtown",
    )  # fmt: skip

    assert "<p>its items, its list</p>" in shown
