"""Feeds by upload at the gateway's pages: a data officer's form, the run's page, the history and the errors file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx2
import pytest

from signpost.edge.gateway.sessions import LOCK_SECONDS
from signpost.protocol.purposes import Role
from tests.support.browsing import FROM_HERE, HOST, PIN, Browser, forms_of, text_of, title_of
from tests.support.uploads import File, Officer, csv_of, multipart
from tests.support.whole_gateway import open_whole_gateway
from tests.support.world import TODAY


class Scene:
    """A data officer's browser, at Northtown's gateway with a feed's desk."""

    def __init__(self, officer: Officer) -> None:
        self.officer = officer
        self.browser = Browser(officer.gateway)
        self.first = self.browser.sign_in(officer.user)

    def upload(
        self, content: bytes, *, headers: Mapping[str, str] = FROM_HERE, token: str | None = None, **fields: str
    ) -> httpx2.Response:
        """The form of the feeds page, sent with a file; where it leads, once the run is at its end."""
        page = self.browser.open("/feeds")
        form = next(each for each in forms_of(page) if each.action == "/feeds/upload")
        assert set(fields) <= form.names
        filled = {**dict(form.fields), "format": "csv", **fields} | ({} if token is None else {"csrf": token})
        files = [File("extract", "caseload.csv", content), File("handles", "", b""), File("identity", "", b"")]
        answer = self.sent(filled, files, headers)
        self.officer.finish()
        self.browser.page = self.browser.open(answer.headers["location"]) if answer.status_code == 303 else answer
        return self.browser.page

    def sent(self, fields: Mapping[str, str], files: Sequence[File], headers: Mapping[str, str]) -> httpx2.Response:
        """An upload as a browser sends it."""
        media_type, body = multipart(fields, files)

        async def send() -> httpx2.Response:
            road = httpx2.ASGITransport(app=self.officer.gateway.app)
            cookie = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
            named = {**headers, "host": HOST, "cookie": cookie, "content-type": media_type}
            async with httpx2.AsyncClient(transport=road, base_url=f"https://{HOST}") as client:
                return await client.post("/feeds/upload", content=body, headers=named)

        return self.officer.gateway.index.run(send())

    def extract(self, children: int = 2, **changed: str) -> bytes:
        """A file with so many children, the last of them changed."""
        rows = [self.officer.row(each) for each in range(children)]
        return csv_of([*rows[:-1], rows[-1] | changed])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Nothing was uploaded yet."""
    with open_whole_gateway(tmp_path) as gateway:
        gateway.with_program()
        yield Scene(Officer(gateway, gateway.enrol("data-1", Role.DATA_OFFICER)))


def test_a_dry_run_is_looked_at_and_the_same_file_is_registered(scene: Scene) -> None:
    """The first page of a data officer is the form; a dry run is what it does unless they choose otherwise."""
    assert title_of(scene.first) == "Feeds - Signpost"
    assert "There was no feed." in text_of(scene.first)

    looked = scene.upload(scene.extract())
    assert "Would add 2 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)" in text_of(looked)
    assert "To do this, upload the same files again and choose Register it." in text_of(looked)
    assert scene.officer.gateway.index.tables()["owned_involvements"] == []

    done = scene.upload(scene.extract(), dry_run="no", pin=PIN)
    assert "Added 2 · unchanged 0 · rejected 0 (0.00 %, limit 2 %)" in text_of(done)
    history = text_of(scene.browser.open("/feeds"))
    assert "Registered Added 2" in history
    assert "Dry run: nothing was sent Would add 2" in history


def test_the_errors_file_is_downloaded_from_the_runs_page_and_from_the_history(scene: Scene) -> None:
    page = scene.upload(scene.extract(nhs_number="9990000019"))
    assert "1 of 2 rows were rejected, more than the limit of 2 %." in text_of(page)
    assert "It would stop here." in text_of(page)

    scene.browser.open("/feeds")
    page = scene.browser.send("/feeds/run")
    file = scene.browser.send("/feeds/errors")

    assert file.headers["content-disposition"] == 'attachment; filename="errors.csv"'
    assert file.headers["cache-control"] == "no-store"
    assert file.text == "row,field,code,meaning\n3,nhs_number,NHS_CHECK_DIGIT,the check digit does not match\n"
    assert "9990000019" not in page.text


def test_too_many_ends_are_accepted_by_their_number(scene: Scene) -> None:
    scene.upload(scene.extract(3), dry_run="no", pin=PIN)
    stopped = scene.upload(scene.extract(1), dry_run="no", pin=PIN)
    assert "enter 2 where it asks how many you have looked at" in text_of(stopped)

    done = scene.upload(scene.extract(1), dry_run="no", accept_ends="2", pin=PIN)

    assert "Added 0 · withdrawn 2 · unchanged 1" in text_of(done)


def test_what_was_ended_at_the_gateway_is_told_and_registered_again_by_choice(scene: Scene) -> None:
    scene.upload(scene.extract(), dry_run="no", pin=PIN)
    gateway = scene.officer.gateway
    worker = gateway.token(gateway.enrol("worker-1"))
    row = {name: scene.officer.row(1)[name] for name in ("local_id", "start", "handle")}
    ended = gateway.request("POST", "/api/v1/involvements/own/end", {**row, "ended_on": str(TODAY)}, token=worker)
    assert ended.status_code == 200, ended.text

    looked = text_of(scene.upload(scene.extract()))
    assert "1 piece of work was ended or handed over at the gateway, and the extract has it as it was: row 3." in looked

    done = text_of(scene.upload(scene.extract(), dry_run="no", send_again="yes", pin=PIN))
    assert "Added 0 · changed 1 · unchanged 1" in done
    assert "handed over at the gateway" not in done
    wrong = scene.upload(scene.extract(), send_again="perhaps")
    assert '<a href="#send_again">' in wrong.text


def test_nothing_is_registered_without_the_pin(scene: Scene) -> None:
    """Whoever comes by a desk that was just left could withdraw all that the organisation registered."""
    for pin, told in (("", "Enter your PIN"), ("000001", "You can try 9 more times")):
        page = scene.upload(scene.extract(), dry_run="no", pin=pin)
        assert (page.status_code, told in text_of(page)) == (422, True)

    assert "There was no feed." in text_of(scene.browser.open("/feeds"))
    tried = [scene.upload(scene.extract(), dry_run="no", pin="000001") for _ in range(9)]
    assert title_of(tried[-1]) == "You are signed out - Signpost"


def test_a_field_that_is_not_of_its_form_is_told_at_the_form(scene: Scene) -> None:
    page = scene.upload(scene.extract(), handle="front-door", accept_ends="many")

    assert page.status_code == 422
    assert title_of(page) == "Error: Feeds - Signpost"
    assert "Enter the handle whose work it is" in text_of(page)
    assert 'href="#accept_ends"' in page.text
    assert "There was no feed." in text_of(page)


def test_a_file_that_cannot_be_read_is_told_of_in_plain_words(scene: Scene) -> None:
    page = scene.upload(b"a;b;c\n")

    assert "The extract cannot be read" in text_of(page)
    assert "the columns are not separated by commas: save it as 'CSV UTF-8' (FILE_DELIMITER)" in text_of(page)
    assert "Nothing was sent." in text_of(page)


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}, None),
        ({}, None),
        (FROM_HERE, "A" * 43),
        (FROM_HERE, ""),
    ],
)
def test_a_form_that_is_not_from_here_is_taken_nowhere(
    scene: Scene, headers: Mapping[str, str], token: str | None
) -> None:
    """Another site's page can send a form with files too."""
    page = scene.upload(scene.extract(), headers=headers, token=token)

    assert page.status_code == 403
    assert "form-refused" in scene.officer.gateway.log_lines.getvalue()
    assert "There was no feed." in text_of(scene.browser.open("/feeds"))


def test_a_desk_that_was_left_asks_for_the_pin_and_lets_go_of_the_file(scene: Scene) -> None:
    page = scene.browser.open("/feeds")
    form = next(each for each in forms_of(page) if each.action == "/feeds/upload")
    scene.officer.gateway.index.world.clock.advance(LOCK_SECONDS)

    answer = scene.sent({**dict(form.fields), "format": "csv"}, [File("extract", "x.csv", scene.extract())], FROM_HERE)

    assert "PIN" in text_of(answer)
    assert "9990000018" not in answer.text
    scene.browser.page = answer
    assert "There was no feed." in text_of(scene.browser.send("/unlock", {"unlock": "314159"}))


def test_an_administrator_sees_the_history_and_has_no_form(scene: Scene) -> None:
    scene.upload(scene.extract(nhs_number="9990000019"))
    administrator = Browser(scene.officer.gateway)
    administrator.sign_in(scene.officer.gateway.enrol("admin-1", Role.ADMINISTRATOR))

    page = administrator.open("/feeds")

    assert "Would add 1" in text_of(page)
    assert "/feeds/upload" not in page.text
    administrator.send("/feeds/run")
    assert administrator.send("/feeds/errors").text.startswith("row,field,code,meaning\n3,nhs_number")


def test_somebody_else_has_no_such_page(scene: Scene) -> None:
    gateway = scene.officer.gateway
    worker = Browser(gateway)
    worker.sign_in(gateway.enrol("worker-1"))

    for path in ("/feeds", "/feeds/run"):
        assert worker.open(path).status_code == 404
    media_type, _ = multipart({}, [])
    assert (
        worker.ask("POST", "/feeds/upload", [("format", "csv")], {**FROM_HERE, "content-type": media_type}).status_code
        == 404
    )
