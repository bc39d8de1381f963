"""Tags and the receipts that pay for them: from what a request claims to what the index believes (protocol.md C1, C2).

Nothing is spent here. The cheap checks come first: counts and classes, then points, then the holders' signatures.
"""

from __future__ import annotations

from collections.abc import Sequence

from signpost.index.requests import Signed
from signpost.protocol.classes import Place, Use, fits_profile
from signpost.protocol.group import Element, InvalidElement
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import TaggedPoint
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.receipts import EvaluationReceipt, check_receipts, holder_of
from signpost.protocol.tags import Tag
from signpost.protocol.tokens import TokenInvalid

__all__ = ["check_epoch", "read_receipts", "read_tags"]


def check_epoch(manifest: Manifest, epoch: int) -> None:
    """The tags must be of the key that the manifest names now.

    Raises:
        Problem: EPOCH_UNKNOWN.
    """
    if epoch != manifest.epoch:
        raise Problem(ProblemCode.EPOCH_UNKNOWN)


def read_tags(tagged: Sequence[TaggedPoint], use: Use, *, place: str) -> list[tuple[Place, Tag]]:
    """One child's tags: of the fixed classes and tiers, canonical, and all different. `place` is where they stand in
    the request.

    Raises:
        Problem: TAGS_PROFILE or TAG_INVALID.
    """
    if not fits_profile(use, (point.place for point in tagged)):
        raise Problem(ProblemCode.TAGS_PROFILE, pointers=(place,))
    if len({point.tag for point in tagged}) != len(tagged):
        raise Problem(ProblemCode.TAG_INVALID, pointers=(place,))
    tags = []
    for at, point in enumerate(tagged):
        try:
            tags.append((point.place, Tag(Element.parse(point.tag))))
        except InvalidElement:
            raise Problem(ProblemCode.TAG_INVALID, pointers=(f"{place}/{at}/tag",)) from None
    return tags


def read_receipts(
    tokens: Sequence[str], manifest: Manifest, signed: Signed, *, use: Use, points: int
) -> tuple[EvaluationReceipt, ...]:
    """The receipts of exactly t holders of the manifest, for this account, use and number of points.

    Raises:
        Problem: RECEIPTS_MISMATCH, RECEIPT_INVALID or RECEIPT_EXPIRED.
    """
    if len(tokens) != manifest.threshold:
        raise Problem(ProblemCode.RECEIPTS_MISMATCH)
    receipts = tuple(_receipt(token, manifest) for token in tokens)
    check_receipts(
        receipts,
        threshold=manifest.threshold,
        organisation=signed.asker.organisation,
        account=signed.asker.account,
        use=use,
        points=points,
        epoch=manifest.epoch,
        now=signed.at,
    )
    return receipts


def _receipt(token: str, manifest: Manifest) -> EvaluationReceipt:
    number = holder_of(token)
    holder = None if number is None else manifest.holder(number)
    if holder is None:
        raise Problem(ProblemCode.RECEIPT_INVALID)
    try:
        return EvaluationReceipt.read(token, holder.signing_key)
    except TokenInvalid:
        raise Problem(ProblemCode.RECEIPT_INVALID) from None
