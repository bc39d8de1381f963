"""How much may be asked here: by account and by organisation, never by device or session (protocol.md D6). Pure.

* An account's window opens with its first charge and lasts a shift, whoever signs in on whichever device; an
  organisation's is the UTC day. A deep lookup counts twice.
* An urgent account has an overdraft: past its budget it is still answered, and each use is on the record for auditors.
* An organisation's budget grows with its caseload in its own table, which no shield ever touches (C3).
* A case-management system has a budget of its own, and each user whom it names that of a practitioner. It is believed
  about whom it names: a program that lies about that has the machine's budget and no more.
* A reviewed exception adds to all of these while it lasts; what is asked by it is on the record.
* *Repeats*: lookups that share a tag with an earlier one are counted for each shared tag, by account and shift and by
  organisation and month. Who guesses at an address asks again and again with the same name: that is what it looks like.
  Keys that twins or siblings share (*possible*, *maternal*) are left out. It is counted whatever the answer was, and
  under a keyed digest that says neither which tag nor whose. Padding never repeats.

The key holders' meters are the real bound; these know the answers' side, and restart with what they had.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signpost.protocol.classes import MatchClass, Place
from signpost.protocol.credentials import SHIFT_SECONDS, Asker
from signpost.protocol.encoding import to_base64url
from signpost.protocol.purposes import Role
from signpost.protocol.tags import TagKey

__all__ = ["Beyond", "Budgets", "Charge", "Costs", "Extra", "Repeats"]

_DAY: Final = 24 * 60 * 60
_NOT_COUNTED: Final = frozenset({MatchClass.POSSIBLE, MatchClass.MATERNAL})


@dataclass(frozen=True, slots=True)
class Charge:
    """Lookups to charge to somebody's window: `most` in all; past `ordinary` by an exception, past `noted` by an
    overdraft. A window that is not open yet lasts until `until`.
    """

    whom: tuple[str, ...]
    lookups: int
    most: int
    ordinary: int
    noted: int
    until: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """Tags whose repeating is counted: by the account within its window, by the organisation until `until`. Of what
    each may have at most, `excepted` is by an exception.
    """

    keys: tuple[TagKey, ...]
    account: tuple[str, ...]
    account_most: int
    organisation: tuple[str, ...]
    organisation_most: int
    excepted: int
    until: int


class Beyond(StrEnum):
    """By what somebody is answered past their ordinary budget: each is noted on the record."""

    EXCEPTION = "exception"
    OVERDRAFT = "overdraft"


@dataclass(frozen=True, slots=True)
class Extra:
    """What reviewed exceptions add now: lookups to the account's own budget, those of all its organisation's accounts
    and its own to the organisation's, and repeats to both.
    """

    account: int = 0
    organisation: int = 0
    repeats: int = 0


_NOTHING: Final = Extra()


@dataclass(frozen=True, slots=True)
class Costs:
    """What one lookup is charged: whoever asks first (of a machine's: the user it named, then the machine), and last
    their organisation; and what is counted of it.
    """

    charges: tuple[Charge, ...]
    repeats: Repeats


@dataclass(frozen=True, slots=True)
class Budgets:
    """The settings."""

    practitioner: int
    urgent: int
    urgent_overdraft: int
    case_management: int
    organisation_least: int
    organisation_share: float
    repeats_account: int
    repeats_organisation: int

    def costs(
        self,
        asker: Asker,
        *,
        deep: bool,
        tags: Iterable[tuple[Place, TagKey]],
        caseload: int,
        now: int,
        extra: Extra = _NOTHING,
    ) -> Costs:
        """What a lookup costs this asker now."""
        lookups = 2 if deep else 1
        urgent, machine = asker.role is Role.URGENT, asker.role is Role.CASE_MANAGEMENT
        ordinary = self.urgent if urgent else self.case_management if machine else self.practitioner
        budget = ordinary + extra.account
        most = max(ordinary, self.urgent_overdraft) + extra.account if urgent else budget
        day = now - now % _DAY + _DAY
        shift = now + SHIFT_SECONDS
        account, whole = ("account", asker.organisation, asker.account), ("organisation", asker.organisation)
        charges = [Charge(account, lookups, most=most, ordinary=ordinary, noted=budget, until=shift)]
        own: tuple[str, ...] = account
        if machine:
            own = ("user", asker.organisation, asker.account, to_base64url(asker.user))
            few = self.practitioner
            charges.insert(0, Charge(own, lookups, most=few, ordinary=few, noted=few, until=shift))
        of_all = max(self.organisation_least, round(self.organisation_share * caseload))
        of_all_by_exception = of_all + extra.organisation
        return Costs(
            charges=(
                *charges,
                Charge(whole, lookups, most=of_all_by_exception, ordinary=of_all, noted=of_all_by_exception, until=day),
            ),
            repeats=Repeats(
                keys=_counted(tags),
                account=own,
                account_most=self.repeats_account + extra.repeats,
                organisation=whole,
                organisation_most=self.repeats_organisation + extra.repeats,
                excepted=extra.repeats,
                until=_month_end(now),
            ),
        )


def _counted(tags: Iterable[tuple[Place, TagKey]]) -> tuple[TagKey, ...]:
    keys: Sequence[TagKey] = [key for place, key in tags if place.match_class not in _NOT_COUNTED]
    return tuple(sorted(keys))


def _month_end(now: int) -> int:
    today = dt.datetime.fromtimestamp(now, tz=dt.UTC)
    year, month = divmod(today.year * 12 + today.month, 12)
    return int(dt.datetime(year, month + 1, 1, tzinfo=dt.UTC).timestamp())
