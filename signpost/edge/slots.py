"""Padding and order: what leaves for one child holds the same counts of every class, whatever is known of the child.

* Each input takes a place of its class and tier in the use's profile; the other places are filled with padding inputs,
  which are evaluated like any other (protocol.md B3) and match nothing.
* Padding is never *identity*: the first place is *strong* unless an NHS number is given.
* A lookup's padding and order come from fresh randomness, so that two lookups of one child do not look alike by them.
  A registration's come from the organisation's secret and the reference, so that sending it again is sending the same.

Pure: the randomness is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from signpost.edge.match_inputs import NORMALISER_VERSION, PROTOCOL, EncodedInput, MatchInput
from signpost.protocol.classes import MATERNAL_PROFILES, PROFILES, MatchClass, Place, Tier, Use
from signpost.protocol.encoding import encode
from signpost.protocol.keys import keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = ["SEED_BYTES", "Slot", "lookup_slots", "registration_slots"]

SEED_BYTES: Final = 32

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the points a child is sent as: the class and tier that the index is told, and x."""

    place: Place
    x: EncodedInput = field(repr=False)

    @property
    def match_class(self) -> MatchClass:
        """The class alone."""
        return self.place.match_class


def lookup_slots(inputs: Sequence[MatchInput], *, use: Use = Use.LOOKUP, seed: Secret) -> list[Slot]:
    """12 slots of one lookup (24 of a deep one), shuffled. `seed`: 32 fresh random bytes, never used again.

    Raises:
        ValueError: the seed is not 32 bytes, or there are more inputs of a class than places.
    """
    if len(seed) != SEED_BYTES:
        raise ValueError("a lookup's seed is 32 bytes")
    return _slots(use, inputs, seed, b"")


def registration_slots(inputs: Sequence[MatchInput], *, reference: bytes, organisation_secret: Secret) -> list[Slot]:
    """12 slots of one registration: the same ones, in the same order, each time for the same inputs and reference.

    Raises:
        ValueError: there are more inputs of a class than places.
    """
    return _slots(Use.REGISTER, inputs, organisation_secret, reference)


def _slots(use: Use, inputs: Sequence[MatchInput], secret: Secret, reference: bytes) -> list[Slot]:
    by_mother = any(found.match_class is MatchClass.MATERNAL for found in inputs)
    profile = (MATERNAL_PROFILES if by_mother else PROFILES)[use]
    free = list(range(len(profile)))
    filled: dict[int, Slot] = {}
    for found in inputs:
        place = Place(MatchClass.STRONG, Tier.T1) if found.match_class is MatchClass.IDENTITY else found.place
        number = next((n for n in free if profile[n] == place), None)
        if number is None:
            raise ValueError("more inputs of a class than the profile has places")
        free.remove(number)
        filled[number] = Slot(found.place, found.encoded())
    for number in free:
        # Under the number of its slot: what fills the others does not change it.
        digest = keyed_digest(secret, Label.PADDING, use, reference, number.to_bytes(1, "big"))
        x = EncodedInput(encode(PROTOCOL, "padding", NORMALISER_VERSION, digest))
        filled[number] = Slot(profile[number], x)
    ordered = [filled[number] for number in range(len(profile))]
    return shuffled(ordered, _stream(secret, use, reference))


def _stream(secret: Secret, use: Use, reference: bytes) -> RandomBytes:
    """Bytes that only the secret's owner can draw again, in the same order."""

    def blocks() -> Iterator[int]:
        counter = 0
        while True:
            yield from keyed_digest(secret, Label.SHUFFLE, use, reference, counter.to_bytes(4, "big"))
            counter += 1

    drawn = blocks()
    return lambda size: bytes(next(drawn) for _ in range(size))


def shuffled(slots: Sequence[Slot], random_bytes: RandomBytes) -> list[Slot]:
    """Fisher-Yates, each order equally likely. At most 256 slots."""
    result = list(slots)
    for last in range(len(result) - 1, 0, -1):
        limit = 256 - 256 % (last + 1)  # a byte at or above it would favour the first places
        while (byte := random_bytes(1)[0]) >= limit:
            pass
        chosen = byte % (last + 1)
        result[last], result[chosen] = result[chosen], result[last]
    return result
