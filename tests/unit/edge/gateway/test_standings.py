"""How an account stands, as its administrator's page says it."""

from __future__ import annotations

import datetime as dt

import pytest

from signpost.edge.gateway.pages.accounts import SOON_DAYS, standing_of
from signpost.protocol.messages import OwnAccount
from signpost.protocol.purposes import Role

TODAY = dt.date(2026, 11, 28)
URL = "https://index.example"
FAR = TODAY + dt.timedelta(days=400)


def account(state: str, *, vetting: dt.date = FAR, training: dt.date = FAR) -> OwnAccount:
    """Somebody's."""
    return OwnAccount(
        account="worker-1", role=Role.PRACTITIONER, state=state, vetting_until=vetting, training_until=training
    )


@pytest.mark.parametrize(
    ("state", "days", "words", "act"),
    [
        ("awaiting-device", 400, "Waits for its token", None),
        ("awaiting-approval", 400, "Waits for approval", "approve worker-1 --org-keys keys"),
        ("active", 400, "Active", None),
        ("active", SOON_DAYS, "Active", None),
        ("active", SOON_DAYS - 1, "Lapses soon", "dates worker-1 --org-keys keys --vetting-until DATE"),
        ("active", 0, "Lapses soon", "dates worker-1 --org-keys keys --vetting-until DATE"),
        ("active", -1, "Lapsed", "dates worker-1 --org-keys keys --vetting-until DATE"),
        ("suspended", -1, "Suspended", "reinstate worker-1 --org-keys keys"),
    ],
)
def test_each_state_has_its_words_and_what_takes_the_key_its_command(
    state: str, days: int, words: str, act: str | None
) -> None:
    """By the earlier of the two dates, whichever it is."""
    last = TODAY + dt.timedelta(days=days)
    for each in (account(state, vetting=last), account(state, training=last)):
        standing = standing_of(each, today=TODAY, index_url=URL)

        assert standing.words == words
        assert standing.can_stop is (state != "suspended")
        if act is None:
            assert standing.command is None
        else:
            assert standing.command is not None
            assert standing.command.startswith(f"signpost admin account {act}")
            assert standing.command.endswith(f" --index {URL}")
