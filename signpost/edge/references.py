"""What the index and the council call an involvement between them: HMACs under the council's reference key.

Each is 16 bytes of HMAC-SHA-256, so that only the council can tell what one stands for, and can make it again from its
own file: nothing about a registration has to be stored at the council (protocol.md C1).

* reference        of one involvement: the child's local id and the involvement's id.
* child reference  of one child: the local id alone. It holds a corrected identity, and a shield, together.
* row digest       of all that the index would hold of the row: handle, period, basis, month of removal, inputs.
                   Equal digests: nothing to send. A new normalisation changes every digest: all is sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NewType

from signpost.edge.feeds.cells import canonical_id
from signpost.edge.feeds.model import Involvement, RowIds
from signpost.edge.match_inputs import match_inputs
from signpost.protocol.classes import Use
from signpost.protocol.keys import keyed_digest
from signpost.protocol.labels import Label
from signpost.protocol.secret import Secret

__all__ = [
    "REFERENCE_BYTES", "ChildReference", "Reference", "RowDigest",
    "child_reference", "digest_of_missing", "digest_without_end", "reference", "row_digest",
]  # fmt: skip

REFERENCE_BYTES: Final = 16

Reference = NewType("Reference", bytes)
ChildReference = NewType("ChildReference", bytes)
RowDigest = NewType("RowDigest", bytes)


def reference(key: Secret, ids: RowIds) -> Reference:
    """The involvement's name at the index."""
    fields = (canonical_id(ids.local_id), canonical_id(ids.involvement_id))
    return Reference(keyed_digest(key, Label.REFERENCE, "involvement", *fields)[:REFERENCE_BYTES])


def child_reference(key: Secret, ids: RowIds) -> ChildReference:
    """The child's name at the index, for this council alone."""
    return ChildReference(keyed_digest(key, Label.CHILD_REFERENCE, canonical_id(ids.local_id))[:REFERENCE_BYTES])


def row_digest(key: Secret, involvement: Involvement) -> RowDigest:
    """Changes exactly when something the index would hold of the row changes."""
    digest = keyed_digest(
        key,
        Label.ROW_DIGEST,
        "row",
        involvement.handle,
        involvement.started_on.isoformat(),
        involvement.ended_on.isoformat() if involvement.ended_on is not None else "",
        involvement.basis,
        involvement.remove_after,
        *(found.encoded() for found in match_inputs(involvement.child, Use.REGISTER)),
    )
    return RowDigest(digest[:REFERENCE_BYTES])


def digest_without_end(key: Secret, involvement: Involvement) -> RowDigest:
    """The digest of the same row while it had no end: where the index holds this one, only an end was added."""
    return row_digest(key, replace(involvement, ended_on=None))


def digest_of_missing(key: Secret, name: Reference) -> RowDigest:
    """The digest of a row that was ended because it left the feed: no row has it, so it is ended once."""
    return RowDigest(keyed_digest(key, Label.ROW_DIGEST, "missing", name)[:REFERENCE_BYTES])
