"""Feeds by upload, before a whole index and real key holders: what the command does, by a data officer at a gateway."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlite_utils.utils import sqlite3
from starlette.types import Message

from signpost.edge.feeds import spill
from signpost.edge.gateway.feeds import run as runs
from signpost.edge.gateway.feeds.history import DAYS, FeedHistory
from signpost.edge.index_client import Index
from signpost.edge.registering import FeedRun
from signpost.protocol.administration import AccountAct
from signpost.protocol.problems import ProblemCode
from signpost.protocol.purposes import Role
from tests.support.people import state
from tests.support.uploads import File, Officer, csv_of, multipart, number
from tests.support.whole_gateway import LONGEST_UPLOAD, open_whole_gateway


@pytest.fixture
def officer(tmp_path: Path) -> Iterator[Officer]:
    """Northtown's data officer, at a gateway with a feed's desk."""
    with open_whole_gateway(tmp_path) as gateway:
        gateway.with_program()
        yield Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Officer]:
    """The same, for all whose uploads come to nothing."""
    with open_whole_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        gateway.with_program()
        yield Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))


def owned(officer: Officer) -> int:
    """How many involvements the index holds."""
    return len(officer.gateway.index.tables()["owned_involvements"])


# -- a run


def test_a_dry_run_says_what_would_be_done_and_does_none_of_it(officer: Officer) -> None:
    """It is what is done unless something else is asked for; in the words of the command."""
    told = officer.run(csv_of([officer.row(0), officer.row(1)]))

    assert (told["state"], told["dry_run"], told["sent"]) == ("looked-at", True, False)
    assert told["summary"] == "Would add 2 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)"
    assert told["account"] == "data-1"
    assert owned(officer) == 0


def test_the_same_files_again_are_registered_and_once_more_change_nothing(officer: Officer) -> None:
    extract = csv_of([officer.row(0), officer.row(1)])
    officer.run(extract)

    told = officer.run(extract, dry_run="no")

    assert (told["state"], told["sent"]) == ("registered", True)
    assert told["summary"] == "Added 2 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)"
    assert owned(officer) == 2
    assert officer.run(extract, dry_run="no")["summary"] == "Added 0 · unchanged 2 · rejected 0 (0.00 %, limit 2 %)"


def test_what_a_program_registered_is_the_same_involvement(officer: Officer) -> None:
    """Whoever brings it, it is named alike."""
    token = officer.gateway.with_program()
    row = officer.row(0)
    sent = officer.gateway.request("PUT", "/api/v1/involvements", {"involvements": [row]}, token=token)
    assert sent.status_code == 200
    officer.gateway.index.settle()
    again = Officer(officer.gateway, officer.user)

    assert again.run(csv_of([row]))["summary"] == "Would add 0 · unchanged 1 · rejected 0 (0.00 %, limit 2 %)"


def test_the_errors_file_is_the_commands(officer: Officer) -> None:
    """Row, field, code and meaning; and what was left out of a row counts as no rejected one."""
    rows = [officer.row(0, nhs_number="9990000019"), officer.row(1, postcode="nowhere"), officer.row(2)]

    told = officer.run(csv_of(rows))

    assert (told["errors"], told["errors_listed"], told["counts"]["rejected"]) == (2, 2, 1)  # type: ignore[index]
    file = officer.get(f"/api/v1/feeds/{told['feed']}/errors")
    assert file.headers["content-type"].startswith("text/csv")
    assert 'filename="errors.csv"' in file.headers["content-disposition"]
    assert list(csv.reader(io.StringIO(file.text))) == [
        ["row", "field", "code", "meaning"],
        ["2", "nhs_number", "NHS_CHECK_DIGIT", "the check digit does not match"],
        ["3", "postcode", "POSTCODE_SHAPE", "the postcode is not of a postcode's form"],
    ]


def test_too_many_bad_rows_stop_it_before_anything_is_sent(officer: Officer) -> None:
    told = officer.run(csv_of([officer.row(0), officer.row(1, nhs_number="9990000019")]), dry_run="no")

    assert (told["state"], told["sent"], told["ends"]) == ("stopped", False, None)
    assert told["broken"] == ["1 of 2 rows were rejected, more than the limit of 2 %."]
    assert owned(officer) == 0


def test_too_many_ends_stop_it_until_their_number_is_given(officer: Officer) -> None:
    officer.run(csv_of([officer.row(each) for each in range(4)]), dry_run="no")
    shorter = csv_of([officer.row(0)])

    looked = officer.run(shorter)
    assert (looked["state"], looked["ends"]) == ("looked-at", 3)
    assert officer.run(shorter, dry_run="no")["state"] == "stopped"
    assert officer.run(shorter, dry_run="no", accept_ends="2")["state"] == "stopped"
    assert owned(officer) == 4

    told = officer.run(shorter, dry_run="no", accept_ends="3")

    assert told["summary"] == "Added 0 · withdrawn 3 · unchanged 1 · rejected 0 (0.00 %, limit 2 %)"
    assert owned(officer) == 1


def test_what_is_gone_from_the_extract_may_be_ended_instead(officer: Officer) -> None:
    officer.run(csv_of([officer.row(0), officer.row(1)]), dry_run="no")

    told = officer.run(csv_of([officer.row(0)]), dry_run="no", accept_ends="1", missing="end")

    assert told["summary"] == "Added 0 · ended 1 · unchanged 1 · rejected 0 (0.00 %, limit 2 %)"
    assert owned(officer) == 2


def test_a_folder_is_uploaded_file_by_file_with_the_teams_of_a_handles_file(officer: Officer) -> None:
    """Whatever else of the folder came with it is let go of unread."""
    files = [
        File("extract", "extract/SSD_person.csv",
             b"pers_person_id,pers_common_child_id,pers_dob\n7,9990000018,2018-03-04\n"),
        File("extract", "SSD_Involvements.csv", b"invo_involvements_id,invo_person_id,invo_professional_team,"
             b"invo_involvement_start_date,invo_involvement_end_date\n1,7,Front Door,2025-01-06,\n"),
        File("extract", "ssd_assessments.csv", b"never read"),
        File("handles", "handles.csv", f"team,handle\nFront Door,{officer.handle}\nNobody,7RTA-M2XF\n".encode()),
        File("identity", "", b""),
    ]  # fmt: skip

    told = officer.run(files, format="ssd")

    assert told["summary"] == "Would add 1 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)"
    assert told["unknown_handles"] == 1


def test_a_return_takes_one_handle_and_an_identity_file(officer: Officer) -> None:
    files = [
        File("extract", "SSDA903_Header_2025.csv", b"CHILD,SEX,DOB,UPN\n17,1,04/03/2018,\n"),
        File("extract", "SSDA903_Episodes_2025.csv", b"CHILD,DECOM,DEC,REC\n17,06/01/2025,,\n"),
        File("identity", "ids.csv", b"local_id,nhs_number\n17,9990000018\n"),
    ]

    told = officer.run(files, format="s903", handle=officer.handle)
    assert told["summary"] == "Would add 1 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)"

    told = officer.run(files, format="s903", handle="front door")
    assert told["state"] == "unreadable"
    assert told["why"] == "The handle: it is not one of your handles, nor a team of the handles file."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "csv: there is nothing in the file, or it has no header row (FILE_EMPTY)."),
        (b"PK\x03\x04rest", "csv: the file is a workbook, not CSV: save it as 'CSV UTF-8' (FILE_WORKBOOK)."),
        (b"a;b;c\n", "csv: the columns are not separated by commas: save it as 'CSV UTF-8' (FILE_DELIMITER)."),
        ("local_id\n".encode("utf-16"),
         "csv: the file is neither UTF-8 nor Windows-1252: save it as 'CSV UTF-8' (FILE_ENCODING)."),
        (b'local_id,nhs_number,date_of_birth,start,end,handle\n"x',
         "csv, row 2: a quotation mark is opened in this row and not closed (QUOTE_UNCLOSED)."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_of_as_the_command_tells_it(
    standing: Officer, content: bytes, why: str
) -> None:
    told = standing.run(content)

    assert (told["state"], told["why"], told["sent"]) == ("unreadable", why, False)
    assert standing.get(f"/api/v1/feeds/{told['feed']}/errors").status_code == 404


def test_an_extract_of_windows_1252_is_read(officer: Officer) -> None:
    extract = csv_of([officer.row(0)]).replace(b"case-0", "Zoë".encode("cp1252"))

    assert officer.run(extract)["summary"] == "Would add 1 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)"


# -- what is refused before anything is taken in


def refused(standing: Officer, media_type: str, body: bytes) -> tuple[int, str, list[str]]:
    """The refusal of a body; and nothing is under way after it."""
    before = standing.get("/api/v1/feeds").json()
    answer = standing.send(media_type, body)
    assert standing.get("/api/v1/feeds").json() == before
    assert b"9990000018" not in answer.content
    errors = answer.json().get("errors", [])
    return answer.status_code, answer.json()["code"], [each["pointer"] for each in errors]


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({}, ["/format"]),
        ({"format": "xlsx"}, ["/format"]),
        ({"format": "csv", "handle": "front-door"}, ["/handle"]),
        ({"format": "cin"}, ["/handle"]),
        ({"format": "csv", "dry_run": "perhaps", "missing": "keep", "accept_ends": "many"},
         ["/dry_run", "/missing", "/accept_ends"]),
        ({"format": "csv", "handle": "x" * 201}, ["/handle"]),
        ({"format": "csv", "surname": "9990000018"}, []),
    ],
)  # fmt: skip
def test_fields_that_are_not_of_their_form_are_named(
    standing: Officer, fields: dict[str, str], pointers: list[str]
) -> None:
    """By our own names; and a field that is none of ours by none."""
    media_type, body = multipart(fields, [File("extract", "caseload.csv", csv_of([standing.row(0)]))])

    assert refused(standing, media_type, body) == (422, "malformed", pointers)


@pytest.mark.parametrize(
    ("files", "written_in", "pointers"),
    [
        ([], "csv", ["/extract"]),
        (["extract", "extract"], "csv", ["/extract"]),
        (["extract", "handles", "handles"], "csv", ["/handles"]),
        (["extract", "identity"], "csv", ["/identity"]),
        (["photograph"], "csv", []),
        (["extract"] * 65, "ssd", ["/extract"]),
    ],
)
def test_files_that_cannot_be_meant_are_refused(
    standing: Officer, files: list[str], written_in: str, pointers: list[str]
) -> None:
    sent = [File(each, f"{place}.csv", b"9990000018\n") for place, each in enumerate(files)]

    assert refused(standing, *multipart({"format": written_in}, sent)) == (422, "malformed", pointers)


def test_a_field_after_a_file_is_refused(standing: Officer) -> None:
    """What is asked is known before anything of a child is held."""
    media_type, body = multipart({"format": "csv"}, [File("extract", "caseload.csv", b"9990000018")])
    late = (
        b'--signpost-boundary\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\nno\r\n--signpost-boundary--\r\n'
    )

    broken = body.replace(b"--signpost-boundary--\r\n", late)

    assert refused(standing, media_type, broken) == (422, "malformed", ["/dry_run"])


@pytest.mark.parametrize("cut", [4, 40, 120, 200])
def test_a_body_that_breaks_off_is_refused(standing: Officer, cut: int) -> None:
    media_type, body = multipart({"format": "csv"}, [File("extract", "caseload.csv", csv_of([standing.row(0)]))])

    assert refused(standing, media_type, body[:-cut]) == (422, "malformed", [])


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", "text/csv; boundary=x", ""])
def test_what_is_no_form_with_files_is_refused(standing: Officer, media_type: str) -> None:
    assert refused(standing, media_type, b"9990000018") == (415, "unsupported-media-type", [])


def test_a_body_that_is_no_multipart_is_refused(standing: Officer) -> None:
    assert refused(standing, "multipart/form-data; boundary=x", b"9990000018" * 9) == (422, "malformed", [])


def test_more_than_the_limit_is_refused_and_the_connection_closed(officer: Officer) -> None:
    media_type, body = multipart({"format": "csv"}, [File("extract", "caseload.csv", b"x" * LONGEST_UPLOAD)])

    answer = officer.send(media_type, body)

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.headers["connection"] == "close"
    assert officer.upload(csv_of([officer.row(0)])).status_code == 202


def test_an_upload_whose_sender_goes_away_is_let_go_of(officer: Officer) -> None:
    """And the next one is taken."""
    media_type, body = multipart({"format": "csv"}, [File("extract", "caseload.csv", csv_of([officer.row(0)]))])
    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/feeds", "raw_path": b"/api/v1/feeds", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {officer.token}".encode()), (b"content-type", media_type.encode()),
                    (b"transfer-encoding", b"chunked")],
    }  # fmt: skip
    messages: list[Message] = [
        {"type": "http.request", "body": body[:300], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        """To nobody."""

    officer.gateway.index.run(officer.gateway.app(scope, receive, send))

    assert officer.get("/api/v1/feeds").json() == {"feeds": []}
    assert "unexpected" not in officer.gateway.log_lines.getvalue()
    assert officer.upload(csv_of([officer.row(0)])).status_code == 202
    officer.finish()


# -- who may


def test_nobody_but_a_data_officer_brings_or_sees_a_feed(officer: Officer) -> None:
    """Neither somebody who looks children up, nor the program, nor a stranger; and nothing of a body is read before."""
    feed = str(officer.run(csv_of([officer.row(0)]))["feed"])
    gateway = officer.gateway
    program = gateway.with_program()
    worker = gateway.token(gateway.enrol("worker-1"))
    for token, code in ((worker, "role-refused"), (program, "not-signed-in"), ("A" * 43, "not-signed-in")):
        stranger = Officer(gateway, officer.user)
        stranger.token = token
        answer = stranger.upload(csv_of([officer.row(0)]))
        assert answer.json()["code"] == code
        assert answer.headers["connection"] == "close"
        for path in ("/api/v1/feeds", f"/api/v1/feeds/{feed}", f"/api/v1/feeds/{feed}/errors"):
            assert stranger.get(path).json()["code"] == code


def test_an_administrator_sees_what_came_of_feeds_and_brings_and_cancels_none(officer: Officer) -> None:
    told = officer.run(csv_of([officer.row(0)]))
    administrator = Officer(officer.gateway, officer.gateway.enrol("admin-1", Role.ADMINISTRATOR))

    assert administrator.told(str(told["feed"])) == told
    for answer in (
        administrator.upload(csv_of([officer.row(0)])),
        administrator.delete(f"/api/v1/feeds/{told['feed']}"),
    ):
        assert answer.json()["code"] == "role-refused"


def test_a_data_officer_looks_nobody_up(officer: Officer) -> None:
    question = {"child": {"nhs_number": number(0), "date_of_birth": "2018-03-04"}, "urgency": "today"}

    answer = officer.gateway.request("POST", "/api/v1/lookups", question, token=officer.token)

    assert answer.json()["code"] == "role-refused"


def test_a_gateway_without_a_feeds_desk_takes_none(tmp_path: Path) -> None:
    with open_whole_gateway(tmp_path) as gateway:
        officer = Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER))

        assert officer.upload(b"x").json()["code"] == "feeds-not-taken"


def test_a_suspended_officer_is_refused_before_anything_is_taken_in(officer: Officer) -> None:
    """The index is asked in the officer's own name at each upload."""
    gateway = officer.gateway
    assert state(gateway.index, AccountAct.SUSPEND, "northtown", account=officer.user.account).status_code == 200

    answer = officer.upload(csv_of([officer.row(0)]))

    assert answer.json()["code"] in ("revoked", "shift-ended")
    assert officer.upload(csv_of([officer.row(0)])).json()["code"] == "not-signed-in"


# -- one at a time, and how it ends


def test_there_is_one_feed_at_a_time(officer: Officer) -> None:
    media_type, body = multipart({"format": "csv"}, [File("extract", "caseload.csv", csv_of([officer.row(0)]))])

    async def both() -> list[int]:
        answers = await asyncio.gather(officer.sending(media_type, body), officer.sending(media_type, body))
        return sorted(answer.status_code for answer in answers)

    assert officer.gateway.index.run(both()) == [202, 409]
    officer.finish()
    assert officer.upload(csv_of([officer.row(0)])).status_code == 202


def slowly(monkeypatch: pytest.MonkeyPatch, officer: Officer, then: str, *, administrator: str = "") -> None:
    """As soon as the run registers its first batch, something else happens."""
    register = Index.register
    done: list[str] = []

    async def registers(self: Index, request: object) -> object:
        receipt = await register(self, request)  # type: ignore[arg-type]
        if not done:
            done.append(then)
            feeds = officer.gateway.feeds
            assert feeds is not None
            assert feeds._current is not None
            if then == "suspended":
                await officer.gateway.requesting(
                    "POST", "/api/v1/accounts/suspend", {"account": officer.user.account}, token=administrator
                )
            elif then == "cancelled":
                await officer.gateway.requesting(
                    "DELETE", f"/api/v1/feeds/{feeds._current.told.feed}", token=officer.token
                )
            else:
                await officer.gateway.requesting("DELETE", "/api/v1/sessions", token=officer.token)
        return receipt

    monkeypatch.setattr(Index, "register", registers)


def test_a_run_that_is_cancelled_while_it_sends_keeps_what_was_acknowledged_and_is_completed(
    officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = csv_of([officer.row(each) for each in range(100)])
    with monkeypatch.context() as patched:
        slowly(patched, officer, "cancelled")
        told = officer.run(extract, dry_run="no")

    assert (told["state"], told["sent"]) == ("cancelled", True)
    assert told["hint"] == "Upload the same files again: that does what is left."
    kept = owned(officer)
    assert 0 < kept < 100

    assert officer.run(extract, dry_run="no")["summary"] == (
        f"Added {100 - kept} · unchanged {kept} · rejected 0 (0.00 %, limit 2 %)"
    )
    assert owned(officer) == 100


def test_the_run_of_an_officer_whom_an_administrator_suspends_here_ends_where_it_is(
    officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is not trusted any more does not withdraw the rest of a caseload."""
    administrator = officer.gateway.token(officer.gateway.enrol("admin-1", Role.ADMINISTRATOR))
    with monkeypatch.context() as patched:
        slowly(patched, officer, "suspended", administrator=administrator)
        answer = officer.upload(csv_of([officer.row(each) for each in range(100)]), dry_run="no")
        officer.finish()

    officer.token = administrator
    assert officer.told(str(answer.json()["feed"]))["state"] == "cancelled"
    assert 0 < owned(officer) < 100


def test_signing_out_does_not_end_a_run_that_sends(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is better at its end than half way."""
    with monkeypatch.context() as patched:
        slowly(patched, officer, "signed out")
        assert officer.upload(csv_of([officer.row(each) for each in range(50)]), dry_run="no").status_code == 202
        officer.finish()

    officer.token = officer.gateway.token(officer.user)
    assert officer.get("/api/v1/feeds").json()["feeds"][0]["state"] == "registered"
    assert owned(officer) == 50


def test_signing_out_ends_a_run_that_has_sent_nothing(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = FeedRun.compare

    async def compares(self: FeedRun, index: object) -> object:
        await officer.gateway.requesting("DELETE", "/api/v1/sessions", token=officer.token)
        return await compare(self, index)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(FeedRun, "compare", compares)
        assert officer.upload(csv_of([officer.row(0)]), dry_run="no").status_code == 202
        officer.finish()

    officer.token = officer.gateway.token(officer.user)
    assert officer.get("/api/v1/feeds").json()["feeds"][0]["state"] == "cancelled"
    assert owned(officer) == 0


def test_a_gateway_that_ends_in_the_middle_has_lost_nothing_that_was_acknowledged(
    officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is killed: what it holds is in memory alone, and the history says that it was interrupted."""
    extract, gateway = csv_of([officer.row(each) for each in range(100)]), officer.gateway
    register, sent, acknowledged, sending = Index.register, list[int](), asyncio.Event(), asyncio.Event()

    async def registers(self: Index, request: object) -> object:
        if sent:
            await acknowledged.wait()
            sending.set()
            await asyncio.Event().wait()
        sent.append(1)
        answer = await register(self, request)  # type: ignore[arg-type]
        acknowledged.set()
        return answer

    async def killed() -> None:
        feeds = gateway.feeds
        assert feeds is not None
        await sending.wait()
        # Nothing that a killed process would not do either: it writes nothing more.
        monkeypatch.setattr(feeds, "_written", lambda run: None)
        assert feeds._task is not None
        feeds._task.cancel()
        await asyncio.wait({feeds._task})

    with monkeypatch.context() as patched:
        patched.setattr(Index, "register", registers)
        assert officer.upload(extract, dry_run="no").status_code == 202
        gateway.index.run(killed())
    gateway.index.settle()
    kept = owned(officer)
    assert 0 < kept < 100

    gateway.with_program()  # started again
    officer.token = gateway.token(officer.user)
    (told,) = officer.get("/api/v1/feeds").json()["feeds"]
    assert (told["state"], told["hint"]) == ("interrupted", "Upload the same files again: that does what is left.")
    officer.run(extract, dry_run="no")
    assert owned(officer) == 100


def test_what_the_key_holders_refuse_is_told_of_and_a_rerun_does_it(officer: Officer) -> None:
    """Their list of what was taken back is too old to evaluate by."""
    extract, gateway = csv_of([officer.row(0)]), officer.gateway
    gateway.index.world.clock.advance(301)
    for holder in gateway.holders:
        holder.clock.at = gateway.index.world.clock.now()

    told = officer.run(extract, dry_run="no")

    assert (told["state"], told["sent"]) == ("failed", True)
    assert told["hint"] == "Upload the same files again: that does what is left."
    assert owned(officer) == 0
    gateway.keep_time()
    assert officer.run(extract, dry_run="no")["state"] == "registered"


@pytest.mark.parametrize(("rows", "state"), [(2_000, "unreadable"), (1, "failed")])
def test_more_rows_than_there_is_memory_for_are_told_of(
    officer: Officer, monkeypatch: pytest.MonkeyPatch, rows: int, state: str
) -> None:
    """In the extract; and in what the organisation has at the index already."""
    if state == "failed":
        listed = [
            SimpleNamespace(reference=os.urandom(16), row_digest=os.urandom(32), changed_here=False)
            for _ in range(5_000)
        ]

        async def involvements(_: object) -> AsyncIterator[list[SimpleNamespace]]:
            yield listed

        monkeypatch.setattr(Index, "involvements", involvements)
    monkeypatch.setattr(spill, "MOST_BYTES", 50_000)

    told = officer.run(csv_of([officer.row(0, local_id=f"case-{each}") for each in range(rows)]), dry_run="no")

    assert (told["state"], told["sent"]) == (state, False)
    assert told["why"] == "There are more rows or involvements than a gateway takes."


@pytest.mark.parametrize("what", [LookupError, sqlite3.OperationalError])
def test_what_nobody_foresaw_is_logged_by_class_and_place_and_ends_the_run(
    officer: Officer, monkeypatch: pytest.MonkeyPatch, what: type[Exception]
) -> None:
    """A fault of the database that is not its bound is a fault, and no extract that is too large."""

    def fails(*_: object, **__: object) -> None:
        raise what("9990000018")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "open_extract", fails)
        told = officer.run(csv_of([officer.row(0)]))

    assert (told["state"], told["why"]) == ("failed", "Something went wrong at the gateway.")
    assert what.__name__ in officer.gateway.log_lines.getvalue()
    assert "9990000018" not in officer.gateway.log_lines.getvalue()
    assert officer.run(csv_of([officer.row(0)]))["state"] == "looked-at"


# -- the history


def test_the_history_is_kept_for_its_days_and_no_longer(officer: Officer) -> None:
    """On the disk, for the gateway's user alone."""
    feed = str(officer.run(csv_of([officer.row(0, nhs_number="9990000019")]))["feed"])
    folder = officer.gateway.files.folder / "feeds"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == [f"{feed}.csv", f"{feed}.json"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)

    officer.gateway.index.world.clock.advance(DAYS * 86_400)
    officer.gateway.gateway.forget_old()

    assert list(folder.iterdir()) == []


def test_a_history_that_cannot_be_written_stops_no_feed(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(FeedHistory, "keep", full)

    answer = officer.upload(csv_of([officer.row(0)]), dry_run="no")
    officer.finish()

    assert answer.status_code == 202
    assert owned(officer) == 1
    assert "feed-not-written" in officer.gateway.log_lines.getvalue()


def test_what_is_no_run_is_unknown(officer: Officer) -> None:
    for answer in (
        officer.get("/api/v1/feeds/AAAAAAAAAAAA"),
        officer.get("/api/v1/feeds/AAAAAAAAAAAA/errors"),
        officer.delete("/api/v1/feeds/AAAAAAAAAAAA"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, ProblemCode.FEED_UNKNOWN)
