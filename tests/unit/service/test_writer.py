"""Many writes share a commit; each caller hears its own outcome, and none before the commit."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database, Migrations
from sqlite_utils.utils import sqlite3

from signpost.service.database import Connection, open_database
from signpost.service.log import Log, Word
from signpost.service.writer import WriteLost, Writer, WriterClosed

MIGRATIONS = Migrations("words")


@MIGRATIONS()
def words(database: Database) -> None:
    database.execute("CREATE TABLE word (word TEXT PRIMARY KEY) STRICT")


class Watched(sqlite3.Connection):
    """A connection whose commits can be counted, held back and broken."""

    commits = 0
    failing: frozenset[int] = frozenset()
    """The commits that fail, counted from 1."""
    may_commit: threading.Event
    at_commit: threading.Event

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self.commits += 1
            self.at_commit.set()
            assert self.may_commit.wait(10)
            if self.commits in self.failing:
                raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *values)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "words.sqlite"
    open_database(path, [MIGRATIONS]).close()
    return path


@pytest.fixture
def connection(path: Path) -> Watched:
    watched = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Watched)
    watched.may_commit = threading.Event()
    watched.may_commit.set()
    watched.at_commit = threading.Event()
    return watched


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def writer(connection: Watched, lines: io.StringIO) -> Iterator[Writer]:
    with Writer(connection, Log(Word("test"), lines)) as writer:
        yield writer
        connection.may_commit.set()


def add(word: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute("INSERT INTO word VALUES (?)", (word,))
        return word

    return work


def add_then_raise(word: str, error: BaseException) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO word VALUES (?)", (word,))
        raise error

    return work


def held(path: Path) -> set[str]:
    """What another connection sees: only what has been committed."""
    with sqlite3.connect(path) as other:
        found = {word for (word,) in other.execute("SELECT word FROM word")}
    other.close()
    return found


async def together(
    writer: Writer, connection: Watched, works: Sequence[Callable[[Connection], object]]
) -> list[object | BaseException]:
    """Hands in all of them while an earlier commit is on its way, so that they share the next one."""
    connection.may_commit.clear()
    connection.at_commit.clear()
    first = asyncio.create_task(writer.submit(lambda _: None))
    await asyncio.to_thread(connection.at_commit.wait, 10)
    rest = [asyncio.create_task(writer.submit(work)) for work in works]
    await asyncio.sleep(0)
    connection.may_commit.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def test_nobody_hears_before_the_commit_has_returned(writer: Writer, connection: Watched, path: Path) -> None:
    """While the commit is held back, another connection sees nothing and the caller waits; then both see it."""

    async def story() -> None:
        connection.may_commit.clear()
        waiting = asyncio.create_task(writer.submit(add("lamp")))
        await asyncio.to_thread(connection.at_commit.wait, 10)
        await asyncio.sleep(0.05)

        assert not waiting.done()
        assert held(path) == set()

        connection.may_commit.set()
        assert await waiting == "lamp"
        assert held(path) == {"lamp"}

    asyncio.run(story())


def test_what_waits_shares_one_commit(writer: Writer, connection: Watched, path: Path) -> None:
    """Fifty writes that queue up behind a commit take one more between them."""

    async def story() -> None:
        outcomes = await together(writer, connection, [add(f"word {number}") for number in range(50)])
        assert outcomes == [f"word {number}" for number in range(50)]

    asyncio.run(story())

    assert connection.commits == 2
    assert len(held(path)) == 50


@pytest.mark.parametrize("error", [ValueError("x"), sqlite3.IntegrityError("x"), KeyboardInterrupt(), SystemExit()])
def test_work_that_raises_is_undone_alone(
    writer: Writer, connection: Watched, path: Path, error: BaseException
) -> None:
    """Its neighbours, before and after it, are kept; the exception reaches its own caller and no other."""
    outcomes: list[object] = []

    def wait_for(work: Callable[[Connection], object]) -> None:
        try:
            outcomes.append(writer.run(work))
        except BaseException as raised:  # noqa: BLE001 - the fact is about any
            outcomes.append(raised)

    for work in (add("before"), add_then_raise("never", error), add("after")):
        wait_for(work)

    assert outcomes == ["before", error, "after"]
    assert held(path) == {"before", "after"}


def test_work_that_raises_does_not_hurt_those_in_its_commit(writer: Writer, connection: Watched, path: Path) -> None:
    """The same within one transaction: the savepoint alone is rolled back."""

    async def story() -> None:
        wrong = ValueError("wrong")
        works = [add("before"), add_then_raise("never", wrong), add("before"), add("after")]
        first, raised, repeated, last = await together(writer, connection, works)
        assert (first, raised, last) == ("before", wrong, "after")
        assert isinstance(repeated, sqlite3.IntegrityError)

    asyncio.run(story())

    assert connection.commits == 2
    assert held(path) == {"before", "after"}


def test_a_commit_that_fails_fails_everybody_in_it(
    writer: Writer, connection: Watched, path: Path, lines: io.StringIO
) -> None:
    """Each hears that it was lost, nothing of it is there, it is logged by class alone, and the next commit works."""
    connection.failing = frozenset({2})

    async def story() -> None:
        outcomes = await together(writer, connection, [add("lamp"), add_then_raise("never", ValueError()), add("cup")])
        assert [type(outcome) for outcome in outcomes] == [WriteLost] * 3
        assert {type(lost.__cause__) for lost in outcomes if isinstance(lost, WriteLost)} == {sqlite3.OperationalError}
        assert held(path) == set()
        assert await writer.submit(add("later")) == "later"

    asyncio.run(story())

    assert held(path) == {"later"}
    (logged,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (logged["event"], logged["pieces"]) == ("write-lost", 3)
    assert logged["exception"].endswith(".OperationalError")
    assert "disk I/O" not in lines.getvalue()


def test_a_full_disk_loses_nothing_that_was_acknowledged(writer: Writer, path: Path) -> None:
    """SQLite ends the whole transaction by itself when the disk is full; whoever was told it was written finds it."""
    writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 12").fetchone())
    big = "w" * 900

    async def story() -> list[str | BaseException]:
        works = [add(f"{number} {big}") for number in range(60)]
        return await asyncio.gather(*(writer.submit(work) for work in works), return_exceptions=True)

    outcomes = asyncio.run(story())

    acknowledged = {outcome for outcome in outcomes if isinstance(outcome, str)}
    assert held(path) == acknowledged
    assert len(acknowledged) < 60


def test_a_database_that_somebody_else_holds_is_an_answer_too(writer: Writer, connection: Watched, path: Path) -> None:
    """When no transaction can begin, the caller hears so, and the next one is served."""
    connection.execute("PRAGMA busy_timeout = 10")
    backup = sqlite3.connect(path, isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")

    with pytest.raises(WriteLost):
        writer.run(add("lamp"))
    backup.execute("ROLLBACK")
    backup.close()

    assert writer.run(add("lamp")) == "lamp"


def test_work_that_commits_by_itself_is_answered_as_lost(writer: Writer, path: Path) -> None:
    """It broke the rule that work leaves the transaction alone; nobody in it is told that all is well."""

    def commit(connection: Connection) -> None:
        connection.execute("COMMIT")

    with pytest.raises(WriteLost):
        writer.run(commit)

    assert writer.run(add("lamp")) == "lamp"


def test_work_that_raises_stop_iteration_does_not_hang_its_caller(writer: Writer) -> None:
    """An asyncio future takes no StopIteration, so it arrives as a RuntimeError."""

    async def story() -> None:
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(writer.submit(add_then_raise("never", StopIteration())), 10)

    asyncio.run(story())


def test_work_given_up_before_its_turn_is_not_run(writer: Writer, connection: Watched, path: Path) -> None:
    async def story() -> None:
        connection.may_commit.clear()
        first = asyncio.create_task(writer.submit(add("first")))
        await asyncio.to_thread(connection.at_commit.wait, 10)
        given_up = asyncio.create_task(writer.submit(add("given up")))
        last = asyncio.create_task(writer.submit(add("last")))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        connection.may_commit.set()

        assert (await first, await last) == ("first", "last")
        assert given_up.cancelled()

    asyncio.run(story())

    assert held(path) == {"first", "last"}


def test_work_given_up_once_begun_commits(writer: Writer, connection: Watched, path: Path) -> None:
    """A request that is cancelled while its commit is on its way may have written; the writer goes on."""

    async def story() -> None:
        connection.may_commit.clear()
        begun = asyncio.create_task(writer.submit(add("begun")))
        await asyncio.to_thread(connection.at_commit.wait, 10)
        begun.cancel()
        with pytest.raises(asyncio.CancelledError):
            await begun
        connection.may_commit.set()
        assert await writer.submit(add("next")) == "next"

    asyncio.run(story())

    assert held(path) == {"begun", "next"}


def test_a_loop_that_is_gone_holds_nobody_up(writer: Writer, connection: Watched, path: Path) -> None:
    """The event loop ends before the commit returns: what was begun is written, and others are served."""
    connection.may_commit.clear()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(writer.submit(add("orphan")))
    loop.run_until_complete(asyncio.sleep(0))
    assert connection.at_commit.wait(10)
    loop.close()
    connection.may_commit.set()

    assert writer.run(add("next")) == "next"
    assert held(path) == {"orphan", "next"}
    waiting.get_coro().close()


def test_closing_runs_what_is_queued_and_takes_no_more(connection: Watched, path: Path) -> None:
    writer = Writer(connection, Log(Word("test"), io.StringIO()))
    connection.may_commit.clear()

    with ThreadPoolExecutor(8) as callers:
        outcomes = [callers.submit(writer.run, add(f"word {number}")) for number in range(8)]
        assert connection.at_commit.wait(10)
        closing = threading.Thread(target=writer.close)
        closing.start()
        connection.may_commit.set()
        answered = {outcome.result(10) for outcome in outcomes if not isinstance(outcome.exception(10), WriterClosed)}
        closing.join(10)

    assert held(path) == answered
    with pytest.raises(WriterClosed):
        writer.run(add("late"))
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
    writer.close()


def test_work_that_waits_for_more_work_is_told_so(writer: Writer) -> None:
    """It would wait for ever: the one thread that could do it is waiting."""
    with pytest.raises(RuntimeError):
        writer.run(lambda _: writer.run(add("lamp")))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12), crowd=st.integers())
def test_what_is_there_is_what_was_acknowledged(
    writer: Writer, path: Path, plan: list[tuple[int, bool]], crowd: int
) -> None:
    """Whatever mixture succeeds, raises or breaks a constraint: the rows are those whose callers were told so."""

    async def story() -> list[str | BaseException | None]:
        works = [
            add(f"{crowd} {word}") if well else add_then_raise(f"{crowd} {word}", ValueError()) for word, well in plan
        ]
        return await asyncio.gather(*(writer.submit(work) for work in works), return_exceptions=True)

    outcomes = asyncio.run(story())

    acknowledged = sorted(outcome for outcome in outcomes if isinstance(outcome, str))
    assert sorted(word for word in held(path) if word.startswith(f"{crowd} ")) == acknowledged
    writer.run(lambda connection: connection.execute("DELETE FROM word").fetchall())
