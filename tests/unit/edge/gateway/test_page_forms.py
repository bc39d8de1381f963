"""What a form sends, and how a browser is known by its cookies: whatever is sent, it is read or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from starlette.datastructures import Headers

from signpost.edge.gateway.pages.cookies import BEFORE, SESSION, dropped, given, set_to
from signpost.edge.gateway.pages.forms import FormFields, came_from_here, form_token, is_of, read_form
from signpost.edge.gateway.pages.look import Look
from signpost.edge.gateway.pages.moments import shown_time
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import Urgency

FORM = Headers({"content-type": "application/x-www-form-urlencoded"})
TOKEN = "A" * 43


@drawn(body=st.binary(max_size=400))
def test_whatever_bytes_are_sent_are_a_form_or_a_refusal(body: bytes) -> None:
    code: ProblemCode | None = None
    try:
        read_form(FORM, body).pairs()
    except Problem as problem:
        code = problem.code

    assert code in (None, ProblemCode.MALFORMED)


@drawn(cookie=st.text(max_size=200))
def test_whatever_cookie_is_sent_holds_a_token_or_none(cookie: str) -> None:
    for name in (SESSION, BEFORE):
        token = given(cookie, name)
        assert token is None or len(token) == 43


def test_a_cookie_of_its_form_is_found_beside_others() -> None:
    line = set_to(SESSION, TOKEN).partition(";")[0]

    assert given(f"other=1; {line}; {BEFORE}=short", SESSION) == TOKEN
    assert given(f"other=1; {line}; {BEFORE}=short", BEFORE) is None
    assert "Max-Age=0" in dropped(SESSION)


def test_a_forms_token_is_the_browsers_own_and_does_not_show_the_cookie() -> None:
    token, other = form_token(TOKEN), form_token("Q" * 43)

    assert TOKEN not in token
    assert is_of(FormFields({"csrf": [token]}), TOKEN)
    for fields, cookie in (
        ({"csrf": [other]}, TOKEN),
        ({"csrf": [token]}, None),
        ({}, TOKEN),
        ({"csrf": ["é"]}, TOKEN),
    ):
        assert not is_of(FormFields(fields), cookie)


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://here.example"}, True),
        ({"origin": "https://HERE.example"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://there.example"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://here.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_a_form_is_taken_where_the_browser_says_that_it_is_from_here(said: dict[str, str], here: bool) -> None:
    assert came_from_here(Headers({"host": "here.example", **said})) is here


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        (("4", "3", "2018"), "4/3/2018"),
        (("", "", "2018"), "2018"),
        (("4", "", "2018"), "4//2018"),
        (("", "", ""), ""),
        (("4", "March", "2018"), "4/March/2018"),
    ],
)
def test_a_date_of_three_fields_is_one_text(typed: tuple[str, str, str], date: str) -> None:
    fields = {f"born-{part}": [text] for part, text in zip(("day", "month", "year"), typed, strict=True)}

    assert FormFields(fields).date("born") == date


def test_a_field_that_was_sent_twice_or_chosen_of_no_catalogue_is_malformed() -> None:
    form = FormFields({"urgency": ["now", "today"], "other": ["never"], "empty": [""], "spaced": ["  now "]})

    assert form.chosen("spaced", Urgency) is Urgency.NOW
    assert form.chosen("empty", Urgency) is None
    for name in ("urgency", "other"):
        with pytest.raises(Problem) as refused:
            form.chosen(name, Urgency)
        assert refused.value.code is ProblemCode.MALFORMED


def test_a_form_does_not_print() -> None:
    form = FormFields({"nhs_number": ["9990000018"]}, b"nhs_number=9990000018")

    assert "9990000018" not in repr(form) + str(form)


def test_a_detail_that_is_too_long_is_named_and_not_repeated() -> None:
    with pytest.raises(Problem) as refused:
        FormFields({"surname": ["x" * 201]}).child()

    assert refused.value.pointers == ("/child/surname",)


def test_a_time_is_englands_whatever_the_machines_own() -> None:
    """Summer time, and the day where it is another."""
    noon_in_july = 1_751_364_000

    assert shown_time(noon_in_july, now=noon_in_july) == "11:00"
    assert shown_time(noon_in_july, now=noon_in_july + 86_400) == "11:00 on 1 July 2025"


def test_the_pages_have_a_sheet_with_and_without_the_design_system(tmp_path: Path) -> None:
    own, both = tmp_path / "own", tmp_path / "assets"
    own.mkdir()
    (own / "signpost.css").write_text("p {}")
    alone = Look.found(tmp_path)
    both.mkdir()
    (both / "govuk-frontend.min.css").write_text("p {}")
    (both / "govuk-frontend.min.js").write_text("")
    (both / "notes.py").write_text("")

    assert alone.sheets == ("/own/signpost.css",)
    assert alone.scripts == ("/own/signpost.js",)
    assert Look.found(tmp_path).sheets == ("/assets/govuk-frontend.min.css", "/own/over.css")
    assert "/own/components.js" in Look.found(tmp_path).scripts
    assert "/assets/notes.py" not in Look.found(tmp_path).files
