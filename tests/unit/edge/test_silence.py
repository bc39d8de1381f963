"""Identifiers and a child's details do not print, whatever is done to show them."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from datetime import date

import pytest

from signpost.edge.explain import explain
from signpost.edge.feeds.model import ChildRow, GoodRow, Involvement, RowIds
from signpost.edge.identifiers import UPN, NHSNumber
from signpost.edge.match_inputs import ChildDetails, match_inputs
from signpost.edge.slots import registration_slots
from signpost.protocol.classes import Use
from signpost.protocol.purposes import Basis
from signpost.protocol.secret import Secret

NUMBER = "9990000042"
PUPIL = "A950000178301"
CHILD = ChildDetails(date_of_birth=date(2015, 4, 3), nhs_number=NHSNumber.parse(NUMBER), upns=(UPN.parse(PUPIL),))
IDS = RowIds(local_id="L-7741", involvement_id="I-7741")
INVOLVEMENT = Involvement(
    ids=IDS,
    child=CHILD,
    started_on=date(2024, 1, 2),
    ended_on=None,
    handle="front-door",
    basis=Basis.STATUTORY,
    remove_after="2033-09",
)
INPUTS = match_inputs(CHILD, Use.REGISTER)
SILENT: list[object] = [
    CHILD.nhs_number,
    CHILD.upns[0],
    CHILD,
    IDS,
    INVOLVEMENT,
    GoodRow(2, 100, INVOLVEMENT),
    ChildRow(row=2, local_id="L-7741", child=CHILD),
    INPUTS,
    registration_slots(INPUTS, reference=b"r" * 16, organisation_secret=Secret(b"k" * 32)),
    explain(CHILD),
]
TELLING = (NUMBER, NUMBER[-4:], PUPIL, "2015", "7741")


def _logged(value: object) -> str:
    stream = io.StringIO()
    logger = logging.Logger("test", level=logging.DEBUG)  # noqa: LOG001 - it shall not outlive the test
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("%s %r", value, value)
    return stream.getvalue()


def _traceback(value: object) -> str:
    try:
        raise RuntimeError
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def _formatted(value: object) -> str:
    return f"{value} {value!r:>10}"


def _percent(value: object) -> str:
    return "%s %r" % (value, value)  # noqa: UP031 - this is one of the ways


def _jsoned(value: object) -> str:
    return json.dumps(value, default=str)


@pytest.mark.parametrize("value", SILENT, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("show", [repr, str, ascii, format, _formatted, _percent, _jsoned, _logged, _traceback])
def test_nothing_that_shows_an_object_shows_a_value(value: object, show: Callable[[object], str]) -> None:
    """Not `repr`, not `str`, not a format, not a log line, not a traceback with its locals."""
    text = show(value)

    assert not [telling for telling in TELLING if telling in text]


@pytest.mark.parametrize(
    "value", [CHILD.nhs_number, CHILD.upns[0], CHILD, IDS, INVOLVEMENT], ids=lambda v: type(v).__name__
)
def test_it_is_not_pickled_or_copied(value: object) -> None:
    """So it cannot wander into another process, a cache or a queue."""
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(value)


def test_it_is_not_turned_into_a_dictionary() -> None:
    """`asdict`, by which serialisers work, stops at the first identifier."""
    with pytest.raises(TypeError):
        dataclasses.asdict(CHILD)


def test_what_is_filled_may_be_seen() -> None:
    """For a bug report it is enough to know which details there were."""
    assert repr(CHILD) == "<ChildDetails of date_of_birth, nhs_number, upns>"
    assert repr(ChildDetails()) == "<ChildDetails of nothing>"
    assert repr(CHILD.nhs_number) == "<NHSNumber>"
