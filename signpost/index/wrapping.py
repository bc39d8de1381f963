"""Wrapping tags on arrival: Y becomes W under a key for its use, and Y is forgotten (protocol.md C2, C7)."""

from __future__ import annotations

from dataclasses import dataclass

from signpost.index.keyfile import IndexKeys
from signpost.protocol.labels import Label
from signpost.protocol.sealing import SymmetricSealer
from signpost.protocol.tags import Wrapper

__all__ = ["Wrappers"]


@dataclass(frozen=True, slots=True, repr=False)
class Wrappers:
    """One wrapper for each store of tags. The same tag has three keys that nobody can join without the key file."""

    involvements: Wrapper
    access: Wrapper
    lookups: Wrapper

    @classmethod
    def of(cls, keys: IndexKeys, epoch: int) -> Wrappers:
        """The wrappers of an epoch."""
        return cls(
            involvements=Wrapper(SymmetricSealer(keys.tag_at_rest), Label.TAG_AT_REST, epoch),
            access=Wrapper(SymmetricSealer(keys.access_tag), Label.ACCESS_TAG_AT_REST, epoch),
            lookups=Wrapper(SymmetricSealer(keys.lookup_tag), Label.LOOKUP_TAG_AT_REST, epoch),
        )
