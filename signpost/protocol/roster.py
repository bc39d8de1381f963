"""The roster: who will hold the key, agreed by every custodian before a ceremony (protocol.md A1).

It names each future holder's address, its Ed25519 key and the X25519 key that shares are sealed to, in order of their
numbers from 1, and how many must answer. Custodians compare its fingerprint before they approve it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signpost.protocol.encoding import EncodingError, canonical_json, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.keys import KeyInvalid, VerifyKey, digest
from signpost.protocol.labels import Label
from signpost.protocol.manifest import valid_url
from signpost.protocol.sealing import SealKey
from signpost.protocol.threshold import MAX_HOLDERS

__all__ = ["Roster", "RosterEntry", "RosterInvalid"]

_FORMAT: Final = "signpost.roster/1"


class RosterInvalid(Exception):
    """A roster is not of its form, or its numbers and keys do not fit."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One future holder: its address, its Ed25519 key, and the X25519 key that shares are sealed to."""

    url: str
    signing_key: VerifyKey
    sealing_key: SealKey


@dataclass(frozen=True, slots=True)
class Roster:
    """Who takes part, in order of their numbers from 1, and how many must answer. Every custodian approves it by its
    fingerprint before the ceremony; `name` is 16 random bytes, so that no two ceremonies can be mixed.
    """

    name: bytes
    threshold: int
    holders: tuple[RosterEntry, ...]

    def canonical(self) -> bytes:
        """The one byte string that stands for this roster, and the form of the roster file."""
        return canonical_json(
            {
                "format": _FORMAT,
                "holders": [
                    {"sealing_key": h.sealing_key.text, "signing_key": h.signing_key.text, "url": h.url}
                    for h in self.holders
                ],
                "name": to_base64url(self.name),
                "threshold": self.threshold,
            }
        )

    def fingerprint(self) -> str:
        """What custodians compare before they approve: SHA-256, base64url."""
        return to_base64url(digest(Label.CEREMONY_ROSTER, self.canonical()))

    def number_of(self, key: VerifyKey) -> int | None:
        """The number of the holder with this signing key."""
        keys = [holder.signing_key for holder in self.holders]
        return keys.index(key) + 1 if key in keys else None

    @classmethod
    def parse(cls, raw: bytes) -> Roster:
        """From a roster file.

        Raises:
            RosterInvalid: not of its form, too few or too many holders, a key twice, or a threshold that does not fit.
        """
        try:
            fields = parse_canonical_json(raw)
            if not isinstance(fields, dict) or set(fields) != {"format", "holders", "name", "threshold"}:
                raise RosterInvalid("the roster is not of its form")
            holders = tuple(
                RosterEntry(entry["url"], VerifyKey.parse(entry["signing_key"]), SealKey.parse(entry["sealing_key"]))
                for entry in fields["holders"]
                if len(entry) == 3
            )
            roster = cls(from_base64url(fields["name"]), fields["threshold"], holders)
            fits = (
                fields["format"] == _FORMAT
                and len(roster.name) == 16
                and type(roster.threshold) is int
                and 2 <= roster.threshold <= len(holders) <= MAX_HOLDERS
                and len(holders) == len(fields["holders"])
                and len({h.signing_key for h in holders}) == len(holders) == len({h.sealing_key for h in holders})
                and len({h.url for h in holders}) == len(holders)
                and all(valid_url(h.url) for h in holders)
            )
        except (EncodingError, KeyInvalid, KeyError, TypeError, AttributeError):
            raise RosterInvalid("the roster is not of its form") from None
        if not fits:
            raise RosterInvalid("the roster is not of its form")
        return roster
