"""Answers of a day on SQLite: counted with each lookup, judged and deleted together when the day is over."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from signpost.index.storage.vault import Vault
from signpost.index.unusual import Answered, UnusualShare
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.encoding import canonical_json
from signpost.protocol.labels import Label
from signpost.protocol.messages import AnswerWord
from signpost.service.database import Connection

__all__ = ["count_answer", "judged"]

_DAY = 24 * 60 * 60


def count_answer(connection: Connection, vault: Vault, asker: Asker, answer: AnswerWord, *, now: int) -> None:
    """Count one answer, in the transaction of its lookup: one statement, whatever the word."""
    until = now - now % _DAY + _DAY
    name = vault.answers(asker.organisation, asker.account, until)
    whose = canonical_json({"account": asker.account, "organisation": asker.organisation})
    connection.execute(
        "INSERT INTO answers VALUES (?1, ?2, 1, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
        " lookups = lookups + 1, nones = nones + ?3, possibles = possibles + ?4",
        (name, vault.seal(whose, Label.ANSWERS_ROW, name), answer == "none", answer == "possible", until),
    )


def judged(
    connection: Connection, vault: Vault, judge: Callable[[Sequence[Answered]], list[UnusualShare]], *, now: int
) -> tuple[int, list[UnusualShare]]:
    """Judge the days that are over, each by itself, and delete their counts: how many rows, and what was unusual."""
    days: defaultdict[int, list[Answered]] = defaultdict(list)
    rows = connection.execute(
        "SELECT name, sealed, lookups, nones, possibles, forget_at FROM answers WHERE forget_at <= ?", (now,)
    ).fetchall()
    for name, sealed, lookups, nones, possibles, until in rows:
        whose = json.loads(vault.open(sealed, Label.ANSWERS_ROW, name))
        organisation, account = OrganisationId(whose["organisation"]), AccountId(whose["account"])
        days[until].append(Answered(organisation, account, lookups, nones, possibles))
    connection.executemany("DELETE FROM answers WHERE name = ?", [(row[0],) for row in rows])
    return len(rows), [share for _, day in sorted(days.items()) for share in judge(day)]
