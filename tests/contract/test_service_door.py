"""The door's catalogues are whole, and an application behind it answers as it publishes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from signpost.protocol.problems import PROBLEMS, ProblemCode
from signpost.service.database import open_database, open_reader
from signpost.service.events import ServiceEvent
from signpost.service.log import Log, Word
from signpost.service.refusals import RefusalCode, StartRefused
from signpost.service.web import refusals
from signpost.service.writer import Writer
from tests.support.toy_service import MIGRATIONS, build_toy

KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")


@pytest.mark.parametrize("code", RefusalCode)
def test_each_refusal_to_start_says_what_and_what_to_do(code: RefusalCode) -> None:
    refused = StartRefused(code, path=Path("/somewhere"), details=("field: reason",))

    assert KEBAB.fullmatch(code)
    assert str(refused).startswith("/somewhere: ")
    assert str(refused).endswith(f"(field: reason) [{code}]")
    assert refused.hint.strip()


@pytest.mark.parametrize("event", ServiceEvent)
def test_each_event_has_a_code_in_plain_words(event: ServiceEvent) -> None:
    assert KEBAB.fullmatch(event.code)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in event.fields)


@pytest.mark.parametrize("codes", [RefusalCode, ProblemCode, ServiceEvent])
def test_no_code_stands_twice(codes: type[StrEnum]) -> None:
    """An enum takes a second member of one value for another name of the first, in silence."""
    assert list(codes.__members__) == [member.name for member in codes]


def test_every_problem_can_be_published() -> None:
    """Each code of the catalogue stands under its status, with the words it is answered with."""
    published = refusals(*ProblemCode)

    for code in ProblemCode:
        properties = published[PROBLEMS[code].status]["content"]["application/problem+json"]["schema"]["properties"]
        assert code in properties["code"]["enum"]
        assert PROBLEMS[code].detail in properties["detail"]["enum"]


@pytest.fixture
def published(tmp_path: Path) -> Iterator[schemathesis.BaseSchema]:
    log = Log(Word("toy"), io.StringIO())
    with Writer(open_database(tmp_path / "toy.sqlite", [MIGRATIONS]), log) as writer:
        reader = open_reader(tmp_path / "toy.sqlite")
        yield schemathesis.openapi.from_asgi("/openapi.json", build_toy(log, writer, reader))
        reader.close()


def test_every_answer_is_one_that_was_published(published: schemathesis.BaseSchema) -> None:
    """Whatever is sent: no 5xx, a documented status, its media type, and a body of its schema."""
    # Not by schemathesis's own pytest plugin: it reaches into what pytest 9 no longer has.
    operations = [found.ok() for found in published.get_all_operations() if isinstance(found, Ok)]
    assert [operation.label for operation in operations] == ["POST /notes", "GET /notes"]

    for operation in operations:

        @settings(max_examples=30, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def answers(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate()

        answers()
