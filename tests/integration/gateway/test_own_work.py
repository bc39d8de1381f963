"""One piece of the organisation's own work at its gateway, and what becomes of it when the organisation's feed runs: by
its real run, as a data officer uploads it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.edge.client import Client
from signpost.edge.feeds.model import RowIds
from signpost.edge.gateway.own_work import _ids
from signpost.edge.gateway.wire import WorkNamed
from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails
from signpost.edge.references import reference
from signpost.protocol.encoding import to_base64url
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import ANSWERING_ROLES, Role, Urgency
from signpost.protocol.secret import Secret
from tests.support.elsewhere import client_of
from tests.support.hidden_elsewhere import hide_elsewhere
from tests.support.uploads import Officer, csv_of, number
from tests.support.whole_gateway import WholeGateway, open_whole_gateway
from tests.support.world import TODAY

YESTERDAY = (TODAY - dt.timedelta(days=1)).isoformat()
OWN = "/api/v1/involvements/own"
HALF_PAST_MIDNIGHT_IN_SUMMER = (23 * 60 + 30) * 60
"""Of the day before by universal time, in seconds."""


class Scene:
    """Northtown's practitioner and its data officer, who has registered one child; and a colleague in Southtown."""

    def __init__(self, gateway: WholeGateway) -> None:
        self.gateway = gateway
        self.program = gateway.with_program()
        self.officer = Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))
        self.handle, self.other = self.officer.handle, gateway.index.handle("northtown")
        self.worker = gateway.token(gateway.enrol("worker-1"))
        self.colleague: Client = client_of(gateway, "southtown", Role.PRACTITIONER)
        self.run(self.officer.row())

    def run(self, *rows: dict[str, str], **asked: str) -> str:
        """A whole extract, registered; what it came to."""
        told = self.officer.run(csv_of(rows), dry_run="no", accept_ends="9", **asked)
        assert told["state"] == "registered", told
        self.left = str(told["changed_here"])
        return str(told["summary"]).partition(" · rejected")[0]

    def ask(self, rest: str = "", *, token: str | None = None, key: str | None = None, **given: str) -> httpx2.Response:
        """About the officer's first row, unless it is named otherwise."""
        named = {"local_id": "case-0", "start": "2025-01-06", "handle": self.handle, **given}
        headers = {} if key is None else {"idempotency_key": key}
        answer = self.gateway.request("POST", OWN + rest, named, token=token or self.worker, **headers)
        self.gateway.index.settle()
        return answer

    def stands(self) -> tuple[str, str | None]:
        """Which desk has it, and its end."""
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["handle"]), answer.json()["ended_on"]

    def seen(self) -> str:
        """What the colleague elsewhere is answered about the child."""
        child = ChildDetails(nhs_number=NHSNumber.parse(number(0)), date_of_birth=dt.date(2018, 3, 4))
        return self.gateway.index.run(self.colleague.lookup(child, urgency=Urgency.TODAY)).word


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A gateway with a feed's desk."""
    with open_whole_gateway(tmp_path) as whole:
        yield Scene(whole)


def told(answer: httpx2.Response) -> tuple[int, str, list[str]]:
    """What a refusal says, and of which field."""
    document = answer.json()
    return answer.status_code, document["code"], [each["pointer"] for each in document.get("errors", [])]


# -- what is done, and what the feed makes of it


def test_it_is_seen_ended_and_found_as_previous_elsewhere(scene: Scene) -> None:
    assert scene.ask().json() == {
        "handle": scene.handle,
        "handle_title": "Duty desk",
        "started_in": "2025-01",
        "ended_on": None,
        "desks": [{"handle": scene.other, "title": "Duty desk"}],
    }
    assert scene.seen() == "current"

    assert (scene.ask("/end", ended_on=YESTERDAY).status_code, scene.seen()) == (200, "previous")

    assert scene.stands() == (scene.handle, YESTERDAY)


def test_an_extract_that_says_what_it_said_does_not_undo_an_end(scene: Scene) -> None:
    scene.ask("/end", ended_on=YESTERDAY)

    assert scene.run(scene.officer.row()) == "Added 0 · unchanged 1"

    assert (scene.stands(), scene.seen()) == ((scene.handle, YESTERDAY), "previous")


def test_an_extract_that_says_what_it_said_does_not_undo_a_hand_over(scene: Scene) -> None:
    assert scene.ask("/hand-over", hand_over_to=scene.other).status_code == 200

    assert scene.run(scene.officer.row()) == "Added 0 · unchanged 1"

    assert scene.stands() == (scene.other, None)


def test_what_was_ended_or_handed_over_here_is_told_to_whoever_registers_and_undone_where_they_ask(
    scene: Scene,
) -> None:
    """Also in a dry run, each night until the row changes: with the rows, so that a mistake can be found and mended."""
    rows = [scene.officer.row(nth) for nth in range(3)]
    scene.run(*rows)
    assert scene.left == ""
    scene.ask("/end", local_id="case-1", ended_on=YESTERDAY)
    scene.ask("/hand-over", local_id="case-2", hand_over_to=scene.other)

    looked = scene.officer.run(csv_of(rows), dry_run="yes")
    assert scene.run(*rows) == "Added 0 · unchanged 3"
    assert scene.left == looked["changed_here"] == (
        "2 pieces of work were ended or handed over at the gateway, and the extract has them as they were: rows 3, 4."
    )  # fmt: skip

    assert scene.run(*rows, send_again="yes") == "Added 0 · changed 2 · unchanged 1"
    scene.gateway.index.settle()
    stands = [scene.ask(local_id=f"case-{nth}").json() for nth in (1, 2)]
    assert [(each["handle"], each["ended_on"]) for each in stands] == [(scene.handle, None)] * 2
    assert (scene.run(*rows), scene.left) == ("Added 0 · unchanged 3", "")


def test_a_row_that_has_changed_is_believed_again(scene: Scene) -> None:
    """With another postcode it is registered as it stands there: open, and with the row's desk."""
    scene.ask("/hand-over", hand_over_to=scene.other)
    scene.ask("/end", ended_on=YESTERDAY)

    assert scene.run(scene.officer.row(postcode="LS1 4AP")) == "Added 0 · changed 1 · unchanged 0"

    assert (scene.stands(), scene.seen()) == ((scene.handle, None), "current")


def test_of_an_end_here_and_one_in_the_row_the_earlier_stands(scene: Scene) -> None:
    """As of any two ends; and the desk it was handed over to keeps it."""
    scene.ask("/hand-over", hand_over_to=scene.other)
    scene.ask("/end", ended_on=YESTERDAY)

    assert scene.run(scene.officer.row(end=TODAY.isoformat())) == "Added 0 · ended 1 · unchanged 0"
    assert scene.stands() == (scene.other, YESTERDAY)

    assert scene.run(scene.officer.row(end="2025-09-01", postcode="LS1 4AP")) == "Added 0 · changed 1 · unchanged 0"
    assert scene.stands() == (scene.handle, "2025-09-01")


@pytest.mark.parametrize("missing", ["withdraw", "end"])
def test_a_row_that_is_gone_from_the_extract_is_withdrawn_or_ended_as_ever(scene: Scene, missing: str) -> None:
    scene.ask("/end", ended_on=YESTERDAY)

    scene.run(scene.officer.row(1), missing=missing)

    if missing == "withdraw":
        assert (told(scene.ask())[1], scene.seen()) == ("reference-unknown", "none")
    else:
        assert (scene.stands(), scene.seen()) == ((scene.handle, YESTERDAY), "previous")


def test_a_row_under_another_desk_is_other_work_and_the_old_one_goes(scene: Scene) -> None:
    """So it is handed over in the organisation's own system too: then its next extract says the same."""
    scene.ask("/hand-over", hand_over_to=scene.other)

    assert scene.run(scene.officer.row(handle=scene.other)) == "Added 1 · withdrawn 1 · unchanged 0"

    assert told(scene.ask())[1] == "reference-unknown"
    assert scene.ask(handle=scene.other).json()["handle"] == scene.other


def test_a_program_that_sends_the_row_again_says_what_stands(scene: Scene) -> None:
    """It sends what has changed, and what it sends is believed."""
    scene.ask("/end", ended_on=YESTERDAY)

    rows = {"involvements": [scene.officer.row()]}
    scene.gateway.request("PUT", "/api/v1/involvements", rows, token=scene.program)
    scene.gateway.index.settle()

    assert (scene.stands(), scene.seen()) == ((scene.handle, None), "current")


# -- who, and what is refused


def test_the_same_request_under_the_same_key_is_done_once(scene: Scene) -> None:
    first = scene.ask("/end", key="once", ended_on=YESTERDAY)

    assert (first.status_code, scene.ask("/end", key="once", ended_on=YESTERDAY).content) == (200, first.content)
    assert scene.ask("/end", ended_on=YESTERDAY).status_code == 200, "the same day again is done already"
    assert told(scene.ask("/end", ended_on=TODAY.isoformat()))[:2] == (409, "work-ended")


def test_refusals_name_the_field_and_repeat_nothing(scene: Scene) -> None:
    long_ago, ahead = "2025-09-11", "2025-10-15"
    for rest, given, expected in (
        ("", {"local_id": "case-77"}, (404, "reference-unknown", ["/local_id"])),
        ("", {"handle": ""}, (404, "reference-unknown", ["/local_id"])),
        ("/end", {"ended_on": long_ago}, (422, "period-invalid", ["/ended_on"])),
        ("/end", {"ended_on": ahead}, (422, "period-invalid", ["/ended_on"])),
        ("/hand-over", {"hand_over_to": "2222-2222"}, (422, "handle-unknown", ["/hand_over_to"])),
    ):
        answer = scene.ask(rest, **given)
        assert told(answer) == expected
        assert not any(value and value in answer.text for value in given.values())
    assert scene.stands() == (scene.handle, None)


def test_no_end_is_of_a_day_that_has_not_come_in_england(scene: Scene) -> None:
    """Nor of one before the work began, by the day that it is named by: the index knows the month alone."""
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    assert told(scene.ask("/end", ended_on=tomorrow)) == (422, "period-invalid", ["/ended_on"])
    scene.run(scene.officer.row(), scene.officer.row(1, start="2025-10-08"))
    second = {"local_id": "case-1", "start": "2025-10-08"}
    before = scene.ask("/end", ended_on="2025-10-07", **second)
    assert told(before) == (422, "period-invalid", ["/ended_on"])
    assert scene.stands()[1] is None

    assert scene.ask("/end", ended_on="2025-10-08", **second).status_code == 200
    clock = scene.gateway.index.world.clock
    clock.advance(HALF_PAST_MIDNIGHT_IN_SUMMER - clock.now() % (24 * 60 * 60))
    scene.gateway.keep_time()
    late = scene.gateway.token(scene.gateway.enrol("worker-2"))
    assert scene.ask("/end", token=late, ended_on=tomorrow).status_code == 200


def test_nobody_else_is_let_near_it(scene: Scene) -> None:
    """Neither an officer nor the organisation's own programs; and a stranger least of all."""
    for role in sorted(frozenset(scene.gateway.files.certified.certificate.roles) - ANSWERING_ROLES):
        token = scene.gateway.token(scene.gateway.enrol(f"other-{role.value}", role))
        leaves = len(scene.gateway.index.tables()["audit_leaves"])
        for rest, given in (("", {}), ("/end", {"ended_on": YESTERDAY}), ("/hand-over", {"hand_over_to": scene.other})):
            assert told(scene.ask(rest, token=token, **given))[:2] == (403, "role-refused")
        assert len(scene.gateway.index.tables()["audit_leaves"]) == leaves, "no reference is computed, or sent"
    for stranger in (scene.program, scene.gateway.with_case_system(), "x" * 43):
        assert told(scene.ask(token=stranger))[:2] == (401, "not-signed-in")


def test_a_gateway_without_the_desk_of_a_feed_says_so(tmp_path: Path) -> None:
    with open_whole_gateway(tmp_path) as gateway:
        token = gateway.token(gateway.enrol("worker-1"))
        named = {"local_id": "case-0", "start": "2025-01-06"}

        assert told(gateway.request("POST", OWN, named, token=token))[:2] == (409, "work-not-named")


def test_neither_number_nor_reference_is_in_a_log_a_record_or_a_table(scene: Scene) -> None:
    """The number goes no further than the gateway's memory; the reference rests sealed, in the owner's own row."""
    reference_key = scene.gateway.reference_key
    assert reference_key is not None
    ids = RowIds(local_id="case-0", involvement_id=f"2025-01-06/{scene.handle.casefold()}")
    name = to_base64url(reference(reference_key, ids))

    scene.ask()
    scene.ask("/hand-over", hand_over_to=scene.other)
    scene.ask("/end", ended_on=YESTERDAY)
    scene.ask(local_id="case-77")

    logs = scene.gateway.log_lines.getvalue() + scene.gateway.index.log_lines.getvalue()
    rows = scene.gateway.index.reader.execute("SELECT sealed FROM audit_leaves").fetchall()
    assert rows
    opened = scene.gateway.index.opened_rows()
    for secret in ("case-0", "case-77", name):
        assert secret not in logs
        assert secret.encode() not in opened
    leaves = [line for line in opened.split(b"\n") if b'"action":' in line]
    assert not any(scene.handle.encode() in leaf or scene.other.encode() in leaf for leaf in leaves)


def test_of_a_child_who_is_hidden_it_tells_what_it_would_have_told(scene: Scene) -> None:
    """Every answer and every line of the log, byte for byte, but for the random name of a request."""
    scene.run(scene.officer.row(0), scene.officer.row(1))
    child = ChildDetails(nhs_number=NHSNumber.parse(number(0)), date_of_birth=dt.date(2018, 3, 4))
    hide_elsewhere(scene.gateway, child)
    assert scene.seen() == "none"

    def all_of_it(local_id: str) -> list[tuple[int, bytes, str]]:
        found = []
        for rest, given in (
            ("", {}), ("/hand-over", {"hand_over_to": scene.other}), ("", {}), ("/end", {"ended_on": YESTERDAY}),
            ("", {}), ("/end", {"ended_on": YESTERDAY}), ("/end", {"ended_on": TODAY.isoformat()}),
        ):  # fmt: skip
            scene.gateway.log_lines.seek(0)
            scene.gateway.log_lines.truncate()
            answer = scene.ask(rest, local_id=local_id, **given)
            found.append((answer.status_code, answer.content, scene.gateway.log_lines.getvalue()))
        return found

    hidden, settled = all_of_it("case-0"), all_of_it("case-1")

    assert [status for status, _, _ in hidden] == [200, 200, 200, 200, 200, 200, 409]
    assert hidden == settled
    assert json.loads(hidden[2][1])["handle"] == scene.other


# -- how it is named


@pytest.mark.parametrize(
    ("named", "ids"),
    [
        ({"number": "inv 9"}, "inv 9"),
        ({"start": "2025-01-06"}, "2025-01-06"),
        ({"start": "06/01/2025"}, "2025-01-06"),
        ({"start": "6 January 2025", "handle": " Team  EAST "}, "2025-01-06/team east"),
    ],
)
def test_it_is_named_as_each_format_of_a_feed_names_it(named: dict[str, str], ids: str) -> None:
    """By a number of its own, by its first day, or by that and its team; `0017` is `17`, as a feed takes it."""
    found = _ids(WorkNamed(local_id="0017", **named), today=TODAY)

    key = Secret(bytes(32))
    assert reference(key, found) == reference(key, RowIds(local_id="17", involvement_id=ids))


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ({"local_id": "17"}, ["/start"]),
        ({"local_id": "", "start": "2025-01-06"}, ["/local_id"]),
        ({"local_id": "17", "start": "2025-13-06"}, ["/start"]),
        ({"local_id": "17", "start": "2026-01-06"}, ["/start"]),
        ({"local_id": "17", "handle": "team"}, ["/start"]),
        ({"local_id": "17", "number": "9", "start": "2025-01-06"}, ["/number"]),
        ({"local_id": "17", "number": "9", "handle": "team"}, ["/number"]),
        ({"local_id": "1E+09", "number": "9"}, ["/local_id"]),
        ({"local_id": "17", "number": "x" * 65}, ["/number"]),
    ],
)
def test_what_names_nothing_is_refused_before_anything_is_sent(named: dict[str, str], wrong: list[str]) -> None:
    with pytest.raises(Problem) as refused:
        _ids(WorkNamed(**named), today=TODAY)

    assert (refused.value.code, list(refused.value.pointers)) == (ProblemCode.MALFORMED, wrong)
