"""Relaying a ceremony's messages between running holders (protocol.md A1 to A3).

The relay holds no secret and decides nothing: every message is signed by its holder, and shares travel sealed. It may
be stopped and run again at any moment, by anybody, and goes on where the holders stand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from signpost.protocol.key_generation import Round
from signpost.protocol.manifest import ManifestInvalid, SignedManifest
from signpost.protocol.messages import CeremonyAnswer
from signpost.protocol.roster import Roster
from signpost_cli.exit_codes import ExitCode
from signpost_cli.stops import Stop

__all__ = ["agreed_manifest", "relay"]

Ask = Callable[[int, Sequence[str]], Awaitable[CeremonyAnswer]]
"""Gives messages of others to a holder, by its number, and gets all of its own."""


async def relay(roster: Roster, ask: Ask, *, heard: Callable[[int, int], None]) -> None:
    """Carries messages until every holder has its share. `heard(holder, round)` is called for each new message.

    Raises:
        Stop: the holders have nothing more to say and have not all finished. Whatever `ask` raises ends it, too.
    """
    numbers = range(1, len(roster.holders) + 1)
    said: dict[int, list[str]] = {number: [] for number in numbers}
    given: dict[int, set[str]] = {number: set() for number in numbers}
    finished: set[int] = set()
    moved = True
    while moved and len(finished) < len(numbers):
        moved = False
        for number in numbers:
            news = [text for other in numbers if other != number for text in said[other] if text not in given[number]]
            answer = await ask(number, news)
            given[number].update(news)
            fresh = [text for text in answer.messages if text not in said[number]]
            said[number] += fresh
            if answer.finished and number not in finished:
                finished.add(number)
                moved = True
            if fresh:
                moved = True
                heard(number, len(Round) if answer.finished else len(said[number]))
    if len(finished) < len(numbers):
        raise Stop(
            ExitCode.FAILED,
            "The ceremony does not go on.",
            why="No holder has anything more to say, and not all have their share.",
            hint="Check that every custodian approved this very roster: signpost keys status",
        )


def agreed_manifest(roster: Roster, published: Sequence[bytes]) -> SignedManifest:
    """The manifest that every holder publishes, checked: signed by all of them, and of this roster.

    Raises:
        Stop: they publish different ones, or one that is not this roster's.
    """
    if len(set(published)) != 1:
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            "The holders publish different manifests.",
            hint="Use none of them, and find out which holder differs: signpost keys status",
        )
    try:
        signed = SignedManifest.verify(published[0])
    except ManifestInvalid:
        raise Stop(
            ExitCode.VERIFICATION_FAILED, "The manifest is not signed by all its holders.", hint="Do not use it."
        ) from None
    named = [(entry.url, entry.signing_key) for entry in signed.manifest.holders]
    if (signed.manifest.threshold, named) != (roster.threshold, [(e.url, e.signing_key) for e in roster.holders]):
        raise Stop(
            ExitCode.VERIFICATION_FAILED,
            "The manifest is of another roster.",
            why="These holders took part in another ceremony before.",
            hint="Use the roster of that ceremony, or holders without a key.",
        )
    return signed
