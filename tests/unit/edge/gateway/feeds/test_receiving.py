"""Taking in an upload: the same whatever pieces it comes in, and let go of whole where it is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.gateway.feeds.memory_file import MemoryFile
from signpost.edge.gateway.feeds.receiving import Received, receive
from signpost.protocol.problems import Problem, ProblemCode
from tests.support.uploads import BOUNDARY, File, multipart

FIELDS = {"format": "csv", "dry_run": "no"}


def open_files() -> int:
    """How many uploaded files are open."""
    links = (each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return sum("memfd:feed" in str(link) for link in links)


def taken(media_type: str, body: bytes, *, piece: int = 1 << 16, wanted: int = 1 << 30) -> Received:
    """An upload that comes in pieces of so many bytes, and is wanted for so many of them."""
    came = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal came
        for start in range(0, len(body), piece):
            came += 1
            yield body[start : start + piece]

    return asyncio.run(receive(media_type, pieces(), wanted=lambda: came <= wanted))


@given(
    contents=st.lists(st.binary(max_size=300) | st.just(b"\r\n--" + BOUNDARY.encode()[:9]), max_size=3),
    piece=st.integers(1, 400),
)
def test_an_upload_is_the_same_whatever_pieces_it_comes_in(contents: list[bytes], piece: int) -> None:
    media_type, body = multipart(FIELDS, [File("extract", f"{nth}.csv", each) for nth, each in enumerate(contents)])

    received = taken(media_type, body, piece=piece)
    try:
        assert received.fields == FIELDS
        assert [each.content.path.read_bytes() for each in received.files] == contents
        assert [each.called for each in received.files] == [f"{nth}.csv" for nth in range(len(contents))]
    finally:
        received.close()


@given(
    body=st.binary(max_size=400),
    cut=st.integers(0, 500),
    at=st.integers(0, 500),
)
def test_whatever_comes_is_taken_or_refused_by_name_and_nothing_stays_open(body: bytes, cut: int, at: int) -> None:
    """Bytes put into a good upload, or cut out of it."""
    media_type, good = multipart(FIELDS, [File("extract", "a.csv", b"x" * 50), File("handles", "b.csv", b"y" * 50)])

    refused: list[ProblemCode] = []
    try:
        taken(media_type, good[:at] + body + good[at + cut :], piece=97).close()
    except Problem as problem:
        refused.append(problem.code)

    assert refused in ([], [ProblemCode.MALFORMED])
    assert open_files() == 0


@pytest.mark.parametrize("called", ["extract/ssd_person.csv", "C:\\extract\\ssd_person.csv", "ssd_person.csv"])
def test_a_file_is_called_by_the_last_part_of_its_name(called: str) -> None:
    received = taken(*multipart(FIELDS, [File("extract", called, b"x")]))
    try:
        assert [each.called for each in received.files] == ["ssd_person.csv"]
    finally:
        received.close()


def test_an_upload_that_was_cancelled_is_let_go_of() -> None:
    media_type, body = multipart(FIELDS, [File("extract", "a.csv", b"x" * 5000)])

    with pytest.raises(Problem) as refused:
        taken(media_type, body, piece=1000, wanted=2)

    assert refused.value.code is ProblemCode.FEED_CANCELLED
    assert open_files() == 0


def test_what_refuses_before_the_first_file_sees_the_fields_and_no_file_is_held() -> None:
    seen: list[dict[str, str]] = []
    media_type, body = multipart(FIELDS, [File("extract", "a.csv", b"x" * 5000)])

    def refuse(fields: Mapping[str, str]) -> None:
        seen.append(dict(fields))
        assert open_files() == 0
        raise Problem(ProblemCode.FORM_REFUSED)

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    with pytest.raises(Problem) as refused:
        asyncio.run(receive(media_type, pieces(), before_files=refuse))

    assert refused.value.code is ProblemCode.FORM_REFUSED
    assert seen == [FIELDS]


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Disposition: attachment; name=extract; filename=a.csv",
        "Content-Type: text/csv",
        "X: " + "y" * 3000,
        "\r\n".join(f"X-{nth}: y" for nth in range(9)),
    ],
)
def test_a_part_that_is_no_forms_is_refused(headers: str) -> None:
    body = f"--{BOUNDARY}\r\n{headers}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode()

    with pytest.raises(Problem) as refused:
        taken(f"multipart/form-data; boundary={BOUNDARY}", body)

    assert refused.value.code is ProblemCode.MALFORMED


def test_a_boundary_that_there_is_not_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        taken(f"multipart/form-data; boundary={'b' * 300}", b"")

    assert refused.value.code is ProblemCode.UNSUPPORTED_MEDIA_TYPE


def test_a_file_in_memory_is_on_no_disk_cannot_be_changed_once_it_is_whole_and_does_not_print() -> None:
    file = MemoryFile()
    try:
        file.write(memoryview(b"a child"))
        file.seal()

        assert file.path.is_file()
        assert file.path.read_bytes() == b"a child"
        with pytest.raises(PermissionError):
            file.write(memoryview(b"!"))
        with pytest.raises(PermissionError):
            os.truncate(file.path, 0)
        assert "child" not in repr(file)
    finally:
        file.close()
    file.close()
    assert open_files() == 0
