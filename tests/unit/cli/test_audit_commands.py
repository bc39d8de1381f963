"""`signpost audit` against an index that is not to be believed: what it hands out is checked, and never kept whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signpost.edge.failures import Refused
from signpost.protocol.messages import MAX_LEAVES, RecordedLeaf, RecordPage
from signpost.protocol.problems import ProblemCode
from signpost.protocol.record import CHAIN_START, chain
from signpost_cli import audit_commands
from signpost_cli.main import run

GOOD = {
    "access": "a", "account": "nurse-1", "action": "looked-up", "at": 1_790_000_000, "deep": None,
    "organisation": "st-elsewhere", "purpose": "s47", "refused": None, "subject": None,
}  # fmt: skip


class Record:
    """An index's record, in pages; and a client that asks for nothing else."""

    def __init__(self, leaves: list[str]) -> None:
        self.asked: list[int] = []
        self.desks_own = False
        self.refused = False
        self.leaves: list[RecordedLeaf] = []
        link = CHAIN_START
        for number, leaf in enumerate(leaves, start=1):
            link = chain(link, leaf.encode())
            self.leaves.append(RecordedLeaf(number=number, leaf=leaf, link=link))

    @property
    def index(self) -> Record:
        """What a client asks."""
        return self

    async def __aenter__(self) -> Record:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def desk_record_after(self, after: int, most: int) -> RecordPage:
        """A page of the desk's own."""
        self.desks_own = True
        return await self.record_after(after, most)

    async def record_after(self, after: int, most: int) -> RecordPage:
        """A page."""
        if self.refused:
            raise Refused(code=ProblemCode.ROLE_REFUSED)
        self.asked.append(after)
        before = self.leaves[after - 1].link if after else CHAIN_START
        return RecordPage(before=before, leaves=self.leaves[after : after + most])


def told_by(monkeypatch: pytest.MonkeyPatch, leaves: list[str]) -> Record:
    """Have the commands read this record."""
    record = Record(leaves)
    monkeypatch.setattr(audit_commands, "open_desk", lambda _: None)
    monkeypatch.setattr(audit_commands, "Client", lambda _: record)
    return record


@pytest.mark.parametrize(
    "leaf",
    [
        "not JSON", "[]", "{}", "[" * 2_000, json.dumps(GOOD | {"at": "now"}), json.dumps(GOOD | {"at": 10**30}),
        json.dumps(GOOD | {"account": "\x1b[2Jnurse-1"}), json.dumps(GOOD | {"purpose": ["s47"]}),
    ],
)  # fmt: skip
def test_a_leaf_that_is_none_is_named_and_shown_to_no_terminal(
    leaf: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though it is chained as it should be: no failure of our own, and none of its bytes on the screen."""
    told_by(monkeypatch, [json.dumps(GOOD), leaf])

    assert run(["audit", "list"]) == 9
    out, err = capsys.readouterr()
    assert out == ""
    assert "leaf 2" in err
    assert "\x1b[2J" not in err


def test_a_machines_user_is_shown_and_nobody_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By their pseudonym, beside the machine's account; leaves from before there were any say nothing of it either."""
    user = "AAECAwQFBgcICQoLDA0ODw"
    leaves = [GOOD, GOOD | {"user": "A" * 22}, GOOD | {"account": "case-lookups", "user": user}]
    told_by(monkeypatch, [json.dumps(leaf) for leaf in leaves])

    assert run(["audit", "list"]) == 0

    before, own, named = capsys.readouterr().out.splitlines()
    assert before == own
    assert named.endswith(f"st-elsewhere/case-lookups  looked-up  {user}  s47")


def test_a_leaf_that_is_none_can_still_be_exported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As evidence, byte for byte."""
    told_by(monkeypatch, ["not JSON"])

    assert run(["audit", "export", "--out", str(tmp_path / "record.jsonl")]) == 0
    assert json.loads((tmp_path / "record.jsonl").read_text())["leaf"] == "not JSON"


def test_the_record_is_never_kept_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It grows for ever: a page's leaves are written before the next page is asked for."""
    record = told_by(monkeypatch, [json.dumps(GOOD)] * (MAX_LEAVES + 1))
    written: list[int] = []
    plain = json.dumps

    def seen(document: dict[str, object]) -> str:
        written.append(len(record.asked))
        return plain(document)

    monkeypatch.setattr("signpost_cli.audit_commands.json.dumps", seen)

    assert run(["audit", "export", "--out", str(tmp_path / "record.jsonl")]) == 0
    assert written == [1] * MAX_LEAVES + [2]


@pytest.mark.parametrize("command", [["list"], ["verify"], ["export", "--out", "record.jsonl"]])
def test_the_desks_own_record_is_read_where_it_is_named(
    command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And nowhere else: an auditor of one never reads the other by mistake."""
    monkeypatch.chdir(tmp_path)
    record = told_by(monkeypatch, [json.dumps(GOOD)])

    assert run(["audit", *command, "--desk"]) == 0
    assert record.desks_own
    (tmp_path / "record.jsonl").unlink(missing_ok=True)
    record.desks_own = False
    assert run(["audit", *command]) == 0
    assert not record.desks_own


def test_an_auditor_of_another_chain_is_told_which_is_theirs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The desk's auditor who forgets --desk has the right account."""
    told_by(monkeypatch, [json.dumps(GOOD)]).refused = True

    assert run(["audit", "verify"]) == 3
    assert "reads its record, with --desk" in capsys.readouterr().err
